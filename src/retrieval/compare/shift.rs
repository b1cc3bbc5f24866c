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

/// Upper ends of the bins' sizes: 1, 2, 5, 10, 20, 50 and so on.
fn ends(most: i64) -> Vec<i64> {
    let mut ends = Vec::new();
    let mut decade = 1;
    while ends.last().is_none_or(|&end| end < most) {
        ends.extend([decade, 2 * decade, 5 * decade]);
        decade *= 10;
    }
    while ends.len() > 1 && ends[ends.len() - 2] >= most {
        ends.pop();
    }
    ends
}

/// Bins of a histogram of shifts, widening on both sides of an own bin for 0: 0, 1, 2, 3-5, 6-10, 11-20 and so on.
/// Every shift lies in one of them; they are symmetric.
pub fn shift_bins(shifts: impl Iterator<Item = i64> + Clone) -> Vec<ShiftBin> {
    let most = shifts.clone().map(i64::abs).max().unwrap_or(0).max(1);
    let ends = ends(most);
    let sizes: Vec<(i64, i64)> = ends
        .iter()
        .enumerate()
        .map(|(i, &end)| (if i == 0 { 1 } else { ends[i - 1] + 1 }, end))
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
