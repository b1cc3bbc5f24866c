//! Pairs by how much they cost when they were seen last (online batch selection, arXiv 1511.06343).

use super::costs::Costs;
use super::{Description, Making, Sampler};
use crate::error::Result;

/// Hardest first.
pub const POLICY: Description = Description {
    name: "hardest",
    title: "Hardest first",
    about: "pairs are drawn in proportion to what they cost when they were seen last, a tenth of the mean added; as many \
            draws an epoch as there are pairs",
    by_seconds: false,
    by_gradients: false,
    by_groups: false,
    eases: false,
    follows: false,
    note: None,
    make,
};

/// What is added to each loss, as a share of their mean: a pair that cost nothing is seen again.
const FLOOR: f64 = 0.1;

#[expect(clippy::unnecessary_wraps, reason = "other policies can fail")]
fn make<'a>(making: &Making<'a>) -> Result<Box<dyn Sampler + 'a>> {
    Ok(Box::new(Hardest {
        pairs: making.ground.pairs.clone(),
        costs: Costs::of(making.ground, 0.0),
    }))
}

struct Hardest {
    pairs: Vec<u32>,
    costs: Costs,
}

impl Sampler for Hardest {
    fn epoch(&mut self, _: usize, _: &[f32], random: &mut fastrand::Rng) -> Result<Vec<u32>> {
        let Some(costs) = self.costs.all() else {
            let mut drawn = self.pairs.clone();
            random.shuffle(&mut drawn);
            return Ok(drawn);
        };
        let mean = costs.iter().sum::<f64>() / costs.len() as f64;
        let least = FLOOR * mean.max(f64::MIN_POSITIVE);
        let mut total = 0.0;
        let up_to = costs.iter().map(|cost| {
            total += cost + least;
            total
        });
        let up_to: Vec<f64> = up_to.collect();
        let mut draw = || {
            let at = random.f64() * total;
            let place = up_to.partition_point(|&sum| sum <= at);
            self.pairs[place.min(self.pairs.len() - 1)]
        };
        Ok((0..up_to.len()).map(|_| draw()).collect())
    }

    fn saw(&mut self, captions: &[u32], losses: &[f32]) {
        self.costs.saw(captions, losses);
    }
}
