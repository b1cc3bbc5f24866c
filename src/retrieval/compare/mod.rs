//! Two encoders on the same data: what one gets right and the other wrong.

mod shift;
mod statistics;

pub use shift::{Shift, ShiftBin, shift_bins};
pub use statistics::{Agreement, Interval, mcnemar, spearman};

use super::{Evaluation, Metrics, Side};
use crate::compute::{Direction, Groups};
use crate::error::{Error, Result};
use crate::task::Task;
use serde::Serialize;
use std::ops::Range;

/// The k of recall at k.
pub const CUTS: [u32; 3] = [1, 5, 10];

/// How two encoders are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompareOptions {
    /// Queries listed per direction, those whose rank changes most first.
    pub listed: usize,
    /// Bootstrap samples.
    pub samples: usize,
    /// Seed of the bootstrap.
    pub seed: u64,
}

impl Default for CompareOptions {
    fn default() -> Self {
        Self {
            listed: 20,
            samples: 2_000,
            seed: 0,
        }
    }
}

/// One direction of a comparison. The keys of its JSON form are a contract.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// Queries.
    pub queries: usize,
    /// The first encoder's metrics.
    pub a: Metrics,
    /// The second encoder's metrics.
    pub b: Metrics,
    /// R@1 of the second less that of the first, with its interval over resampled images.
    pub r1_difference: Interval,
    /// Right and wrong at k = 1, 5, 10.
    pub at: [Agreement; 3],
    /// Spearman's correlation of the ranks; null where all ranks of one encoder are equal.
    pub spearman: Option<f64>,
    /// Queries whose right one ranks better with the second encoder.
    pub better: usize,
    /// Queries whose right one ranks worse with the second encoder.
    pub worse: usize,
    /// Queries with the same rank.
    pub same: usize,
    /// Share of the queries that have the same hardest negative with both, in per cent.
    pub same_hardest: f64,
    /// Histogram of `rank_b - rank_a`.
    pub shifts: Vec<ShiftBin>,
    /// The queries whose rank changes most, and how.
    pub largest: Vec<Shift>,
}

/// Both directions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Images look for captions.
    pub i2t: Compared,
    /// Captions look for images.
    pub t2i: Compared,
}

impl Comparison {
    /// The direction of one side's queries.
    pub fn direction(&self, side: Side) -> &Compared {
        match side {
            Side::Image => &self.i2t,
            Side::Text => &self.t2i,
        }
    }
}

/// Compares two evaluations of the full set with captions grouped by `groups`.
///
/// `McNemar`'s test and kappa take every query by itself; the interval of R@1 resamples images, with all their captions,
/// so that captions of one image are not taken for independent.
///
/// # Errors
/// The evaluations are not of the same images and captions; cancellation.
pub fn compare(
    a: &Evaluation,
    b: &Evaluation,
    groups: &Groups,
    options: &CompareOptions,
    task: &Task,
) -> Result<Comparison> {
    for side in [Side::Image, Side::Text] {
        let want = match side {
            Side::Image => groups.images(),
            Side::Text => groups.texts(),
        };
        let have = [a, b].map(|e| e.direction(side).ranks.len());
        if have != [want; 2] {
            return Err(Error::request(
                format!(
                    "{} and {} ranked queries cannot be compared over {want}",
                    have[0], have[1]
                ),
                "Rank the same images and captions with both encoders, all at once rather than in folds.",
            ));
        }
    }
    let direction = |side| {
        let of_image = |i: usize| match side {
            Side::Image => i..i + 1,
            Side::Text => groups.range(i),
        };
        let (a, b) = (a.direction(side), b.direction(side));
        direction(a, b, (0..groups.images()).map(of_image), options, task)
    };
    Ok(Comparison {
        i2t: direction(Side::Image)?,
        t2i: direction(Side::Text)?,
    })
}

fn direction(
    a: &Direction,
    b: &Direction,
    images: impl Iterator<Item = Range<usize>>,
    options: &CompareOptions,
    task: &Task,
) -> Result<Compared> {
    let n = a.ranks.len();
    let won = |q: usize| i32::from(b.ranks[q] == 1) - i32::from(a.ranks[q] == 1);
    let sums: Vec<(i32, u32)> = images
        .filter(|queries| !queries.is_empty())
        .map(|queries| (queries.clone().map(won).sum(), queries.len() as u32))
        .collect();
    let shift = |q: usize| i64::from(b.ranks[q]) - i64::from(a.ranks[q]);
    let count = |keep: fn(i64) -> bool| (0..n).filter(|&q| keep(shift(q))).count();
    let same_hardest = (0..n)
        .filter(|&q| a.hardest[q].index == b.hardest[q].index)
        .count();
    let ranks = |d: &Direction| d.ranks.iter().map(|&r| f64::from(r)).collect::<Vec<_>>();
    task.check()?;
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_key(|&q| (std::cmp::Reverse(shift(q).abs()), q));
    let largest = order
        .into_iter()
        .take(options.listed)
        .map(|q| shift_of(a, b, q))
        .collect();
    Ok(Compared {
        queries: n,
        a: Metrics::from_ranks(&a.ranks),
        b: Metrics::from_ranks(&b.ranks),
        r1_difference: statistics::bootstrap(&sums, options.samples, options.seed, task)?,
        at: CUTS.map(|k| Agreement::of(&a.ranks, &b.ranks, k)),
        spearman: spearman(&ranks(a), &ranks(b)),
        better: count(|s| s < 0),
        worse: count(|s| s > 0),
        same: count(|s| s == 0),
        same_hardest: 100.0 * same_hardest as f64 / n.max(1) as f64,
        shifts: shift_bins((0..n).map(shift)),
        largest,
    })
}

/// Query `q` of one direction with both encoders.
pub fn shift_of(a: &Direction, b: &Direction, q: usize) -> Shift {
    Shift {
        query: q,
        rank_a: a.ranks[q],
        rank_b: b.ranks[q],
        shift: i64::from(b.ranks[q]) - i64::from(a.ranks[q]),
        hardest_a: a.hardest[q],
        hardest_b: b.hardest[q],
    }
}
