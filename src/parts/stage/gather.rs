//! Rows of images and captions out of the shards of a run.

use super::rows::{ShardRows, embeddings, read_rows};
use crate::compute::{Embeddings, Measure, unit_of};
use crate::error::Result;
use crate::parts::plan::RankPlan;
use crate::parts::run::Run;
use crate::task::Task;
use std::ops::Range;

/// The set that a plan ranks.
pub(in crate::parts) struct Set<'a> {
    run: &'a Run,
    plan: &'a RankPlan,
}

/// Which rows are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::parts) enum Want {
    Images,
    Texts,
    Neither,
}

/// Some images with their captions.
pub(in crate::parts) struct Cut {
    /// The number of the first image.
    pub first_image: usize,
    /// The number of the first caption.
    pub first_text: usize,
    /// Captions of image `i` are `offsets[i]..offsets[i + 1]`, counted from the first.
    pub offsets: Vec<u32>,
    /// Score of each caption with its own image, as the product of stored rows.
    pub pairs: Vec<f32>,
    /// The rows that were wanted.
    pub rows: Option<Embeddings>,
}

impl Cut {
    /// Captions of image `i` by their numbers in all.
    pub fn texts_of(&self, i: usize) -> Range<usize> {
        self.first_text + self.offsets[i] as usize..self.first_text + self.offsets[i + 1] as usize
    }

    /// Images.
    pub fn images(&self) -> usize {
        self.offsets.len() - 1
    }
}

impl<'a> Set<'a> {
    /// The set of this plan.
    pub fn new(run: &'a Run, plan: &'a RankPlan) -> Self {
        Self { run, plan }
    }

    /// The run that holds it.
    pub fn run(&self) -> &'a Run {
        self.run
    }

    /// The factor between products of stored rows and true scores: a power of two.
    pub fn factor(&self) -> f32 {
        match self.plan.similarity {
            Measure::Cosine => 1.0,
            Measure::Dot => self.plan.norms.map(unit_of).iter().product::<f64>() as f32,
        }
    }

    /// Embeddings of rows of one side of this set.
    pub fn embeddings(&self, values: Vec<f32>, of_texts: bool) -> Result<Embeddings> {
        let most = self.plan.norms[usize::from(of_texts)];
        embeddings(values, self.plan.dim, self.plan.similarity, most)
    }

    /// The images `wanted` with their captions.
    ///
    /// # Errors
    /// A shard is missing, damaged or cannot be read; cancellation.
    pub fn load(&self, wanted: Range<usize>, want: Want, task: &Task) -> Result<Cut> {
        let mut cut = Cut {
            first_image: wanted.start,
            first_text: 0,
            offsets: vec![0],
            pairs: Vec::new(),
            rows: None,
        };
        let mut values = Vec::new();
        let [images, texts] = self.plan.starts();
        let starts = images.windows(2).zip(texts);
        for (shard, (own, text)) in self.plan.shards.iter().zip(starts) {
            let own = own[0]..own[1];
            let part = wanted.start.max(own.start)..wanted.end.min(own.end);
            if part.start < part.end {
                task.check()?;
                let rows = read_rows(self.run, &shard.file)?;
                let part = part.start - own.start..part.end - own.start;
                let texts = rows.offsets[part.start]..rows.offsets[part.end];
                if cut.images() == 0 {
                    cut.first_text = text + texts.start as usize;
                }
                add(&mut cut, &rows, part.clone());
                let dim = rows.dim;
                match want {
                    Want::Images => {
                        values.extend_from_slice(&rows.images[part.start * dim..part.end * dim]);
                    }
                    Want::Texts => values.extend_from_slice(
                        &rows.texts[texts.start as usize * dim..texts.end as usize * dim],
                    ),
                    Want::Neither => {}
                }
            }
        }
        let factor = self.factor();
        cut.pairs.iter_mut().for_each(|score| *score /= factor);
        if want != Want::Neither {
            cut.rows = Some(self.embeddings(values, want == Want::Texts)?);
        }
        Ok(cut)
    }
}

/// Adds the images `part` of a shard to a cut.
fn add(cut: &mut Cut, rows: &ShardRows, part: Range<usize>) {
    let before = cut.pairs.len() as u32;
    let first = rows.offsets[part.start];
    let offsets = rows.offsets[part.start + 1..=part.end].iter();
    cut.offsets
        .extend(offsets.map(|offset| before + offset - first));
    let texts = first as usize..rows.offsets[part.end] as usize;
    cut.pairs.extend_from_slice(&rows.pairs[texts]);
}
