//! SPSA: gradients estimated from random signs.

use super::estimate::Estimate;
use crate::attack::description::{Description, Needs, Parameter, Seeks, StepCost, Unit};
use crate::attack::threat::Norm;
use crate::attack::{Attack, AttackContext};
use crate::compute::Noise;
use crate::error::Result;

/// What the attack says of itself.
pub const DESCRIPTION: Description = Description {
    name: "spsa",
    title: "SPSA",
    about: "Gradient estimated from random signs; needs no gradient.",
    source: "Uesato et al., arXiv 1802.05666",
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
        queries: 129,
    }),
    build: |p| {
        Box::new(Spsa {
            steps: p.steps,
            step: p.step,
            ..Spsa::default()
        })
    },
};

/// SPSA (Uesato et al., arXiv 1802.05666, section 4.2): projected ascent along gradients estimated by finite
/// differences of the margin along random signs. A step takes `samples + 1` queries of each row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spsa {
    /// Steps at most.
    pub steps: usize,
    /// Queries of an estimate, in antithetic pairs: even.
    pub samples: usize,
    /// Distance of the probes, in pixel values; in half the box's width for raw boxes.
    pub delta: f32,
    /// Size of a step as a share of the radius.
    pub step: f32,
    /// Weight of the estimates before, in [0, 1).
    pub momentum: f32,
}

impl Default for Spsa {
    fn default() -> Self {
        Self {
            steps: 40,
            samples: 128,
            delta: 0.01,
            step: 0.25,
            momentum: 0.9,
        }
    }
}

impl Spsa {
    fn estimate(&self) -> Estimate {
        Estimate {
            name: "SPSA",
            noise: Noise::Sign,
            samples: self.samples,
            width: self.delta,
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

impl Attack for Spsa {
    fn run(&self, context: &mut AttackContext<'_>) -> Result<()> {
        self.estimate().run(context)
    }

    fn steps(&self) -> usize {
        self.steps
    }
}
