//! What the retrieval view shows besides what is open.

use crate::compute::Direction;
use crate::desktop::core::Derived;
use crate::retrieval::{Side, histogram, rank_bins, recall_curve};
use std::sync::Arc;

/// What the retrieval view shows.
#[derive(Default)]
pub struct State {
    /// How ranks and scores are distributed, of images and of captions as queries.
    pub distributions: Derived<Arc<[Distributions; 2]>>,
}

impl State {
    /// The distributions of one side's queries.
    pub fn of(distributions: &[Distributions; 2], side: Side) -> &Distributions {
        match side {
            Side::Image => &distributions[0],
            Side::Text => &distributions[1],
        }
    }
}

/// How ranks and scores of one side's queries are distributed.
#[derive(Debug, Clone, PartialEq)]
pub struct Distributions {
    /// Bins of ranks: first and last rank, and queries.
    pub ranks: Vec<(u32, u32, usize)>,
    /// Recall at each rank at which it rises, in per cent.
    pub recall: Vec<(u32, f64)>,
    /// Score and share of the queries, of the right ones and of the hardest negatives; `None` where all are equal.
    pub scores: Option<[Vec<[f64; 2]>; 2]>,
}

impl Distributions {
    /// Bins of the histograms of scores.
    const BINS: usize = 36;

    /// Of a ranking.
    pub fn of(direction: &Direction) -> Self {
        let hardest: Vec<f32> = direction
            .hardest
            .iter()
            .map(|h| h.score)
            .filter(|s| s.is_finite())
            .collect();
        let all = || {
            let right = direction.positive.iter();
            right.chain(&hardest).copied().filter(|s| s.is_finite())
        };
        let low = all().fold(f32::INFINITY, f32::min);
        let high = all().fold(f32::NEG_INFINITY, f32::max);
        let of = |scores: &[f32]| histogram(scores, low, high, Self::BINS);
        Self {
            ranks: rank_bins(&direction.ranks),
            recall: recall_curve(&direction.ranks),
            scores: (low < high).then(|| [of(&direction.positive), of(&hardest)]),
        }
    }
}
