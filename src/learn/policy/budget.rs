//! A number of seconds of training: how many pairs, and the schedule, are fitted into it (budgeted training, arXiv
//! 1905.04753).

use super::{Description, Making, Sampler};
use crate::error::Result;

/// A fixed time budget.
pub const POLICY: Description = Description {
    name: "budget",
    title: "Time budget",
    about: "training ends after the seconds given, and so does the schedule; where the steps that fit do not go over all \
            pairs as often as there are epochs, a random part is used that they do go over",
    by_seconds: true,
    by_gradients: false,
    by_groups: false,
    eases: false,
    follows: false,
    note: Some(NOTE),
    make,
};

/// What is to be known of runs with a budget.
pub const NOTE: &str = "How many pairs fit into the seconds depends on the machine: another run of this seed may use others.";

#[expect(clippy::unnecessary_wraps, reason = "other policies can fail")]
fn make<'a>(making: &Making<'a>) -> Result<Box<dyn Sampler + 'a>> {
    let mut pairs = making.ground.pairs.clone();
    fastrand::Rng::with_seed(making.seed ^ 0x00b0_d6e7).shuffle(&mut pairs);
    Ok(Box::new(Budget {
        pairs,
        fit: Fit::of(making),
    }))
}

/// How many pairs fit.
pub struct Fit {
    seconds: f64,
    batch: usize,
    epochs: usize,
}

impl Fit {
    /// For a run that is being made.
    pub fn of(making: &Making<'_>) -> Self {
        Self {
            seconds: making.seconds,
            batch: making.batch,
            epochs: making.epochs,
        }
    }

    /// Of `pairs` pairs, those that each epoch has room for at this pace.
    pub fn count(&self, steps_a_second: f64, pairs: usize) -> usize {
        let draws = steps_a_second * self.seconds * self.batch as f64;
        let fit = (draws / self.epochs as f64) as usize;
        // Never fewer than some batches, of which each epoch is one order.
        let least = (4 * self.batch).min(pairs);
        fit.max(least).min(pairs)
    }
}

struct Budget {
    pairs: Vec<u32>,
    fit: Fit,
}

impl Sampler for Budget {
    fn epoch(&mut self, _: usize, _: &[f32], random: &mut fastrand::Rng) -> Result<Vec<u32>> {
        let mut drawn = self.pairs.clone();
        random.shuffle(&mut drawn);
        Ok(drawn)
    }

    fn paced(&mut self, steps_a_second: f64) {
        let count = self.fit.count(steps_a_second, self.pairs.len());
        self.pairs.truncate(count);
    }
}
