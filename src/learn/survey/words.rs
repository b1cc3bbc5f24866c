//! What a survey says, in sentences.

use super::found::{AtCount, Grouped};
use super::way::Way;
use crate::error::thousands;

/// Changes below this are told as none, as a share.
const NONE: f64 = 0.000_5;

/// "−13.4 %": a change by `share` of something.
pub fn change(share: f64) -> String {
    let percent = share * 100.0;
    if percent.abs() < 0.05 {
        return "0.0 %".into();
    }
    let sign = if percent < 0.0 { "−" } else { "+" };
    match percent.abs() {
        large if large >= 1_000.0 => format!("{sign}{} %", thousands(large.round() as u64)),
        large => format!("{sign}{large:.1} %"),
    }
}

/// "3.4" or "48": how many different pulls.
pub fn pulls(pulls: f64) -> String {
    match pulls {
        few if few < 9.95 => format!("{few:.1}"),
        many => thousands(many.round() as u64),
    }
}

/// What drawing one pair from each group by gradients does to the variance.
pub fn headline(at: &AtCount) -> String {
    let groups = thousands(at.count as u64);
    let own = &at.gradient().variances;
    let Some(above) = own.above_uniform(own.stratified) else {
        if own.mean_square == 0.0 {
            return "No pair gives a gradient at these heads: all hinges are 0.".into();
        }
        return "All pairs give the same gradient: one would do.".into();
    };
    let each = format!("one pair from each of {groups} gradient groups");
    if above < -1.0 + 1e-9 {
        return format!(
            "Drawing {each} takes all variance away: each group's pairs give one gradient."
        );
    }
    match above {
        below if below <= -NONE => {
            let by = change(below);
            format!(
                "Drawing {each} lowers the variance by {}.",
                by.trim_start_matches('−')
            )
        }
        over if over >= NONE => {
            let by = change(over);
            format!(
                "Drawing {each} raises the variance by {}.",
                by.trim_start_matches('+')
            )
        }
        _ => format!("Drawing {each} leaves the variance as it is."),
    }
}

/// What else is to be said: how groups on embeddings do, and why.
pub fn detail(at: &AtCount) -> String {
    let order = [Way::KmeansImage, Way::KmeansPair, Way::KmeansCaption];
    let Some(other) = order.into_iter().find_map(|way| at.of(way)) else {
        return String::new();
    };
    let own = at.gradient();
    let above = |grouped: &Grouped, v: f64| grouped.variances.above_uniform(v);
    let v = &other.variances;
    let (Some(one), Some(share)) = (above(other, v.stratified), above(other, v.proportional))
    else {
        return String::new();
    };
    let (least, most) = other.sizes();
    let (own_least, own_most) = own.sizes();
    let name = match other.way {
        Way::KmeansPair => "both sides",
        Way::KmeansCaption => "captions",
        _ => "images",
    };
    if one > NONE {
        return format!(
            "Groups by k-means on {name} raise it by {}: they have {least} to {most} pairs (those by gradients {own_least} to \
             {own_most}), and each gives one pair. Drawn in proportion to their sizes: {}.",
            change(one).trim_start_matches('+'),
            change(share)
        );
    }
    format!(
        "Groups by k-means on {name} change it by {} ({least} to {most} pairs each), drawn in proportion to their sizes by {}.",
        change(one),
        change(share)
    )
}

/// What `pulls` different pulls of all pairs mean.
pub fn all_pull(pairs: usize, different: Option<f64>, still: usize) -> String {
    let all = thousands(pairs as u64);
    match different {
        None if still == pairs => format!("None of the {all} pairs pulls."),
        Some(different) => format!(
            "All {all} pairs pull like {} different ones.",
            pulls(different)
        ),
        None => format!("The gradients of all {all} pairs cancel out."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_a_sign_and_no_false_zero() {
        assert_eq!(change(-0.134), "−13.4 %");
        assert_eq!(change(0.045), "+4.5 %");
        assert_eq!(change(-0.000_1), "0.0 %");
        assert_eq!(change(8.55), "+855.0 %");
        assert_eq!(change(12.0), "+1,200 %");
        assert_eq!((pulls(3.44), pulls(48.2)), ("3.4".into(), "48".into()));
    }
}
