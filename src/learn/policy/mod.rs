//! Which pairs are drawn, and in which order: one file per policy, with its description, and one line in [`POLICIES`].

mod budget;
mod budget_ranked;
mod costs;
mod curriculum;
mod expand;
mod friendly;
mod hardest;
mod strata;
mod uniform;

use super::expansion::Expansion;
use super::ground::Ground;
use crate::compute::Engine;
use crate::compute::train::HeadShape;
use crate::error::Result;
use crate::names::described;
use crate::task::Task;

/// Every policy, in the order of menus.
static POLICIES: [&Description; 8] = [
    &uniform::POLICY,
    &hardest::POLICY,
    &budget::POLICY,
    &budget_ranked::POLICY,
    &curriculum::POLICY,
    &strata::POLICY,
    &expand::POLICY,
    &friendly::POLICY,
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
    /// How the data grow, of policies that draw evenly from groups.
    pub expansion: Expansion,
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
#[expect(clippy::struct_excessive_bools, reason = "each is so or not")]
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
    /// Does it draw from groups of pairs? The ground has to have some.
    pub by_groups: bool,
    /// Does it move the embeddings of a batch before the heads' step?
    pub eases: bool,
    /// Are the pairs of an epoch the same whatever came before, and however many epochs follow? A run that goes on is as if
    /// it had been trained through then.
    pub follows: bool,
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
