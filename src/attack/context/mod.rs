//! What an attack works with: the victim, the space, the engine, and the best it has found so far.

mod subset;

use super::space::{Space, pick, put};
use super::victim::{AscentLoss, GradientDefects, ValueAndGradient, Verdict, Victim};
use crate::compute::Engine;
use crate::error::Result;
use crate::task::Task;
use subset::{Renumbered, Subset};

/// A step of an attack, for its [`Watch`].
#[derive(Debug, Clone, Copy)]
pub struct StepEvent<'a> {
    /// Steps done, from 1, by the attack's own count; never falls.
    pub step: usize,
    /// The rows that the step was about.
    pub rows: &'a [usize],
    /// Their values after the step.
    pub x: &'a [f32],
    /// The loss that the attack maximises, one per row.
    pub loss: &'a [f32],
    /// One per row.
    pub verdicts: &'a [Verdict],
}

/// Watches an attack as it goes: a live picture, a curve.
pub trait Watch {
    /// A step was done.
    fn step(&mut self, event: &StepEvent<'_>);
}

/// Nobody watches.
pub struct Unwatched;

impl Watch for Unwatched {
    fn step(&mut self, _: &StepEvent<'_>) {}
}

/// The best that was found for each row, and what it took.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// The best values of each row, inside the space; the clean ones where nothing better was found.
    pub x: Vec<f32>,
    /// What the model says of them.
    pub verdicts: Vec<Verdict>,
    /// Gradients computed for each row.
    pub gradients: Vec<u32>,
    /// Forward runs for each row, those of gradients not counted.
    pub queries: Vec<u32>,
    /// What was wrong with the gradients of each row.
    pub blind: Vec<GradientDefects>,
}

/// A batch under attack. Attacks call [`AttackContext::predict`] and [`AttackContext::value_and_gradient`], and [`AttackContext::offer`] what they find.
pub struct AttackContext<'a> {
    /// Where the rows may go.
    pub space: &'a Space,
    /// Steps, projections and noise.
    pub engine: &'a dyn Engine,
    /// Cancel and progress.
    pub task: &'a Task,
    /// Seed of every random number.
    pub seed: u64,
    victim: &'a mut dyn Victim,
    watch: &'a mut dyn Watch,
    best: Outcome,
    step: usize,
}

impl<'a> AttackContext<'a> {
    /// Starts with the clean rows as the best so far, after one forward run.
    ///
    /// # Errors
    /// The model fails, or the task was cancelled.
    pub fn new(
        victim: &'a mut dyn Victim,
        space: &'a Space,
        engine: &'a dyn Engine,
        watch: &'a mut dyn Watch,
        seed: u64,
        task: &'a Task,
    ) -> Result<Self> {
        let rows: Vec<usize> = (0..space.rows()).collect();
        let verdicts = victim.predict(&rows, space.clean(), task)?;
        let best = Outcome {
            x: space.clean().to_vec(),
            verdicts,
            gradients: vec![0; rows.len()],
            queries: vec![1; rows.len()],
            blind: vec![GradientDefects::default(); rows.len()],
        };
        Ok(Self {
            space,
            engine,
            task,
            seed,
            victim,
            watch,
            best,
            step: 0,
        })
    }

    /// Every row.
    pub fn all(&self) -> Vec<usize> {
        (0..self.space.rows()).collect()
    }

    /// The rows that no perturbation was found for yet.
    pub fn active(&self) -> Vec<usize> {
        let fooled = |r: &usize| !self.best.verdicts[*r].fooled;
        self.all().into_iter().filter(fooled).collect()
    }

    /// What is attacked.
    pub(super) fn victim(&self) -> &dyn Victim {
        self.victim
    }

    /// Does the victim give gradients?
    pub fn has_gradient(&self) -> bool {
        self.victim.has_gradient()
    }

    /// Scores of `x`, values of `rows` one after the other.
    ///
    /// # Errors
    /// The model fails, or the task was cancelled.
    pub fn predict(&mut self, rows: &[usize], x: &[f32]) -> Result<Vec<Verdict>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        self.task.check()?;
        for &r in rows {
            self.best.queries[r] += 1;
        }
        self.victim.predict(rows, x, self.task)
    }

    /// Loss, verdicts and gradient at `x`; the gradient has finite values only.
    ///
    /// # Errors
    /// There is no gradient, the model fails, or the task was cancelled.
    pub fn value_and_gradient(
        &mut self,
        rows: &[usize],
        x: &[f32],
        ascent: AscentLoss<'_>,
    ) -> Result<ValueAndGradient> {
        if rows.is_empty() {
            return Ok(ValueAndGradient::default());
        }
        self.task.check()?;
        for &r in rows {
            self.best.gradients[r] += 1;
        }
        let mut slope = self.victim.value_and_gradient(rows, x, ascent, self.task)?;
        for (&r, blind) in rows.iter().zip(slope.sanitize(self.space.len())) {
            self.best.blind[r].add(blind);
        }
        Ok(slope)
    }

    /// The `k` strongest wrong classes of each row at `x`.
    ///
    /// # Errors
    /// The model fails, or the task was cancelled.
    pub fn runner_ups(&mut self, rows: &[usize], x: &[f32], k: usize) -> Result<Vec<Vec<u32>>> {
        self.task.check()?;
        for &r in rows {
            self.best.queries[r] += 1;
        }
        self.victim.runner_ups(rows, x, k, self.task)
    }

    /// Keeps each row of `x` that is nearer to the goal than the best so far; `x` must lie inside the space.
    pub fn offer(&mut self, rows: &[usize], x: &[f32], verdicts: &[Verdict]) {
        let len = self.space.len();
        for (at, (&r, verdict)) in rows.iter().zip(verdicts).enumerate() {
            if verdict.beats(&self.best.verdicts[r]) {
                self.best.verdicts[r] = *verdict;
                put(&mut self.best.x, &x[at * len..(at + 1) * len], len, &[r]);
            }
        }
    }

    /// Puts `x` in the place of the best of these rows, whatever that was: for attacks that shrink a perturbation
    /// which already reaches the goal.
    pub fn replace(&mut self, rows: &[usize], x: &[f32], verdicts: &[Verdict]) {
        let len = self.space.len();
        put(&mut self.best.x, x, len, rows);
        for (&r, verdict) in rows.iter().zip(verdicts) {
            self.best.verdicts[r] = *verdict;
        }
    }

    /// The best so far: values and verdict of a row.
    pub fn best(&self, row: usize) -> (&[f32], Verdict) {
        let len = self.space.len();
        (
            &self.best.x[row * len..(row + 1) * len],
            self.best.verdicts[row],
        )
    }

    /// The best values of `rows` so far, one after the other.
    pub fn best_of(&self, rows: &[usize]) -> Vec<f32> {
        pick(&self.best.x, self.space.len(), rows)
    }

    /// Reports a step to the [`Watch`].
    pub fn report_step(&mut self, rows: &[usize], x: &[f32], loss: &[f32], verdicts: &[Verdict]) {
        self.step += 1;
        self.watch.step(&StepEvent {
            step: self.step,
            rows,
            x,
            loss,
            verdicts,
        });
    }

    /// Attacks `rows` as a batch of its own, in `space` (which has that many rows), starting from nothing: for
    /// attacks made of others. What it finds must be offered here by the caller.
    ///
    /// # Errors
    /// What the inner attack reports.
    pub fn within(
        &mut self,
        rows: &[usize],
        space: &Space,
        seed: u64,
        attack: &dyn super::Attack,
    ) -> Result<Outcome> {
        let mut subset = Subset {
            victim: self.victim,
            rows,
        };
        let mut renumbered = Renumbered {
            watch: self.watch,
            rows,
            before: self.step,
            last: self.step,
        };
        let mut context = AttackContext::new(
            &mut subset,
            space,
            self.engine,
            &mut renumbered,
            seed,
            self.task,
        )?;
        attack.run(&mut context)?;
        let found = context.finish();
        self.step = renumbered.last;
        for (at, &r) in rows.iter().enumerate() {
            self.best.gradients[r] += found.gradients[at];
            self.best.queries[r] += found.queries[at];
            self.best.blind[r].add(found.blind[at]);
        }
        Ok(found)
    }

    /// What was found.
    pub fn finish(self) -> Outcome {
        self.best
    }
}
