//! Which pairs are drawn, and in which order: one file per policy, with its description, and one line in [`POLICIES`].

mod budget;
mod curriculum;
mod hardest;
mod uniform;

use super::ground::Ground;
use crate::compute::Engine;
use crate::error::Result;
use crate::names::described;
use crate::task::Task;

/// Every policy, in the order of menus.
static POLICIES: [&Description; 4] = [
    &uniform::POLICY,
    &hardest::POLICY,
    &budget::POLICY,
    &curriculum::POLICY,
];

/// What a policy chooses from.
pub struct Making<'a> {
    /// The pairs.
    pub ground: &'a Ground,
    /// What ranks.
    pub engine: &'a dyn Engine,
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
    /// The captions of epoch `epoch`, from 0, in the order in which they are drawn.
    fn epoch(&mut self, epoch: usize, random: &mut fastrand::Rng) -> Vec<u32>;

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
    /// Begins it.
    pub make: fn(&Making<'_>) -> Result<Box<dyn Sampler>>,
}

described!(
    /// A policy.
    Policy,
    "sampling policy",
    POLICIES,
    uniform::POLICY
);
