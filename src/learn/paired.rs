//! The pairs that are trained on, as their gradients are made of them.

use super::ground::Ground;
use super::strata::{Factors, LinearHeads, Pairs, factors};
use crate::compute::train::HeadShape;
use crate::error::Result;
use crate::task::Task;

/// The pairs of a ground that are trained on, in its order: pair n is caption `ground.pairs[n]` with its image.
pub struct Paired {
    images: Vec<f32>,
    texts: Vec<f32>,
    /// The image of each pair, by its place among the images that are trained on.
    pub owners: Vec<u32>,
    confirmed: Vec<(u32, u32)>,
}

impl Paired {
    /// The pairs of `ground`; what was confirmed there is no negative here.
    pub fn of(ground: &Ground) -> Self {
        let train = &ground.split.train;
        let place = |image: u32| train.binary_search(&image).ok().map(|at| at as u32);
        let pair = |caption: u32| ground.pairs.binary_search(&caption).ok().map(|n| n as u32);
        let owners = ground.pairs.iter();
        let owners = owners.filter_map(|&caption| place(ground.owners[caption as usize]));
        let confirmed = ground.confirmed();
        let confirmed = confirmed.filter_map(|(image, caption)| place(image).zip(pair(caption)));
        let mut confirmed: Vec<(u32, u32)> = confirmed.collect();
        confirmed.sort_unstable();
        Self {
            images: ground.embedded.images.gather(train).data().to_vec(),
            texts: ground.embedded.texts.gather(&ground.pairs).data().to_vec(),
            owners: owners.collect(),
            confirmed,
        }
    }

    /// What the gradients of the pairs are made of under linear heads with `weights`, as `Learned` has them, by MH hinges
    /// with this margin.
    ///
    /// # Errors
    /// Heads that are not linear or that both sides share, weights that do not fit, cancellation.
    pub fn factors(
        &self,
        head: &HeadShape,
        weights: &[f32],
        margin: f64,
        task: &Task,
    ) -> Result<Factors> {
        let pairs = Pairs {
            images: &self.images,
            texts: &self.texts,
            owners: &self.owners,
            confirmed: &self.confirmed,
        };
        factors(&LinearHeads::of(head, weights)?, &pairs, margin, task)
    }
}
