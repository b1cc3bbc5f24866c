//! How far embeddings may be moved while heads are trained on them in the friendly way.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// Pairs that are still too hard are made easier at first (friendly training, arXiv 2106.10974): how far, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Friendly {
    /// How far an embedding may be moved at the start of the run, in l2; embeddings have length 1 where they are normalised.
    pub radius: f32,
    /// Steps down the loss before each step of the heads, from 1.
    pub steps: usize,
    /// The share of the run from which on nothing is moved, above 0 to 1.
    pub until: f32,
}

impl Default for Friendly {
    fn default() -> Self {
        Self {
            radius: 0.3,
            steps: 3,
            until: 0.5,
        }
    }
}

impl Friendly {
    /// The radius where `done` of the run is done, 0 to 1: radius (1 - done / until)^2, and 0 from `until` on.
    pub fn radius_at(&self, done: f64) -> f32 {
        let left = (1.0 - done / f64::from(self.until)).max(0.0);
        (f64::from(self.radius) * left * left) as f32
    }

    /// The plan in a sentence.
    pub fn told(&self) -> String {
        let half = f64::from(self.until) / 2.0;
        format!(
            "Embeddings of hard pairs move by {} at most at the start, by {} at {:.0} % of the run, and not at all from {:.0} % on.",
            self.radius,
            self.radius_at(half),
            100.0 * half,
            200.0 * half
        )
    }

    /// Refuses what is no plan.
    ///
    /// # Errors
    /// A value out of range.
    pub fn check(&self) -> Result<()> {
        let refused = |what: String, remedy: &str| Err(Error::request(what, remedy));
        if !(0.0..=100.0).contains(&self.radius) {
            return refused(
                format!("{} is no radius for embeddings", self.radius),
                "Choose one from 0 to 100; embeddings of unit norm have length 1.",
            );
        }
        if self.steps == 0 || self.steps > 100 {
            return refused(
                format!("{} steps on embeddings cannot be", self.steps),
                "Choose from 1 to 100.",
            );
        }
        if !(self.until > 0.0 && self.until <= 1.0) {
            return refused(
                format!(
                    "{} is no share of a run in which embeddings are moved",
                    self.until
                ),
                "Choose one above 0, up to 1.",
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_is_quadratic_and_ends_at_0() {
        let plan = Friendly {
            radius: 0.4,
            steps: 2,
            until: 0.5,
        };
        assert_eq!(plan.radius_at(0.0), 0.4);
        assert!((plan.radius_at(0.25) - 0.1).abs() < 1e-7);
        assert_eq!(plan.radius_at(0.5), 0.0);
        assert_eq!(plan.radius_at(1.0), 0.0);
        let radii: Vec<f32> = (0..50)
            .map(|n| plan.radius_at(f64::from(n) / 100.0))
            .collect();
        assert!(
            radii
                .windows(2)
                .all(|pair| pair[0] > pair[1] && pair[1] > 0.0)
        );
        assert!(plan.told().contains("by 0.1 at 25 %"), "{}", plan.told());
        for wrong in [
            (f32::NAN, 1, 0.5),
            (0.1, 0, 0.5),
            (0.1, 1, 0.0),
            (0.1, 1, 1.1),
        ] {
            let (radius, steps, until) = wrong;
            let plan = Friendly {
                radius,
                steps,
                until,
            };
            assert!(plan.check().is_err(), "{wrong:?}");
        }
    }
}
