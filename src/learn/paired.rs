//! The pairs that are trained on, as their gradients are made of them.

use super::ground::Ground;
use super::strata::{Factors, LinearHeads, Pairs, factors};
use crate::compute::train::HeadShape;
use crate::error::Result;
use crate::task::Task;
use std::collections::HashMap;

/// The pairs of a ground that are trained on, in its order: pair n is caption `ground.pairs[n]` with its image.
#[derive(Debug, Clone, PartialEq)]
pub struct Paired {
    /// Embeddings of the images that are trained on, `[images, dim]`.
    pub images: Vec<f32>,
    /// Embeddings of the captions, `[pairs, dim]`.
    pub texts: Vec<f32>,
    /// Values of a row.
    pub dim: usize,
    /// The image of each pair, by its place in `images`.
    pub owners: Vec<u32>,
    /// What each image is in the whole set.
    pub image_rows: Vec<u32>,
    confirmed: Vec<(u32, u32)>,
}

impl Paired {
    /// The pairs of `ground`; what was confirmed there is no negative here.
    pub fn of(ground: &Ground) -> Self {
        let embedded = &ground.embedded;
        let train = &ground.split.train;
        let places =
            |rows: &[u32]| -> HashMap<u32, u32> { rows.iter().copied().zip(0..).collect() };
        let (images, pairs) = (places(train), places(&ground.pairs));
        let owners = ground.pairs.iter();
        let owners = owners.filter_map(|&c| images.get(&ground.owners[c as usize]).copied());
        let confirmed = ground
            .confirmed()
            .filter_map(|(image, caption)| Some((*images.get(&image)?, *pairs.get(&caption)?)));
        let mut confirmed: Vec<(u32, u32)> = confirmed.collect();
        confirmed.sort_unstable();
        Self {
            images: embedded.images.gather(train).data().to_vec(),
            texts: embedded.texts.gather(&ground.pairs).data().to_vec(),
            dim: embedded.images.dim(),
            owners: owners.collect(),
            image_rows: train.to_vec(),
            confirmed,
        }
    }

    /// The same as gradients are made of them.
    pub fn pairs(&self) -> Pairs<'_> {
        Pairs {
            images: &self.images,
            texts: &self.texts,
            owners: &self.owners,
            confirmed: &self.confirmed,
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
        factors(
            &LinearHeads::of(head, weights)?,
            &self.pairs(),
            margin,
            task,
        )
    }
}
