//! Carlini & Wagner: the smallest l2 perturbation by optimisation without bounds.

use super::smallest::{Smallest, row};
use crate::attack::Attack;
use crate::attack::context::AttackContext;
use crate::attack::description::{Description, Needs, Parameter, Seeks, StepCost, Unit};
use crate::attack::space::pick;
use crate::attack::threat::Norm;
use crate::attack::victim::{AscentLoss, ValueAndGradient};
use crate::compute::Bounds;
use crate::error::Result;
use rayon::prelude::*;

/// What the attack says of itself.
pub const DESCRIPTION: Description = Description {
    name: "cw",
    title: "Carlini & Wagner",
    about: "The smallest l2 perturbation by optimisation; counts where it fits the ball.",
    source: "Carlini and Wagner, arXiv 1608.04644",
    needs: Needs::Gradient,
    seeks: Seeks::Smallest,
    norms: &Norm::ALL,
    linf_becomes: None,
    takes: &[Parameter::Kappa],
    steps: 50,
    unit: Unit::Steps,
    step: 1.0,
    cost: Some(StepCost {
        gradients: 1,
        queries: 1,
    }),
    build: |p| {
        Box::new(CarliniWagner {
            steps: p.steps,
            kappa: p.kappa,
            ..CarliniWagner::default()
        })
    },
};

/// The l2 attack of Carlini & Wagner (arXiv 1608.04644, section VI-A): Adam on
/// `||delta||_2^2 + c max(-margin, -kappa)`, where `x = middle + half_width tanh(v)` of the row's own box. Of all
/// points visited that reach the goal, the one that is smallest in the ball's norm is kept (l2 for Fourier-l-inf,
/// l1 for l0) where it fits the ball, else its projection is tried: for the size of the smallest perturbation itself,
/// give a space with a large ball. Values at the very end of the box move little, as tanh is flat there.
#[derive(Debug, Clone, PartialEq)]
pub struct CarliniWagner {
    /// Steps of Adam in each search.
    pub steps: usize,
    /// Adam's step, in units of `v`: about this share of half the box's width in the middle of the box.
    pub rate: f32,
    /// Weight of the margin, in the units of the scores (1 in torchattacks). `None`: ten times the least weight with
    /// which the linearised problem crosses the boundary, `2 |margin| / ||gradient||_2^2` at the clean row, so that
    /// the scores' scale does not matter.
    pub c: Option<f32>,
    /// How far the goal is to be overshot, in the units of the scores, from 0.
    pub kappa: f32,
    /// Further searches, each with a c of its own: half way to the largest that failed where the goal was reached,
    /// else half way to the smallest that succeeded, or ten times as large where none has yet (the paper has 9).
    pub searches: usize,
    /// Points tried in the end on the line between the clean row and the smallest perturbation: large weights leave
    /// it beyond the boundary.
    pub halvings: usize,
}

impl Default for CarliniWagner {
    fn default() -> Self {
        Self {
            steps: 50,
            rate: 0.01,
            c: None,
            kappa: 0.0,
            searches: 0,
            halvings: 5,
        }
    }
}

/// How often the weight that the linearised problem needs.
const AMPLE: f64 = 10.0;

/// A clean row that touches the box starts this close to its end (as a share of half the width), where `v` is finite.
const INSIDE: f64 = 1.0 - 1e-6;

/// Adam's decays and the number that keeps its division finite (arXiv 1412.6980), here as a share of the largest
/// gradient, so that the pixels' scale does not matter.
const DECAY: (f64, f64) = (0.9, 0.999);
const TINY: f64 = 1e-8;

impl Attack for CarliniWagner {
    fn run(&self, context: &mut AttackContext<'_>) -> Result<()> {
        let rows = context.active();
        if rows.is_empty() {
            return Ok(());
        }
        let mut smallest = Smallest::new(context).beyond(self.kappa);
        let mut weights: Vec<Weight> = rows.iter().map(|_| Weight::new(self.c)).collect();
        for _ in 0..=self.searches {
            let reached = self.search(context, &mut smallest, &rows, &mut weights)?;
            for (weight, reached) in weights.iter_mut().zip(reached) {
                weight.narrow(reached);
            }
        }
        smallest.shrink(context, self.halvings)?;
        smallest.settle(context)
    }

    fn steps(&self) -> usize {
        self.steps * (self.searches + 1)
    }
}

impl CarliniWagner {
    /// One run of Adam from the clean rows: which of them reached the goal?
    fn search(
        &self,
        context: &mut AttackContext<'_>,
        smallest: &mut Smallest,
        rows: &[usize],
        weights: &mut [Weight],
    ) -> Result<Vec<bool>> {
        let space = context.space;
        let len = space.len().max(1);
        let mut x = pick(space.clean(), space.len(), rows);
        let mut adams: Vec<Adam> = rows.iter().map(|&r| Adam::new(row(space, r))).collect();
        let mut reached = vec![false; rows.len()];
        for step in 1..=self.steps {
            let ValueAndGradient { loss, gradient, .. } =
                context.value_and_gradient(rows, &x, AscentLoss::Margin)?;
            let ascents = loss.par_iter().zip(gradient.par_chunks(len));
            let states = adams.par_iter_mut().zip(weights.par_iter_mut());
            let work = x.par_chunks_mut(len).zip(rows).zip(ascents).zip(states);
            work.for_each(|(((x, &r), (&margin, ascent)), (adam, weight))| {
                let bounds = row(space, r);
                let c = *weight
                    .c
                    .get_or_insert_with(|| ample(bounds, ascent, margin));
                // The hinge is flat beyond kappa.
                let c = if margin < self.kappa { c } else { 0.0 };
                adam.step(bounds, x, ascent, c, f64::from(self.rate), step);
            });
            let verdicts = context.predict(rows, &x)?;
            for (reached, verdict) in reached.iter_mut().zip(&verdicts) {
                *reached |= smallest.counts(verdict);
            }
            smallest.keep(space, rows, &x, &verdicts);
            context.report_step(rows, &x, &loss, &verdicts);
        }
        Ok(reached)
    }
}

/// [`CarliniWagner::c`] where it is `None`; 1 where the clean row has no gradient.
fn ample(bounds: Bounds<'_>, ascent: &[f32], margin: f32) -> f64 {
    let free = bounds.lower.iter().zip(bounds.upper).zip(ascent);
    let free = free.filter(|((l, u), _)| l < u);
    let square: f64 = free.map(|(_, &g)| f64::from(g).powi(2)).sum();
    let c = AMPLE * 2.0 * f64::from(margin).abs() / square;
    if c.is_finite() { c } else { 1.0 }
}

/// The weight of the margin for one row, and what is known of it.
struct Weight {
    /// Set at the first gradient where nobody chose it.
    c: Option<f64>,
    failed: f64,
    reached: f64,
}

impl Weight {
    fn new(c: Option<f32>) -> Self {
        Self {
            c: c.map(f64::from),
            failed: 0.0,
            reached: f64::INFINITY,
        }
    }

    fn narrow(&mut self, reached: bool) {
        let c = self.c.unwrap_or(1.0);
        if reached {
            self.reached = self.reached.min(c);
        } else {
            self.failed = self.failed.max(c);
        }
        self.c = Some(if self.reached.is_finite() {
            f64::midpoint(self.failed, self.reached)
        } else {
            c * 10.0
        });
    }
}

/// Adam on the hidden variable of one row.
struct Adam {
    v: Vec<f64>,
    mean: Vec<f64>,
    square: Vec<f64>,
}

impl Adam {
    /// Starts at the clean row.
    fn new(bounds: Bounds<'_>) -> Self {
        let hidden = |(i, &clean): (usize, &f32)| {
            let (middle, half) = middle(bounds, i);
            let share = (f64::from(clean) - middle) / half;
            // Elements that cannot move divide by 0; where they start does not matter.
            if half > 0.0 {
                share.clamp(-INSIDE, INSIDE).atanh()
            } else {
                0.0
            }
        };
        Self {
            v: bounds.clean.iter().enumerate().map(hidden).collect(),
            mean: vec![0.0; bounds.clean.len()],
            square: vec![0.0; bounds.clean.len()],
        }
    }

    /// Downhill on the squared norm less `c` times the margin, whose gradient at `x` is `ascent`; `step` counts
    /// from 1.
    fn step(
        &mut self,
        bounds: Bounds<'_>,
        x: &mut [f32],
        ascent: &[f32],
        c: f64,
        rate: f64,
        step: usize,
    ) {
        let slope = |(i, (&x, &up)): (usize, (&f32, &f32))| {
            let (_, half) = middle(bounds, i);
            let delta = f64::from(x) - f64::from(bounds.clean[i]);
            (2.0 * delta - c * f64::from(up)) * half * (1.0 - self.v[i].tanh().powi(2))
        };
        let slopes: Vec<f64> = x.iter().zip(ascent).enumerate().map(slope).collect();
        // A model that overflows gives no direction.
        if !slopes.iter().all(|g| g.is_finite()) {
            return;
        }
        let largest = slopes.iter().fold(0.0, |m: f64, g| m.max(g.abs()));
        if largest == 0.0 {
            return;
        }
        let fade = (
            1.0 - DECAY.0.powi(step as i32),
            1.0 - DECAY.1.powi(step as i32),
        );
        for (i, (x, g)) in x.iter_mut().zip(slopes).enumerate() {
            self.mean[i] += (1.0 - DECAY.0) * (g - self.mean[i]);
            self.square[i] += (1.0 - DECAY.1) * (g * g - self.square[i]);
            let size = (self.square[i] / fade.1).sqrt() + TINY * largest;
            self.v[i] -= rate * self.mean[i] / fade.0 / size;
            let (middle, half) = middle(bounds, i);
            let moved = middle + half * self.v[i].tanh();
            *x = (moved as f32).clamp(bounds.lower[i], bounds.upper[i]);
        }
    }
}

/// Middle and half the width of the box at element `i`.
fn middle(bounds: Bounds<'_>, i: usize) -> (f64, f64) {
    let (lower, upper) = (f64::from(bounds.lower[i]), f64::from(bounds.upper[i]));
    (f64::midpoint(lower, upper), (upper - lower) * 0.5)
}
