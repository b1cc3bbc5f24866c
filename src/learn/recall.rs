//! Recall at 1, 5 and 10 of images under heads.

use super::ground::Ground;
use crate::compute::train::{Tower, Trainer};
use crate::compute::{Embeddings, Engine, Groups, RankOptions, TopK};
use crate::error::Result;
use crate::retrieval::Metrics;
use crate::task::Task;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Which side asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// Images look for captions.
    #[default]
    ImageToText,
    /// Captions look for images.
    TextToImage,
}

/// Recall of both directions, in per cent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Recalls {
    /// Images look for captions: at 1, 5, 10.
    pub i2t: [f64; 3],
    /// Captions look for images: at 1, 5, 10.
    pub t2i: [f64; 3],
}

impl Recalls {
    /// Of ranks from 1.
    pub fn of(ranks: &[Vec<u32>; 2]) -> Self {
        let recalls = |ranks: &[u32]| {
            let m = Metrics::from_ranks(ranks);
            [m.r1, m.r5, m.r10]
        };
        Self {
            i2t: recalls(&ranks[0]),
            t2i: recalls(&ranks[1]),
        }
    }

    /// One of them.
    pub fn get(&self, way: Way, at: usize) -> f64 {
        match way {
            Way::ImageToText => self.i2t[at],
            Way::TextToImage => self.t2i[at],
        }
    }

    /// All six: images at 1, 5, 10, then captions.
    pub fn all(&self) -> [f64; 6] {
        let [a, b, c] = self.i2t;
        let [d, e, f] = self.t2i;
        [a, b, c, d, e, f]
    }
}

/// Images that are ranked again and again.
pub struct Ranked {
    images: Embeddings,
    texts: Embeddings,
    groups: Groups,
}

impl Ranked {
    /// `images` of `ground`, with their captions.
    pub fn new(ground: &Ground, images: &[u32]) -> Self {
        let (images, texts, groups) = ground.part(images);
        Self {
            images,
            texts,
            groups,
        }
    }

    /// Captions that are ranked.
    pub fn captions(&self) -> usize {
        self.texts.rows()
    }

    /// The `k` best captions of each image and images of each caption under the heads as they are now, best first.
    ///
    /// # Errors
    /// As [`Engine::top_k`].
    pub fn best(
        &self,
        engine: &dyn Engine,
        trainer: &mut dyn Trainer,
        outputs: usize,
        k: usize,
        task: &Task,
    ) -> Result<[TopK; 2]> {
        let images = Embeddings::new(trainer.embed(Tower::Image, self.images.data())?, outputs)?;
        let texts = Embeddings::new(trainer.embed(Tower::Text, self.texts.data())?, outputs)?;
        let quiet = task.quiet();
        Ok([
            engine.top_k(&images, &texts, k, &quiet)?,
            engine.top_k(&texts, &images, k, &quiet)?,
        ])
    }

    /// Ranks of the images' best caption and of the captions' image, from 1, under the heads as they are now. Scores that
    /// are equal count against the positive.
    ///
    /// # Errors
    /// As [`Engine::rank`].
    pub fn ranks(
        &self,
        engine: &dyn Engine,
        trainer: &mut dyn Trainer,
        outputs: usize,
        by_order: bool,
        task: &Task,
    ) -> Result<[Vec<u32>; 2]> {
        let images = trainer.embed(Tower::Image, self.images.data())?;
        let texts = trainer.embed(Tower::Text, self.texts.data())?;
        if by_order {
            let ranks = ranks_by_order(&images, &texts, outputs, &self.groups, task);
            task.check()?;
            return Ok(ranks);
        }
        let images = Embeddings::new(images, outputs)?;
        let texts = Embeddings::new(texts, outputs)?;
        let options = RankOptions { k: 0, margin: None };
        // Its progress is no progress of the training.
        let quiet = task.quiet();
        let ranking = engine.rank(&images, &texts, &self.groups, options, &quiet)?;
        Ok([ranking.i2t.ranks, ranking.t2i.ranks])
    }
}

/// Ranks by how little a caption violates the order below its image; entries are not negative. Once the task is cancelled
/// they are none.
fn ranks_by_order(
    images: &[f32],
    texts: &[f32],
    dim: usize,
    groups: &Groups,
    task: &Task,
) -> [Vec<u32>; 2] {
    let far = |u: &[f32], v: &[f32]| -> f32 {
        let over = u.iter().zip(v).map(|(u, v)| (v - u).max(0.0));
        over.map(|o| o * o).sum()
    };
    let image = |i: usize| &images[i * dim..(i + 1) * dim];
    let text = |j: usize| &texts[j * dim..(j + 1) * dim];
    let of_images = (0..groups.images()).into_par_iter().map(|i| {
        if task.is_cancelled() {
            return 0;
        }
        let own = groups.range(i);
        let best = own.clone().map(|j| far(image(i), text(j)));
        let best = best.fold(f32::INFINITY, f32::min);
        let others = (0..groups.texts()).filter(|j| !own.contains(j));
        1 + others.filter(|&j| far(image(i), text(j)) <= best).count() as u32
    });
    let owners = groups.owners();
    let of_texts = (0..groups.texts()).into_par_iter().map(|j| {
        if task.is_cancelled() {
            return 0;
        }
        let own = owners[j] as usize;
        let best = far(image(own), text(j));
        let others = (0..groups.images()).filter(|&i| i != own);
        1 + others.filter(|&i| far(image(i), text(j)) <= best).count() as u32
    });
    [of_images.collect(), of_texts.collect()]
}

/// The images that recall in training is measured on: as many as are held out, drawn once for a split, so that both recalls
/// are among as many candidates and can be compared.
pub fn trained_on(ground: &Ground) -> Vec<u32> {
    let mut images = ground.split.train.to_vec();
    let count = ground.split.valid.len();
    if images.len() > count {
        fastrand::Rng::with_seed(count as u64).shuffle(&mut images);
        images.truncate(count);
        images.sort_unstable();
    }
    images
}
