//! FAB: along the boundary, drawn to the clean row, to the smallest perturbation.

use super::plane::Metric;
use super::smallest::{Gap, Smallest, between, gaps, row};
use crate::attack::Attack;
use crate::attack::context::AttackContext;
use crate::attack::description::{Description, Needs, Parameter, Seeks, StepCost, Unit};
use crate::attack::space::{pick, put};
use crate::attack::threat::Norm;
use crate::compute::{Bounds, Noise};
use crate::error::Result;
use rayon::prelude::*;

/// What the attack says of itself.
pub const DESCRIPTION: Description = Description {
    name: "fab",
    title: "FAB",
    about: "The smallest perturbation by projecting onto the linearised boundary, with restarts.",
    source: "Croce and Hein, arXiv 1907.02044",
    needs: Needs::Gradient,
    seeks: Seeks::Smallest,
    norms: &Norm::ALL,
    linf_becomes: None,
    takes: &[Parameter::Restarts],
    steps: 100,
    unit: Unit::Steps,
    step: 1.0,
    cost: Some(StepCost {
        gradients: 9,
        queries: 9,
    }),
    build: |p| {
        Box::new(Fab {
            steps: p.steps,
            restarts: p.restarts,
            ..Fab::default()
        })
    },
};

/// Fast adaptive boundary attack (Croce & Hein, arXiv 1907.02044), targeted as in `AutoAttack` (arXiv
/// 2003.01690): towards each of the strongest runner-ups at the clean row in turn. In the norm of the ball; l1 stands for
/// l0, l2 for Fourier-l-inf, the largest share of half the box's width for [`Ball::Box`](crate::compute::Ball::Box).
/// What it finds is kept where it fits the ball, else its projection is tried: for the size of the smallest
/// perturbation itself, give a space with a large ball.
#[derive(Debug, Clone, PartialEq)]
pub struct Fab {
    /// Steps towards each runner-up in each start.
    pub steps: usize,
    /// Starts, from 1: the clean row, then random points within half of the smallest perturbation so far.
    pub restarts: usize,
    /// Runner-ups.
    pub targets: usize,
    /// Largest weight of the clean row's own projection against the current point's (0 to 1).
    pub alpha: f32,
    /// How far a step extrapolates beyond the boundary, from 1.
    pub eta: f32,
    /// What is left of a perturbation that reached the goal when the search goes on from there (0 to 1).
    pub beta: f32,
    /// Points tried on the line between the clean row and the smallest perturbation in the end.
    pub halvings: usize,
    /// Leave a row as soon as something inside the ball reaches the goal, instead of looking for something smaller.
    pub until_fooled: bool,
}

impl Default for Fab {
    fn default() -> Self {
        Self {
            steps: 100,
            restarts: 1,
            targets: 9,
            alpha: 0.1,
            eta: 1.05,
            beta: 0.9,
            halvings: 5,
            until_fooled: false,
        }
    }
}

impl Attack for Fab {
    fn run(&self, context: &mut AttackContext<'_>) -> Result<()> {
        let rows = context.active();
        if rows.is_empty() {
            return Ok(());
        }
        let gaps = gaps(context, &rows, self.targets)?;
        let mut smallest = Smallest::new(context);
        for restart in 0..self.restarts.max(1) {
            for (nth, (rows, gap)) in gaps.iter().enumerate() {
                let stream = (restart * gaps.len() + nth) as u32;
                let start = (restart > 0).then_some(stream);
                self.towards(context, &mut smallest, rows, gap, start)?;
            }
        }
        smallest.shrink(context, self.halvings)?;
        smallest.settle(context)
    }

    fn steps(&self) -> usize {
        self.steps * self.restarts.max(1) * (self.targets.max(1) + 1)
    }
}

impl Fab {
    /// One start towards one runner-up of each of `rows`; `stream` is that of the random start, if there is one.
    fn towards(
        &self,
        context: &mut AttackContext<'_>,
        smallest: &mut Smallest,
        rows: &[usize],
        gap: &Gap,
        stream: Option<u32>,
    ) -> Result<()> {
        let space = context.space;
        let len = space.len().max(1);
        let mut keep = self.unfinished(context, smallest, rows);
        let (mut rows, mut gap) = (rows.to_vec(), gap.clone());
        let mut x = match stream {
            Some(stream) => random(context, smallest, &rows, stream)?,
            None => pick(space.clean(), len, &rows),
        };
        for _ in 0..self.steps {
            if keep.len() < rows.len() {
                x = pick(&x, len, &keep);
                gap = gap.pick(&keep);
                rows = keep.iter().map(|&at| rows[at]).collect();
            }
            if rows.is_empty() {
                break;
            }
            let slope = gap.value_and_gradient(context, &rows, &x)?;
            let planes = slope.loss.par_iter().zip(slope.gradient.par_chunks(len));
            let work = x.par_chunks_mut(len).zip(&rows).zip(planes);
            work.for_each(|((x, &r), (&gap, w))| {
                self.step(smallest.metric, row(space, r), x, w, gap);
            });
            let verdicts = context.predict(&rows, &x)?;
            smallest.keep(space, &rows, &x, &verdicts);
            context.report_step(&rows, &x, &slope.loss, &verdicts);
            let back = |fooled: bool| if fooled { f64::from(self.beta) } else { 1.0 };
            let shares: Vec<f64> = verdicts.iter().map(|v| back(v.fooled)).collect();
            x = between(&space.pick(&rows), &x, &shares);
            keep = self.unfinished(context, smallest, &rows);
        }
        if self.until_fooled {
            smallest.settle(context)?;
        }
        Ok(())
    }

    /// The places of the rows that are still to be worked on.
    fn unfinished(
        &self,
        context: &AttackContext<'_>,
        smallest: &Smallest,
        rows: &[usize],
    ) -> Vec<usize> {
        let done = |r: usize| {
            self.until_fooled && (context.best(r).1.fooled || smallest.fits(context.space, r))
        };
        (0..rows.len()).filter(|&at| !done(rows[at])).collect()
    }

    /// The paper's algorithm 1, one iteration: the projections of the current and the clean point onto the linearised boundary,
    /// both extrapolated, and their average, drawn to the clean one the farther the current point is from its own.
    fn step(&self, metric: Metric, bounds: Bounds<'_>, x: &mut [f32], w: &[f32], gap: f32) {
        let apart = w.iter().zip(x.iter().zip(bounds.clean));
        let apart = apart.map(|(&w, (&x, &c))| f64::from(w) * (f64::from(x) - f64::from(c)));
        let rise = -f64::from(gap);
        let here = metric.nearest(bounds, x, w, rise);
        let home = metric.nearest(bounds, bounds.clean, w, rise + apart.sum::<f64>());
        let (from_here, from_home) = (metric.norm(bounds, &here), metric.norm(bounds, &home));
        let alpha = if from_here > 0.0 {
            (from_here / (from_here + from_home)).min(f64::from(self.alpha))
        } else {
            0.0
        };
        let eta = f64::from(self.eta);
        for (i, x) in x.iter_mut().enumerate() {
            let here = f64::from(*x) + eta * here[i];
            let home = f64::from(bounds.clean[i]) + eta * home[i];
            let moved = (1.0 - alpha) * here + alpha * home;
            *x = (moved as f32).clamp(bounds.lower[i], bounds.upper[i]);
        }
    }
}

/// A random point of each row inside the box, at most half as far from the clean one as the smallest perturbation and
/// the ball's radius.
fn random(
    context: &AttackContext<'_>,
    smallest: &Smallest,
    rows: &[usize],
    stream: u32,
) -> Result<Vec<f32>> {
    let part = context.space.pick(rows);
    let kind = match smallest.metric {
        Metric::Linf | Metric::Share => Noise::Uniform,
        Metric::L2 | Metric::L1 => Noise::Normal,
    };
    let noise = context
        .engine
        .noise(part.grid, kind, context.seed, stream, part.keys())?;
    let radius = Metric::radius(context.space);
    let mut x = part.clean().to_vec();
    let len = part.len().max(1);
    for (at, (&r, noise)) in rows.iter().zip(noise.chunks_exact(len)).enumerate() {
        let bounds = row(&part, at);
        let d = smallest.metric.scaled(bounds, noise);
        let reach = 0.5 * smallest.size(r).min(radius) / smallest.metric.norm(bounds, &d);
        if reach.is_finite() {
            let moved = d.iter().enumerate().map(|(i, d)| {
                let moved = f64::from(bounds.clean[i]) + reach * d;
                (moved as f32).clamp(bounds.lower[i], bounds.upper[i])
            });
            let moved: Vec<f32> = moved.collect();
            put(&mut x, &moved, len, &[at]);
        }
    }
    Ok(x)
}
