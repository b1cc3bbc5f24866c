//! What a study says, in sentences.

use super::found::Study;
use crate::learn::linear::Norm;

/// "99.9": a fraction in per cent. What is below 1 is never rounded to 100.0.
pub fn percent(fraction: f64) -> String {
    let text = format!("{:.1}", fraction * 100.0);
    if fraction < 1.0 && text == "100.0" {
        return "99.9".into();
    }
    if text == "-0.0" {
        return "0.0".into();
    }
    text.replace('-', "−")
}

/// A margin as per cent of the largest one; "wrong" where a row lies on the wrong side, so that there is no margin.
pub fn of_largest(fraction: f64) -> String {
    if fraction > 0.0 {
        percent(fraction)
    } else {
        "wrong".into()
    }
}

/// What the methods have in common.
pub fn headline(study: &Study) -> String {
    if !study.is_separable() {
        let right = study.soft.as_ref().map_or(0.0, |(_, soft)| soft.right);
        return format!(
            "No linear classifier tells these groups apart; the one with the softest margin is right about {} % of the rows.",
            percent(right)
        );
    }
    let winners: Vec<Option<usize>> = Norm::ALL.map(|norm| winner(study, norm)).to_vec();
    let each_own = study.runs.iter().enumerate().all(|(n, ran)| {
        // Two methods may go towards the margin of one norm.
        winners.iter().zip(Norm::ALL).all(|(winner, norm)| {
            winner.is_none_or(|winner| winner != n || norm == ran.method.norm())
        })
    });
    let all = winners.iter().all(Option::is_some);
    if all && each_own && study.runs.len() >= Norm::ALL.len() {
        return "In each norm the training that goes towards it is the most robust, and in no other.".into();
    }
    "These groups can be told apart; what a classifier withstands depends on how it was trained."
        .into()
}

/// The method whose classifier withstands most in `norm`; `None` where there is nothing to compare with, or all are wrong
/// about a row.
fn winner(study: &Study, norm: Norm) -> Option<usize> {
    let runs = study.runs.iter().enumerate();
    let known = runs.filter_map(|(n, ran)| Some((n, ran.classifier.fraction[norm.index()]?)));
    let best = known.max_by(|a, b| a.1.total_cmp(&b.1))?;
    (best.1 > 0.0).then_some(best.0)
}

/// How near each comes to the best, and how far others are from it.
pub fn detail(study: &Study) -> String {
    if !study.is_separable() {
        return "There is no margin to be compared with: fractions are left out, and robust accuracy starts below 100 %.".into();
    }
    let mut own = f64::INFINITY;
    let mut elsewhere = f64::INFINITY;
    for ran in &study.runs {
        for norm in Norm::ALL {
            let Some(fraction) = ran.classifier.fraction[norm.index()] else {
                continue;
            };
            if norm == ran.method.norm() {
                own = own.min(fraction);
            } else {
                elsewhere = elsewhere.min(fraction);
            }
        }
    }
    if !own.is_finite() || !elsewhere.is_finite() {
        return String::new();
    }
    if own <= 0.0 {
        return "Same data, no word about robustness. Not all trainings are right about every row yet.".into();
    }
    format!(
        "Same data, no word about robustness. In its own norm each reaches at least {} % of the largest margin that a linear \
         classifier can have; elsewhere {}.",
        percent(own),
        if elsewhere > 0.0 {
            format!("as little as {} %", percent(elsewhere))
        } else {
            "it can be wrong about a row".into()
        }
    )
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn what_is_below_one_is_not_told_as_one() {
        assert_eq!(percent(0.999_96), "99.9");
        assert_eq!(percent(1.0), "100.0");
        assert_eq!(percent(0.434), "43.4");
        assert_eq!(percent(-0.05), "−5.0");
        assert_eq!(percent(-0.000_1), "0.0");
    }
}
