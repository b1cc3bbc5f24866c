//! One run of algorithm 1: steps whose size is halved where progress stops.

use crate::attack::context::AttackContext;
use crate::attack::loss::Loss;
use crate::attack::space::Space;
use crate::attack::victim::{ValueAndGradient, Verdict};
use crate::attack::white::active::ActiveRows;
use crate::compute::Engine;
use crate::error::Result;

/// Share of the step itself; the rest goes on as before.
const ALPHA: f32 = 0.75;
/// Share of steps that must rise between two checkpoints, in percent.
const RHO: usize = 75;

/// Steps after which each row's progress is checked: `w_j = ceil(p_j N)` with `p_0 = 0`, `p_1 = 0.22` and
/// `p_(j+1) = p_j + max(p_j - p_(j-1) - 0.03, 0.06)`, in percent so that nothing rounds.
fn checkpoints(steps: usize) -> Vec<usize> {
    let (mut percent, mut period) = (22, 22);
    let mut found = Vec::new();
    while percent <= 100 {
        found.push((percent * steps).div_ceil(100));
        period = (period - 3).max(6);
        percent += period;
    }
    found.dedup();
    found
}

/// What a row's step size depends on.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// Size of its steps.
    size: f32,
    /// Loss at its point.
    loss: f32,
    /// Highest loss so far.
    best: f32,
    /// Steps since the last checkpoint that rose.
    rises: usize,
    /// Size and highest loss at the last checkpoint.
    checked: (f32, f32),
}

impl Pace {
    fn new(size: f32, loss: f32) -> Self {
        Self {
            size,
            loss,
            best: loss,
            rises: 0,
            checked: (size, loss),
        }
    }

    /// A step led to this loss. Is it the highest?
    fn saw(&mut self, loss: f32) -> bool {
        self.rises += usize::from(loss > self.loss);
        self.loss = loss;
        let better = loss > self.best;
        if better {
            self.best = loss;
        }
        better
    }

    /// A checkpoint, so many steps after the last. Halves the size, and says so, if too few of them rose (condition
    /// 1), or if neither the size nor the highest loss has changed (condition 2); then goes on from the best point.
    fn check(&mut self, since: usize) -> bool {
        let few = self.rises * 100 < RHO * since;
        let stuck = self.checked == (self.size, self.best);
        self.checked = (self.size, self.best);
        self.rises = 0;
        if few || stuck {
            self.size *= 0.5;
            self.loss = self.best;
        }
        few || stuck
    }
}

/// A run of algorithm 1: arrays have a row of values for each row of the front.
struct Ascent {
    active: ActiveRows,
    x: Vec<f32>,
    before: Vec<f32>,
    gradient: Vec<f32>,
    /// Where the loss was highest, and its gradient there.
    best: [Vec<f32>; 2],
    paces: Vec<Pace>,
    checkpoints: Vec<usize>,
    /// Steps done at the last checkpoint.
    checked: usize,
}

/// One run of algorithm 1 over the rows of `active` from `x`. With `inside`, what is found is offered and rows that
/// are fooled drop out; without, the front's space is wider than the context's and neither happens. Returns the points
/// of highest loss of the rows that are left.
pub(in crate::attack::white) fn ascend(
    context: &mut AttackContext<'_>,
    active: ActiveRows,
    x: Vec<f32>,
    loss: Loss,
    steps: usize,
    inside: bool,
) -> Result<Vec<f32>> {
    let mut run = Ascent {
        active,
        before: x.clone(),
        gradient: Vec::new(),
        best: [x.clone(), Vec::new()],
        x,
        paces: Vec::new(),
        checkpoints: checkpoints(steps),
        checked: 0,
    };
    let mut losses = Vec::new();
    for step in 0..=steps {
        let rows = &run.active.rows;
        if inside && step == steps {
            run.active.finish(context, &run.x, &losses, loss)?;
            break;
        }
        let mut slope = context.value_and_gradient(rows, &run.x, run.active.ascent(loss))?;
        if inside {
            context.offer(rows, &run.x, &slope.verdicts);
            context.report_step(rows, &run.x, &slope.loss, &slope.verdicts);
        } else {
            // Points outside the space are not results: what is reported is the best inside.
            let verdicts: Vec<Verdict> = rows.iter().map(|&r| context.best(r).1).collect();
            let shown = context.best_of(rows);
            context.report_step(rows, &shown, &slope.loss, &verdicts);
        }
        run.see(step, &slope);
        if let Some(left) = ActiveRows::left(&slope.verdicts).filter(|_| inside) {
            run.keep(&left);
            slope.loss = left.iter().map(|&at| slope.loss[at]).collect();
        }
        if run.paces.is_empty() || step == steps {
            break;
        }
        let alpha = if step == 0 { 1.0 } else { ALPHA };
        run.step(context.engine, alpha)?;
        losses = slope.loss;
    }
    let [best, _] = run.best;
    Ok(best)
}

impl Ascent {
    /// Takes in what was found at `x` after `step` steps: keeps it where it is the best, and at a checkpoint takes
    /// the rows whose step is halved back to their best point.
    fn see(&mut self, step: usize, slope: &ValueAndGradient) {
        let len = self.active.space.len();
        self.gradient.clone_from(&slope.gradient);
        if step == 0 {
            let size = 2.0 * self.active.space.radius();
            self.paces = slope
                .loss
                .iter()
                .map(|&loss| Pace::new(size, loss))
                .collect();
            self.best[1].clone_from(&slope.gradient);
            return;
        }
        let due = self.checkpoints.contains(&step);
        for (at, (pace, &loss)) in self.paces.iter_mut().zip(&slope.loss).enumerate() {
            let [best, best_gradient] = &mut self.best;
            let here = at * len..(at + 1) * len;
            if pace.saw(loss) {
                best[here.clone()].copy_from_slice(&self.x[here.clone()]);
                best_gradient[here.clone()].copy_from_slice(&self.gradient[here.clone()]);
            }
            if due && pace.check(step - self.checked) {
                self.x[here.clone()].copy_from_slice(&best[here.clone()]);
                self.gradient[here.clone()].copy_from_slice(&best_gradient[here]);
            }
        }
        if due {
            self.checked = step;
        }
    }

    /// Leaves only the rows at the places `left`.
    fn keep(&mut self, left: &[usize]) {
        let [best, best_gradient] = &mut self.best;
        let arrays = &mut [
            &mut self.x,
            &mut self.before,
            &mut self.gradient,
            best,
            best_gradient,
        ];
        self.active.keep(left, arrays);
        self.paces = left.iter().map(|&at| self.paces[at]).collect();
    }

    fn step(&mut self, engine: &dyn Engine, alpha: f32) -> Result<()> {
        let sizes: Vec<f32> = self.paces.iter().map(|pace| pace.size).collect();
        let Space { grid, ball, .. } = self.active.space;
        engine.momentum_step(
            grid,
            ball,
            self.active.space.bounds(),
            &mut self.x,
            &mut self.before,
            &self.gradient,
            &sizes,
            alpha,
        )
    }
}
