//! Hard negatives mined before the run, mixed into its batches.

use super::ground::Ground;
use crate::compute::{Engine, Search};
use crate::error::Result;
use crate::task::Task;
use std::collections::HashSet;
use std::ops::Range;

/// Hard negatives kept of each caption.
const KEPT: usize = 10;

/// For each caption that is trained on, the images that it is nearest to among those it does not belong to.
pub struct Mined {
    /// By caption of the whole set: where its images are in `images`.
    starts: Vec<u32>,
    images: Vec<u32>,
}

impl Mined {
    /// By the embeddings as they are, among the images that are trained on.
    ///
    /// # Errors
    /// As [`Engine::search`].
    pub fn of(ground: &Ground, engine: &dyn Engine, task: &Task) -> Result<Self> {
        let train = &ground.split.train;
        let images = ground.embedded.images.gather(train);
        let texts = ground.embedded.texts.gather(&ground.pairs);
        let own = |caption: &u32| -> Range<usize> {
            let image = ground.owners[*caption as usize];
            let place = train.binary_search(&image).unwrap_or(train.len());
            place..place + 1
        };
        let without: Vec<Range<usize>> = ground.pairs.iter().map(own).collect();
        let search = Search {
            k: KEPT,
            without: &without,
            at_most: &[],
        };
        let found = engine.search(&texts, &images, &search, task)?;
        let mut starts = vec![u32::MAX; ground.owners.len()];
        let mut kept = Vec::with_capacity(ground.pairs.len() * found.k);
        for (row, &caption) in ground.pairs.iter().enumerate() {
            starts[caption as usize] = kept.len() as u32;
            kept.extend(found.row(row).iter().map(|hit| {
                let place = hit.index as usize;
                train.get(place).copied().unwrap_or(u32::MAX)
            }));
        }
        Ok(Self {
            starts,
            images: kept,
        })
    }

    /// `batch` with its last pairs replaced by pairs of hard negatives of the first ones: `count` of them, as far as there
    /// are any that are not in the batch yet.
    pub fn mix(
        &self,
        batch: &mut [u32],
        count: usize,
        ground: &Ground,
        random: &mut fastrand::Rng,
    ) {
        let kept = batch.len() - count.min(batch.len() / 2);
        let owner = |caption: u32| ground.owners[caption as usize];
        let mut taken: HashSet<u32> = batch[..kept].iter().map(|&c| owner(c)).collect();
        let mut goal = kept;
        for place in 0..kept {
            if goal == batch.len() {
                break;
            }
            let hard = self.hardest(batch[place]);
            let free = hard.iter().copied().find(|&image| {
                image != u32::MAX
                    && !taken.contains(&image)
                    && !ground.embedded.groups.range(image as usize).is_empty()
            });
            let Some(image) = free else { continue };
            taken.insert(image);
            let captions = ground.embedded.groups.range(image as usize);
            batch[goal] = random.usize(captions) as u32;
            goal += 1;
        }
    }

    fn hardest(&self, caption: u32) -> &[u32] {
        let start = self.starts[caption as usize];
        if start == u32::MAX {
            return &[];
        }
        let start = start as usize;
        let end = (start + KEPT).min(self.images.len());
        &self.images[start..end]
    }
}
