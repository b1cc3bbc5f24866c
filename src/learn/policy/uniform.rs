//! Every pair once an epoch, in random order.

use super::{Description, Making, Sampler};
use crate::error::Result;

/// Uniform.
pub const POLICY: Description = Description {
    name: "uniform",
    title: "Uniform",
    about: "every pair once an epoch, in random order",
    by_seconds: false,
    by_gradients: false,
    by_groups: false,
    eases: false,
    follows: true,
    note: None,
    make,
};

#[expect(clippy::unnecessary_wraps, reason = "other policies can fail")]
fn make<'a>(making: &Making<'a>) -> Result<Box<dyn Sampler + 'a>> {
    Ok(Box::new(Uniform(making.ground.pairs.clone())))
}

struct Uniform(Vec<u32>);

impl Sampler for Uniform {
    fn epoch(&mut self, _: usize, _: &[f32], random: &mut fastrand::Rng) -> Result<Vec<u32>> {
        let mut drawn = self.0.clone();
        random.shuffle(&mut drawn);
        Ok(drawn)
    }
}
