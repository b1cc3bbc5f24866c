//! Which pairs are drawn, and in which order: one file per policy, with its description, and one line in [`POLICIES`].

mod budget;
mod curriculum;
mod hardest;
mod strata;
mod uniform;

use super::ground::Ground;
use crate::compute::Engine;
use crate::compute::train::HeadShape;
use crate::error::Result;
use crate::names::described;
use crate::task::Task;

/// Every policy, in the order of menus.
static POLICIES: [&Description; 5] = [
    &uniform::POLICY,
    &hardest::POLICY,
    &budget::POLICY,
    &curriculum::POLICY,
    &strata::POLICY,
];

/// What a policy chooses from.
pub struct Making<'a> {
    /// The pairs.
    pub ground: &'a Ground,
    /// What ranks.
    pub engine: &'a dyn Engine,
    /// The heads that are trained.
    pub head: HeadShape,
    /// Margin of the hinges by whose gradients pairs are grouped.
    pub margin: f64,
    /// Seed of the run.
    pub seed: u64,
    /// Pairs of a batch.
    pub batch: usize,
    /// Epochs of the run.
    pub epochs: usize,
    /// Seconds that training may take, of policies with a budget.
    pub seconds: f64,
    /// Progress and cancellation.
    pub task: &'a Task,
}

/// Chooses pairs.
pub trait Sampler: Send {
    /// The captions of epoch `epoch`, from 0, in the order in which they are drawn; `weights` are those of the heads before
    /// it, as `Learned` has them.
    ///
    /// # Errors
    /// Heads that the policy cannot do with, cancellation.
    fn epoch(
        &mut self,
        epoch: usize,
        weights: &[f32],
        random: &mut fastrand::Rng,
    ) -> Result<Vec<u32>>;

    /// Takes in what each pair of a batch cost: its row and its column.
    fn saw(&mut self, _captions: &[u32], _losses: &[f32]) {}

    /// Takes in how many steps a second takes, before the first epoch; asked of those with a budget.
    fn paced(&mut self, _steps_a_second: f64) {}
}

/// What the program knows of a policy.
#[derive(Debug)]
pub struct Description {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its name in menus.
    pub title: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Does it end after a number of seconds?
    pub by_seconds: bool,
    /// Does it group pairs by their gradients? That is for linear heads, one for each side.
    pub by_gradients: bool,
    /// What is to be known of the figures of its runs, in a sentence.
    pub note: Option<&'static str>,
    /// Begins it.
    pub make: for<'a> fn(&Making<'a>) -> Result<Box<dyn Sampler + 'a>>,
}

described!(
    /// A policy.
    Policy,
    "sampling policy",
    POLICIES,
    uniform::POLICY
);
