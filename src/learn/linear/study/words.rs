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
    let owns: Vec<(usize, f64)> = study
        .runs
        .iter()
        .enumerate()
        .filter_map(|(n, ran)| Some((n, ran.classifier.fraction[ran.method.norm().index()]?)))
        .collect();
    if owns.is_empty() {
        return "These groups can be told apart by a linear classifier.".into();
    }
    let norms = Norm::ALL.into_iter().filter(|norm| {
        let own = study.runs.iter().any(|ran| ran.method.norm() == *norm);
        own && study.best(*norm).is_some()
    });
    let each_best = norms.clone().all(|norm| own_is_best(study, norm));
    match (each_best, norms.count()) {
        (true, 2..) => "Each way of training is the most robust in one norm, and in no other.".into(),
        _ => "These groups can be told apart; what a classifier withstands depends on how it was trained.".into(),
    }
}

/// Is the method that goes towards the maximal margin in `norm` the most robust one there?
fn own_is_best(study: &Study, norm: Norm) -> bool {
    let at = |own: bool| {
        let runs = study.runs.iter();
        runs.filter(move |ran| (ran.method.norm() == norm) == own)
            .filter_map(|ran| ran.classifier.fraction[norm.index()])
    };
    let own = at(true).fold(f64::NEG_INFINITY, f64::max);
    let other = at(false).fold(f64::NEG_INFINITY, f64::max);
    own > other
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
