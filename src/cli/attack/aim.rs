//! What an attack on a set wants, and of which pictures.

use super::super::common::positive;
use super::one_of;
use crate::attack::{Goal, SetRequest};
use crate::error::{Error, Result};
use clap::Args;

/// What the attack wants, and of which pictures.
#[derive(Debug, Args)]
pub struct AimArgs {
    /// What the attack wants; the hardest negative is the target, for match the picture of it
    #[arg(
        long,
        value_name = "NAME",
        default_value = "lose",
        value_parser = one_of::<Goal>(Goal::ALL.map(|g| (g.name(), g.about())))
    )]
    pub goal: Goal,
    /// The recalls to attack for: each figure printed is that of an attack on it (default: 1,5,10)
    #[arg(long, value_name = "K", value_delimiter = ',', value_parser = positive)]
    pub at: Vec<usize>,
    /// Attack the first N pictures only; they are ranked among all
    #[arg(long, value_name = "N", value_parser = positive)]
    pub limit: Option<usize>,
}

impl AimArgs {
    /// The ranks of the recalls to attack for. `directed`: was a direction asked for?
    ///
    /// # Errors
    /// Recalls of a goal that has none.
    pub fn ranks(&self, directed: bool) -> Result<Vec<usize>> {
        if (directed || !self.at.is_empty()) && self.goal != Goal::Lose {
            return Err(Error::request(
                "--at and --direction are for the goal lose: no recall follows from the others",
                "Leave them out, or add --goal lose.",
            ));
        }
        let mut at = self.at.clone();
        if at.is_empty() {
            at.extend(SetRequest::AT);
        }
        at.sort_unstable();
        at.dedup();
        Ok(at)
    }
}
