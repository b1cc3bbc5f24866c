//! Which texts belong to which image.

use crate::error::{Error, Result};
use std::ops::Range;

/// Which rows of the texts belong to which image: image `i` owns `range(i)`, in order, none left over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    offsets: Vec<u32>,
}

impl Groups {
    /// From offsets `[0, .., texts]`, one more than there are images, never falling.
    ///
    /// # Errors
    /// The offsets do not start at 0, or fall.
    pub fn new(offsets: Vec<u32>) -> Result<Self> {
        if offsets.first() != Some(&0) || offsets.windows(2).any(|w| w[0] > w[1]) {
            return Err(Error::request(
                "caption offsets must start at 0 and never fall",
                "Group the captions by image.",
            ));
        }
        Ok(Self { offsets })
    }

    /// `images` images with `each` texts each.
    pub fn uniform(images: usize, each: usize) -> Self {
        Self {
            offsets: (0..=images).map(|i| (i * each) as u32).collect(),
        }
    }

    /// Number of images.
    pub fn images(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Number of texts.
    pub fn texts(&self) -> usize {
        self.offsets[self.offsets.len() - 1] as usize
    }

    /// Text rows of image `i`.
    pub fn range(&self, i: usize) -> Range<usize> {
        self.offsets[i] as usize..self.offsets[i + 1] as usize
    }

    /// The image that owns text `j`.
    pub fn owner(&self, j: usize) -> usize {
        self.offsets.partition_point(|&o| o as usize <= j) - 1
    }

    /// The offsets themselves.
    pub fn offsets(&self) -> &[u32] {
        &self.offsets
    }

    /// The image that owns each text.
    pub fn owners(&self) -> Vec<u32> {
        (0..self.images())
            .flat_map(|i| self.range(i).map(move |_| i as u32))
            .collect()
    }

    /// The groups of images `range`, renumbered from 0.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let first = self.offsets[range.start];
        Self {
            offsets: self.offsets[range.start..=range.end]
                .iter()
                .map(|o| o - first)
                .collect(),
        }
    }
}
