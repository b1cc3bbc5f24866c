//! A number of seconds of training spent on the pairs that cost most, ranked anew before each epoch (arXiv 2410.03790:
//! "sample importance and dynamic ranking").
//!
//! Only the outline of the paper's method could be read, so these are choices of this program: the importance of a pair is
//! the running mean of its losses ([`KEEPS`]); a pair that was not seen yet is as important as the mean of those that were;
//! of equally important pairs those come first that a random order of the seed has first; each epoch takes as many from the
//! top as the policy `budget` fits into the seconds, in random order, and ranking counts as time of training.

use super::budget::{Fit, NOTE};
use super::costs::Costs;
use super::{Description, Making, Sampler};
use crate::error::Result;

/// A fixed time budget for what costs most.
pub const POLICY: Description = Description {
    name: "budget-ranked",
    title: "Time budget, ranked",
    about: "as the time budget, but before each epoch pairs are ranked by the running mean of what they cost, those not seen \
            yet at the mean of the others, and the epoch goes over as many from the top as fit",
    by_seconds: true,
    by_gradients: false,
    by_groups: false,
    eases: false,
    follows: false,
    note: Some(NOTE),
    make,
};

/// What the mean of a pair's losses so far counts for beside its new loss.
const KEEPS: f32 = 0.5;

#[expect(clippy::unnecessary_wraps, reason = "other policies can fail")]
fn make<'a>(making: &Making<'a>) -> Result<Box<dyn Sampler + 'a>> {
    let pairs = making.ground.pairs.clone();
    let mut order: Vec<u32> = (0..pairs.len() as u32).collect();
    fastrand::Rng::with_seed(making.seed ^ 0x00b0_d6e7).shuffle(&mut order);
    Ok(Box::new(Ranked {
        fits: pairs.len(),
        pairs,
        order,
        costs: Costs::of(making.ground, KEEPS),
        fit: Fit::of(making),
    }))
}

struct Ranked {
    pairs: Vec<u32>,
    /// Places of pairs, in the order that tells equally important ones apart.
    order: Vec<u32>,
    costs: Costs,
    fit: Fit,
    /// Pairs that fit into an epoch.
    fits: usize,
}

impl Sampler for Ranked {
    fn epoch(&mut self, _: usize, _: &[f32], random: &mut fastrand::Rng) -> Result<Vec<u32>> {
        let mut ranked = self.order.clone();
        if let Some(costs) = self.costs.all() {
            let cost = |place: u32| costs[place as usize];
            ranked.sort_by(|&a, &b| cost(b).total_cmp(&cost(a)));
        }
        ranked.truncate(self.fits);
        let mut drawn: Vec<u32> = ranked.iter().map(|&n| self.pairs[n as usize]).collect();
        random.shuffle(&mut drawn);
        Ok(drawn)
    }

    fn saw(&mut self, captions: &[u32], losses: &[f32]) {
        self.costs.saw(captions, losses);
    }

    fn paced(&mut self, steps_a_second: f64) {
        self.fits = self.fit.count(steps_a_second, self.pairs.len());
    }
}
