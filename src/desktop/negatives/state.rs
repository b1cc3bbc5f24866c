//! The hard-negative workbench: what is mined, which pair is looked at, what was decided.

use super::decided::Decided;
use crate::attack::Occlusion;
use crate::attack::caption::Importance;
use crate::compute::Hit;
use crate::desktop::core::{Derived, Identities};
use crate::retrieval::mine::{MineOptions, MinedPair};
use crate::retrieval::relevance::Confirmed;
use crate::retrieval::{Bounds, Side};
use std::sync::Arc;

/// What is to be mined.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NegativesPlan {
    /// The side of the queries.
    pub side: Side,
    /// Filters and numbers.
    pub options: MineOptions,
    /// Which pairs come first.
    pub order: PairOrder,
}

/// Order of the pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PairOrder {
    /// Those nearest to a tie first: the near misses.
    #[default]
    Nearest,
    /// The smallest margin first: the gross errors.
    Worst,
}

impl Default for NegativesPlan {
    fn default() -> Self {
        Self {
            side: Side::Image,
            options: MineOptions {
                margin_below: Some(0.0),
                ..MineOptions::default()
            },
            order: PairOrder::default(),
        }
    }
}

/// What was mined.
#[derive(Debug, Clone)]
pub struct NegativeSet {
    /// What was asked for.
    pub plan: NegativesPlan,
    /// In the order that was asked for.
    pub pairs: Vec<MinedPair>,
    /// From where on evidence counts.
    pub bounds: Bounds,
    /// Queries (or pairs) that were looked at.
    pub units: usize,
    /// Seconds it took.
    pub seconds: f64,
}

/// Why a model prefers, or nearly prefers, a negative.
#[derive(Debug, Clone)]
pub struct Why {
    /// The pair, by its place in the set.
    pub of: usize,
    /// Words of the caption with the positive, then with the negative; the reason where they cannot be weighed.
    pub words: Result<[Arc<Importance>; 2], String>,
    /// What is most like the negative on its own side, itself left out.
    pub like_negative: Vec<Hit>,
    /// What is most like the query on its own side, itself left out.
    pub like_query: Vec<Hit>,
    /// Sum of the hinges of the query with this positive over all its negatives (a row of VSE++ eq. 3).
    pub sum_of_hinges: f64,
    /// Is the negative the hardest of the query, so that the max of hinges (VSE++ eq. 4) counts it?
    pub is_hardest: bool,
}

/// Regions of a picture that raise scores.
#[derive(Debug, Clone)]
pub struct Regions {
    /// The pair, by its place in the set.
    pub of: usize,
    /// Row of the image.
    pub image: u32,
    /// The map; its text is the caption of the negative pair.
    pub map: Arc<Occlusion>,
}

/// The state of the workbench.
#[derive(Default)]
pub struct State {
    /// What is to be mined.
    pub plan: NegativesPlan,
    /// What was mined last; may still be of the plan before.
    pub set: Derived<Arc<NegativeSet>>,
    /// Is it being mined?
    pub running: bool,
    /// The pair that is looked at, by its place.
    pub at: usize,
    /// Why it is hard.
    pub why: Derived<Arc<Why>>,
    /// Show the regions that raise the negative's score.
    pub show_regions: bool,
    /// Those regions.
    pub regions: Derived<Arc<Regions>>,
    /// What was decided.
    pub decided: Decided,
    /// The figures that follow from it.
    pub figures: Derived<Confirmed>,
}

impl State {
    /// Forgets all that belongs to data and encoder; what to mine stays.
    pub fn clear(&mut self) {
        let old = std::mem::take(self);
        self.plan = old.plan;
        self.show_regions = old.show_regions;
        self.decided = old.decided;
    }

    /// The pair that is looked at.
    pub fn pair(&self, now: &Identities) -> Option<&MinedPair> {
        self.set.get(now)?.pairs.get(self.at)
    }
}
