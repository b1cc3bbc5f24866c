//! The statistics of paired outcomes: agreement, an exact test, rank correlation, a bootstrap interval.

use crate::error::Result;
use crate::task::Task;
use rayon::prelude::*;
use serde::Serialize;

/// Queries by whether each encoder has a right candidate among its first k.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Agreement {
    /// Candidates that count.
    pub k: u32,
    /// Right with both.
    pub both: usize,
    /// Right with the first encoder alone.
    pub only_a: usize,
    /// Right with the second encoder alone.
    pub only_b: usize,
    /// Wrong with both.
    pub neither: usize,
    /// Share of the queries on which they agree, in per cent.
    pub agreement: f64,
    /// Cohen's kappa, in [-1, 1]: agreement beyond that of chance; null where one outcome is all there is.
    pub kappa: Option<f64>,
    /// Two-sided p-value of `McNemar`'s exact test that both have the same recall.
    pub p_value: f64,
}

impl Agreement {
    /// Compares the ranks (from 1) of the same queries.
    pub fn of(a: &[u32], b: &[u32], k: u32) -> Self {
        let (mut both, mut only_a, mut only_b, mut neither) = (0, 0, 0, 0);
        for (&a, &b) in a.iter().zip(b) {
            match (a <= k, b <= k) {
                (true, true) => both += 1,
                (true, false) => only_a += 1,
                (false, true) => only_b += 1,
                (false, false) => neither += 1,
            }
        }
        let n = (both + only_a + only_b + neither) as f64;
        let observed = (both + neither) as f64 / n.max(1.0);
        let (right_a, right_b) = ((both + only_a) as f64 / n, (both + only_b) as f64 / n);
        let chance = right_a * right_b + (1.0 - right_a) * (1.0 - right_b);
        Self {
            k,
            both,
            only_a,
            only_b,
            neither,
            agreement: 100.0 * observed,
            kappa: (chance < 1.0).then(|| (observed - chance) / (1.0 - chance)),
            p_value: mcnemar(only_a, only_b),
        }
    }
}

/// `McNemar`'s exact test, two-sided: how likely a split of `b + c` fair coin tosses is that is at least as uneven.
pub fn mcnemar(b: usize, c: usize) -> f64 {
    let (n, few) = (b + c, b.min(c));
    // ln C(n, i) - n ln 2, from one i to the next.
    let mut term = -(n as f64) * std::f64::consts::LN_2;
    let mut terms = vec![term];
    for i in 0..few {
        term += ((n - i) as f64).ln() - ((i + 1) as f64).ln();
        terms.push(term);
    }
    let sum: f64 = terms.iter().map(|t| (t - term).exp()).sum();
    (2.0 * sum * term.exp()).min(1.0)
}

/// Spearman's rank correlation, ties sharing their mean rank; `None` where one side is constant.
pub fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    let (a, b) = (mean_ranks(a), mean_ranks(b));
    let middle = f64::midpoint(a.len() as f64, 1.0);
    let (mut cross, mut square_a, mut square_b) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(&b) {
        let (x, y) = (x - middle, y - middle);
        cross += x * y;
        square_a += x * x;
        square_b += y * y;
    }
    (square_a > 0.0 && square_b > 0.0).then(|| cross / (square_a.sqrt() * square_b.sqrt()))
}

fn mean_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&i, &j| values[i].total_cmp(&values[j]));
    let mut ranks = vec![0.0; values.len()];
    let mut at = 0;
    for tied in order.chunk_by(|&i, &j| values[i] == values[j]) {
        // Ranks at + 1 to at + tied.
        let mean = at as f64 + f64::midpoint(tied.len() as f64, 1.0);
        for &i in tied {
            ranks[i] = mean;
        }
        at += tied.len();
    }
    ranks
}

/// A difference with its 95 % confidence interval, in percentage points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Interval {
    /// Second less first.
    pub difference: f64,
    /// 2.5th percentile of the resampled differences.
    pub low: f64,
    /// 97.5th percentile.
    pub high: f64,
}

impl Interval {
    /// Does the interval leave out zero?
    pub fn is_clear(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// Resamples groups of queries with replacement, `samples` times from `seed`: the paired bootstrap, in which the
/// queries of one group (captions of an image) stand or fall together. `groups` holds, for each, the sum of the
/// differences of its queries (second right: +1, first right: -1) and how many they are.
///
/// # Errors
/// Cancellation.
pub fn bootstrap(
    groups: &[(i32, u32)],
    samples: usize,
    seed: u64,
    task: &Task,
) -> Result<Interval> {
    let share = |sum: i64, count: u64| 100.0 * sum as f64 / count.max(1) as f64;
    let all = groups
        .iter()
        .fold((0, 0), |(s, c), g| (s + i64::from(g.0), c + u64::from(g.1)));
    let difference = share(all.0, all.1);
    if groups.is_empty() || samples == 0 {
        return Ok(Interval {
            difference,
            low: difference,
            high: difference,
        });
    }
    task.begin("Resampling", samples as u64);
    let drawn: Result<Vec<f64>> = (0..samples as u64)
        .into_par_iter()
        .map(|sample| {
            task.check()?;
            // A seed for each sample: the same figures however the threads share them.
            let mut random =
                fastrand::Rng::with_seed(seed ^ sample.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            let (mut sum, mut count) = (0, 0);
            for _ in 0..groups.len() {
                let (s, c) = groups[random.usize(..groups.len())];
                sum += i64::from(s);
                count += u64::from(c);
            }
            task.add(1);
            Ok(share(sum, count))
        })
        .collect();
    let mut drawn = drawn?;
    drawn.sort_by(f64::total_cmp);
    Ok(Interval {
        difference,
        low: percentile(&drawn, 0.025),
        high: percentile(&drawn, 0.975),
    })
}

/// Of sorted values, linear between neighbours.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let (low, high) = (at.floor() as usize, at.ceil() as usize);
    sorted[low] + (sorted[high] - sorted[low]) * (at - low as f64)
}
