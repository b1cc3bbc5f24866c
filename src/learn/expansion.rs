//! How the data grow under progressive data expansion.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// How the data grow (arXiv 2306.04949): first a balanced part, the warm-up; then more of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expansion {
    /// Epochs of the warm-up, from 1.
    pub warm: usize,
    /// Pairs that each expansion adds, from 1: the paper's m.
    pub by: usize,
    /// Epochs from one expansion to the next, from 1: the paper's J.
    pub every: usize,
}

impl Default for Expansion {
    fn default() -> Self {
        Self {
            warm: 5,
            by: 100,
            every: 1,
        }
    }
}

impl Expansion {
    /// Expansions before epoch `epoch` begins, from 0: the first one comes right after the warm-up.
    pub fn before(&self, epoch: usize) -> usize {
        match epoch.checked_sub(self.warm) {
            None => 0,
            Some(since) => 1 + since / self.every,
        }
    }

    /// Refuses what never draws or never grows.
    ///
    /// # Errors
    /// A number of 0.
    pub fn check(&self) -> Result<()> {
        for (what, value) in [
            ("epochs of warm-up", self.warm),
            ("pairs that an expansion adds", self.by),
            ("epochs between two expansions", self.every),
        ] {
            if value == 0 {
                return Err(Error::request(
                    format!("0 {what} are no expansion"),
                    "Choose a number from 1.",
                ));
            }
        }
        Ok(())
    }
}
