//! How pairs are forgotten.

use crate::compute::train::Loss;
use crate::error::{Error, Result};
use crate::learn::Setup;
use serde::{Deserialize, Serialize};

/// How pairs are forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// Share of the energy of the retained inputs that is kept from changes, 0 to 1.
    pub energy: f64,
    /// Length of a step as a share of the norm of all weights.
    pub rate: f64,
    /// Steps at most.
    pub steps: usize,
    /// The loss that goes up; `None` for that of training.
    pub loss: Option<Loss>,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            energy: 0.95,
            rate: 0.01,
            steps: 300,
            loss: None,
        }
    }
}

impl Asked {
    /// The same as arguments of a headless command.
    pub fn arguments(&self) -> String {
        let mut text = format!(
            "--energy {} --forget-rate {} --forget-steps {}",
            self.energy, self.rate, self.steps
        );
        if let Some(loss) = self.loss {
            text = format!("{text} --forget-loss {}", loss.name());
        }
        text
    }

    /// Refuses what forgets nothing or everything.
    ///
    /// # Errors
    /// A value out of range; a loss that compares by order.
    pub fn check(&self) -> Result<()> {
        let refuse = |what: String, remedy: &str| Err(Error::request(what, remedy));
        if !(self.energy > 0.0 && self.energy <= 1.0) {
            return refuse(
                format!(
                    "an energy of {} is no share of what is retained",
                    self.energy
                ),
                "Choose one above 0, up to 1, such as 0.95.",
            );
        }
        if !(self.rate > 0.0 && self.rate <= 1.0) {
            return refuse(
                format!("steps of {} times the weights forget nothing", self.rate),
                "Choose a rate above 0, up to 1, such as 0.01.",
            );
        }
        if !(1..=100_000).contains(&self.steps) {
            return refuse(
                format!("{} steps forget nothing", self.steps),
                "Choose from 1 to 100000 steps.",
            );
        }
        if self.loss.is_some_and(|loss| loss.description().by_order) {
            return refuse(
                "a loss that compares by order cannot go up in heads that compare by product"
                    .into(),
                "Choose another loss to go up, such as infonce.",
            );
        }
        Ok(())
    }
}

/// Can heads that were trained so forget?
///
/// # Errors
/// Heads with a hidden layer, compared by order, or of clients.
pub fn can_forget(setup: &Setup) -> Result<()> {
    if setup.head.hidden.is_some() {
        return Err(Error::request(
            "heads with a hidden layer do not forget: what is retained is kept in the directions of a linear head's inputs",
            "Train linear heads.",
        ));
    }
    if setup.optimizer.kind.by_clients() {
        return Err(Error::request(
            "heads of clients do not forget: without some of their pairs, the others would be dealt otherwise",
            "Train by an optimizer without clients.",
        ));
    }
    if setup.loss.description().by_order {
        return Err(Error::request(
            "order embeddings do not forget: membership and similarity are told by product, and they are compared by order",
            "Train by another loss, such as mh or infonce.",
        ));
    }
    Ok(())
}
