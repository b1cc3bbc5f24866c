//! What heads are trained on: embeddings, split, and what is known of the pairs.

use super::grouping::Grouping;
use super::pair_groups::PairGroups;
use super::split::Split;
use crate::compute::train::Batch;
use crate::compute::{Embedded, Embeddings, Groups};
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::task::Task;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Embeddings that stay as they are, by rows of unit norm, and which of them are trained on.
pub struct Ground {
    /// Both sides.
    pub embedded: Embedded,
    /// What is trained on, and what is held out.
    pub split: Split,
    /// Captions of the images that are trained on, rising: each is a pair with its image.
    pub pairs: Vec<u32>,
    /// The image of each caption.
    pub owners: Arc<Vec<u32>>,
    /// The groups of all captions, where there are some.
    pub groups: Option<PairGroups>,
    /// What these embeddings are called by their content, so that a run is known to be of them.
    pub mark: String,
    /// The same for the pairs that were confirmed; empty for none.
    pub decisions: String,
    /// Captions that were confirmed as right for an image that is not their own.
    confirmed: HashMap<u32, Vec<u32>>,
    /// What is to be known of the figures, in sentences.
    pub notes: Vec<String>,
}

impl Ground {
    /// `embedded`, parted by `split`; `confirmed` are pairs of an image and a caption that are right too.
    ///
    /// # Errors
    /// No captions to train on or to validate on.
    pub fn new(embedded: &Embedded, mut split: Split, confirmed: &[(u32, u32)]) -> Result<Self> {
        let embedded = embedded.by_cosine();
        let groups = &embedded.groups;
        let alone = split.retain(|image| !groups.range(image as usize).is_empty());
        let texts = |images: &[u32]| -> Vec<u32> {
            let all = images.iter().flat_map(|&i| groups.range(i as usize));
            all.map(|j| j as u32).collect()
        };
        let pairs = texts(&split.train);
        let held_out = texts(&split.valid).len();
        if pairs.len() < 2 || held_out == 0 {
            return Err(Error::request(
                format!(
                    "there are {} captions to train on and {held_out} to validate on",
                    pairs.len()
                ),
                "Heads are trained on pairs of an image and a caption: open a dataset with captions.",
            ));
        }
        let mut sorted = confirmed.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let mut known: HashMap<u32, Vec<u32>> = HashMap::new();
        for &(image, caption) in &sorted {
            known.entry(image).or_default().push(caption);
        }
        let mut ground = Self {
            owners: Arc::new(groups.owners()),
            confirmed: known,
            pairs,
            split,
            notes: Vec::new(),
            mark: mark(&embedded),
            decisions: decisions(&sorted),
            groups: None,
            embedded,
        };
        ground.note(alone, sorted.len());
        Ok(ground)
    }

    /// With its captions grouped by all of `by`, crossed; as it was for none.
    ///
    /// # Errors
    /// As [`PairGroups::of`].
    pub fn grouped(
        mut self,
        by: &[Grouping],
        dataset: Option<&Dataset>,
        task: &Task,
    ) -> Result<Self> {
        if by.is_empty() {
            return Ok(self);
        }
        let pairs = &self.embedded.groups;
        let groups = PairGroups::of(by, dataset, pairs, &self.split, task)?;
        self.notes.extend(groups.about.unheard());
        self.groups = Some(groups);
        Ok(self)
    }

    /// Are there pairs for a batch of `size`?
    ///
    /// # Errors
    /// There are fewer.
    pub fn fills(&self, size: usize) -> Result<()> {
        if size <= self.pairs.len() {
            return Ok(());
        }
        Err(Error::request(
            format!(
                "a batch of {size} is larger than the {} pairs to train on",
                self.pairs.len()
            ),
            "Choose a smaller batch, or more images.",
        ))
    }

    /// Rows of both sides and the pairs that are no negatives, for these captions with their images.
    pub fn batch(&self, captions: &[u32], same_image_left_out: bool) -> Batch {
        let (images, texts) = (&self.embedded.images, &self.embedded.texts);
        let mut batch = Batch {
            images: Vec::with_capacity(captions.len() * images.dim()),
            texts: Vec::with_capacity(captions.len() * texts.dim()),
            left_out: Vec::new(),
        };
        let mut places: HashMap<u32, Vec<u32>> = HashMap::with_capacity(captions.len());
        for (place, &caption) in captions.iter().enumerate() {
            let image = self.owners[caption as usize];
            batch.images.extend_from_slice(images.row(image as usize));
            batch.texts.extend_from_slice(texts.row(caption as usize));
            places.entry(image).or_default().push(place as u32);
        }
        let size = captions.len() as u32;
        if same_image_left_out {
            for group in places.values().filter(|group| group.len() > 1) {
                for &i in group {
                    let others = group.iter().filter(|&&j| j != i);
                    batch.left_out.extend(others.map(|j| i * size + j));
                }
            }
        }
        if !self.confirmed.is_empty() {
            self.leave_out_confirmed(captions, &places, &mut batch.left_out);
        }
        batch.left_out.sort_unstable();
        batch
    }

    fn leave_out_confirmed(
        &self,
        captions: &[u32],
        places: &HashMap<u32, Vec<u32>>,
        left_out: &mut Vec<u32>,
    ) {
        let size = captions.len() as u32;
        for (image, rows) in places {
            let Some(right) = self.confirmed.get(image) else {
                continue;
            };
            let columns = captions.iter().enumerate();
            for (j, _) in columns.filter(|(_, caption)| right.contains(caption)) {
                left_out.extend(rows.iter().map(|i| i * size + j as u32));
            }
        }
    }

    /// Images with captions that were confirmed as right for them too, in no order.
    pub fn confirmed(&self) -> impl Iterator<Item = (u32, u32)> {
        let all = self.confirmed.iter();
        all.flat_map(|(&image, captions)| captions.iter().map(move |&caption| (image, caption)))
    }

    /// Both sides of `images` alone, with their captions.
    pub fn part(&self, images: &[u32]) -> (Embeddings, Embeddings, Groups) {
        let groups = &self.embedded.groups;
        let captions: Vec<u32> = self.captions(images).collect();
        let mut offsets = vec![0];
        for &i in images {
            let so_far = offsets[offsets.len() - 1];
            offsets.push(so_far + groups.range(i as usize).len() as u32);
        }
        (
            self.embedded.images.gather(images),
            self.embedded.texts.gather(&captions),
            // Rising by construction.
            Groups::new(offsets).unwrap_or_else(|_| Groups::uniform(0, 0)),
        )
    }

    /// The captions of `images`, in order.
    pub fn captions<'a>(&'a self, images: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
        let groups = &self.embedded.groups;
        let all = images.iter().flat_map(|&i| groups.range(i as usize));
        all.map(|j| j as u32)
    }

    /// Says what makes figures on these images mean something else.
    fn note(&mut self, alone: usize, confirmed: usize) {
        if alone > 0 {
            self.notes.push(format!(
                "{alone} images without captions are neither trained on nor validated on."
            ));
        }
        if confirmed > 0 {
            self.notes.push(format!(
                "{confirmed} pairs that were confirmed as right are no negatives in training; recall is by the dataset alone."
            ));
        }
        let images = &self.embedded.images;
        let bits = |i: u32| -> Vec<u32> {
            let row = images.row(i as usize).iter();
            row.map(|v| v.to_bits()).collect()
        };
        let seen: HashSet<Vec<u32>> = self.split.train.iter().map(|&i| bits(i)).collect();
        let twice = self
            .split
            .valid
            .iter()
            .filter(|&&i| seen.contains(&bits(i)));
        let twice = twice.count();
        if twice > 0 {
            self.notes.push(format!(
                "{twice} of the {} images held out have the very embedding of an image that is trained on, so validation \
                 is not on new images alone.",
                self.split.valid.len()
            ));
        }
    }
}

/// What `embedded` is called by its content: both sides' rows of unit norm, and which belong together.
pub fn mark(embedded: &Embedded) -> String {
    let embedded = embedded.by_cosine();
    let mut hasher = blake3::Hasher::new();
    for side in [&embedded.images, &embedded.texts] {
        hasher.update(&(side.dim() as u64).to_le_bytes());
        hasher.update(bytemuck::cast_slice(side.data()));
    }
    hasher.update(bytemuck::cast_slice(embedded.groups.offsets()));
    hasher.finalize().to_hex()[..32].to_owned()
}

fn decisions(sorted: &[(u32, u32)]) -> String {
    if sorted.is_empty() {
        return String::new();
    }
    let numbers: Vec<u32> = sorted.iter().flat_map(|&(i, j)| [i, j]).collect();
    let hash = blake3::hash(bytemuck::cast_slice(&numbers)).to_hex();
    hash[..16].to_owned()
}
