//! Square Attack: random search with squares.

mod corners;
mod mass;
mod pixels;

use super::frame::{Frame, changeable};
use super::{at_least_one, margins, odd, retain, retain_rows, rises, rng};
use crate::attack::description::{Description, Needs, Parameter, Seeks, StepCost, Unit};
use crate::attack::space::Space;
use crate::attack::threat::Norm;
use crate::attack::victim::Verdict;
use crate::attack::{Attack, AttackContext};
use crate::compute::{Ball, Engine};
use crate::error::Result;
use fastrand::Rng;

/// What the attack says of itself.
pub const DESCRIPTION: Description = Description {
    name: "square",
    title: "Square",
    about: "Random squares, kept where the score rises; needs no gradient.",
    source: "Andriushchenko et al., arXiv 1912.00049",
    needs: Needs::Scores,
    seeks: Seeks::First,
    norms: &Norm::ALL,
    linf_becomes: None,
    takes: &[Parameter::Restarts],
    steps: 5_000,
    unit: Unit::Queries,
    step: 1.0,
    cost: Some(StepCost {
        gradients: 0,
        queries: 1,
    }),
    build: |p| {
        Box::new(SquareAttack {
            queries: p.steps,
            restarts: p.restarts,
            ..SquareAttack::default()
        })
    },
};

/// Square Attack (Andriushchenko et al., arXiv 1912.00049): proposes random squares and keeps those with which the
/// margin rises.
///
/// For l-inf and [`Ball::Box`] a square takes every value to a corner of what is allowed (algorithm 2); for l2 the
/// norm of one square moves to another (algorithm 3), for l1 too, with its own norm (arXiv 2103.01208, appendix); for
/// l0 changed pixels move to random places, as in Sparse-RS (arXiv 2006.12834); for Fourier-l-inf the squares are
/// painted into a pattern of signs, and the point that is tried is the end of the steepest ascent along it. Raw tensors are
/// searched by blocks of their values and by scattered values in turn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SquareAttack {
    /// Queries of each row and start, at most.
    pub queries: usize,
    /// Share of the pixels that the first squares cover, in (0, 1]; it halves along the paper's schedule.
    pub p: f32,
    /// Independent starts, from 1; the later ones only for rows still active.
    pub restarts: usize,
}

impl Default for SquareAttack {
    fn default() -> Self {
        Self {
            queries: 5_000,
            p: 0.8,
            restarts: 1,
        }
    }
}

/// Queries of 10,000 after which the share halves (the paper, section 4.2).
const HALVINGS: [usize; 9] = [10, 50, 200, 500, 1_000, 2_000, 4_000, 6_000, 8_000];

impl Attack for SquareAttack {
    fn run(&self, context: &mut AttackContext<'_>) -> Result<()> {
        at_least_one("Square", "number of queries", self.queries)?;
        at_least_one("Square", "number of restarts", self.restarts)?;
        if !(self.p > 0.0 && self.p <= 1.0) {
            return Err(odd(
                "Square",
                "share p",
                self.p,
                "Give a number above 0, up to 1.",
            ));
        }
        for restart in 0..self.restarts {
            let rows = changeable(context.space, context.active());
            if rows.is_empty() {
                break;
            }
            self.search(context, rows, restart as u32)?;
        }
        Ok(())
    }

    fn steps(&self) -> usize {
        self.queries * self.restarts
    }
}

impl SquareAttack {
    /// The share of the pixels to change after `query` queries.
    fn share(&self, query: usize) -> f64 {
        let rescaled = query * 10_000 / self.queries;
        let halvings = HALVINGS.iter().filter(|&&h| rescaled > h).count();
        f64::from(self.p) / (1_u64 << halvings) as f64
    }

    fn search(&self, context: &mut AttackContext<'_>, rows: Vec<usize>, stream: u32) -> Result<()> {
        let mut walk = Walk::new(context, rows, stream);
        for query in 0..self.queries {
            let pattern = if query == 0 {
                walk.first()
            } else {
                walk.propose(context.engine, self.share(query))?
            };
            let (pattern, x) = walk.realise(context.engine, pattern)?;
            let verdicts = context.predict(&walk.rows, &x)?;
            context.offer(&walk.rows, &x, &verdicts);
            walk.keep(&pattern, &x, &verdicts, query == 0);
            context.report_step(
                &walk.rows,
                &walk.x,
                &margins(&walk.verdicts),
                &walk.verdicts,
            );
            walk.drop_fooled();
            if walk.rows.is_empty() {
                break;
            }
        }
        Ok(())
    }
}

/// The rows under way: where each stands and what moves it.
struct Walk {
    rows: Vec<usize>,
    space: Space,
    frames: Vec<Frame>,
    rngs: Vec<Rng>,
    /// What the squares are painted into: the points themselves, or signs for [`Ball::Fourier`].
    pattern: Vec<f32>,
    x: Vec<f32>,
    verdicts: Vec<Verdict>,
}

/// One row of a walk.
struct Row<'a> {
    space: &'a Space,
    frame: Frame,
    /// Where the row begins in the space's arrays.
    start: usize,
}

impl Walk {
    fn new(context: &AttackContext<'_>, rows: Vec<usize>, stream: u32) -> Self {
        let space = context.space.pick(&rows);
        let key = |key: &u32| rng(context.seed, *key, stream);
        Self {
            frames: (0..rows.len()).map(|at| Frame::of(&space, at)).collect(),
            rngs: space.keys().iter().map(key).collect(),
            pattern: Vec::new(),
            x: Vec::new(),
            verdicts: Vec::new(),
            space,
            rows,
        }
    }

    /// Calls `change` on each row with its random numbers and its values in `pattern`.
    fn each(&mut self, pattern: &mut [f32], change: impl Fn(&Row<'_>, &mut Rng, &mut [f32])) {
        let len = self.space.len();
        let rows = self.frames.iter().zip(&mut self.rngs);
        for (at, ((frame, rng), values)) in rows.zip(pattern.chunks_exact_mut(len)).enumerate() {
            let row = Row {
                space: &self.space,
                frame: *frame,
                start: at * len,
            };
            change(&row, rng, values);
        }
    }

    /// The pattern that each row starts from.
    fn first(&mut self) -> Vec<f32> {
        let mut pattern = self.space.clean().to_vec();
        let start = match self.space.ball {
            Ball::Linf(_) | Ball::Box | Ball::Fourier(..) => corners::stripes,
            Ball::L2(_) | Ball::L1(_) => mass::tiles,
            Ball::L0(_) => pixels::scatter,
        };
        self.each(&mut pattern, start);
        pattern
    }

    /// The pattern with a random change in each row.
    fn propose(&mut self, engine: &dyn Engine, share: f64) -> Result<Vec<f32>> {
        let mut pattern = self.pattern.clone();
        let picture = self.frames.first().is_some_and(|f| !f.is_line);
        match self.space.ball {
            Ball::Linf(eps) if picture && self.space.grid.channels <= 32 => {
                let (mut squares, mut signs) = (Vec::new(), Vec::new());
                for (at, (frame, rng)) in self.frames.iter().zip(&mut self.rngs).enumerate() {
                    let start = at * self.space.len();
                    let row = Row {
                        space: &self.space,
                        frame: *frame,
                        start,
                    };
                    let block = corners::block(&row, rng, &pattern[start..], share);
                    squares.push(block.square);
                    signs.push(block.signs);
                }
                let (grid, bounds) = (self.space.grid, self.space.bounds());
                engine.paint_squares(grid, bounds, &mut pattern, eps, &squares, &signs)?;
            }
            Ball::Linf(_) | Ball::Box | Ball::Fourier(..) => {
                self.each(&mut pattern, |row, rng, z| {
                    corners::paint(row, rng, z, share);
                });
            }
            Ball::L2(_) | Ball::L1(_) => {
                self.each(&mut pattern, |row, rng, z| mass::shift(row, rng, z, share));
            }
            Ball::L0(_) => self.each(&mut pattern, |row, rng, z| pixels::swap(row, rng, z, share)),
        }
        Ok(pattern)
    }

    /// The points of a pattern, inside the space, and the pattern as it is then.
    fn realise(&self, engine: &dyn Engine, mut pattern: Vec<f32>) -> Result<(Vec<f32>, Vec<f32>)> {
        if let Ball::Fourier(..) = self.space.ball {
            let mut x = self.space.clean().to_vec();
            self.space.ascend(engine, &mut x, &pattern, 1.0)?;
            return Ok((pattern, x));
        }
        self.space.project(engine, &mut pattern)?;
        Ok((pattern.clone(), pattern))
    }

    /// Takes over the rows that rise, or all of them.
    fn keep(&mut self, pattern: &[f32], x: &[f32], verdicts: &[Verdict], all: bool) {
        if all {
            self.pattern = pattern.to_vec();
            self.x = x.to_vec();
            self.verdicts = verdicts.to_vec();
            return;
        }
        let len = self.space.len();
        for (at, verdict) in verdicts.iter().enumerate() {
            if rises(verdict, &self.verdicts[at]) {
                let row = at * len..(at + 1) * len;
                self.pattern[row.clone()].copy_from_slice(&pattern[row.clone()]);
                self.x[row.clone()].copy_from_slice(&x[row]);
                self.verdicts[at] = *verdict;
            }
        }
    }

    /// Leaves the rows that reached the goal.
    fn drop_fooled(&mut self) {
        let keep: Vec<bool> = self.verdicts.iter().map(|v| !v.fooled).collect();
        if !keep.contains(&false) {
            return;
        }
        let len = self.space.len();
        let active: Vec<usize> = (0..keep.len()).filter(|&at| keep[at]).collect();
        self.space = self.space.pick(&active);
        retain(&mut self.rows, &keep);
        retain(&mut self.frames, &keep);
        retain(&mut self.rngs, &keep);
        retain(&mut self.verdicts, &keep);
        retain_rows(&mut self.pattern, len, &keep);
        retain_rows(&mut self.x, len, &keep);
    }
}
