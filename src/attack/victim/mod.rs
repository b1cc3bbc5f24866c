//! What is attacked: rows of pixels go in, scores and gradients come out.

mod classifier;
mod network;
mod pairs;

pub use classifier::Classifier;
pub use network::Network;
pub(in crate::attack) use pairs::other_scores;
pub use pairs::{Goal, Pairs, PartOf, RankedGoal, Set};

use super::loss::Loss;
use crate::compute::Grid;
use crate::error::Result;
use crate::task::Task;

/// What a model says of a row: the score of what is right, against that of what is wrong. Which is which depends on
/// the victim and its goal; an attack raises `wrong - right`.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Verdict {
    /// Score of what the attack takes away from.
    pub right: f32,
    /// Score of what the attack gives to.
    pub wrong: f32,
    /// Is the attack's goal reached?
    pub fooled: bool,
}

impl Verdict {
    /// `wrong - right`: the larger the nearer to the goal.
    pub fn margin(&self) -> f32 {
        self.wrong - self.right
    }

    /// Is this nearer to the goal than `other`?
    pub fn beats(&self, other: &Self) -> bool {
        (self.fooled, self.margin()) > (other.fooled, other.margin())
    }
}

/// The loss that a gradient is taken of, which an attack maximises. Classes are logits of a classifier or captions of a
/// set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AscentLoss<'a> {
    /// The margin of the [`Verdict`].
    Margin,
    /// Cross-entropy: minus the logarithm of the softmax of what is right.
    CrossEntropy,
    /// Difference of logits ratio (arXiv 2003.01690, section 4.1).
    Dlr,
    /// Targeted DLR towards this class, one per row (the same, section 4.2).
    TargetedDlr(&'a [u32]),
    /// The score of this class less that of what is right, one class per row.
    TargetedMargin(&'a [u32]),
}

impl<'a> AscentLoss<'a> {
    /// `loss`, towards the classes `to` (one per row) where it is targeted; the margin where it is and there are none.
    pub fn of(loss: Loss, to: &'a [u32]) -> Self {
        match loss {
            Loss::CrossEntropy => Self::CrossEntropy,
            Loss::Dlr => Self::Dlr,
            Loss::TargetedDlr if !to.is_empty() => Self::TargetedDlr(to),
            Loss::TargetedMargin if !to.is_empty() => Self::TargetedMargin(to),
            Loss::Margin | Loss::TargetedDlr | Loss::TargetedMargin => Self::Margin,
        }
    }
}

/// Loss, verdict and gradient of some rows, as [`Victim::value_and_gradient`] yields them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ValueAndGradient {
    /// The value of the [`AscentLoss`], one per row.
    pub loss: Vec<f32>,
    /// One per row.
    pub verdicts: Vec<Verdict>,
    /// One value per value of the rows.
    pub gradient: Vec<f32>,
}

/// What was wrong with the gradients of a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct GradientDefects {
    /// Gradients that were zero everywhere: no step is possible.
    pub zero: u32,
    /// Gradients with a value that is NaN or infinite.
    pub not_finite: u32,
}

impl GradientDefects {
    /// Were half or more of so many gradients zero? A few, at points where a loss saturates, stop no attack.
    pub fn is_mostly_zero(&self, gradients: u32) -> bool {
        self.zero > 0 && 2 * self.zero >= gradients
    }

    /// Adds what another part of the search met.
    pub fn add(&mut self, other: Self) {
        self.zero += other.zero;
        self.not_finite += other.not_finite;
    }
}

impl ValueAndGradient {
    /// Makes every gradient one that can be followed, and says what was wrong with each row of `len` values: NaN
    /// becomes 0 and infinity the largest finite magnitude of its row (1 where there is none), so that one such value
    /// does not stop all others.
    pub fn sanitize(&mut self, len: usize) -> Vec<GradientDefects> {
        let rows = self.gradient.chunks_exact_mut(len.max(1));
        rows.map(|row| {
            let finite = row.iter().filter(|g| g.is_finite());
            let top = finite.fold(0.0_f32, |top, g| top.max(g.abs()));
            let mut blind = GradientDefects::default();
            if row.iter().any(|g| !g.is_finite()) {
                blind.not_finite = 1;
                let end = if top > 0.0 { top } else { 1.0 };
                for g in row.iter_mut().filter(|g| !g.is_finite()) {
                    *g = if g.is_nan() { 0.0 } else { end.copysign(*g) };
                }
            } else if top == 0.0 {
                blind.zero = 1;
            }
            blind
        })
        .collect()
    }
}

/// A batch of rows with a goal for each. `rows` are indices into the batch, `x` their values one after the other.
pub trait Victim {
    /// Shape of the batch.
    fn grid(&self) -> Grid;

    /// Are there gradients? Without, only attacks by queries work.
    fn has_gradient(&self) -> bool;

    /// Why `loss` cannot be used here, in words: too few scores to compare, say. `None` where it can.
    fn refuses(&self, _loss: Loss) -> Option<String> {
        None
    }

    /// Scores of `x` by the plain forward model.
    ///
    /// # Errors
    /// The model fails, or `task` was cancelled.
    fn predict(&mut self, rows: &[usize], x: &[f32], task: &Task) -> Result<Vec<Verdict>>;

    /// The verdicts that count: those that running the file itself on `x` gives.
    ///
    /// # Errors
    /// As [`Victim::predict`].
    fn confirm(&mut self, rows: &[usize], x: &[f32], task: &Task) -> Result<Vec<Verdict>> {
        self.predict(rows, x, task)
    }

    /// Loss, verdict and gradient at `x`.
    ///
    /// # Errors
    /// There is no gradient, the model fails, or `task` was cancelled.
    fn value_and_gradient(
        &mut self,
        rows: &[usize],
        x: &[f32],
        ascent: AscentLoss<'_>,
        task: &Task,
    ) -> Result<ValueAndGradient>;

    /// The `k` wrong classes with the highest scores at `x`, best first; fewer where there are not so many, none
    /// where the goal knows no classes.
    ///
    /// # Errors
    /// The model fails, or `task` was cancelled.
    fn runner_ups(
        &mut self,
        rows: &[usize],
        x: &[f32],
        k: usize,
        task: &Task,
    ) -> Result<Vec<Vec<u32>>>;
}
