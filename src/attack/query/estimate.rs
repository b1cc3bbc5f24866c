//! Gradients estimated from pairs of queries, and steps along them.

use super::frame::changeable;
use super::{BATCH, at_least_one, margins, odd, positive, retain, retain_rows, unit};
use crate::attack::context::AttackContext;
use crate::attack::space::Space;
use crate::attack::victim::Verdict;
use crate::compute::Noise;
use crate::error::Result;

/// What NES and SPSA share: `g = 1/n sum (f(x + h u) - f(x - h u)) / 2h u` over n pairs, f the margin.
pub(super) struct Estimate {
    /// The attack's name, for messages.
    pub name: &'static str,
    /// Where `u` comes from.
    pub noise: Noise,
    /// Queries of an estimate: two per pair.
    pub samples: usize,
    /// h, in pixel values (in half the box's width for `Ball::Box`).
    pub width: f32,
    /// Steps.
    pub steps: usize,
    /// Size of a step as a share of the radius.
    pub step: f32,
    /// Weight of the estimates before.
    pub momentum: f32,
}

/// Two probes of a row, before their forward run.
struct Pair {
    at: usize,
    /// Half the difference of the two, over h: `u` where the box did not stop them.
    direction: Vec<f32>,
}

impl Estimate {
    fn check(&self) -> Result<()> {
        at_least_one(self.name, "number of steps", self.steps)?;
        positive(self.name, "distance of probes", self.width)?;
        positive(self.name, "size of a step", self.step)?;
        if self.samples == 0 || !self.samples.is_multiple_of(2) {
            let remedy = "Samples come in pairs: give an even number from 2.";
            return Err(odd(self.name, "number of samples", self.samples, remedy));
        }
        if !(0.0..1.0).contains(&self.momentum) {
            let remedy = "Give a number from 0, below 1.";
            return Err(odd(self.name, "momentum", self.momentum, remedy));
        }
        Ok(())
    }

    /// Ascends along estimates from the clean rows.
    pub fn run(&self, context: &mut AttackContext<'_>) -> Result<()> {
        self.check()?;
        let mut rows = changeable(context.space, context.active());
        let mut space = context.space.pick(&rows);
        let mut x = space.clean().to_vec();
        let mut velocity = vec![0.0; x.len()];
        for step in 0..self.steps {
            if rows.is_empty() {
                break;
            }
            let gradient = self.gradient(context, &rows, &x, step)?;
            let engine = context.engine;
            engine.accumulate(space.grid, &mut velocity, &gradient, self.momentum)?;
            space.ascend(engine, &mut x, &velocity, self.step)?;
            let verdicts = context.predict(&rows, &x)?;
            context.offer(&rows, &x, &verdicts);
            context.report_step(&rows, &x, &margins(&verdicts), &verdicts);
            let keep: Vec<bool> = verdicts.iter().map(|v| !v.fooled).collect();
            if keep.contains(&false) {
                retain(&mut rows, &keep);
                retain_rows(&mut x, space.len(), &keep);
                retain_rows(&mut velocity, space.len(), &keep);
                space = context.space.pick(&rows);
            }
        }
        Ok(())
    }

    /// The estimate at `x`, values of `rows` one after the other; `step` chooses the random numbers.
    pub fn gradient(
        &self,
        context: &mut AttackContext<'_>,
        rows: &[usize],
        x: &[f32],
        step: usize,
    ) -> Result<Vec<f32>> {
        self.check()?;
        let (space, len) = (context.space, context.space.len());
        let keys: Vec<u32> = rows.iter().map(|&r| space.keys()[r]).collect();
        let grid = space.grid.with_rows(rows.len());
        let pairs = self.samples / 2;
        let mut sum = vec![0.0_f64; x.len()];
        let (mut waiting, mut probes) = (Vec::new(), Vec::new());
        for pair in 0..pairs {
            let stream = (step * pairs + pair) as u32;
            let noise = context
                .engine
                .noise(grid, self.noise, context.seed, stream, &keys)?;
            for (at, noise) in noise.chunks_exact(len.max(1)).enumerate() {
                let x = &x[at * len..(at + 1) * len];
                let direction = self.probe(space, rows[at], x, noise, &mut probes);
                waiting.push(Pair { at, direction });
                if waiting.len() * 2 >= BATCH {
                    self.add(context, rows, &mut waiting, &mut probes, &mut sum)?;
                }
            }
        }
        self.add(context, rows, &mut waiting, &mut probes, &mut sum)?;
        Ok(sum.into_iter().map(|g| (g / pairs as f64) as f32).collect())
    }

    /// Appends `x + h u` and `x - h u`, inside the box, to `probes`; the result is what became of `u`.
    fn probe(
        &self,
        space: &Space,
        row: usize,
        x: &[f32],
        noise: &[f32],
        probes: &mut Vec<f32>,
    ) -> Vec<f32> {
        let start = row * x.len();
        for side in [self.width, -self.width] {
            probes.extend(x.iter().zip(noise).enumerate().map(|(i, (x, u))| {
                let at = start + i;
                (x + side * unit(space, at) * u).clamp(space.lower()[at], space.upper()[at])
            }));
        }
        let (down, up) = (
            &probes[probes.len() - x.len()..],
            &probes[probes.len() - 2 * x.len()..],
        );
        let over = 0.5 / self.width;
        up.iter().zip(down).map(|(u, d)| (u - d) * over).collect()
    }

    /// Runs the probes that wait and adds them to the sum.
    fn add(
        &self,
        context: &mut AttackContext<'_>,
        rows: &[usize],
        waiting: &mut Vec<Pair>,
        probes: &mut Vec<f32>,
        sum: &mut [f64],
    ) -> Result<()> {
        let asked: Vec<usize> = waiting.iter().flat_map(|p| [rows[p.at]; 2]).collect();
        let verdicts = context.predict(&asked, probes)?;
        // Differences of neighbouring margins: in float64, or their last bits are lost.
        let margin = |v: &Verdict| f64::from(v.wrong) - f64::from(v.right);
        for (pair, two) in waiting.iter().zip(verdicts.chunks_exact(2)) {
            let slope = (margin(&two[0]) - margin(&two[1])) / (2.0 * f64::from(self.width));
            if slope.is_finite() {
                let len = pair.direction.len();
                let sum = &mut sum[pair.at * len..(pair.at + 1) * len];
                for (sum, u) in sum.iter_mut().zip(&pair.direction) {
                    *sum += slope * f64::from(*u);
                }
            }
        }
        waiting.clear();
        probes.clear();
        Ok(())
    }
}
