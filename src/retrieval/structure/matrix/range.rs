//! The scores between which colours run.

use super::tile::Tile;
use crate::compute::{Embeddings, Groups};
use std::sync::Arc;

/// Pairs drawn.
const DRAWN: usize = 20_000;
/// The random numbers' seed.
const SEED: u64 = 1;

/// The scores of the first and the last colour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Lowest.
    pub low: f32,
    /// Highest; above `low`.
    pub high: f32,
}

impl Default for Range {
    fn default() -> Self {
        Self {
            low: 0.0,
            high: 1.0,
        }
    }
}

impl Range {
    /// The part of the way from `low` to `high`, in [0, 1].
    pub fn share(&self, score: f32) -> f32 {
        ((score - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    fn between(values: &mut [f32], low: f64, high: f64) -> Option<Self> {
        values.sort_by(f32::total_cmp);
        let at =
            |share: f64| values.get((share * (values.len().max(1) - 1) as f64).round() as usize);
        let (low, high) = (*at(low)?, *at(high)?);
        Some(Self {
            low,
            high: high.max(low + 1e-4),
        })
    }
}

/// A range for all levels: from the 1st percentile of random pairs to the 90th of right pairs, or the highest of the
/// random ones where that is more; from 20,000 drawn from a fixed seed.
pub fn range_of_scores(images: &Embeddings, texts: &Embeddings, groups: &Groups) -> Range {
    if images.rows() == 0 || texts.rows() == 0 {
        return Range::default();
    }
    let mut random = fastrand::Rng::with_seed(SEED);
    let (mut any, mut right) = (Vec::new(), Vec::new());
    for n in 0..DRAWN {
        let (i, j) = (
            random.usize(0..images.rows()),
            random.usize(0..texts.rows()),
        );
        any.push(images.dot(i, texts, j));
        if n % 4 == 0 {
            right.push(images.dot(groups.owner(j), texts, j));
        }
    }
    let all = Range::between(&mut any, 0.01, 1.0).unwrap_or_default();
    let top = Range::between(&mut right, 0.0, 0.9).unwrap_or_default();
    Range {
        low: all.low,
        high: all.high.max(top.high),
    }
}

/// A range for what is shown: from the 1st to the 99.8th percentile of the tiles' largest or mean scores.
pub fn range_of_tiles(tiles: &[Arc<Tile>], mean: bool) -> Option<Range> {
    let values = |tile: &Arc<Tile>| {
        let cells = &tile.cells;
        let values = if mean { &cells.mean } else { &cells.high };
        // Some thousand of each tile say enough.
        let step = (values.len() / 4096).max(1) | 1;
        values
            .iter()
            .step_by(step)
            .copied()
            .filter(|v| v.is_finite())
            .collect::<Vec<f32>>()
    };
    let mut all: Vec<f32> = tiles.iter().flat_map(values).collect();
    Range::between(&mut all, 0.01, 0.998)
}
