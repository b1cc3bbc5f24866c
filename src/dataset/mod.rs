//! Images, captions and which belongs to which.
//!
//! [`open`] recognises a file or folder by itself; each format is one file in `formats/` and one line in its table.
//! Captions are stored grouped by image, so that the captions of an image are one range of rows everywhere.

pub mod annotations;
mod decisions;
pub mod demo;
pub mod export;
pub mod formats;
mod jpeg;
pub mod npy;
mod picture;
pub mod trials;
pub mod vectors;

pub use decisions::{Decisions, Verdict};
pub use formats::open;
pub use picture::{
    MAX_PIXELS, PICTURE_EXTENSIONS, Picture, is_picture_name, open_picture, write_png,
};

use crate::error::{Error, Result};
use std::ops::Range;
use std::path::PathBuf;

/// One image of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Name shown to the user: the file name as the dataset gives it.
    pub name: String,
    /// The picture's file; `None` where only its embedding is known.
    pub path: Option<PathBuf>,
}

impl Image {
    /// With its picture in a file of its own.
    pub fn file(name: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            path: Some(path.into()),
        }
    }

    /// Where the picture lies, as errors call it.
    pub fn place(&self) -> PathBuf {
        self.path
            .clone()
            .unwrap_or_else(|| PathBuf::from(&self.name))
    }

    /// The picture's file as it is stored, undecoded.
    ///
    /// # Errors
    /// Only the embedding of this image is known, or its file cannot be read.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        let path = self.path.as_deref().ok_or_else(|| {
            Error::request(
                format!("{} has no picture", self.name),
                "Open the dataset that holds the pictures of these embeddings.",
            )
        })?;
        std::fs::read(path).map_err(Error::io("read", path))
    }
}

/// A file or line that was listed and skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, or file and line.
    pub place: String,
    /// What is wrong with it.
    pub what: String,
}

/// Captioned images. Invariant: caption `j` belongs to image `i` exactly when `j` is in `captions_of(i)`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dataset {
    /// Name shown to the user.
    pub name: String,
    /// Format it was recognised as.
    pub format: String,
    /// The images, in the dataset's own order.
    pub images: Vec<Image>,
    /// The captions, grouped by image in the order of `images`.
    pub captions: Vec<String>,
    /// Captions of image `i` are rows `offsets[i]..offsets[i + 1]`; length `images.len() + 1`.
    pub offsets: Vec<u32>,
    /// What was skipped, and why.
    pub problems: Vec<Problem>,
}

impl Dataset {
    /// A dataset from images with their captions; images without a caption are listed as problems and left out.
    pub fn from_groups(
        name: impl Into<String>,
        format: impl Into<String>,
        groups: Vec<(Image, Vec<String>)>,
        mut problems: Vec<Problem>,
    ) -> Self {
        let mut dataset = Self {
            name: name.into(),
            format: format.into(),
            offsets: vec![0],
            ..Self::default()
        };
        for (image, captions) in groups {
            if captions.is_empty() {
                problems.push(Problem {
                    place: image.name,
                    what: "has no caption".into(),
                });
                continue;
            }
            dataset.images.push(image);
            dataset.captions.extend(captions);
            dataset.offsets.push(dataset.captions.len() as u32);
        }
        dataset.problems = problems;
        dataset
    }

    /// The rows of the captions of image `i`.
    pub fn captions_of(&self, i: usize) -> Range<usize> {
        self.offsets[i] as usize..self.offsets[i + 1] as usize
    }

    /// The image that caption `j` belongs to.
    pub fn image_of(&self, j: usize) -> usize {
        self.offsets.partition_point(|&o| o as usize <= j) - 1
    }

    /// The dataset without the images for which `keep` is false, and without their captions.
    #[must_use]
    pub fn retain(&self, keep: impl Fn(usize) -> bool) -> Self {
        let groups = (0..self.images.len())
            .filter(|&i| keep(i))
            .map(|i| {
                (
                    self.images[i].clone(),
                    self.captions[self.captions_of(i)].to_vec(),
                )
            })
            .collect();
        Self::from_groups(
            self.name.clone(),
            self.format.clone(),
            groups,
            self.problems.clone(),
        )
    }
}
