//! One perturbation for many pictures (Moosavi-Dezfooli et al., arXiv 1610.08401), by ascent on the mean loss
//! (Shafahi et al., arXiv 1811.11304).

use super::active::{ActiveRows, RunnerUps};
use super::pgd::Pgd;
use crate::attack::Attack;
use crate::attack::context::AttackContext;
use crate::attack::description::{Description, Needs, Parameter, Seeks, StepCost, Unit};
use crate::attack::loss::Loss;
use crate::attack::space::Space;
use crate::attack::threat::Norm;
use crate::attack::victim::{ValueAndGradient, Verdict};
use crate::compute::{Ball, Bounds, Engine, Grid};
use crate::error::Result;

/// What the attack says of itself.
pub const DESCRIPTION: Description = Description {
    name: "universal",
    title: "Universal",
    about: "One perturbation for all pictures together.",
    source: "Moosavi-Dezfooli et al., arXiv 1610.08401; Shafahi et al., arXiv 1811.11304",
    needs: Needs::Gradient,
    seeks: Seeks::Shared,
    norms: &Norm::ALL,
    linf_becomes: None,
    takes: &[Parameter::Loss, Parameter::Step],
    steps: 10,
    unit: Unit::Steps,
    step: Pgd::STEP,
    cost: Some(StepCost {
        gradients: 1,
        queries: 0,
    }),
    build: |p| {
        Box::new(Universal {
            loss: p.loss,
            epochs: p.steps,
            step: p.step,
        })
    },
};

/// A perturbation that rows share: learnt batch by batch, put on any row.
#[derive(Debug, Clone)]
pub struct SharedDelta {
    grid: Grid,
    ball: Ball,
    /// The ball's radius in units of a step.
    radius: f32,
    /// How far any row seen so far may go, element by element.
    lower: Vec<f32>,
    upper: Vec<f32>,
    values: Vec<f32>,
}

impl SharedDelta {
    /// No perturbation yet, for rows in spaces like this one: of its shape and its ball.
    pub fn new(space: &Space) -> Self {
        let nothing = vec![0.0; space.len()];
        let mut delta = Self {
            grid: space.grid.with_rows(1),
            ball: space.ball,
            radius: space.radius(),
            lower: nothing.clone(),
            upper: nothing.clone(),
            values: nothing,
        };
        delta.meet(space);
        delta
    }

    /// The perturbation, `[channels, height, width]`.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Widens the bounds by the rows of `space`.
    pub fn meet(&mut self, space: &Space) {
        let len = space.len().max(1);
        let bounds = space
            .lower()
            .chunks_exact(len)
            .zip(space.upper().chunks_exact(len));
        for (clean, (lower, upper)) in space.clean().chunks_exact(len).zip(bounds) {
            for (at, clean) in clean.iter().enumerate().take(self.values.len()) {
                self.lower[at] = self.lower[at].min(lower[at] - clean);
                self.upper[at] = self.upper[at].max(upper[at] - clean);
            }
        }
    }

    /// Moves it by `share` of the radius along the mean gradient of the rows that are not fooled yet.
    /// `slope` is at [`SharedDelta::apply`] of `space`.
    ///
    /// # Errors
    /// A lost device.
    pub fn step(
        &mut self,
        engine: &dyn Engine,
        space: &Space,
        slope: &ValueAndGradient,
        share: f32,
    ) -> Result<()> {
        self.meet(space);
        let mut sum = Vec::new();
        self.gather(&mut sum, slope);
        self.value_and_gradient(engine, &sum, share)
    }

    /// Adds the gradients of the rows of `slope` that are not fooled yet to `sum`, which starts empty.
    pub fn gather(&self, sum: &mut Vec<f64>, slope: &ValueAndGradient) {
        let len = self.grid.len().max(1);
        sum.resize(len, 0.0);
        let rows = slope.gradient.chunks_exact(len).zip(&slope.verdicts);
        for (gradient, _) in rows.filter(|(_, v)| !v.fooled) {
            for (sum, &g) in sum.iter_mut().zip(gradient) {
                *sum += f64::from(g);
            }
        }
    }

    /// Moves it by `share` of the radius along `sum`, added up over all rows that it has met.
    ///
    /// # Errors
    /// A lost device.
    pub fn value_and_gradient(
        &mut self,
        engine: &dyn Engine,
        sum: &[f64],
        share: f32,
    ) -> Result<()> {
        // The step's size does not depend on the gradient's: the sum serves as well as the mean.
        let top = sum
            .iter()
            .fold(f64::MIN_POSITIVE, |top, g| top.max(g.abs()));
        let gradient: Vec<f32> = sum.iter().map(|g| (g / top) as f32).collect();
        let clean = vec![0.0; self.grid.len()];
        let bounds = Bounds::new(&clean, &self.lower, &self.upper);
        let size = [share * self.radius];
        engine.ascend(
            self.grid,
            self.ball,
            bounds,
            &mut self.values,
            &gradient,
            &size,
        )
    }

    /// The rows of `space` with the perturbation, each inside its own box and ball.
    ///
    /// # Errors
    /// A lost device.
    pub fn apply(&self, engine: &dyn Engine, space: &Space) -> Result<Vec<f32>> {
        let shift = self.values.iter().cycle();
        let mut x: Vec<f32> = space
            .clean()
            .iter()
            .zip(shift)
            .map(|(c, d)| c + d)
            .collect();
        space.project(engine, &mut x)?;
        Ok(x)
    }
}

/// One perturbation for all rows of the batch: ascent on the mean loss of those it does not fool yet. The one that
/// fools most rows counts, for all of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Universal {
    /// The loss that it maximises; towards each row's strongest runner-up where it takes a class.
    pub loss: Loss,
    /// Passes over the rows, a step each.
    pub epochs: usize,
    /// Size of a step as a share of the radius.
    pub step: f32,
}

impl Default for Universal {
    fn default() -> Self {
        Self {
            loss: Loss::default(),
            epochs: 10,
            step: 0.25,
        }
    }
}

/// The rows with the perturbation that did best, and what the model says of them.
#[derive(Default)]
struct Best {
    fooled: usize,
    margin: f64,
    x: Vec<f32>,
    verdicts: Vec<Verdict>,
}

impl Best {
    fn of(x: Vec<f32>, verdicts: Vec<Verdict>) -> Self {
        Self {
            fooled: verdicts.iter().filter(|v| v.fooled).count(),
            margin: verdicts.iter().map(|v| f64::from(v.margin())).sum(),
            x,
            verdicts,
        }
    }

    fn beats(&self, other: &Self) -> bool {
        other.x.is_empty() || (self.fooled, self.margin) > (other.fooled, other.margin)
    }
}

impl Attack for Universal {
    fn run(&self, context: &mut AttackContext<'_>) -> Result<()> {
        let runner_ups = RunnerUps::find(context, self.loss, 1)?;
        for active in runner_ups.active(context, 0, false) {
            self.learn(context, &active)?;
        }
        Ok(())
    }

    fn steps(&self) -> usize {
        self.epochs + 1
    }
}

impl Universal {
    /// Finds the perturbation of the rows of `active`.
    fn learn(&self, context: &mut AttackContext<'_>, active: &ActiveRows) -> Result<()> {
        let space = &active.space;
        let mut delta = SharedDelta::new(space);
        let mut best = Best::default();
        for epoch in 0..=self.epochs {
            let x = delta.apply(context.engine, space)?;
            // The last one gets a forward run alone, and is compared by its margin.
            let verdicts = if epoch == self.epochs {
                let verdicts = context.predict(&active.rows, &x)?;
                let margins: Vec<f32> = verdicts.iter().map(Verdict::margin).collect();
                context.report_step(&active.rows, &x, &margins, &verdicts);
                verdicts
            } else {
                let slope =
                    context.value_and_gradient(&active.rows, &x, active.ascent(self.loss))?;
                context.report_step(&active.rows, &x, &slope.loss, &slope.verdicts);
                delta.step(context.engine, space, &slope, self.step)?;
                slope.verdicts
            };
            let found = Best::of(x, verdicts);
            let done = found.fooled == active.rows.len();
            if found.beats(&best) {
                best = found;
            }
            if done {
                break;
            }
        }
        context.replace(&active.rows, &best.x, &best.verdicts);
        Ok(())
    }
}
