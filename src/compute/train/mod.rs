//! Heads trained on embeddings that stay as they are: forward, loss, backward and update of one batch at a time.
//!
//! A batch holds B pairs of an image and a caption. Each side's head makes unit rows u, v of its rows; the similarity
//! S (`[B, B]`, images by captions) is read line by line: each row and each column is a query with its positive on the
//! diagonal. A loss ([`losses`]) says what one line costs and how that changes with its scores; all else is the same for
//! every loss. The loss of a batch is the sum over its 2 B lines divided by B.
//!
//! Weights, gradient and moments are flat, in the order of [`HeadShape::parts`], then the [`SCALARS`].

mod batch;
mod cpu;
pub mod losses;
mod order;
mod shape;
mod step;
mod unit;

pub use batch::{Batch, LEFT_OUT};
pub use losses::Loss;
pub use shape::{Activation, Block, HEADS, HeadShape, Hidden, Part, SCALARS};
pub use step::{Rule, Step};

use crate::error::{Error, Result};

/// Which head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tower {
    /// Of the images.
    Image,
    /// Of the captions.
    Text,
}

/// What is trained: heads of one shape by one loss, in batches of one size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// The heads.
    pub shape: HeadShape,
    /// What they are trained by.
    pub loss: Loss,
    /// Margin a of the hinges; not read by losses without one.
    pub margin: f32,
    /// Are the scalars trained too?
    pub scalars: bool,
    /// Pairs of a batch.
    pub batch: usize,
}

impl Plan {
    /// Does `learned` have this shape?
    ///
    /// # Errors
    /// It does not, no heads have it, or a batch has fewer than two pairs.
    pub(super) fn check(&self, learned: &Learned) -> Result<()> {
        self.shape.check()?;
        let count = self.shape.count();
        let Learned {
            weights,
            first,
            second,
            most,
            ..
        } = learned;
        let all = [weights, first, second, most];
        if all.iter().any(|values| values.len() != count) {
            return Err(Error::request(
                format!(
                    "{} weights do not fit heads of {count}",
                    learned.weights.len()
                ),
                "Start with weights of the shape that is trained.",
            ));
        }
        if self.batch < 2 {
            return Err(Error::request(
                "a batch of one pair has no negatives",
                "Train with at least two pairs in a batch.",
            ));
        }
        Ok(())
    }
}

/// What is learned so far, with what an optimizer needs to go on; each vector has [`HeadShape::count`] values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Learned {
    /// The weights.
    pub weights: Vec<f32>,
    /// Running mean of the gradient, or the momentum.
    pub first: Vec<f32>,
    /// Running mean of its square.
    pub second: Vec<f32>,
    /// The largest that this was so far, of `AMSGrad`; of others 0.
    pub most: Vec<f32>,
    /// Steps taken.
    pub steps: u64,
}

impl Learned {
    /// Untrained, with these weights.
    pub fn new(weights: Vec<f32>) -> Self {
        Self {
            first: vec![0.0; weights.len()],
            second: vec![0.0; weights.len()],
            most: vec![0.0; weights.len()],
            steps: 0,
            weights,
        }
    }
}

/// What a step cost.
#[derive(Debug, Clone, PartialEq)]
pub struct StepLoss {
    /// Loss of the batch before its update: the sum over all lines divided by the number of pairs.
    pub mean: f32,
    /// Loss of each line: rows (an image looks for its caption), then columns; `[2 B]`.
    pub lines: Vec<f32>,
}

/// What a batch costs, and how that changes with its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct ByRows {
    /// The loss.
    pub loss: StepLoss,
    /// The similarity, as [`Trainer::scores`] has it.
    pub scores: Vec<f32>,
    /// The derivative of the mean loss in each value of the images' and of the captions' rows, `[B, inputs]` each.
    pub slopes: [Vec<f32>; 2],
}

/// Training on an engine.
pub trait Train {
    /// Begins or goes on with a training.
    ///
    /// # Errors
    /// Weights that do not have the plan's shape, a device without room, a lost device.
    fn trainer(&self, plan: Plan, start: Learned) -> Result<Box<dyn Trainer + '_>>;
}

/// A training under way. Every method reads the weights as the last step left them.
pub trait Trainer {
    /// One step on a batch of the plan's size.
    ///
    /// # Errors
    /// A batch of another size, a lost device.
    fn step(&mut self, batch: &Batch, step: &Step) -> Result<()>;

    /// What the steps cost since this was asked last, in order. Engines keep at least [`KEPT_LOSSES`] of them.
    ///
    /// # Errors
    /// A lost device.
    fn losses(&mut self) -> Result<Vec<StepLoss>>;

    /// Loss and gradient of a batch, without a step. Of `step` only the warmth is read; nothing is clipped or decayed.
    ///
    /// # Errors
    /// As [`Trainer::step`].
    fn gradient(&mut self, batch: &Batch, step: &Step) -> Result<(StepLoss, Vec<f32>)>;

    /// Loss, similarity and the gradient by the rows of a batch, without a step; `step` is read as [`Trainer::gradient`] does.
    /// It is computed on the processor whatever the engine: a device gives its weights for it.
    ///
    /// # Errors
    /// As [`Trainer::step`].
    fn by_rows(&mut self, batch: &Batch, step: &Step) -> Result<ByRows>;

    /// The similarity of a batch, `[B, B]`, images by captions; [`LEFT_OUT`] where a pair is.
    ///
    /// # Errors
    /// As [`Trainer::step`].
    fn scores(&mut self, batch: &Batch) -> Result<Vec<f32>>;

    /// What one side's head makes of rows (`[n, inputs]`): `[n, outputs]`, of unit norm (for order embeddings the sizes
    /// of their entries).
    ///
    /// # Errors
    /// Rows that are not whole, a lost device.
    fn embed(&mut self, tower: Tower, rows: &[f32]) -> Result<Vec<f32>>;

    /// What is learned so far.
    ///
    /// # Errors
    /// A lost device.
    fn learned(&mut self) -> Result<Learned>;

    /// Goes on from what was learned elsewhere.
    ///
    /// # Errors
    /// Weights that do not have the plan's shape, a lost device.
    fn put(&mut self, learned: &Learned) -> Result<()>;
}

/// The largest scale: beyond it training is unstable, as CLIP found.
pub const HIGHEST: f32 = 100.0;

/// Losses of steps that an engine keeps at least until they are asked for; a caller with more steps asks in between.
pub const KEPT_LOSSES: usize = 64;
