//! What a study is asked for.

use crate::error::{Error, Result};
use crate::learn::linear::{Method, Step, Training};
use serde::{Deserialize, Serialize};

/// What a study is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Optimizers and architectures.
    pub methods: Vec<Method>,
    /// Steps of each.
    pub steps: u64,
    /// How long their steps are.
    pub step: Step,
    /// Seed of the networks' starts.
    pub seed: u64,
    /// Weights of penalties, as multiples of the maximal margin in their norm; every norm is penalised by each.
    pub penalties: Vec<f64>,
}

/// The steps that the reference takes.
const STEPS: u64 = 200_000;

impl Default for Asked {
    fn default() -> Self {
        Self {
            methods: Method::ALL.to_vec(),
            steps: STEPS,
            step: Step::Normalised,
            seed: 1,
            penalties: Vec::new(),
        }
    }
}

impl Asked {
    /// How a method is trained.
    pub fn training(&self, method: Method) -> Training {
        Training {
            steps: self.steps,
            step: self.step,
            seed: self.seed,
            ..Training::of(method)
        }
    }

    /// Is it something that can be done?
    ///
    /// # Errors
    /// No methods and no penalties, steps out of range, a penalty that is none.
    pub fn check(&self) -> Result<()> {
        if self.methods.is_empty() && self.penalties.is_empty() {
            return Err(Error::request(
                "no optimizer and no penalty is chosen",
                "Choose one at least.",
            ));
        }
        if self.steps == 0 || self.steps > Training::MOST_STEPS {
            return Err(Error::request(
                format!("{} steps cannot be", self.steps),
                format!("Choose from 1 to {}.", Training::MOST_STEPS),
            ));
        }
        let wrong = self
            .penalties
            .iter()
            .find(|p| !(p.is_finite() && **p > 0.0));
        if let Some(penalty) = wrong {
            return Err(Error::request(
                format!("{penalty} is no weight of a penalty"),
                "Give a multiple of the maximal margin above 0, such as 0.01.",
            ));
        }
        Ok(())
    }
}

/// What a study's file says that it was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Steps of each method.
    pub steps: u64,
    /// "normalised" or "fixed".
    pub step: String,
    /// Seed of the networks' starts.
    pub seed: u64,
}

impl From<&Asked> for Told {
    fn from(asked: &Asked) -> Self {
        Self {
            steps: asked.steps,
            step: asked.step.name().to_owned(),
            seed: asked.seed,
        }
    }
}
