//! How the policy that makes pairs easier does.

use crate::error::{Error, Result};
use crate::learn::{Friendly, Policy};
use clap::Args;

/// Friendly training.
#[derive(Debug, Args)]
#[expect(clippy::struct_field_names, reason = "names of flags")]
pub struct FriendlyArgs {
    /// How far the policy "friendly" may move an embedding at the start, in l2; those of unit norm have length 1 (default: 0.3)
    #[arg(long, value_name = "RADIUS")]
    friendly_radius: Option<f32>,
    /// Steps of "friendly" down the loss, before each step of the heads (default: 3)
    #[arg(long, value_name = "N")]
    friendly_steps: Option<usize>,
    /// Share of the run from which on "friendly" moves nothing; its radius falls to 0 with the square of what is left (default: 0.5)
    #[arg(long, value_name = "SHARE")]
    friendly_until: Option<f32>,
}

impl FriendlyArgs {
    /// Refuses a setting that no policy reads.
    ///
    /// # Errors
    /// There is one.
    pub fn check(&self, policies: &[Policy]) -> Result<()> {
        let settings = [
            ("--friendly-radius", self.friendly_radius.is_some()),
            ("--friendly-steps", self.friendly_steps.is_some()),
            ("--friendly-until", self.friendly_until.is_some()),
        ];
        let given = settings.iter().find(|(_, given)| *given);
        let eases = policies.iter().any(|p| p.description().eases);
        match given.filter(|_| !eases) {
            None => Ok(()),
            Some((flag, _)) => Err(Error::request(
                format!("none of the policies has what {flag} says"),
                format!("Leave out {flag}, or add --policy friendly."),
            )),
        }
    }

    /// How far and until when.
    pub fn settings(&self) -> Friendly {
        let usual = Friendly::default();
        Friendly {
            radius: self.friendly_radius.unwrap_or(usual.radius),
            steps: self.friendly_steps.unwrap_or(usual.steps),
            until: self.friendly_until.unwrap_or(usual.until),
        }
    }
}
