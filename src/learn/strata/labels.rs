//! Which pair belongs to which stratum.

use super::gradients::Gradients;
use crate::error::{Error, Result};

/// Which stratum each pair belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strata {
    labels: Vec<u32>,
    count: usize,
}

impl Strata {
    /// `count` strata, some of them perhaps empty.
    ///
    /// # Errors
    /// No strata, labels beyond them.
    pub fn new(labels: Vec<u32>, count: usize) -> Result<Self> {
        if count == 0 || labels.iter().any(|&label| label as usize >= count) {
            return Err(Error::request(
                format!("the labels are not those of {count} strata"),
                "Give labels from 0 on, below the number of strata.",
            ));
        }
        Ok(Self { labels, count })
    }

    /// The stratum of each pair.
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// Number of strata, empty ones included.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Pairs of each stratum.
    pub fn sizes(&self) -> Vec<usize> {
        let mut sizes = vec![0; self.count];
        for &label in &self.labels {
            sizes[label as usize] += 1;
        }
        sizes
    }

    /// The pairs of each stratum, rising.
    pub fn members(&self) -> Vec<Vec<u32>> {
        let mut members = vec![Vec::new(); self.count];
        for (n, &label) in (0..).zip(&self.labels) {
            members[label as usize].push(n);
        }
        members
    }

    /// Are there labels for just these pairs?
    pub(super) fn check(&self, gradients: &Gradients) -> Result<()> {
        if self.labels.len() == gradients.len() {
            return Ok(());
        }
        Err(Error::request(
            format!(
                "{} labels do not fit {} pairs",
                self.labels.len(),
                gradients.len()
            ),
            "Give one stratum for each pair.",
        ))
    }
}
