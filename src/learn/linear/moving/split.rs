//! Rows to train on, and rows held out.

use crate::error::Result;
use crate::learn::linear::Problem;

/// Places of the rows to train on and of those held out, both in order: a share of each group is held out, drawn by `seed`, and
/// at least one row of each is trained on.
pub(super) fn split(labels: &[i8], share: f64, seed: u64) -> [Vec<usize>; 2] {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut parts = [Vec::new(), Vec::new()];
    for label in [1, -1] {
        let mut own: Vec<usize> = (0..labels.len()).filter(|&n| labels[n] == label).collect();
        random.shuffle(&mut own);
        let held = ((own.len() as f64 * share).round() as usize).min(own.len().saturating_sub(1));
        parts[1].extend(own.drain(..held));
        parts[0].extend(own);
    }
    for part in &mut parts {
        part.sort_unstable();
    }
    parts
}

/// The rows in these places alone.
///
/// # Errors
/// One group has none of them.
pub(super) fn only(problem: &Problem, places: &[usize]) -> Result<Problem> {
    let mut values = Vec::with_capacity(places.len() * problem.width());
    for &place in places {
        values.extend(problem.row(place)?);
    }
    let labels: Vec<i8> = places.iter().map(|&n| problem.labels()[n]).collect();
    Problem::new(values, &labels, problem.fourier().shape())
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn each_group_is_parted_by_its_share() {
        let labels: Vec<i8> = (0..41).map(|n| if n % 4 == 0 { 1 } else { -1 }).collect();
        let [own, held] = split(&labels, 0.25, 3);
        let count =
            |part: &[usize], label: i8| part.iter().filter(|&&n| labels[n] == label).count();
        // 11 and 30 rows.
        assert_eq!([count(&held, 1), count(&held, -1)], [3, 8]);
        let mut all = [own.clone(), held.clone()].concat();
        all.sort_unstable();
        assert_eq!(all, (0..41).collect::<Vec<usize>>());
        assert_eq!(split(&labels, 0.25, 3), [own.clone(), held]);
        assert_ne!(split(&labels, 0.25, 4)[0], own);
        assert!(split(&labels, 0.0, 3)[1].is_empty());
        // One of each is left.
        assert_eq!(split(&[1, -1, -1], 0.9, 1)[0].len(), 2);
    }
}
