//! What is trained on, and what is held out.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

/// A part of a dataset's images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SplitPart {
    /// Images from and to, the latter not included.
    Range(Range<usize>),
    /// A split that the dataset names.
    Named(String),
}

impl FromStr for SplitPart {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let Some((from, to)) = text.split_once("..") else {
            return Ok(Self::Named(text.into()));
        };
        let range = from.trim().parse().ok().zip(to.trim().parse().ok());
        match range {
            Some((from, to)) if from < to => Ok(Self::Range(from..to)),
            _ => Err(Error::request(
                format!("{text:?} is no range of images"),
                "Give it as FROM..TO, such as 0..800; TO is not included.",
            )),
        }
    }
}

impl fmt::Display for SplitPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range(range) => write!(f, "images {}..{}", range.start, range.end),
            Self::Named(name) => f.write_str(name),
        }
    }
}

/// Images to train on and images to validate on; none is in both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Trained on, rising.
    #[serde(skip)]
    pub train: Arc<Vec<u32>>,
    /// Held out, rising.
    #[serde(skip)]
    pub valid: Arc<Vec<u32>>,
    /// How they were parted, in words.
    #[serde(rename = "split")]
    pub told: String,
}

impl Split {
    /// The images of `train` and those of `valid`, of `images` in all.
    ///
    /// # Errors
    /// An image that there is not; one in both parts; a part without images.
    pub fn new(
        mut train: Vec<u32>,
        mut valid: Vec<u32>,
        images: usize,
        told: String,
    ) -> Result<Self> {
        for part in [&mut train, &mut valid] {
            part.sort_unstable();
            part.dedup();
        }
        let beyond = train.iter().chain(&valid).find(|&&i| i as usize >= images);
        if let Some(image) = beyond {
            return Err(Error::request(
                format!("there is no image {image}; there are {images}"),
                format!("Choose ranges within 0..{images}."),
            ));
        }
        let both = valid.iter().filter(|i| train.binary_search(i).is_ok());
        let both = both.count();
        if both > 0 {
            return Err(Error::request(
                format!("{both} images would be trained on and validated on"),
                "Choose parts that do not overlap: recall on what was trained on says nothing of other images.",
            ));
        }
        if train.len() < 2 || valid.len() < 2 {
            return Err(Error::request(
                format!(
                    "{} images to train on and {} to validate on are too few",
                    train.len(),
                    valid.len()
                ),
                "Both parts need at least two images.",
            ));
        }
        Ok(Self {
            train: Arc::new(train),
            valid: Arc::new(valid),
            told,
        })
    }

    /// Keeps the images that `keep` wants; returns how many others there were.
    pub fn retain(&mut self, keep: impl Fn(u32) -> bool) -> usize {
        let mut gone = 0;
        for part in [&mut self.train, &mut self.valid] {
            let before = part.len();
            if part.iter().any(|&image| !keep(image)) {
                Arc::make_mut(part).retain(|&image| keep(image));
            }
            gone += before - part.len();
        }
        gone
    }

    /// Ranges of images.
    ///
    /// # Errors
    /// As [`Split::new`].
    pub fn ranges(train: Range<usize>, valid: Range<usize>, images: usize) -> Result<Self> {
        if let Some(end) = [train.end, valid.end].into_iter().find(|&end| end > images) {
            return Err(Error::request(
                format!("a range ends at image {end}; there are {images}"),
                format!("Choose ranges within 0..{images}."),
            ));
        }
        let told = format!(
            "images {}..{} for training, {}..{} held out",
            train.start, train.end, valid.start, valid.end
        );
        let all = |range: Range<usize>| range.map(|i| i as u32).collect();
        Self::new(all(train), all(valid), images, told)
    }

    /// `share` of all images held out by `seed`.
    ///
    /// # Errors
    /// As [`Split::new`]; a share that is not between 0 and 1.
    pub fn held_out(images: usize, share: f32, seed: u64) -> Result<Self> {
        if !(share > 0.0 && share < 1.0) {
            return Err(Error::request(
                format!("a share of {share} holds nothing out"),
                "Choose a share between 0 and 1, such as 0.2.",
            ));
        }
        let mut all: Vec<u32> = (0..images as u32).collect();
        fastrand::Rng::with_seed(seed).shuffle(&mut all);
        let count = ((images as f64 * f64::from(share)).round() as usize).clamp(1, images.max(1));
        let train = all.split_off(count.min(all.len()));
        let told = format!("{} of {images} images held out by seed {seed}", all.len());
        Self::new(train, all, images, told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_image_is_in_both_parts() {
        let split = Split::held_out(100, 0.2, 7).unwrap();
        assert_eq!((split.train.len(), split.valid.len()), (80, 20));
        let mut all = [split.train.as_slice(), &split.valid].concat();
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<u32>>());
        assert_eq!(split, Split::held_out(100, 0.2, 7).unwrap());
        assert_ne!(split.valid, Split::held_out(100, 0.2, 8).unwrap().valid);
        assert!(Split::ranges(0..60, 50..100, 100).is_err());
        assert!(Split::ranges(0..60, 60..101, 100).is_err());
        assert!(Split::ranges(0..60, 60..61, 100).is_err());
        assert!(Split::held_out(100, 1.0, 1).is_err());
        assert!(Split::held_out(3, 0.2, 1).is_err());
    }

    #[test]
    fn parts_are_ranges_or_names() {
        assert_eq!(
            "0..800".parse::<SplitPart>().unwrap(),
            SplitPart::Range(0..800)
        );
        assert_eq!(
            "train".parse::<SplitPart>().unwrap(),
            SplitPart::Named("train".into())
        );
        assert!("8..2".parse::<SplitPart>().is_err());
        assert!("a..b".parse::<SplitPart>().is_err());
    }
}
