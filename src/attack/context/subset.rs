//! Some rows of a batch under attack, as a batch of their own.

use super::{StepEvent, Watch};
use crate::attack::loss::Loss;
use crate::attack::victim::{AscentLoss, ValueAndGradient, Verdict, Victim};
use crate::compute::Grid;
use crate::error::Result;
use crate::task::Task;

/// Some rows of a victim as a batch of their own.
pub(super) struct Subset<'a> {
    pub victim: &'a mut dyn Victim,
    /// Which rows, by their places in the victim's batch.
    pub rows: &'a [usize],
}

impl Subset<'_> {
    fn outer(&self, rows: &[usize]) -> Vec<usize> {
        rows.iter().map(|&r| self.rows[r]).collect()
    }
}

impl Victim for Subset<'_> {
    fn grid(&self) -> Grid {
        self.victim.grid().with_rows(self.rows.len())
    }

    fn has_gradient(&self) -> bool {
        self.victim.has_gradient()
    }

    fn refuses(&self, loss: Loss) -> Option<String> {
        self.victim.refuses(loss)
    }

    fn predict(&mut self, rows: &[usize], x: &[f32], task: &Task) -> Result<Vec<Verdict>> {
        self.victim.predict(&self.outer(rows), x, task)
    }

    fn value_and_gradient(
        &mut self,
        rows: &[usize],
        x: &[f32],
        up: AscentLoss<'_>,
        task: &Task,
    ) -> Result<ValueAndGradient> {
        self.victim
            .value_and_gradient(&self.outer(rows), x, up, task)
    }

    fn runner_ups(
        &mut self,
        rows: &[usize],
        x: &[f32],
        k: usize,
        task: &Task,
    ) -> Result<Vec<Vec<u32>>> {
        self.victim.runner_ups(&self.outer(rows), x, k, task)
    }
}

/// Passes events on under the outer batch's rows and count.
pub(super) struct Renumbered<'a> {
    pub watch: &'a mut dyn Watch,
    pub rows: &'a [usize],
    /// Steps done before.
    pub before: usize,
    /// The last step that was passed on.
    pub last: usize,
}

impl Watch for Renumbered<'_> {
    fn step(&mut self, event: &StepEvent<'_>) {
        let rows: Vec<usize> = event.rows.iter().map(|&r| self.rows[r]).collect();
        self.last = self.before + event.step;
        self.watch.step(&StepEvent {
            step: self.last,
            rows: &rows,
            ..*event
        });
    }
}
