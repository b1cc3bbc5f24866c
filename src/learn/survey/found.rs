//! What a survey found.

use super::asked::Asked;
use super::way::Way;
use crate::learn::strata::{Found, Keeping, Redundancy, Strata, Variances};
use std::sync::Arc;

/// One way to group.
#[derive(Debug, Clone, PartialEq)]
pub struct Grouped {
    /// The way.
    pub way: Way,
    /// The groups.
    pub strata: Strata,
    /// What they are worth.
    pub variances: Variances,
}

impl Grouped {
    /// Pairs of its smallest group that has any, and of its largest.
    pub fn sizes(&self) -> (usize, usize) {
        let sizes = self.strata.sizes();
        let filled = sizes.iter().copied().filter(|&n| n > 0);
        let least = filled.min().unwrap_or(0);
        (least, sizes.into_iter().max().unwrap_or(0))
    }
}

/// What was found for one number of groups.
pub struct AtCount {
    /// Groups.
    pub count: usize,
    /// The groups by gradients.
    pub found: Found,
    /// What they are worth, first of all; then the other ways, in the order asked for.
    pub ways: Vec<Grouped>,
    /// What is known of each group by gradients; the images that pairs are pushed away from are rows of the whole set.
    pub groups: Vec<Redundancy>,
    /// Words that name each of them; empty where no word does, or no captions are known.
    pub names: Vec<String>,
    /// What keeping a share of the pairs costs.
    pub keeping: Keeping,
    /// Seconds that grouping by gradients took.
    pub seconds: f64,
}

impl AtCount {
    /// That of a way, where it was made.
    pub fn of(&self, way: Way) -> Option<&Grouped> {
        self.ways.iter().find(|grouped| grouped.way == way)
    }

    /// Pairs that a reduced set keeps where `share` of all are asked for: one of each group that has any, at least.
    pub fn kept_count(&self, share: f64) -> usize {
        let all = self.gradient().strata.labels().len();
        let filled = self.groups.iter().filter(|group| group.pairs > 0).count();
        ((all as f64 * share).round() as usize).clamp(filled, all)
    }

    /// The groups by gradients.
    pub fn gradient(&self) -> &Grouped {
        // Made first, always.
        &self.ways[0]
    }
}

/// A survey of some pairs under some heads.
pub struct Survey {
    /// What it was asked for.
    pub asked: Asked,
    /// The caption of each pair, by its row in the whole set.
    pub captions: Arc<Vec<u32>>,
    /// The image of each pair, likewise.
    pub images: Arc<Vec<u32>>,
    /// The image that each pair is pushed away from, likewise; `None` where its second hinge is 0.
    pub pushed: Vec<Option<u32>>,
    /// The caption that each pair's image is pushed away from, by its row; `None` where its first hinge is 0.
    pub hardest: Vec<Option<u32>>,
    /// Loss of each pair.
    pub losses: Vec<f64>,
    /// Pairs whose gradient is 0: both their hinges are.
    pub still: usize,
    /// For each number of groups, rising; at least one.
    pub counts: Vec<AtCount>,
    /// What is to be known of the figures, in sentences.
    pub notes: Vec<String>,
    /// Seconds of all.
    pub seconds: f64,
}

impl Survey {
    /// Number of pairs.
    pub fn pairs(&self) -> usize {
        self.captions.len()
    }

    /// Mean loss.
    pub fn loss(&self) -> f64 {
        self.losses.iter().sum::<f64>() / self.losses.len().max(1) as f64
    }

    /// How many different pulls all pairs make: mean |g|^2 / |mean g|^2; `None` where the mean gradient is 0.
    pub fn pulls(&self) -> Option<f64> {
        let all = &self.counts.first()?.gradient().variances;
        let mean = all.mean_square;
        (mean > 0.0).then(|| (all.single + mean) / mean)
    }

    /// What was found for `count` groups.
    pub fn at(&self, count: usize) -> Option<&AtCount> {
        self.counts.iter().find(|at| at.count == count)
    }
}
