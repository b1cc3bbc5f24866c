//! What a survey is asked for.

use super::way::Way;
use crate::error::{Error, Result};
use crate::learn::strata::{Form, Strata};
use serde::{Deserialize, Serialize};

/// Restarts at most.
const MOST_RESTARTS: usize = 1_000;

/// What a survey is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// Numbers of groups.
    pub counts: Vec<usize>,
    /// Which gradient a pair gives.
    pub form: Form,
    /// Ways to group that the gradients are compared with.
    pub ways: Vec<Way>,
    /// Descents from different starts; the lowest J counts.
    pub restarts: usize,
    /// A descent ends after a sweep that lowers J by less than this share of it; 0: when no pair moves.
    pub settled: f64,
    /// Margin of the hinges.
    pub margin: f64,
    /// Seed of the starts and of the other ways to group.
    pub seed: u64,
    /// Labels that are given: the stratum of each pair. Their number is surveyed too, so that as many pairs are drawn.
    #[serde(skip)]
    pub given: Option<Strata>,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            counts: vec![8, 16, 64],
            form: Form::default(),
            ways: Way::ALL
                .into_iter()
                .filter(|way| *way != Way::Given)
                .collect(),
            restarts: 8,
            settled: 0.0,
            margin: 0.2,
            seed: 1,
            given: None,
        }
    }
}

impl Asked {
    /// The numbers of groups, rising, each once, with that of the labels that are given.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = self.counts.clone();
        counts.extend(self.given.as_ref().map(Strata::count));
        counts.sort_unstable();
        counts.dedup();
        counts
    }

    /// Is it something that can be done with `pairs` pairs?
    ///
    /// # Errors
    /// No numbers of groups, more groups than pairs, labels for other pairs, settings out of range.
    pub fn check(&self, pairs: usize) -> Result<()> {
        let counts = self.counts();
        let wrong = counts.iter().find(|&&k| k == 0 || k > pairs);
        if let Some(count) = wrong {
            return Err(Error::request(
                format!("{pairs} pairs cannot be parted into {count} groups"),
                format!("Choose from 1 to {pairs}."),
            ));
        }
        if counts.is_empty() {
            return Err(Error::request(
                "no number of groups is asked for",
                "Name one, such as 64.",
            ));
        }
        if self.restarts == 0 || self.restarts > MOST_RESTARTS {
            return Err(Error::request(
                format!("{} descents cannot be", self.restarts),
                format!("Choose from 1 to {MOST_RESTARTS}."),
            ));
        }
        if !(self.margin.is_finite() && (0.0..=10.0).contains(&self.margin)) {
            return Err(Error::request(
                format!("a margin of {} cannot be", self.margin),
                "Choose one from 0 to 10.",
            ));
        }
        let labels = self.given.as_ref().map(|given| given.labels().len());
        if let Some(labels) = labels.filter(|labels| *labels != pairs) {
            return Err(Error::request(
                format!("{labels} labels do not fit the {pairs} pairs to train on"),
                "Give one label for each caption of the images that are trained on, in their order.",
            ));
        }
        Ok(())
    }
}
