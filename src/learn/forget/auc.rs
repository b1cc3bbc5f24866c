//! How well a threshold tells members from others.

/// Area under the ROC curve of a threshold on scores that says "member" above it: the share of pairs of a member and
/// another in which the member scores higher, ties counted half (Mann and Whitney). 0.5: the scores tell nothing; `None`
/// where one side is empty or a score is no number.
pub fn auc(members: &[f64], others: &[f64]) -> Option<f64> {
    if members.is_empty() || others.is_empty() {
        return None;
    }
    if members.iter().chain(others).any(|score| score.is_nan()) {
        return None;
    }
    let mut sorted = others.to_vec();
    sorted.sort_by(f64::total_cmp);
    let wins = members.iter().map(|member| {
        let below = sorted.partition_point(|other| other < member);
        let up_to = sorted.partition_point(|other| other <= member);
        below as f64 + (up_to - below) as f64 / 2.0
    });
    Some(wins.sum::<f64>() / (members.len() as f64 * others.len() as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_that_of_counting_by_hand() {
        // 0.9 is above both others, 0.5 above one and level with the other, 0.1 below both: 2 + 1.5 + 0 of 6.
        assert_eq!(auc(&[0.9, 0.5, 0.1], &[0.5, 0.2]), Some(3.5 / 6.0));
        assert_eq!(auc(&[2.0, 3.0], &[1.0]), Some(1.0));
        assert_eq!(auc(&[1.0], &[2.0, 3.0]), Some(0.0));
        assert_eq!(auc(&[1.0, 1.0], &[1.0]), Some(0.5));
        assert_eq!(auc(&[], &[1.0]), None);
        assert_eq!(auc(&[f64::NAN], &[1.0]), None);
    }
}
