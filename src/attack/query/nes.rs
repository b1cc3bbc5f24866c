//! NES: gradients estimated from antithetic normal noise.

use super::estimate::Estimate;
use crate::attack::description::{Description, Needs, Parameter, Seeks, StepCost, Unit};
use crate::attack::threat::Norm;
use crate::attack::{Attack, AttackContext};
use crate::compute::Noise;
use crate::error::Result;

/// What the attack says of itself.
pub const DESCRIPTION: Description = Description {
    name: "nes",
    title: "NES",
    about: "Gradient estimated from pairs of noisy queries; needs no gradient.",
    source: "Ilyas et al., arXiv 1804.08598",
    needs: Needs::Scores,
    seeks: Seeks::Strongest,
    norms: &Norm::ALL,
    linf_becomes: None,
    takes: &[Parameter::Step],
    steps: 40,
    unit: Unit::Steps,
    step: 0.25,
    cost: Some(StepCost {
        gradients: 0,
        queries: 51,
    }),
    build: |p| {
        Box::new(Nes {
            steps: p.steps,
            step: p.step,
            ..Nes::default()
        })
    },
};

/// NES (Ilyas et al., arXiv 1804.08598, algorithm 1): projected ascent along gradients estimated by finite
/// differences of the margin in random normal directions. A step takes `samples + 1` queries of each row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nes {
    /// Steps at most.
    pub steps: usize,
    /// Queries of an estimate, in antithetic pairs: even.
    pub samples: usize,
    /// Standard deviation of the noise, in pixel values; in half the box's width for raw boxes.
    pub sigma: f32,
    /// Size of a step as a share of the radius (0.01 of 0.05 in the paper).
    pub step: f32,
    /// Weight of the estimates before, in [0, 1).
    pub momentum: f32,
}

impl Default for Nes {
    fn default() -> Self {
        Self {
            steps: 40,
            samples: 50,
            sigma: 1e-3,
            step: 0.2,
            momentum: 0.9,
        }
    }
}

impl Nes {
    fn estimate(&self) -> Estimate {
        Estimate {
            name: "NES",
            noise: Noise::Normal,
            samples: self.samples,
            width: self.sigma,
            steps: self.steps,
            step: self.step,
            momentum: self.momentum,
        }
    }

    /// The gradient of the margin estimated at `x`, values of `rows` one after the other; `step` chooses the random
    /// numbers.
    ///
    /// # Errors
    /// Odd options; the model fails, or the task was cancelled.
    pub fn gradient(
        &self,
        context: &mut AttackContext<'_>,
        rows: &[usize],
        x: &[f32],
        step: usize,
    ) -> Result<Vec<f32>> {
        self.estimate().gradient(context, rows, x, step)
    }
}

impl Attack for Nes {
    fn run(&self, context: &mut AttackContext<'_>) -> Result<()> {
        self.estimate().run(context)
    }

    fn steps(&self) -> usize {
        self.steps
    }
}
