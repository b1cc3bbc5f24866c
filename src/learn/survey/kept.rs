//! Which pairs a reduced set keeps.

use super::found::{AtCount, Survey};
use crate::error::{Error, Result};
use crate::learn::strata::Allocation;

/// A pair that is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KeptPair {
    /// The pair, by its number in the survey.
    pub pair: u32,
    /// Its group.
    pub group: u32,
    /// `N_k / (N n_k)`: the weighted sum of the kept pairs' gradients estimates the mean gradient of all without bias.
    /// Weights add up to 1.
    pub weight: f64,
}

/// The pairs that are kept where `kept` of all are: of each group as many as `allocation` says, drawn at random by `seed`,
/// in the order of the pairs.
///
/// # Errors
/// Fewer than the groups with pairs, or more than there are pairs.
pub fn kept_pairs(
    survey: &Survey,
    at: &AtCount,
    kept: usize,
    allocation: Allocation,
    seed: u64,
) -> Result<Vec<KeptPair>> {
    let counts = at.keeping.counts(kept, allocation).ok_or_else(|| {
        Error::request(
            format!(
                "{kept} of {} pairs in {} groups cannot be kept: each group keeps one at least",
                survey.pairs(),
                at.count
            ),
            "Keep more pairs, or make fewer groups.",
        )
    })?;
    let mut random = fastrand::Rng::with_seed(seed);
    let total = survey.pairs() as f64;
    let mut all = Vec::with_capacity(kept);
    for ((group, members), count) in (0..).zip(at.gradient().strata.members()).zip(counts) {
        let mut members = members;
        let weight = members.len() as f64 / (total * count.max(1) as f64);
        random.shuffle(&mut members);
        let chosen = members.into_iter().take(count);
        all.extend(chosen.map(|pair| KeptPair {
            pair,
            group,
            weight,
        }));
    }
    all.sort_by_key(|kept| kept.pair);
    Ok(all)
}

/// What keeping a share of the pairs costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KeepPoint {
    /// Share of the pairs that is kept, 0 to 1.
    pub share: f64,
    /// Pairs that are kept.
    pub pairs: usize,
    /// Error of the mean gradient as a share of its length, kept by groups; `None` where that is 0.
    pub groups: Option<f64>,
    /// The same kept at random.
    pub random: Option<f64>,
}

/// The cost of keeping from as few pairs as there are groups up to all of them, at `points` shares (2 at least).
pub fn curve(at: &AtCount, allocation: Allocation, points: usize) -> Vec<KeepPoint> {
    let all = at.gradient().strata.labels().len();
    let filled = at.groups.iter().filter(|group| group.pairs > 0).count();
    let last = points.max(2) - 1;
    let mut kept: Vec<usize> = (0..=last)
        .map(|n| filled + (all - filled) * n / last)
        .collect();
    kept.dedup();
    let point = |pairs: usize| KeepPoint {
        share: pairs as f64 / all.max(1) as f64,
        pairs,
        groups: at
            .keeping
            .counts(pairs, allocation)
            .and_then(|counts| at.keeping.error(&counts)),
        random: at.keeping.error_at_random(pairs),
    };
    kept.into_iter().map(point).collect()
}
