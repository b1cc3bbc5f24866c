//! What attacks for the smallest perturbation have in common: the smallest one found for each row, and how it ends up
//! inside the space.

use super::plane::Metric;
use crate::attack::context::AttackContext;
use crate::attack::space::{Space, pick, put};
use crate::attack::victim::{AscentLoss, ValueAndGradient, Verdict};
use crate::compute::{Ball, Bounds};
use crate::error::Result;

/// Row `at` of a space.
pub(super) fn row(space: &Space, at: usize) -> Bounds<'_> {
    let range = at * space.len()..(at + 1) * space.len();
    Bounds::new(
        &space.clean()[range.clone()],
        &space.lower()[range.clone()],
        &space.upper()[range],
    )
}

/// `clean + share (x - clean)` inside the box, row by row; one share per row.
pub(super) fn between(space: &Space, x: &[f32], shares: &[f64]) -> Vec<f32> {
    let len = space.len().max(1);
    let value = |(i, &x): (usize, &f32)| {
        let clean = f64::from(space.clean()[i]);
        let moved = clean + shares[i / len] * (f64::from(x) - clean);
        (moved as f32).clamp(space.lower()[i], space.upper()[i])
    };
    x.iter().enumerate().map(value).collect()
}

/// Which scores are compared in a batch of rows.
#[derive(Debug, Clone)]
pub(super) enum Gap {
    /// The verdict's own margin: the goal knows no classes.
    Margin,
    /// The score of this class, one per row, less that of what is right.
    To(Vec<u32>),
}

impl Gap {
    /// The gap and its gradient at `x`.
    pub(super) fn value_and_gradient(
        &self,
        context: &mut AttackContext<'_>,
        rows: &[usize],
        x: &[f32],
    ) -> Result<ValueAndGradient> {
        match self {
            Self::Margin => context.value_and_gradient(rows, x, AscentLoss::Margin),
            Self::To(classes) => {
                context.value_and_gradient(rows, x, AscentLoss::TargetedMargin(classes))
            }
        }
    }

    /// The part of it that concerns the places `keep` of the batch.
    pub(super) fn pick(&self, keep: &[usize]) -> Self {
        match self {
            Self::Margin => Self::Margin,
            Self::To(classes) => Self::To(keep.iter().map(|&at| classes[at]).collect()),
        }
    }
}

/// The gaps to close: for each of the `k` strongest runner-ups, best first, the rows that have one; rows without any
/// come with the margin.
pub(super) fn gaps(
    context: &mut AttackContext<'_>,
    rows: &[usize],
    k: usize,
) -> Result<Vec<(Vec<usize>, Gap)>> {
    let x = pick(context.space.clean(), context.space.len(), rows);
    let runner_ups = context.runner_ups(rows, &x, k.max(1))?;
    let mut gaps = Vec::new();
    let without = rows
        .iter()
        .zip(&runner_ups)
        .filter(|(_, runner_ups)| runner_ups.is_empty());
    let without: Vec<usize> = without.map(|(&r, _)| r).collect();
    if !without.is_empty() {
        gaps.push((without, Gap::Margin));
    }
    for nth in 0..runner_ups.iter().map(Vec::len).max().unwrap_or(0) {
        let with = rows.iter().zip(&runner_ups);
        let (rows, classes) = with
            .filter_map(|(&r, runner_ups)| runner_ups.get(nth).map(|&class| (r, class)))
            .unzip();
        gaps.push((rows, Gap::To(classes)));
    }
    Ok(gaps)
}

/// The smallest perturbation of each row that reaches the goal, wherever it lies in the box; where none did, the
/// point with the largest margin.
pub(super) struct Smallest {
    pub(super) metric: Metric,
    /// Infinite where nothing reached the goal.
    sizes: Vec<f64>,
    margins: Vec<f32>,
    x: Vec<f32>,
    /// How far beyond the goal a margin must be to count.
    beyond: f32,
}

impl Smallest {
    pub(super) fn new(context: &AttackContext<'_>) -> Self {
        let rows = context.space.rows();
        Self {
            metric: Metric::of(context.space.ball),
            sizes: vec![f64::INFINITY; rows],
            margins: vec![f32::NEG_INFINITY; rows],
            x: context.space.clean().to_vec(),
            beyond: 0.0,
        }
    }

    /// Counts only what overshoots the goal by this margin.
    pub(super) fn beyond(self, margin: f32) -> Self {
        Self {
            beyond: margin,
            ..self
        }
    }

    /// Is the goal reached, by as much as is asked for?
    pub(super) fn counts(&self, verdict: &Verdict) -> bool {
        verdict.fooled && (self.beyond <= 0.0 || verdict.margin() >= self.beyond)
    }

    /// The size of the smallest perturbation of a row.
    pub(super) fn size(&self, row: usize) -> f64 {
        self.sizes[row]
    }

    /// Keeps what is smaller, or nearer to the goal where nothing reached it yet.
    pub(super) fn keep(&mut self, space: &Space, rows: &[usize], x: &[f32], verdicts: &[Verdict]) {
        let len = space.len();
        for (at, (&r, verdict)) in rows.iter().zip(verdicts).enumerate() {
            let x = &x[at * len..(at + 1) * len];
            let better = if self.counts(verdict) {
                let size = self.metric.size(row(space, r), x);
                let smaller = size < self.sizes[r];
                self.sizes[r] = self.sizes[r].min(size);
                smaller
            } else {
                let nearer = self.sizes[r].is_infinite() && verdict.margin() > self.margins[r];
                if nearer {
                    self.margins[r] = verdict.margin();
                }
                nearer
            };
            if better {
                put(&mut self.x, x, len, &[r]);
            }
        }
    }

    /// Does the smallest perturbation of a row lie in the ball? Never known where another norm stands for the
    /// ball's.
    pub(super) fn fits(&self, space: &Space, row: usize) -> bool {
        let known = !matches!(space.ball, Ball::L0(_) | Ball::Fourier(..));
        known && self.sizes[row] <= Metric::radius(space)
    }

    /// Shrinks towards the clean rows: `halvings` points on the line, where the margin would cross zero if it were
    /// straight (false position with Illinois' rule), or half way where the margin does not tell.
    pub(super) fn shrink(
        &mut self,
        context: &mut AttackContext<'_>,
        halvings: usize,
    ) -> Result<()> {
        let found = |r: &usize| self.sizes[*r].is_finite() && self.sizes[*r] > 0.0;
        let rows: Vec<usize> = context.active().into_iter().filter(found).collect();
        let space = context.space;
        let part = space.pick(&rows);
        let far = pick(&self.x, space.len(), &rows);
        let clean = context.predict(&rows, part.clean())?;
        let ends = context.predict(&rows, &far)?;
        let beyond = f64::from(self.beyond);
        let line = |(clean, end): (&Verdict, &Verdict)| Line {
            low: (0.0, f64::from(clean.margin()) - beyond),
            high: (1.0, f64::from(end.margin()) - beyond),
            last: None,
        };
        let mut lines: Vec<Line> = clean.iter().zip(&ends).map(line).collect();
        for _ in 0..halvings {
            let shares: Vec<f64> = lines.iter().map(Line::next).collect();
            let x = between(&part, &far, &shares);
            let verdicts = context.predict(&rows, &x)?;
            for ((line, &share), verdict) in lines.iter_mut().zip(&shares).zip(&verdicts) {
                line.narrow(
                    share,
                    f64::from(verdict.margin()) - beyond,
                    self.counts(verdict),
                );
            }
            self.keep(space, &rows, &x, &verdicts);
        }
        Ok(())
    }

    /// Brings what was found into the space and hands it to the context: the point itself where it fits the ball (with
    /// the least lengthening, up to a hundredth, that the forward model needs to be fooled), else its projection, and
    /// the point of the ball on the line to it.
    pub(super) fn settle(&self, context: &mut AttackContext<'_>) -> Result<()> {
        let radius = Metric::radius(context.space);
        let mut rows = context.active();
        rows.retain(|&r| self.sizes[r].is_finite() || self.margins[r] > f32::NEG_INFINITY);
        for lengthened in [0.0, 1e-4, 1e-3, 1e-2] {
            rows = self.offer(context, rows, |_| 1.0 + lengthened)?;
            rows.retain(|&r| self.sizes[r] <= radius);
        }
        let mut rows = context.active();
        rows.retain(|&r| self.sizes[r].is_finite() && self.sizes[r] > radius);
        self.offer(context, rows, |r| radius / self.sizes[r])
            .map(drop)
    }

    /// Offers the points at these shares of the way, projected; returns the rows that are still active.
    fn offer(
        &self,
        context: &mut AttackContext<'_>,
        rows: Vec<usize>,
        share: impl Fn(usize) -> f64,
    ) -> Result<Vec<usize>> {
        if rows.is_empty() {
            return Ok(rows);
        }
        let part = context.space.pick(&rows);
        let shares: Vec<f64> = rows.iter().map(|&r| share(r)).collect();
        let mut x = between(&part, &pick(&self.x, part.len(), &rows), &shares);
        part.project(context.engine, &mut x)?;
        let verdicts = context.predict(&rows, &x)?;
        context.offer(&rows, &x, &verdicts);
        let active = |r: &usize| !context.best(*r).1.fooled;
        Ok(rows.into_iter().filter(active).collect())
    }
}

/// Where the goal is reached on the line from the clean row (0) to the far one (1): shares, and margins less what they
/// must exceed.
struct Line {
    low: (f64, f64),
    high: (f64, f64),
    /// Which end moved last: was the goal reached?
    last: Option<bool>,
}

impl Line {
    fn next(&self) -> f64 {
        let (width, rise) = (self.high.0 - self.low.0, self.high.1 - self.low.1);
        let share = if self.low.1 < 0.0 && self.high.1 >= 0.0 && rise.is_finite() {
            (-self.low.1 / rise).clamp(0.02, 0.98)
        } else {
            0.5
        };
        self.low.0 + share * width
    }

    /// At `share` the margin was this far beyond what is asked for; was it enough?
    fn narrow(&mut self, share: f64, margin: f64, enough: bool) {
        if enough {
            self.high = (share, margin);
            if self.last == Some(true) {
                self.low.1 *= 0.5;
            }
        } else {
            self.low = (share, margin);
            if self.last == Some(false) {
                self.high.1 *= 0.5;
            }
        }
        self.last = Some(enough);
    }
}
