//! The pairs to train on, as gradient clustering takes them.

use super::ground::Ground;
use super::strata::Pairs;
use std::collections::HashMap;

/// The pairs to train on with their rows, numbered from 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Embeddings of the images, `[images, dim]`.
    pub images: Vec<f32>,
    /// Embeddings of the captions, `[pairs, dim]`.
    pub texts: Vec<f32>,
    /// Values of a row.
    pub dim: usize,
    /// The image of each pair, by its place in `images`.
    pub owners: Vec<u32>,
    /// What each image is in the whole set.
    pub image_rows: Vec<u32>,
    /// What each pair's caption is there.
    pub captions: Vec<u32>,
    /// Image and pair whose caption was confirmed as right for that image.
    pub confirmed: Vec<(u32, u32)>,
}

impl Part {
    /// Those of `ground`.
    pub fn of(ground: &Ground) -> Self {
        let embedded = &ground.embedded;
        let image_rows = ground.split.train.to_vec();
        let places: HashMap<u32, u32> = image_rows.iter().copied().zip(0..).collect();
        let owner = |caption: &u32| places.get(&ground.owners[*caption as usize]).copied();
        let owned = ground.pairs.iter().filter_map(|c| Some((*c, owner(c)?)));
        let (captions, owners): (Vec<u32>, Vec<u32>) = owned.unzip();
        let confirmed = ground.confirmed_among(&captions).into_iter();
        let known = confirmed.filter_map(|(image, pair)| Some((*places.get(&image)?, pair)));
        Self {
            images: embedded.images.gather(&image_rows).data().to_vec(),
            texts: embedded.texts.gather(&captions).data().to_vec(),
            dim: embedded.images.dim(),
            confirmed: known.collect(),
            owners,
            image_rows,
            captions,
        }
    }

    /// The same as what gradients are made of.
    pub fn pairs(&self) -> Pairs<'_> {
        Pairs {
            images: &self.images,
            texts: &self.texts,
            owners: &self.owners,
            confirmed: &self.confirmed,
        }
    }
}
