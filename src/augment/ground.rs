//! What is learned on: pictures as the model sees them, and their captions' embeddings.

use super::change::{Change, Changes};
use crate::attack::Network;
use crate::attack::pictures::{open, planes};
use crate::compute::{Embedded, Embeddings, Grid, Groups};
use crate::dataset::Dataset;
use crate::encoder::Preprocess;
use crate::error::{Error, Result};
use crate::task::{Task, memory};
use nalgebra::DMatrix;
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

/// Pictures read at once between two looks at the task.
const AT_ONCE: usize = 64;

/// Pictures with their captions.
pub struct Ground {
    network: Arc<Network>,
    /// `[images, channels, height, width]`, 8 bits each: what the model sees before any arithmetic.
    pixels: Vec<u8>,
    texts: Arc<Embeddings>,
    groups: Arc<Groups>,
    /// The unit mean of each image's captions, `[images, dim]`.
    targets: DMatrix<f64>,
    /// A number for each caption; captions of the same words have the same.
    wordings: Vec<u32>,
    /// The numbers of each image's captions, rising.
    own: Vec<Vec<u32>>,
}

impl Ground {
    /// Images at most: every judged image is compared with every caption of them.
    pub const MOST: usize = 6_000;

    /// Pictures of the size of `network`'s, 8 bits a value, `[images, channels, height, width]`; `texts` their captions' embeddings,
    /// grouped by `groups`, and `captions` the words.
    ///
    /// # Errors
    /// Numbers that do not fit; an image without a caption, or whose captions' embeddings cancel; more than
    /// [`Ground::MOST`].
    pub fn new(
        network: Arc<Network>,
        pixels: Vec<u8>,
        (texts, groups): (Arc<Embeddings>, Arc<Groups>),
        captions: &[String],
    ) -> Result<Self> {
        let images = groups.images();
        let fits = pixels.len() == images * network.grid().len();
        if !fits || texts.rows() != groups.texts() || captions.len() != texts.rows() {
            return Err(Error::request(
                "pictures, captions and their embeddings are not as many as they should be",
                "Embed the dataset again.",
            ));
        }
        if images > Self::MOST {
            return Err(Error::request(
                format!(
                    "{images} images are more than the {} that are learned on here",
                    Self::MOST
                ),
                "Choose fewer with --most.",
            ));
        }
        let mut numbers = HashMap::new();
        let wordings: Vec<u32> = captions
            .iter()
            .map(|words| {
                let next = numbers.len() as u32;
                *numbers.entry(words.trim()).or_insert(next)
            })
            .collect();
        let own = |image: usize| {
            let mut own = wordings[groups.range(image)].to_vec();
            own.sort_unstable();
            own.dedup();
            own
        };
        Ok(Self {
            own: (0..images).map(own).collect(),
            targets: targets(&texts, &groups)?,
            network,
            pixels,
            texts,
            groups,
            wordings,
        })
    }

    /// The pictures of `dataset`, resized and cropped as `preprocess` says, with `embedded`, which an encoder made of all of it.
    ///
    /// # Errors
    /// As [`Ground::new`]; a picture that cannot be read, or that is left in another size than the model takes; cancellation.
    pub fn read(
        network: Arc<Network>,
        dataset: &Dataset,
        preprocess: &Preprocess,
        embedded: &Embedded,
        task: &Task,
    ) -> Result<Self> {
        let count = dataset.images.len();
        let len = network.grid().len();
        memory::fits((count * len) as u64, 0).map_err(|what| {
            Error::request(
                format!("{count} pictures are too many to be held at once: {what}"),
                "Choose fewer with --most.",
            )
        })?;
        task.begin("Reading pictures", count as u64);
        let mut pixels = Vec::with_capacity(count * len);
        for start in (0..count).step_by(AT_ONCE) {
            task.check()?;
            let images = start..(start + AT_ONCE).min(count);
            let read = images.clone().into_par_iter().map(|image| {
                let seen = preprocess.resized(&open(dataset, image)?)?;
                let values = planes(&seen, preprocess.channels);
                if values.len() == len {
                    let byte = |value: &f32| (value * 255.0).round() as u8;
                    return Ok(values.iter().map(byte).collect::<Vec<u8>>());
                }
                Err(Error::request(
                    format!(
                        "{} has another size than the model takes",
                        dataset.images[image].name
                    ),
                    "Choose a preprocessing that brings every picture to one size.",
                ))
            });
            let read: Vec<Vec<u8>> = read.collect::<Result<_>>()?;
            task.add(images.len() as u64);
            pixels.extend(read.concat());
        }
        let texts = (Arc::clone(&embedded.texts), Arc::clone(&embedded.groups));
        Self::new(network, pixels, texts, &dataset.captions)
    }

    /// Images.
    pub fn images(&self) -> usize {
        self.groups.images()
    }

    /// The image model.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The size of a picture; its rows do not count.
    pub fn grid(&self) -> Grid {
        self.network.grid()
    }

    /// Values of an embedding.
    pub fn dim(&self) -> usize {
        self.texts.dim()
    }

    /// What the encoder gives for the captions of `image`, and for each the number of its wording.
    pub fn captions(&self, image: usize) -> impl Iterator<Item = (&[f32], u32)> {
        let range = self.groups.range(image);
        range.map(|caption| (self.texts.row(caption), self.wordings[caption]))
    }

    /// The numbers of the wordings of `image`'s captions, rising.
    pub fn wordings(&self, image: u32) -> &[u32] {
        &self.own[image as usize]
    }

    /// Have two images a caption in common, word for word?
    pub fn share_a_caption(&self, a: u32, b: u32) -> bool {
        let (a, b) = (self.wordings(a), self.wordings(b));
        a.iter().any(|number| b.binary_search(number).is_ok())
    }

    /// The targets of `images`, `[images, dim]`.
    pub fn targets(&self, images: &[u32]) -> DMatrix<f64> {
        self.targets.select_rows(
            images
                .iter()
                .map(|&image| image as usize)
                .collect::<Vec<_>>()
                .iter(),
        )
    }

    /// The picture of `image`, 8 bits a value.
    pub fn picture(&self, image: u32) -> &[u8] {
        let len = self.grid().len();
        &self.pixels[image as usize * len..(image as usize + 1) * len]
    }

    /// The pixels of `images` in [0, 1], each `copies` times.
    pub fn pixels(&self, images: &[u32], copies: usize) -> Vec<f32> {
        let mut all = Vec::with_capacity(images.len() * copies * self.grid().len());
        for &image in images {
            let start = all.len();
            all.extend(
                self.picture(image)
                    .iter()
                    .map(|&value| f32::from(value) / 255.0),
            );
            let end = all.len();
            for _ in 1..copies {
                all.extend_from_within(start..end);
            }
        }
        all
    }

    /// Changes that do nothing to these pictures, with the reason.
    pub fn without_effect(&self) -> Option<(Change, String)> {
        let grid = self.grid();
        let reason = if grid.channels == 1 {
            "the image model takes grey pictures, which have no colour"
        } else if self.is_grey() {
            "all pictures are grey, and a change of colour leaves them as they are"
        } else {
            return None;
        };
        Some((Change::Colour, reason.to_owned()))
    }

    /// The changes that do something.
    pub fn possible(&self) -> Changes {
        let mut all: Changes = Change::ALL.into_iter().collect();
        if let Some((change, _)) = self.without_effect() {
            all.remove(change);
        }
        all
    }

    fn is_grey(&self) -> bool {
        let grid = self.grid();
        let mut pictures = self.pixels.chunks_exact(grid.len().max(1));
        pictures.all(|picture| {
            let mut planes = picture.chunks_exact(grid.plane());
            let first = planes.next();
            planes.all(|plane| Some(plane) == first)
        })
    }
}

/// The unit mean of each image's captions.
fn targets(texts: &Embeddings, groups: &Groups) -> Result<DMatrix<f64>> {
    let mut all: DMatrix<f64> = DMatrix::zeros(groups.images(), texts.dim());
    for image in 0..groups.images() {
        for caption in groups.range(image) {
            for (at, value) in texts.row(caption).iter().enumerate() {
                all[(image, at)] += f64::from(*value);
            }
        }
        let norm = all.row(image).norm();
        if !(norm.is_finite() && norm > 1e-6) {
            return Err(Error::request(
                format!("image {image} has no caption, or none whose embedding has a direction"),
                "Leave that image out of the dataset.",
            ));
        }
        let mut row = all.row_mut(image);
        row /= norm;
    }
    Ok(all)
}
