//! The images parted: those of the inner level, those of the outer, and those that neither sees.

use super::ground::Ground;
use crate::error::{Error, Result};
use std::collections::HashMap;

/// Images of each part at least.
pub const LEAST: usize = 4;

/// Images in three parts, each rising.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// What the read-out is fitted to.
    pub train: Vec<u32>,
    /// What the magnitudes are learned on.
    pub held: Vec<u32>,
    /// What neither saw, and recall is measured on.
    pub judged: Vec<u32>,
}

impl Parts {
    /// Thirds of `images`, drawn by `seed`.
    ///
    /// # Errors
    /// Too few images.
    pub fn drawn(images: usize, seed: u64) -> Result<Self> {
        if images < 3 * LEAST {
            return Err(Error::request(
                format!(
                    "{images} images are too few for three parts: those of the read-out, held-out ones, and those that recall is \
                     measured on"
                ),
                format!("Use {} images or more.", 3 * LEAST),
            ));
        }
        let mut all: Vec<u32> = (0..images as u32).collect();
        fastrand::Rng::with_seed(seed).shuffle(&mut all);
        let mut judged = all.split_off(2 * images / 3);
        let mut held = all.split_off(images / 3);
        for part in [&mut all, &mut held, &mut judged] {
            part.sort_unstable();
        }
        Ok(Self {
            train: all,
            held,
            judged,
        })
    }

    /// Judged images whose picture, as the model sees it, is also in another part.
    pub fn seen_before(&self, ground: &Ground) -> usize {
        let others = self.train.iter().chain(&self.held);
        let mut known: HashMap<[u8; 32], u32> = HashMap::new();
        let key = |image: u32| *blake3::hash(ground.picture(image)).as_bytes();
        known.extend(others.map(|&image| (key(image), image)));
        let judged = self.judged.iter();
        judged
            .filter(|&&image| known.contains_key(&key(image)))
            .count()
    }
}

/// `most` of `images` images at random, the same ones each time, rising; all of them where there are no more.
pub fn some_of(images: usize, most: usize) -> Vec<u32> {
    let mut all: Vec<u32> = (0..images as u32).collect();
    if most < images {
        fastrand::Rng::with_seed(1).shuffle(&mut all);
        all.truncate(most);
        all.sort_unstable();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_hold_every_image_once() {
        let parts = Parts::drawn(100, 3).unwrap();
        let mut all = [parts.train.as_slice(), &parts.held, &parts.judged].concat();
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<u32>>());
        assert_ne!(parts, Parts::drawn(100, 4).unwrap());
        assert!(Parts::drawn(12, 1).is_ok_and(|p| p.judged.len() == 4 && p.held.len() == 4));
        assert!(Parts::drawn(11, 1).is_err());
    }
}
