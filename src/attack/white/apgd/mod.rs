//! Auto-PGD (Croce & Hein, arXiv 2003.01690): ascent with momentum that halves its own step.

mod ascent;

use super::active::RunnerUps;
use crate::attack::Attack;
use crate::attack::context::AttackContext;
use crate::attack::description::{Description, Needs, Parameter, Seeks, StepCost, Unit};
use crate::attack::loss::Loss;
use crate::attack::space::Space;
use crate::attack::threat::Norm;
use crate::compute::{Ball, Engine, Noise};
use crate::error::Result;

pub(super) use ascent::ascend;

/// What the attack says of itself.
pub const DESCRIPTION: Description = Description {
    name: "apgd",
    title: "APGD",
    about: "PGD with momentum that halves its own step; needs no tuning.",
    source: "Croce and Hein, arXiv 2003.01690",
    needs: Needs::Gradient,
    seeks: Seeks::Strongest,
    norms: &Norm::ALL,
    linf_becomes: None,
    takes: &[Parameter::Loss, Parameter::Restarts],
    steps: 100,
    unit: Unit::Steps,
    step: 1.0,
    cost: Some(StepCost {
        gradients: 1,
        queries: 0,
    }),
    build: |p| {
        Box::new(Apgd {
            loss: p.loss,
            steps: p.steps,
            restarts: p.restarts,
            targets: Apgd::TARGETS,
        })
    },
};

/// Algorithm 1 of the paper; nothing of it needs tuning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Apgd {
    /// The loss that it maximises; where it takes a class, a run towards each of the strongest runner-ups.
    pub loss: Loss,
    /// Steps of each run.
    pub steps: usize,
    /// Independent random starts (of each target).
    pub restarts: usize,
    /// Runner-up classes that a targeted loss tries, strongest first at the clean row.
    pub targets: usize,
}

impl Apgd {
    /// Runner-ups where nothing else is said.
    pub const TARGETS: usize = 9;
}

impl Default for Apgd {
    fn default() -> Self {
        Self {
            loss: Loss::CrossEntropy,
            steps: 100,
            restarts: 1,
            targets: Self::TARGETS,
        }
    }
}

impl Attack for Apgd {
    fn run(&self, context: &mut AttackContext<'_>) -> Result<()> {
        let runner_ups = RunnerUps::find(context, self.loss, self.targets)?;
        for restart in 0..self.restarts {
            for nth in 0..runner_ups.runs() {
                for active in runner_ups.active(context, nth, false) {
                    let stream = restart * self.targets.max(1) + nth;
                    let x = start(&active.space, context.engine, context.seed, stream as u32)?;
                    ascend(context, active, x, self.loss, self.steps, true)?;
                }
            }
        }
        Ok(())
    }

    fn steps(&self) -> usize {
        let targets = if self.loss.is_targeted() {
            self.targets.max(1)
        } else {
            1
        };
        self.restarts * targets * (self.steps + 1)
    }
}

/// A random point to start from: l-inf noise scaled so that it touches the ball (section 3.3 and the authors' code);
/// a random direction at the full radius otherwise.
pub(super) fn start(
    space: &Space,
    engine: &dyn Engine,
    seed: u64,
    stream: u32,
) -> Result<Vec<f32>> {
    if !matches!(space.ball, Ball::Linf(_) | Ball::Box) {
        return space.random(engine, seed, stream);
    }
    let mut noise = engine.noise(space.grid, Noise::Uniform, seed, stream, space.keys())?;
    for row in noise.chunks_exact_mut(space.len().max(1)) {
        let top = row.iter().fold(0.0_f32, |top, n| top.max(n.abs()));
        for n in row {
            *n /= top.max(f32::MIN_POSITIVE);
        }
    }
    let Ball::Linf(radius) = space.ball else {
        let bounds = space.lower().iter().zip(space.upper());
        for (x, (&lower, &upper)) in noise.iter_mut().zip(bounds) {
            let half = (upper - lower) * 0.5;
            *x = (lower + half + half * *x).clamp(lower, upper);
        }
        return Ok(noise);
    };
    let mut x = space.clean().to_vec();
    for (x, n) in x.iter_mut().zip(noise) {
        *x += radius * n;
    }
    space.project(engine, &mut x)?;
    Ok(x)
}
