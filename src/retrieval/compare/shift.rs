//! How far the right one moves from one encoder to the other.

use crate::compute::Hit;
use serde::Serialize;

/// Queries whose rank changes by `from` to `to` places, both included; positive is further down with the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ShiftBin {
    /// The smallest shift.
    pub from: i64,
    /// The largest shift.
    pub to: i64,
    /// Queries.
    pub queries: usize,
}

/// One query with both encoders.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Shift {
    /// Row of the query.
    pub query: usize,
    /// Rank of the right one with the first encoder, from 1.
    pub rank_a: u32,
    /// Rank of the right one with the second encoder, from 1.
    pub rank_b: u32,
    /// `rank_b - rank_a`.
    pub shift: i64,
    /// The hardest negative of the first encoder.
    pub hardest_a: Hit,
    /// The hardest negative of the second encoder.
    pub hardest_b: Hit,
}

/// Bins of a histogram of shifts, widening on both sides of an own bin for 0: 0, 1, 2-3, 4-7, 8-15 and so on, so that all
/// are equally wide on an axis that is logarithmic beyond 0. Every shift lies in one of them; they are symmetric.
pub fn shift_bins(shifts: impl Iterator<Item = i64> + Clone) -> Vec<ShiftBin> {
    let most = shifts.clone().map(i64::abs).max().unwrap_or(0).max(1);
    let sizes: Vec<(i64, i64)> = (0..=most.ilog2())
        .map(|n| (1 << n, (1 << (n + 1)) - 1))
        .collect();
    let bin = |from, to| ShiftBin {
        from,
        to,
        queries: 0,
    };
    let mut bins: Vec<ShiftBin> = sizes.iter().rev().map(|&(s, e)| bin(-e, -s)).collect();
    bins.push(bin(0, 0));
    bins.extend(sizes.iter().map(|&(s, e)| bin(s, e)));
    for shift in shifts {
        let at = bins.partition_point(|b| b.to < shift);
        bins[at].queries += 1;
    }
    bins
}
