//! APGD through shrinking balls, for rows around which the model is flat or bends the wrong way.
//!
//! A run inside the ball ends where its own region of the model leads, and in models trained to be robust all random
//! starts may lie in one region. Ascending first in a wider ball, and carrying the best point into ever smaller ones,
//! reaches regions that no start inside sees (Croce & Hein, "Mind the box", arXiv 2103.01208, section 3.4, which goes
//! through 3, 2 and 1 times the radius; more and finer levels find more).

use super::active::{ActiveRows, RunnerUps};
use super::apgd::{ascend, start};
use crate::attack::Attack;
use crate::attack::context::AttackContext;
use crate::attack::loss::Loss;
use crate::attack::space::Space;
use crate::compute::Ball;
use crate::error::Result;

/// Targeted APGD that starts in a wider ball and shrinks it step by step, by the same factor each time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MultiEps {
    /// The loss that it maximises.
    pub loss: Loss,
    /// The first ball's radius, in radii of the space.
    pub widest: f32,
    /// Balls wider than the space.
    pub levels: usize,
    /// APGD steps in each of them.
    pub level_steps: usize,
    /// APGD steps in the space itself.
    pub steps: usize,
    /// Independent random starts of each target.
    pub restarts: usize,
    /// Runner-up classes tried, strongest first at the clean row.
    pub targets: usize,
}

impl Default for MultiEps {
    fn default() -> Self {
        Self {
            loss: Loss::TargetedMargin,
            widest: 16.0,
            levels: 30,
            level_steps: 5,
            steps: 50,
            restarts: 1,
            targets: 9,
        }
    }
}

impl MultiEps {
    /// How much wider than the space each level is, widest first.
    fn factors(&self) -> impl Iterator<Item = f32> {
        let (widest, levels) = (self.widest.max(1.0), self.levels);
        (0..levels).map(move |level| widest.powf(1.0 - level as f32 / levels as f32))
    }

    /// One start for the rows of `active`.
    fn descend(
        &self,
        context: &mut AttackContext<'_>,
        active: ActiveRows,
        stream: u32,
    ) -> Result<()> {
        let mut x = start(
            &widened(&active.space, self.widest)?,
            context.engine,
            context.seed,
            stream,
        )?;
        for factor in self.factors() {
            let wide = ActiveRows {
                rows: active.rows.clone(),
                space: widened(&active.space, factor)?,
                to: active.to.clone(),
            };
            wide.space.project(context.engine, &mut x)?;
            x = ascend(context, wide, x, self.loss, self.level_steps, false)?;
        }
        active.space.project(context.engine, &mut x)?;
        ascend(context, active, x, self.loss, self.steps, true)?;
        Ok(())
    }
}

impl Attack for MultiEps {
    fn run(&self, context: &mut AttackContext<'_>) -> Result<()> {
        let runner_ups = RunnerUps::find(context, self.loss, self.targets)?;
        for restart in 0..self.restarts {
            for nth in 0..runner_ups.runs() {
                for active in runner_ups.active(context, nth, false) {
                    let stream = restart * self.targets.max(1) + nth;
                    self.descend(context, active, stream as u32)?;
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
        let levels = self.levels * (self.level_steps + 1);
        self.restarts * targets * (levels + self.steps + 1)
    }
}

/// `space` with `factor` times the radius; pictures keep their pixel box, raw boxes grow about their middle.
fn widened(space: &Space, factor: f32) -> Result<Space> {
    let wide = |radius: f32| radius * factor.max(1.0);
    let ball = match space.ball {
        Ball::Linf(r) => Ball::Linf(wide(r)),
        Ball::L2(r) => Ball::L2(wide(r)),
        Ball::L1(r) => Ball::L1(wide(r)),
        Ball::L0(pixels) => Ball::L0(wide(pixels as f32) as u32),
        Ball::Fourier(r, band) => Ball::Fourier(wide(r), band),
        Ball::Box => {
            let bounds = space.lower().iter().zip(space.upper());
            let (lower, upper) = bounds
                .map(|(&l, &u)| {
                    let more = (factor.max(1.0) - 1.0) * 0.5 * (u - l);
                    // What would overflow stays as it is.
                    if (l - more).is_finite() && (u + more).is_finite() {
                        (l - more, u + more)
                    } else {
                        (l, u)
                    }
                })
                .unzip();
            return Space::boxed(space.grid, lower, upper, space.keys().to_vec());
        }
    };
    Ok(space.clone().with_ball(ball))
}
