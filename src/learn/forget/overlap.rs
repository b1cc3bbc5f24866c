//! How alike two rankings are.

/// Chance that a reader goes on from one place to the next.
const PERSISTENCE: f64 = 0.9;

/// Rank-biased overlap of two rankings of one length, extrapolated from their ends (Webber, Moffat and Zobel, ACM TOIS 28,
/// 2010, eq. 32, p = 0.9): 1 for the same places in the same order, 0 for none in common. An item stands at most once in
/// a ranking; of rankings of different lengths the longer one is cut.
pub fn overlap(a: &[u32], b: &[u32]) -> f64 {
    let depth = a.len().min(b.len());
    if depth == 0 {
        return 0.0;
    }
    let (mut common, mut weight, mut sum) = (0, 1.0, 0.0);
    for (d, (x, y)) in a.iter().zip(b).enumerate() {
        // What came new at this place and is in the other's first places, the place itself counted once.
        common +=
            usize::from(x == y) + usize::from(b[..d].contains(x)) + usize::from(a[..d].contains(y));
        sum += (1.0 - PERSISTENCE) * weight * common as f64 / (d + 1) as f64;
        weight *= PERSISTENCE;
    }
    sum + weight * common as f64 / depth as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlaps_are_those_of_the_definition() {
        assert!((overlap(&[4, 2, 7], &[4, 2, 7]) - 1.0).abs() < 1e-12);
        assert_eq!(overlap(&[1, 2], &[3, 4]), 0.0);
        assert_eq!(overlap(&[], &[3]), 0.0);
        // At depth 1 nothing is common, at depth 2 both: 0.1 (0 + 0.9 x 1) + 0.81 x 1.
        assert!((overlap(&[1, 2], &[2, 1]) - 0.90).abs() < 1e-12);
        // 1 of 1, then 1 of 2: 0.1 (1 + 0.9 / 2) + 0.81 / 2.
        assert!((overlap(&[1, 2], &[1, 3]) - 0.55).abs() < 1e-12);
        // An early difference weighs more than a late one.
        assert!(overlap(&[1, 2, 3], &[1, 2, 9]) > overlap(&[1, 2, 3], &[9, 2, 3]));
    }
}
