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

/// Bins of a rank histogram: 1, 2-3, 4-7, 8-15 and so on, upper ends inclusive. On a logarithmic axis, where rank r has the
/// cell from r to r + 1, all are equally wide, so that bars of their counts are to scale.
pub fn rank_bins(ranks: &[u32]) -> Vec<(u32, u32, usize)> {
    let octave = |rank: u32| rank.max(1).ilog2();
    let last = ranks.iter().copied().map(octave).max().unwrap_or(0);
    let mut bins: Vec<(u32, u32, usize)> = (0..=last)
        .map(|n| (1 << n, u32::MAX >> (31 - n), 0))
        .collect();
    for &rank in ranks {
        bins[octave(rank) as usize].2 += 1;
    }
    bins
}

/// Recall at each rank at which it rises, in per cent: the exact distribution of the ranks. Of ranks that lie closer
/// together than 1/256 of an octave the last is kept alone.
pub fn recall_curve(ranks: &[u32]) -> Vec<(u32, f64)> {
    let mut sorted = ranks.to_vec();
    sorted.sort_unstable();
    let mut curve: Vec<(u32, f64)> = Vec::new();
    // Where the cell of the last point that is kept for good lies.
    let mut kept = f64::NEG_INFINITY;
    for (n, &rank) in sorted.iter().enumerate() {
        if sorted.get(n + 1) == Some(&rank) {
            continue;
        }
        let place = f64::from(rank.max(1)).log2();
        if place - kept < 1.0 / 256.0 {
            curve.pop();
        } else {
            kept = place;
        }
        let found = (n + 1) as f64;
        curve.push((rank, 100.0 * found / sorted.len() as f64));
    }
    curve
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
        assert_eq!((bins[3], bins[10]), ((8, 15, 8), (1024, 2047, 211)));
    }

    #[test]
    fn histogram_shares_sum_to_one() {
        let bins = histogram(&[-1.0, 0.0, 0.5, 1.0, f32::NEG_INFINITY], -1.0, 1.0, 7);
        assert!((bins.iter().map(|b| b[1]).sum::<f64>() - 1.0).abs() < 1e-12);
    }
}
