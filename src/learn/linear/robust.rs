//! Accuracy under attack, in closed form.

use super::norm::Norm;
use super::problem::Problem;
use crate::error::Result;

/// Which share of rows a linear classifier still gets right when every row is perturbed as much as a budget allows.
#[derive(Debug, Clone, PartialEq)]
pub struct RobustCurve {
    /// The distance of each row from the boundary in the norm of the budget, from the smallest to the largest.
    radii: Vec<f64>,
}

impl RobustCurve {
    /// The curve of the classifier `w` for perturbations measured in `norm`.
    ///
    /// # Errors
    /// As [`Problem::scores`].
    pub fn new(problem: &Problem, w: &[f64], norm: Norm) -> Result<Self> {
        let mut radii = problem.radii(w, norm)?;
        radii.sort_by(f64::total_cmp);
        Ok(Self { radii })
    }

    /// The distances at which the curve steps down, from the smallest to the largest; below 0 for rows that are wrong
    /// without any perturbation.
    pub fn radii(&self) -> &[f64] {
        &self.radii
    }

    /// The share of rows, 0 to 1, that every perturbation of at most `budget` leaves right: those with a distance above
    /// it, not equal to it. 0 is plain accuracy.
    pub fn accuracy(&self, budget: f64) -> f64 {
        let fallen = self.radii.partition_point(|radius| *radius <= budget);
        (self.radii.len() - fallen) as f64 / self.radii.len().max(1) as f64
    }

    /// Its corners as `[budget, accuracy]`, from budget 0 on, two for each step down: drawn as a line they are the step
    /// function.
    pub fn corners(&self) -> Vec<[f64; 2]> {
        let mut high = self.accuracy(0.0);
        let mut corners = vec![[0.0, high]];
        for &radius in self.radii.iter().filter(|r| **r > 0.0) {
            let low = self.accuracy(radius);
            if low < high {
                corners.extend([[radius, high], [radius, low]]);
                high = low;
            }
        }
        corners
    }
}
