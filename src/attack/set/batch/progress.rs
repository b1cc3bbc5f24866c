//! How far a batch is, while a search is under way.

use crate::attack::context::{StepEvent, Watch};
use crate::task::Task;

/// Tells how far a batch is.
pub(super) struct SearchProgress<'a> {
    pub task: &'a Task,
    pub pictures: f64,
    /// Where this search begins and how long it lasts, as parts of all that is to be done.
    pub part: (f64, f64),
    pub what: String,
    pub steps: usize,
}

impl Watch for SearchProgress<'_> {
    fn step(&mut self, event: &StepEvent<'_>) {
        let share = event.step as f64 / self.steps.max(1) as f64;
        let reached = self.part.0 + self.part.1 * share.min(1.0);
        let detail = format!("{}, step {} of {}", self.what, event.step, self.steps);
        self.task.within(self.pictures * reached, detail);
    }
}
