//! The time that training takes.

use std::time::Instant;

/// Time that training took, without what lies between.
#[derive(Default)]
pub struct Clock {
    /// Seconds before it was started last.
    pub before: f64,
    since: Option<Instant>,
    /// Seconds that it may go.
    budget: Option<f64>,
}

impl Clock {
    /// Stands still, with so many seconds to go where there is a budget.
    pub fn new(budget: Option<f64>) -> Self {
        Self {
            budget,
            ..Self::default()
        }
    }

    /// How much of a run is done, 0 to 1: by seconds where there is a budget, else `by_steps`.
    pub fn done(&self, by_steps: f64) -> f64 {
        let by_seconds = self.budget.map(|budget| (self.seconds() / budget).min(1.0));
        by_seconds.unwrap_or(by_steps)
    }

    /// Is the budget used up?
    pub fn is_over(&self) -> bool {
        self.budget.is_some_and(|budget| self.seconds() >= budget)
    }

    /// Steps in all after `steps`: `left` more, or by the seconds where there is a budget.
    pub fn planned(&self, steps: u64, left: u64) -> u64 {
        let seconds = self.seconds();
        match self.budget {
            Some(budget) if steps > 0 && seconds > 0.0 => {
                (steps as f64 * (budget / seconds).max(1.0)) as u64
            }
            _ => steps + left,
        }
    }

    /// Goes on.
    pub fn start(&mut self) {
        self.since.get_or_insert_with(Instant::now);
    }

    /// Stands still.
    pub fn stop(&mut self) {
        self.before = self.seconds();
        self.since = None;
    }

    /// Seconds that it went.
    pub fn seconds(&self) -> f64 {
        self.before
            + self
                .since
                .map_or(0.0, |since| since.elapsed().as_secs_f64())
    }
}
