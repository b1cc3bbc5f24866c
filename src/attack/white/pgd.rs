//! Projected gradient ascent (Madry et al., arXiv 1706.06083) and its form with momentum (Dong et al., arXiv
//! 1710.06081), in any norm.

use super::active::{ActiveRows, RunnerUps};
use crate::attack::Attack;
use crate::attack::context::AttackContext;
use crate::attack::description::{
    Description, Needs, Parameter, Parameters, Seeks, StepCost, Unit,
};
use crate::attack::loss::Loss;
use crate::attack::threat::Norm;
use crate::error::Result;

/// What the attack says of itself.
pub const DESCRIPTION: Description = Description {
    name: "pgd",
    title: "PGD",
    about: "Steps along the gradient, each projected back into the ball.",
    source: "Madry et al., arXiv 1706.06083",
    needs: Needs::Gradient,
    seeks: Seeks::Strongest,
    norms: &Norm::ALL,
    linf_becomes: None,
    takes: &[Parameter::Loss, Parameter::Step, Parameter::Restarts],
    steps: 10,
    unit: Unit::Steps,
    step: Pgd::STEP,
    cost: Some(StepCost {
        gradients: 1,
        queries: 0,
    }),
    build: |p| Box::new(Pgd::of(p)),
};

/// Steps of a fixed size along the gradient, each projected back into the ball; the best point of each row counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pgd {
    /// The loss that it maximises; towards one runner-up after the other, a restart each, where it takes a class.
    pub loss: Loss,
    /// Steps of each restart.
    pub steps: usize,
    /// Independent random starts.
    pub restarts: usize,
    /// Size of a step as a share of the radius.
    pub step: f32,
    /// Share of the past gradients that is kept (MI-FGSM's mu, whose first start is the clean row); `None` follows
    /// each gradient itself.
    pub decay: Option<f32>,
}

impl Pgd {
    /// Size of a step: 2/255 at a radius of 8/255.
    pub const STEP: f32 = 0.25;
    /// Runner-ups that restarts go through where the loss takes a class.
    const RUNNER_UPS: usize = 9;

    /// Without momentum.
    pub(super) fn of(p: &Parameters) -> Self {
        Self {
            loss: p.loss,
            steps: p.steps,
            restarts: p.restarts,
            step: p.step,
            decay: None,
        }
    }

    /// One run over the rows of `active` from `x`.
    fn ascend(
        &self,
        context: &mut AttackContext<'_>,
        mut active: ActiveRows,
        mut x: Vec<f32>,
    ) -> Result<()> {
        let mut velocity = vec![0.0; x.len()];
        let mut losses = Vec::new();
        for _ in 0..self.steps {
            let mut slope =
                context.value_and_gradient(&active.rows, &x, active.ascent(self.loss))?;
            context.offer(&active.rows, &x, &slope.verdicts);
            context.report_step(&active.rows, &x, &slope.loss, &slope.verdicts);
            if let Some(left) = ActiveRows::left(&slope.verdicts) {
                active.keep(&left, &mut [&mut x, &mut velocity, &mut slope.gradient]);
                slope.loss = left.iter().map(|&at| slope.loss[at]).collect();
                if left.is_empty() {
                    return Ok(());
                }
            }
            let grid = active.space.grid;
            let direction = match self.decay {
                Some(decay) => {
                    context
                        .engine
                        .accumulate(grid, &mut velocity, &slope.gradient, decay)?;
                    &velocity
                }
                None => &slope.gradient,
            };
            active
                .space
                .ascend(context.engine, &mut x, direction, self.step)?;
            losses = slope.loss;
        }
        active.finish(context, &x, &losses, self.loss)
    }
}

impl Default for Pgd {
    fn default() -> Self {
        Self {
            loss: Loss::default(),
            steps: 10,
            restarts: 1,
            step: Self::STEP,
            decay: None,
        }
    }
}

impl Attack for Pgd {
    fn run(&self, context: &mut AttackContext<'_>) -> Result<()> {
        let runner_ups = RunnerUps::find(context, self.loss, Self::RUNNER_UPS)?;
        for restart in 0..self.restarts {
            for active in runner_ups.active(context, restart, true) {
                let x = if self.decay.is_some() && restart == 0 {
                    active.space.clean().to_vec()
                } else {
                    active
                        .space
                        .random(context.engine, context.seed, restart as u32)?
                };
                self.ascend(context, active, x)?;
            }
        }
        Ok(())
    }

    fn steps(&self) -> usize {
        self.restarts * (self.steps + 1)
    }
}
