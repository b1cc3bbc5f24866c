//! The fast gradient sign method (Goodfellow et al., arXiv 1412.6572), in any norm.

use super::active::RunnerUps;
use crate::attack::Attack;
use crate::attack::context::AttackContext;
use crate::attack::description::{Description, Needs, Parameter, Seeks, StepCost, Unit};
use crate::attack::loss::Loss;
use crate::attack::threat::Norm;
use crate::error::Result;

/// What the attack says of itself.
pub const DESCRIPTION: Description = Description {
    name: "fgsm",
    title: "FGSM",
    about: "One step along the sign of the gradient.",
    source: "Goodfellow et al., arXiv 1412.6572",
    needs: Needs::Gradient,
    seeks: Seeks::Strongest,
    norms: &Norm::ALL,
    linf_becomes: None,
    takes: &[Parameter::Loss],
    steps: 1,
    unit: Unit::Steps,
    step: 1.0,
    cost: Some(StepCost {
        gradients: 1,
        queries: 0,
    }),
    build: |p| Box::new(Fgsm { loss: p.loss }),
};

/// One step of the full radius from the clean row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fgsm {
    /// The loss that it maximises; towards the strongest runner-up where it takes a class.
    pub loss: Loss,
}

impl Attack for Fgsm {
    fn run(&self, context: &mut AttackContext<'_>) -> Result<()> {
        let runner_ups = RunnerUps::find(context, self.loss, 1)?;
        for active in runner_ups.active(context, 0, false) {
            let mut x = active.space.clean().to_vec();
            let slope = context.value_and_gradient(&active.rows, &x, active.ascent(self.loss))?;
            context.report_step(&active.rows, &x, &slope.loss, &slope.verdicts);
            active
                .space
                .ascend(context.engine, &mut x, &slope.gradient, 1.0)?;
            active.finish(context, &x, &slope.loss, self.loss)?;
        }
        Ok(())
    }

    fn steps(&self) -> usize {
        2
    }
}
