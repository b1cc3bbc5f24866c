//! Pairs in the order in which they were drawn, put into batches.

use std::collections::{HashSet, VecDeque};

/// Pairs put off that are looked at for a batch at most, for each pair of it: the work stays in proportion.
const LOOKED_AT: usize = 4;

/// Batches of captions; none holds two captions of an image as long as other images are left.
pub struct Batches<'a> {
    owners: &'a [u32],
    left: std::vec::IntoIter<u32>,
    /// Drawn, and put off because their image was in the batch already.
    put_off: VecDeque<u32>,
    size: usize,
    distinct: bool,
}

impl<'a> Batches<'a> {
    /// `drawn` captions in batches of `size`; what is left at the end and fills no batch is not used.
    pub fn new(drawn: Vec<u32>, owners: &'a [u32], size: usize) -> Self {
        let images: HashSet<u32> = drawn.iter().map(|&c| owners[c as usize]).collect();
        Self {
            owners,
            distinct: images.len() >= size,
            left: drawn.into_iter(),
            put_off: VecDeque::new(),
            size,
        }
    }
}

impl Iterator for Batches<'_> {
    type Item = Vec<u32>;

    fn next(&mut self) -> Option<Vec<u32>> {
        if !self.distinct {
            let batch: Vec<u32> = self.left.by_ref().take(self.size).collect();
            return (batch.len() == self.size).then_some(batch);
        }
        let mut batch = Vec::with_capacity(self.size);
        let mut images = HashSet::with_capacity(self.size);
        let looked_at = self.put_off.len().min(LOOKED_AT * self.size);
        for _ in 0..looked_at {
            let Some(caption) = self.put_off.pop_front() else {
                break;
            };
            if batch.len() < self.size && images.insert(self.owners[caption as usize]) {
                batch.push(caption);
            } else {
                self.put_off.push_back(caption);
            }
        }
        while batch.len() < self.size {
            let Some(caption) = self.left.next() else {
                break;
            };
            if images.insert(self.owners[caption as usize]) {
                batch.push(caption);
            } else {
                self.put_off.push_back(caption);
            }
        }
        // At the end of an epoch some images are left more than once: their pairs are used all the same.
        if batch.len() + self.put_off.len() < self.size {
            return None;
        }
        let missing = self.size - batch.len();
        batch.extend(self.put_off.drain(..missing));
        Some(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn batches_use_what_was_drawn_once_and_distinct_images_first(
            seed in 0_u64..1_000, images in 4_u32..40, each in 1_u32..6, size in 2_usize..8,
        ) {
            let owners: Vec<u32> = (0..images * each).map(|c| c / each).collect();
            let mut drawn: Vec<u32> = (0..images * each).collect();
            fastrand::Rng::with_seed(seed).shuffle(&mut drawn);
            let made: Vec<Vec<u32>> = Batches::new(drawn, &owners, size).collect();
            let mut all = HashSet::new();
            for batch in &made {
                prop_assert_eq!(batch.len(), size);
                prop_assert!(batch.iter().all(|c| all.insert(*c)));
            }
            // All that fill a batch are used.
            prop_assert!(owners.len() - all.len() < size);
            if let Some(first) = made.first().filter(|_| images as usize >= size) {
                let distinct: HashSet<u32> = first.iter().map(|&c| owners[c as usize]).collect();
                prop_assert_eq!(distinct.len(), size);
            }
        }
    }

    #[test]
    fn one_image_with_many_captions_costs_no_more_than_its_pairs() {
        // A set in which one image has nearly all captions.
        let owners: Vec<u32> = (0..50_000).map(|c: u32| c.saturating_sub(49_990)).collect();
        let drawn: Vec<u32> = (0..50_000).rev().collect();
        assert_eq!(Batches::new(drawn, &owners, 8).count(), 50_000 / 8);
    }
}
