//! A whole set under attack: what is asked, and what came of it.

use crate::attack::{AttackSettings, Goal, SetReport, SetRequest};
use crate::desktop::core::Derived;
use crate::retrieval::Side;
use std::path::PathBuf;
use std::sync::Arc;

/// Which pictures of the set are attacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The first of the dataset.
    First(usize),
    /// Those that the browser lists.
    Listed,
    /// Every one.
    All,
}

/// What is asked of a whole set, besides the attack itself.
#[derive(Debug, Clone, PartialEq)]
pub struct SetPlan {
    /// Which pictures.
    pub which: Which,
    /// The ranks k of the recalls R@k to attack for, rising.
    pub at: Vec<usize>,
    /// The directions of these recalls.
    pub sides: Vec<Side>,
    /// Radii, rising; none for the usual ones of the norm, up to the first at which nothing is left.
    pub eps: Vec<f32>,
    /// Pictures attacked together.
    pub batch: usize,
    /// Where perturbed pictures and what is done are kept.
    pub save: Option<PathBuf>,
    /// The folder of a second encoder.
    pub transfer: Option<PathBuf>,
}

impl Default for SetPlan {
    fn default() -> Self {
        Self {
            which: Which::First(50),
            at: SetRequest::AT.to_vec(),
            sides: SetRequest::SIDES.to_vec(),
            eps: Vec::new(),
            batch: 16,
            save: None,
            transfer: None,
        }
    }
}

/// The whole set under attack.
#[derive(Debug, Clone, Default)]
pub struct SetLab {
    /// What is asked.
    pub plan: SetPlan,
    /// Is it under way?
    pub running: bool,
    /// Attack, goal and plan of the last run.
    pub asked: Derived<(AttackSettings, Goal, SetPlan)>,
    /// Pictures done of a run that has not ended, and pictures in all.
    pub stopped: Derived<(usize, usize)>,
    /// The figures.
    pub report: Derived<Arc<SetReport>>,
}
