//! Random perturbations of the full size: what no adversary is needed for.

use super::active::ActiveRows;
use crate::attack::Attack;
use crate::attack::context::AttackContext;
use crate::attack::description::{Description, Needs, Seeks, StepCost, Unit};
use crate::attack::space::Space;
use crate::attack::threat::Norm;
use crate::attack::victim::Verdict;
use crate::compute::{Ball, Engine, Noise};
use crate::error::Result;

/// What the attack says of itself.
pub const DESCRIPTION: Description = Description {
    name: "noise",
    title: "Random noise",
    about: "Random perturbations of the full size: what no adversary is needed for.",
    source: "",
    needs: Needs::Nothing,
    seeks: Seeks::Strongest,
    norms: &Norm::ALL,
    linf_becomes: None,
    takes: &[],
    steps: 10,
    unit: Unit::Queries,
    step: 1.0,
    cost: Some(StepCost {
        gradients: 0,
        queries: 1,
    }),
    build: |p| Box::new(Random { draws: p.steps }),
};

/// The best of some random perturbations: a random sign at the full radius (a corner of the box) for l-inf and
/// [`Ball::Box`], otherwise a random direction at the full radius.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Random {
    /// Perturbations of each row.
    pub draws: usize,
}

impl Default for Random {
    fn default() -> Self {
        Self { draws: 10 }
    }
}

impl Attack for Random {
    fn run(&self, context: &mut AttackContext<'_>) -> Result<()> {
        for draw in 0..self.draws {
            let rows = context.active();
            if rows.is_empty() {
                break;
            }
            let active = ActiveRows {
                space: context.space.pick(&rows),
                rows,
                to: Vec::new(),
            };
            let x = corner(&active.space, context.engine, context.seed, draw as u32)?;
            let verdicts = context.predict(&active.rows, &x)?;
            context.offer(&active.rows, &x, &verdicts);
            let margins: Vec<f32> = verdicts.iter().map(Verdict::margin).collect();
            context.report_step(&active.rows, &x, &margins, &verdicts);
        }
        Ok(())
    }

    fn steps(&self) -> usize {
        self.draws
    }
}

/// A random point on the edge of every row's ball.
fn corner(space: &Space, engine: &dyn Engine, seed: u64, stream: u32) -> Result<Vec<f32>> {
    if !matches!(space.ball, Ball::Linf(_) | Ball::Box) {
        return space.random(engine, seed, stream);
    }
    let signs = engine.noise(space.grid, Noise::Sign, seed, stream, space.keys())?;
    let mut x = space.clean().to_vec();
    if let Ball::Linf(_) = space.ball {
        space.ascend(engine, &mut x, &signs, 1.0)?;
    } else {
        let bounds = space.lower().iter().zip(space.upper());
        for ((x, sign), (&lower, &upper)) in x.iter_mut().zip(signs).zip(bounds) {
            *x = if sign > 0.0 { upper } else { lower };
        }
    }
    Ok(x)
}
