//! `SimBA`: one direction after another.

use super::dct::{Wave, Waves};
use super::frame::{Frame, changeable};
use super::{at_least_one, margins, positive, rises, rng, unit};
use crate::attack::description::{Description, Needs, Seeks, StepCost, Unit};
use crate::attack::space::{Space, pick};
use crate::attack::threat::Norm;
use crate::attack::victim::Verdict;
use crate::attack::{Attack, AttackContext};
use crate::compute::Ball;
use crate::compute::Band;
use crate::error::{Error, Result};
use fastrand::Rng;

/// The norms it works in: its steps change every pixel a little.
const NORMS: &[Norm] = &[
    Norm::Linf,
    Norm::L2,
    Norm::L1,
    Norm::Fourier(Band::ALL),
    Norm::Free,
];

/// What the attack says of itself.
pub const DESCRIPTION: Description = Description {
    name: "simba",
    title: "SimBA-DCT",
    about: "One DCT direction after another, kept where the score rises; needs no gradient.",
    source: "Guo et al., arXiv 1905.07121",
    needs: Needs::Scores,
    seeks: Seeks::First,
    norms: NORMS,
    linf_becomes: None,
    takes: &[],
    steps: 5_000,
    unit: Unit::Queries,
    step: 1.0,
    cost: Some(StepCost {
        gradients: 0,
        queries: 1,
    }),
    build: |p| {
        Box::new(Simba {
            queries: p.steps,
            ..Simba::default()
        })
    },
};

/// `SimBA-DCT` (Guo et al., arXiv 1905.07121, algorithm 1): adds a step of a random cosine, or takes it away, where
/// that raises the margin; low frequencies first. Steps that leave the ball are projected back, so that it goes on
/// where the paper's own, which knows no ball, would have left it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Simba {
    /// Queries of each row, at most.
    pub queries: usize,
    /// Size of a step as a share of the radius, measured in the ball's norm; for Fourier-l-inf in l2, as a share of
    /// the l2 norm of its largest perturbation.
    pub step: f32,
}

impl Default for Simba {
    fn default() -> Self {
        Self {
            queries: 5_000,
            step: 0.1,
        }
    }
}

/// A row under way.
struct Walker {
    row: usize,
    space: Space,
    frame: Frame,
    rng: Rng,
    waves: Waves,
    /// What is tried: a cosine, first with one sign, then with the other.
    wave: Wave,
    second: bool,
    x: Vec<f32>,
    verdict: Verdict,
    left: usize,
    /// Trials in a row that the projection took back, unasked.
    idle: usize,
}

impl Attack for Simba {
    fn run(&self, context: &mut AttackContext<'_>) -> Result<()> {
        at_least_one("SimBA-DCT", "number of queries", self.queries)?;
        positive("SimBA-DCT", "size of a step", self.step)?;
        if let Ball::L0(_) = context.space.ball {
            return Err(Error::request(
                "SimBA-DCT changes every pixel a little, and cannot count pixels",
                "Choose l-inf, l2, l1, Fourier-l-inf or a region for it, or attack with Square.",
            ));
        }
        let rows = changeable(context.space, context.active());
        let mut walkers: Vec<Walker> = rows.iter().map(|&r| self.walker(context, r)).collect();
        while !walkers.is_empty() {
            self.round(context, &mut walkers)?;
            walkers.retain(|w| !w.verdict.fooled && w.left > 0 && w.idle <= 2 * w.waves.count());
        }
        Ok(())
    }

    fn steps(&self) -> usize {
        self.queries
    }
}

impl Simba {
    fn walker(&self, context: &AttackContext<'_>, row: usize) -> Walker {
        let space = context.space.pick(&[row]);
        let frame = Frame::of(&space, 0);
        let (x, verdict) = context.best(row);
        Walker {
            row,
            frame,
            rng: rng(context.seed, space.keys()[0], 0),
            waves: Waves::new(frame),
            wave: Wave::default(),
            second: false,
            x: x.to_vec(),
            verdict,
            left: self.queries,
            idle: 0,
            space,
        }
    }

    /// One trial of each row.
    fn round(&self, context: &mut AttackContext<'_>, walkers: &mut [Walker]) -> Result<()> {
        let all: Vec<usize> = walkers.iter().map(|w| w.row).collect();
        let mut trials = Vec::with_capacity(all.len() * context.space.len());
        for walker in &mut *walkers {
            trials.extend(walker.trial(self.step));
        }
        context
            .space
            .pick(&all)
            .project(context.engine, &mut trials)?;
        let len = context.space.len();
        let mut asked = Vec::new();
        for (at, (walker, trial)) in walkers.iter_mut().zip(trials.chunks_exact(len)).enumerate() {
            if trial == walker.x {
                walker.idle += 1;
            } else {
                walker.idle = 0;
                walker.left -= 1;
                asked.push(at);
            }
        }
        let rows = pick_rows(&all, &asked);
        let x = pick(&trials, len, &asked);
        let verdicts = context.predict(&rows, &x)?;
        context.offer(&rows, &x, &verdicts);
        for ((&at, x), verdict) in asked.iter().zip(x.chunks_exact(len)).zip(&verdicts) {
            if rises(verdict, &walkers[at].verdict) {
                walkers[at].x.copy_from_slice(x);
                walkers[at].verdict = *verdict;
                walkers[at].second = false;
            }
        }
        if !rows.is_empty() {
            let now: Vec<f32> = asked
                .iter()
                .flat_map(|&at| &walkers[at].x)
                .copied()
                .collect();
            let verdicts: Vec<Verdict> = asked.iter().map(|&at| walkers[at].verdict).collect();
            context.report_step(&rows, &now, &margins(&verdicts), &verdicts);
        }
        context.task.check()
    }
}

impl Walker {
    /// The next point to try, not projected yet.
    fn trial(&mut self, step: f32) -> Vec<f32> {
        if !self.second {
            self.wave = self.waves.next(&mut self.rng);
        }
        let sign = if self.second { 1.0 } else { -1.0 };
        self.second = !self.second;
        let values = || self.wave.values(self.frame);
        let radius = f64::from(step) * f64::from(self.space.radius());
        let size = sign
            * match self.space.ball {
                Ball::Linf(_) | Ball::Box | Ball::L0(_) => {
                    radius
                        / values()
                            .map(|(_, v)| v.abs())
                            .fold(f64::MIN_POSITIVE, f64::max)
                }
                Ball::L1(_) => radius / values().map(|(_, v)| v.abs()).sum::<f64>(),
                Ball::L2(_) => radius,
                Ball::Fourier(..) => radius * (self.space.grid.plane() as f64).sqrt(),
            };
        let mut x = self.x.clone();
        for (at, v) in values() {
            x[at] = (f64::from(x[at]) + size * f64::from(unit(&self.space, at)) * v) as f32;
        }
        x
    }
}

/// The entries `at` of `rows`.
fn pick_rows(rows: &[usize], at: &[usize]) -> Vec<usize> {
    at.iter().map(|&at| rows[at]).collect()
}
