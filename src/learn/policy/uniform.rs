//! Every pair once an epoch, in random order.

use super::{Description, Making, Sampler};
use crate::error::Result;

/// Uniform.
pub const POLICY: Description = Description {
    name: "uniform",
    title: "Uniform",
    about: "every pair once an epoch, in random order",
    by_seconds: false,
    make,
};

#[expect(clippy::unnecessary_wraps, reason = "other policies can fail")]
fn make(making: &Making<'_>) -> Result<Box<dyn Sampler>> {
    Ok(Box::new(Uniform(making.ground.pairs.clone())))
}

struct Uniform(Vec<u32>);

impl Sampler for Uniform {
    fn epoch(&mut self, _: usize, random: &mut fastrand::Rng) -> Vec<u32> {
        let mut drawn = self.0.clone();
        random.shuffle(&mut drawn);
        drawn
    }
}
