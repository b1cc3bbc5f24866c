//! Pairs grouped by the gradients that they give (gradient clustering, arXiv 2007.04532), each group's share in every
//! batch: batches differ less from one another, and from all pairs, than those drawn at random.
//!
//! Gradients are those of the image head as [`crate::learn::strata::factors()`] has them, with the hardest negatives among the pairs of a
//! pool. The mean over a batch estimates their mean without bias; the loss of a batch itself takes its negatives from the
//! batch, whatever its pairs.

use super::{Description, Making, Sampler};
use crate::compute::train::HeadShape;
use crate::error::Result;
use crate::learn::ground::Ground;
use crate::learn::paired::Paired;
use crate::learn::strata::{Descent, Form, Strata, deal, descend};
use crate::task::Task;

/// Strata of like gradients.
pub const POLICY: Description = Description {
    name: "strata",
    title: "Strata",
    about: "every pair once an epoch; before each, pairs are grouped by their gradients into as many strata as a batch has \
            pairs (half as many as there are pairs, and sums of a gigabyte, at most), and every batch gets its share of \
            each; linear heads only, one for each side",
    by_seconds: false,
    by_gradients: true,
    by_groups: false,
    eases: false,
    follows: false,
    note: Some(
        "Pairs are grouped by the gradients of MH with their hardest negatives among the pairs to train on, whatever loss \
         is trained; grouping counts as time of training.",
    ),
    make,
};

/// Sweeps of a descent at most: what later ones still gain is gone after the next steps.
const SWEEPS: usize = 10;

/// A descent ends after a sweep that lowers its objective by less than this share.
const SETTLED: f64 = 1e-3;

/// Bytes that the sums of all strata take at most.
const MOST_BYTES: usize = 1 << 30;

#[expect(clippy::unnecessary_wraps, reason = "other policies can fail")]
fn make<'a>(making: &Making<'a>) -> Result<Box<dyn Sampler + 'a>> {
    let bytes = making.head.columns() * making.head.outputs * size_of::<f64>();
    let most = (making.ground.pairs.len() / 2).min(MOST_BYTES / bytes.max(1));
    Ok(Box::new(Stratified {
        paired: Paired::of(making.ground),
        ground: making.ground,
        head: making.head,
        margin: making.margin,
        batch: making.batch,
        strata: making.batch.min(most).max(1),
        last: None,
        task: making.task.quiet(),
    }))
}

struct Stratified<'a> {
    /// The pairs with their rows, the same in every epoch.
    paired: Paired,
    ground: &'a Ground,
    head: HeadShape,
    margin: f64,
    batch: usize,
    /// How many.
    strata: usize,
    /// Those of the epoch before, from which the next are searched.
    last: Option<Strata>,
    /// Grouping is no progress of the training.
    task: Task,
}

impl Sampler for Stratified<'_> {
    fn epoch(&mut self, _: usize, weights: &[f32], random: &mut fastrand::Rng) -> Result<Vec<u32>> {
        let factors = self
            .paired
            .factors(&self.head, weights, self.margin, &self.task)?;
        let descent = Descent {
            strata: self.strata,
            restarts: 1,
            sweeps: SWEEPS,
            settled: SETTLED,
            seed: random.u64(..),
        };
        let gradients = factors.gradients(Form::Signal)?;
        let found = descend(&gradients, &descent, self.last.as_ref(), &self.task)?;
        let batches = deal(&found.strata, &self.paired.owners, self.batch, random);
        self.last = Some(found.strata);
        let drawn = batches.into_iter().flatten();
        Ok(drawn.map(|pair| self.ground.pairs[pair as usize]).collect())
    }
}
