//! Which pairs are drawn, and in which order: one file per policy, with its description, and one line in [`POLICIES`].

mod budget;
mod curriculum;
mod hardest;
mod uniform;

use super::ground::Ground;
use crate::compute::Engine;
use crate::error::{Error, Result};
use crate::task::Task;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

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

/// A policy.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Policy(&'static Description);

impl Policy {
    /// Every policy, in the order of menus.
    pub fn all() -> impl Iterator<Item = Self> {
        POLICIES.iter().map(|about| Self(about))
    }

    /// What is known of it.
    pub fn description(self) -> &'static Description {
        self.0
    }

    /// Its name in menus.
    pub fn title(self) -> &'static str {
        self.0.title
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        self.0.name
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self(&uniform::POLICY)
    }
}

impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Policy {}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

impl FromStr for Policy {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::all()
            .find(|policy| policy.name() == text)
            .ok_or_else(|| {
                let names: Vec<&str> = Self::all().map(Self::name).collect();
                Error::request(
                    format!("there is no sampling policy {text:?}"),
                    format!("Choose one of {}.", names.join(", ")),
                )
            })
    }
}

impl TryFrom<String> for Policy {
    type Error = Error;

    fn try_from(name: String) -> Result<Self> {
        name.parse()
    }
}

impl From<Policy> for String {
    fn from(policy: Policy) -> Self {
        policy.name().into()
    }
}
