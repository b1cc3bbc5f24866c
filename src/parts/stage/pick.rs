//! Rows of some images and captions of a set, wherever they lie.

use super::gather::Set;
use super::rows::read_rows;
use crate::error::Result;
use crate::task::Task;
use std::collections::BTreeSet;
use std::ops::Range;

/// Some images and captions of a set.
#[derive(Debug, Clone, Default)]
pub(super) struct Picked {
    /// The images by their numbers, rising.
    pub images: Vec<u32>,
    /// All captions of each image by their numbers, picked or not.
    pub own: Vec<Range<u32>>,
    /// The row of each image.
    pub image_rows: Vec<f32>,
    /// The captions by their numbers, rising.
    pub texts: Vec<u32>,
    /// The row of each caption.
    pub text_rows: Vec<f32>,
    /// Captions of image `i` that were picked are `offsets[i]..offsets[i + 1]`.
    pub offsets: Vec<u32>,
    /// The score of each caption with its own image, as the product of stored rows.
    pub pairs: Vec<f32>,
}

impl Picked {
    /// Where an image is among those that were picked.
    pub fn image(&self, number: u32) -> Option<usize> {
        self.images.binary_search(&number).ok()
    }

    /// Where a caption is among those that were picked.
    pub fn text(&self, number: u32) -> Option<usize> {
        self.texts.binary_search(&number).ok()
    }
}

/// The images `images` and the captions `texts` by their numbers, with the images of these captions; all captions of the
/// images where `all_own`. Only the shards that hold some of them are read.
///
/// # Errors
/// A shard is missing, damaged or cannot be read; cancellation.
pub(super) fn pick(
    set: &Set<'_>,
    images: &BTreeSet<u32>,
    texts: &BTreeSet<u32>,
    all_own: bool,
    task: &Task,
) -> Result<Picked> {
    let mut picked = Picked {
        offsets: vec![0],
        ..Picked::default()
    };
    let (mut first_image, mut first_text) = (0, 0);
    for shard in set.shards() {
        task.check()?;
        let next = (
            first_image + shard.images as u32,
            first_text + shard.texts as u32,
        );
        let some_images = images.range(first_image..next.0).next().is_some();
        let some_texts = texts.range(first_text..next.1).next().is_some();
        if some_images || some_texts {
            let rows = read_rows(set.run(), &shard.file)?;
            for i in 0..shard.images {
                let number = first_image + i as u32;
                let own = rows.offsets[i]..rows.offsets[i + 1];
                let in_all = first_text + own.start..first_text + own.end;
                let wanted = images.contains(&number);
                if !wanted && texts.range(in_all.clone()).next().is_none() {
                    continue;
                }
                let row = |all: &[f32], at: usize| all[at * rows.dim..(at + 1) * rows.dim].to_vec();
                picked.images.push(number);
                picked.own.push(in_all);
                picked.image_rows.extend(row(&rows.images, i));
                for j in own {
                    if (wanted && all_own) || texts.contains(&(first_text + j)) {
                        picked.texts.push(first_text + j);
                        picked.text_rows.extend(row(&rows.texts, j as usize));
                        picked.pairs.push(rows.pairs[j as usize] / set.factor());
                    }
                }
                picked.offsets.push(picked.texts.len() as u32);
            }
        }
        (first_image, first_text) = next;
    }
    Ok(picked)
}
