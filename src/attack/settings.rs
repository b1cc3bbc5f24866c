//! What a person chooses of an attack, and the attack made of it.

use super::Attack;
use super::description::{Method, Parameter, Parameters};
use super::loss::Loss;
use super::threat::Threat;
use super::victim::Victim;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// All parameters of an attack: with the model and the pictures they reproduce a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AttackSettings {
    /// Which attack.
    pub method: Method,
    /// What may be changed.
    pub threat: Threat,
    /// The loss that gradient attacks maximise; others have their own.
    pub loss: Loss,
    /// Steps (or queries); `None` for the attack's default.
    pub steps: Option<usize>,
    /// Size of a step as a share of epsilon, where the attack takes one; `None` for its default.
    pub step: Option<f32>,
    /// Independent starts, from 1.
    pub restarts: usize,
    /// Goes on to the last step though the goal is reached: the strongest perturbation, rather than the first that
    /// does. See [`Method::can_go_on`].
    pub full: bool,
    /// How far Carlini & Wagner overshoots the goal, in the units of the scores, from 0: their kappa.
    pub kappa: f32,
    /// Seed of every random number.
    pub seed: u64,
}

impl Default for AttackSettings {
    fn default() -> Self {
        Self {
            method: Method::default(),
            threat: Threat::default(),
            loss: Loss::default(),
            steps: None,
            step: None,
            restarts: 1,
            full: false,
            kappa: 0.0,
            seed: 0,
        }
    }
}

impl AttackSettings {
    /// Steps that will be done.
    pub fn steps(&self) -> usize {
        self.steps.unwrap_or(self.method.description().steps).max(1)
    }

    /// The same with the threat model that the attack really keeps to: see [`Method::natural`].
    #[must_use]
    pub fn settled(&self) -> Self {
        Self {
            threat: self.method.natural(&self.threat),
            ..self.clone()
        }
    }

    /// Can the loss be maximised on this victim?
    ///
    /// # Errors
    /// It compares more scores than there are.
    pub fn fits(&self, victim: &dyn Victim) -> Result<()> {
        let refused = victim
            .refuses(self.loss)
            .filter(|_| self.method.takes(Parameter::Loss));
        refused.map_or(Ok(()), |why| {
            Err(Error::request(
                why,
                "Maximise the margin (--loss margin), or choose a loss that compares fewer scores.",
            ))
        })
    }

    /// What the attack is made with: defaults filled in.
    pub fn parameters(&self) -> Parameters {
        Parameters {
            loss: self.loss,
            steps: self.steps(),
            step: self.step.unwrap_or(self.method.description().step),
            restarts: self.restarts.max(1),
            kappa: self.kappa,
        }
    }

    /// The attack itself.
    pub fn attack(&self) -> Box<dyn Attack> {
        (self.method.description().build)(&self.parameters())
    }
}
