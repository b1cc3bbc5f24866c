//! What is forgotten of what was trained on, and what is retained.

use crate::error::{Error, Result, counted, thousands};
use crate::learn::{Ground, Split};
use std::collections::HashSet;
use std::sync::Arc;

/// Images that are forgotten, with all of their captions, and the ground without them.
pub struct Chosen {
    /// The images, rising.
    pub images: Vec<u32>,
    /// Their captions, rising: each is a pair.
    pub captions: Vec<u32>,
    /// What is retained to train on, with the same images held out.
    pub retained: Ground,
    /// What is to be known of the figures, in sentences.
    pub notes: Vec<String>,
}

impl Chosen {
    /// `images` of those that `ground` trains on; in any order, several times is once.
    ///
    /// # Errors
    /// No images; one that is not trained on; fewer than two that stay, or fewer than four held out.
    pub fn of(ground: &Ground, images: &[u32]) -> Result<Self> {
        let mut images = images.to_vec();
        images.sort_unstable();
        images.dedup();
        let split = &ground.split;
        let trained = |image: &u32| split.train.binary_search(image).is_ok();
        if images.is_empty() {
            return Err(Error::request(
                "there is nothing to forget",
                "Choose images that are trained on.",
            ));
        }
        let others: Vec<&u32> = images.iter().filter(|image| !trained(image)).collect();
        if let Some(first) = others.first() {
            let count = others.len();
            return Err(Error::request(
                format!(
                    "{} of the {} images to forget are not among the {} that are trained on (the first is image {first})",
                    thousands(count as u64),
                    thousands(images.len() as u64),
                    thousands(split.train.len() as u64)
                ),
                "Choose images of the part that is trained on: a head has nothing of others to forget.",
            ));
        }
        let left = split.train.len() - images.len();
        if left < 2 {
            return Err(Error::request(
                format!("{} would be retained", counted(left, "image")),
                "Choose fewer images: where all are forgotten, train anew instead.",
            ));
        }
        if split.valid.len() < 4 {
            return Err(Error::request(
                format!("{} images held out are too few", split.valid.len()),
                "Hold out at least four: half of them say when to end, the others test membership.",
            ));
        }
        let kept = split.train.iter().copied();
        let kept: Vec<u32> = kept
            .filter(|image| images.binary_search(image).is_err())
            .collect();
        let captions: Vec<u32> = ground.captions(&images).collect();
        let split = Split {
            train: Arc::new(kept),
            valid: Arc::clone(&split.valid),
            told: format!("{}, without {} of them", split.told, images.len()),
        };
        let confirmed: Vec<(u32, u32)> = ground.confirmed().collect();
        let retained = Ground::new(&ground.embedded, split, &confirmed)?;
        let mut chosen = Self {
            images,
            captions,
            retained,
            notes: Vec::new(),
        };
        chosen.note();
        Ok(chosen)
    }

    /// Says where the very embedding of what is forgotten is retained too.
    fn note(&mut self) {
        let embedded = &self.retained.embedded;
        let sides = [
            (
                &embedded.images,
                &self.images,
                self.retained.split.train.as_slice(),
                "retained image",
            ),
            (
                &embedded.texts,
                &self.captions,
                self.retained.pairs.as_slice(),
                "retained caption",
            ),
        ];
        for (rows, gone, kept, what) in sides {
            let bits = |row: &u32| -> Vec<u32> {
                let values = rows.row(*row as usize).iter();
                values.map(|value| value.to_bits()).collect()
            };
            let gone: HashSet<Vec<u32>> = gone.iter().map(bits).collect();
            let twice = kept.iter().filter(|row| gone.contains(&bits(row))).count();
            if twice > 0 {
                self.notes.push(format!(
                    "{} with the very embedding of one that is forgotten: what is said of one holds of the other.",
                    counted(twice, what)
                ));
            }
        }
    }
}
