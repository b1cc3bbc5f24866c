//! Retrieval metrics from ranks, as in the VSE++ reference implementation.

use serde::{Deserialize, Serialize};

/// Metrics of one direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Recall at 1: per cent of queries whose best positive ranks first.
    pub r1: f64,
    /// Recall at 5, in per cent.
    pub r5: f64,
    /// Recall at 10, in per cent.
    pub r10: f64,
    /// Median rank, from 1: floor(median of rank - 1) + 1.
    pub medr: f64,
    /// Mean rank, from 1.
    pub meanr: f64,
}

impl Metrics {
    /// From ranks counted from 1; all zero for none.
    pub fn from_ranks(ranks: &[u32]) -> Self {
        if ranks.is_empty() {
            return Self::default();
        }
        let n = ranks.len() as f64;
        let recall = |k: usize| recall(ranks, k);
        let mut sorted = ranks.to_vec();
        sorted.sort_unstable();
        let middle = |i: usize| f64::from(sorted[i] - 1);
        let median = f64::midpoint(middle((sorted.len() - 1) / 2), middle(sorted.len() / 2));
        Self {
            r1: recall(1),
            r5: recall(5),
            r10: recall(10),
            medr: median.floor() + 1.0,
            meanr: ranks.iter().map(|&r| f64::from(r)).sum::<f64>() / n,
        }
    }

    /// R@1 + R@5 + R@10.
    pub fn sum(&self) -> f64 {
        self.r1 + self.r5 + self.r10
    }

    /// The mean of several (folds); all zero for none.
    #[must_use]
    pub fn mean(all: &[Self]) -> Self {
        let mean = |of: fn(&Self) -> f64| all.iter().map(of).sum::<f64>() / all.len().max(1) as f64;
        Self {
            r1: mean(|m| m.r1),
            r5: mean(|m| m.r5),
            r10: mean(|m| m.r10),
            medr: mean(|m| m.medr),
            meanr: mean(|m| m.meanr),
        }
    }
}

/// Recall at k, in per cent, from ranks counted from 1; 0 for none.
pub fn recall(ranks: &[u32], k: usize) -> f64 {
    let found = ranks.iter().filter(|&&r| r as usize <= k).count();
    100.0 * found as f64 / ranks.len().max(1) as f64
}

/// Bins of a rank histogram: 1, 2, 3, .. singly up to 10, then 11-20, 21-50, 51-100 and so on; upper ends inclusive.
pub fn rank_bins(ranks: &[u32]) -> Vec<(u32, u32, usize)> {
    let most = ranks.iter().copied().max().unwrap_or(1);
    let mut bins: Vec<(u32, u32, usize)> = (1..=10).map(|r| (r, r, 0)).collect();
    let mut decade = 10;
    while bins.last().is_some_and(|b| b.1 < most) {
        for end in [2 * decade, 5 * decade, 10 * decade] {
            let start = bins.last().map_or(1, |b| b.1 + 1);
            bins.push((start, end, 0));
        }
        decade *= 10;
    }
    while bins.len() > 10 && bins.last().is_some_and(|b| b.0 > most) {
        bins.pop();
    }
    for &rank in ranks {
        let at = bins.partition_point(|b| b.1 < rank);
        bins[at].2 += 1;
    }
    bins
}

/// Share of `values` in each of `count` equal bins over `[low, high]`, as (centre, share); the shares sum to 1.
pub fn histogram(values: &[f32], low: f32, high: f32, count: usize) -> Vec<[f64; 2]> {
    let width = f64::from(high - low) / count as f64;
    let mut bins = vec![0_usize; count];
    let mut seen = 0_usize;
    for &v in values.iter().filter(|v| v.is_finite()) {
        let at = ((f64::from(v - low) / width) as usize).min(count - 1);
        bins[at] += 1;
        seen += 1;
    }
    let share = |n: usize| n as f64 / seen.max(1) as f64;
    bins.iter()
        .enumerate()
        .map(|(i, &n)| [f64::from(low) + (i as f64 + 0.5) * width, share(n)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_reference_definitions() {
        // rank0 = 0, 1, 4, 11: median 2.5 -> floor 2 + 1.
        let metrics = Metrics::from_ranks(&[1, 2, 5, 12]);
        assert_eq!((metrics.r1, metrics.r5, metrics.r10), (25.0, 75.0, 75.0));
        assert_eq!((metrics.medr, metrics.meanr), (3.0, 5.0));
    }

    #[test]
    fn bins_hold_every_rank_once() {
        let ranks: Vec<u32> = (1..=1234).collect();
        let bins = rank_bins(&ranks);
        assert_eq!(bins.iter().map(|b| b.2).sum::<usize>(), 1234);
        assert!(bins.windows(2).all(|w| w[0].1 + 1 == w[1].0));
        assert_eq!(bins[10], (11, 20, 10));
    }

    #[test]
    fn histogram_shares_sum_to_one() {
        let bins = histogram(&[-1.0, 0.0, 0.5, 1.0, f32::NEG_INFINITY], -1.0, 1.0, 7);
        assert!((bins.iter().map(|b| b[1]).sum::<f64>() - 1.0).abs() < 1e-12);
    }
}
