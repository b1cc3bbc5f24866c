//! FAB: along the boundary, drawn to the clean row, to the smallest perturbation.

use super::plane::Metric;
use super::smallest::{Gap, Smallest, between, gaps, row};
use crate::attack::Attack;
use crate::attack::context::Arena;
use crate::attack::space::{pick, put};
use crate::compute::{Bounds, Noise};
use crate::error::Result;
use rayon::prelude::*;

/// Fast adaptive boundary attack (Croce & Hein, arXiv 1907.02044), targeted as in `AutoAttack` (arXiv
/// 2003.01690): towards each of the strongest rivals at the clean row in turn. In the norm of the ball; l1 stands for
/// l0, l2 for Fourier-l-inf, the largest share of half the box's width for [`Ball::Box`](crate::compute::Ball::Box).
/// What it finds is kept where it fits the ball, else its projection is tried: for the size of the smallest
/// perturbation itself, give a space with a large ball.
#[derive(Debug, Clone, PartialEq)]
pub struct Fab {
    /// Steps towards each rival in each start.
    pub steps: usize,
    /// Starts, from 1: the clean row, then random points within half of the smallest perturbation so far.
    pub restarts: usize,
    /// Rivals.
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
    fn run(&self, arena: &mut Arena<'_>) -> Result<()> {
        let rows = arena.standing();
        if rows.is_empty() {
            return Ok(());
        }
        let gaps = gaps(arena, &rows, self.targets)?;
        let mut smallest = Smallest::new(arena);
        for restart in 0..self.restarts.max(1) {
            for (nth, (rows, gap)) in gaps.iter().enumerate() {
                let stream = (restart * gaps.len() + nth) as u32;
                let start = (restart > 0).then_some(stream);
                self.towards(arena, &mut smallest, rows, gap, start)?;
            }
        }
        smallest.shrink(arena, self.halvings)?;
        smallest.settle(arena)
    }

    fn steps(&self) -> usize {
        self.steps * self.restarts.max(1) * (self.targets.max(1) + 1)
    }
}

impl Fab {
    /// One start towards one rival of each of `rows`; `stream` is that of the random start, if there is one.
    fn towards(
        &self,
        arena: &mut Arena<'_>,
        smallest: &mut Smallest,
        rows: &[usize],
        gap: &Gap,
        stream: Option<u32>,
    ) -> Result<()> {
        let space = arena.space;
        let len = space.len().max(1);
        let mut keep = self.unfinished(arena, smallest, rows);
        let (mut rows, mut gap) = (rows.to_vec(), gap.clone());
        let mut x = match stream {
            Some(stream) => random(arena, smallest, &rows, stream)?,
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
            let slope = gap.climb(arena, &rows, &x)?;
            let planes = slope.loss.par_iter().zip(slope.gradient.par_chunks(len));
            let work = x.par_chunks_mut(len).zip(&rows).zip(planes);
            work.for_each(|((x, &r), (&gap, w))| {
                self.step(smallest.metric, row(space, r), x, w, gap);
            });
            let verdicts = arena.judge(&rows, &x)?;
            smallest.keep(space, &rows, &x, &verdicts);
            arena.tell(&rows, &x, &slope.loss, &verdicts);
            let back = |fooled: bool| if fooled { f64::from(self.beta) } else { 1.0 };
            let shares: Vec<f64> = verdicts.iter().map(|v| back(v.fooled)).collect();
            x = between(&space.pick(&rows), &x, &shares);
            keep = self.unfinished(arena, smallest, &rows);
        }
        if self.until_fooled {
            smallest.settle(arena)?;
        }
        Ok(())
    }

    /// The places of the rows that are still to be worked on.
    fn unfinished(&self, arena: &Arena<'_>, smallest: &Smallest, rows: &[usize]) -> Vec<usize> {
        let done = |r: usize| {
            self.until_fooled && (arena.best(r).1.fooled || smallest.fits(arena.space, r))
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
fn random(arena: &Arena<'_>, smallest: &Smallest, rows: &[usize], stream: u32) -> Result<Vec<f32>> {
    let part = arena.space.pick(rows);
    let kind = match smallest.metric {
        Metric::Linf | Metric::Share => Noise::Uniform,
        Metric::L2 | Metric::L1 => Noise::Normal,
    };
    let noise = arena
        .engine
        .noise(part.grid, kind, arena.seed, stream, part.keys())?;
    let radius = Metric::radius(arena.space);
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
