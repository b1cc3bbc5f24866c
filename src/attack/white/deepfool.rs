//! `DeepFool`: step onto the nearest linearised boundary until it is crossed.

use super::plane::Metric;
use super::smallest::{Gap, Smallest, gaps, row};
use crate::attack::Attack;
use crate::attack::context::AttackContext;
use crate::attack::description::{Description, Needs, Seeks, StepCost, Unit};
use crate::attack::space::pick;
use crate::attack::threat::Norm;
use crate::error::Result;
use rayon::prelude::*;

/// What the attack says of itself.
pub const DESCRIPTION: Description = Description {
    name: "deepfool",
    title: "DeepFool",
    about: "The smallest perturbation by crossing the nearest linearised boundary.",
    source: "Moosavi-Dezfooli et al., arXiv 1511.04599",
    needs: Needs::Gradient,
    seeks: Seeks::Smallest,
    norms: &Norm::ALL,
    linf_becomes: None,
    takes: &[],
    steps: 50,
    unit: Unit::Steps,
    step: 1.0,
    cost: Some(StepCost {
        gradients: 10,
        queries: 1,
    }),
    build: |p| {
        Box::new(DeepFool {
            steps: p.steps,
            ..DeepFool::default()
        })
    },
};

/// `DeepFool` (Moosavi-Dezfooli et al., arXiv 1511.04599, algorithm 2) in the norm of the ball; l1 stands for l0, l2
/// for Fourier-l-inf. Each step goes to the nearest of the runner-ups' linearised boundaries and a little beyond, with the
/// elements that the box does not stop, cut off at the box (for l1: as many elements as it takes). What it finds is kept where it fits the ball, else its projection is tried: for
/// the size of the smallest perturbation itself, give a space with a large ball.
#[derive(Debug, Clone, PartialEq)]
pub struct DeepFool {
    /// Steps at most.
    pub steps: usize,
    /// How far each step goes beyond the boundary, as a share of its length.
    pub overshoot: f32,
    /// Runner-ups whose boundaries are looked at, the strongest at the clean row.
    pub candidates: usize,
}

impl Default for DeepFool {
    fn default() -> Self {
        Self {
            steps: 50,
            overshoot: 0.02,
            candidates: 10,
        }
    }
}

/// How far a step goes beyond the boundary at the least, as a share of the clean row's gap, so that one that ends on
/// the boundary by rounding is followed by another. Scores have no scale of their own.
const LEAST: f64 = 1e-4;

impl Attack for DeepFool {
    fn run(&self, context: &mut AttackContext<'_>) -> Result<()> {
        let mut rows = context.active();
        if rows.is_empty() {
            return Ok(());
        }
        let gaps = gaps(context, &rows, self.candidates)?;
        let mut smallest = Smallest::new(context);
        let space = context.space;
        let mut x = pick(space.clean(), space.len(), &rows);
        let mut least = vec![0.0; space.rows()];
        for step in 0..self.steps {
            let planes = nearest(context, smallest.metric, &gaps, &rows, &x)?;
            // Nothing will ever move rows that have no gradient.
            let planes = subset(&mut rows, &mut x, space.len(), planes);
            if rows.is_empty() {
                break;
            }
            if step == 0 {
                for (&r, plane) in rows.iter().zip(&planes) {
                    least[r] = LEAST * plane.gap;
                }
            }
            let work = rows
                .par_iter()
                .zip(&planes)
                .zip(x.par_chunks_mut(space.len().max(1)));
            work.for_each(|((&r, plane), x)| {
                let (bounds, rise) = (row(space, r), plane.gap + least[r]);
                let d = smallest.metric.step(bounds, x, &plane.w, rise);
                for (i, (x, d)) in x.iter_mut().zip(d).enumerate() {
                    let moved = f64::from(*x) + (1.0 + f64::from(self.overshoot)) * d;
                    *x = (moved as f32).clamp(bounds.lower[i], bounds.upper[i]);
                }
            });
            let verdicts = context.predict(&rows, &x)?;
            smallest.keep(space, &rows, &x, &verdicts);
            let loss: Vec<f32> = planes.iter().map(|plane| -plane.gap as f32).collect();
            context.report_step(&rows, &x, &loss, &verdicts);
            let active = verdicts.iter().map(|v| (!v.fooled).then_some(()));
            let active = active.collect();
            subset(&mut rows, &mut x, space.len(), active);
        }
        smallest.settle(context)
    }

    fn steps(&self) -> usize {
        self.steps
    }
}

/// A linearised boundary.
struct Plane {
    /// What the runner-up is behind, from 0.
    gap: f64,
    /// Gradient of the runner-up's lead.
    w: Vec<f32>,
}

/// The nearest linearised boundary of each of `rows`, where the gradient gives one.
fn nearest(
    context: &mut AttackContext<'_>,
    metric: Metric,
    gaps: &[(Vec<usize>, Gap)],
    rows: &[usize],
    x: &[f32],
) -> Result<Vec<Option<Plane>>> {
    let (space, len) = (context.space, context.space.len().max(1));
    let mut best: Vec<(f64, Option<Plane>)> = rows.iter().map(|_| (f64::INFINITY, None)).collect();
    for (with, gap) in gaps {
        // Places among `rows` and among those that have this runner-up; both rise.
        let places = rows.iter().enumerate();
        let (here, there): (Vec<usize>, Vec<usize>) = places
            .filter_map(|(at, r)| Some((at, with.binary_search(r).ok()?)))
            .unzip();
        let these: Vec<usize> = here.iter().map(|&at| rows[at]).collect();
        let slope = gap
            .pick(&there)
            .value_and_gradient(context, &these, &pick(x, len, &here))?;
        let found = here
            .iter()
            .zip(&slope.loss)
            .zip(slope.gradient.chunks_exact(len));
        for ((&at, &loss), w) in found {
            let gap = f64::from(-loss).max(0.0);
            let distance = gap * metric.distance(row(space, rows[at]), w);
            if distance < best[at].0 {
                best[at] = (distance, Some(Plane { gap, w: w.to_vec() }));
            }
        }
    }
    Ok(best.into_iter().map(|(_, plane)| plane).collect())
}

/// Leaves the rows that have something, and gives back what they have.
fn subset<T>(rows: &mut Vec<usize>, x: &mut Vec<f32>, len: usize, has: Vec<Option<T>>) -> Vec<T> {
    let places = has.iter().enumerate();
    let keep: Vec<usize> = places
        .filter_map(|(at, t)| t.as_ref().map(|_| at))
        .collect();
    *x = pick(x, len, &keep);
    *rows = keep.iter().map(|&at| rows[at]).collect();
    has.into_iter().flatten().collect()
}
