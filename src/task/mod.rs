//! The handle that long work takes ([`Task`]), the threads that run it ([`Jobs`]), and what bounds it: the panics of
//! libraries are contained ([`contained`]), memory is held at one gate ([`memory`]), and what was left half written is swept ([`scratch`]).
//!
//! Domain functions take `&Task`, call [`Task::begin`] and [`Task::add`] as they go and [`Task::check`] at least
//! every few hundred milliseconds; they run alike from a test ([`Task::detached`]), the command line or the window.

mod aside;
mod jobs;
pub mod memory;
pub mod scratch;
mod thread;

pub use aside::aside;
pub use jobs::{JobId, Jobs, Running};
pub use nearmiss_grad::guard::{contained, lock, panic_message};

use crate::error::{Error, Result};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

/// Progress and cancellation of one piece of work. Clones share state.
#[derive(Clone, Debug)]
pub struct Task(Arc<State>);

#[derive(Debug)]
struct State {
    cancelled: Arc<AtomicBool>,
    done: AtomicU64,
    total: AtomicU64,
    stage: Mutex<(String, Instant)>,
    /// Items begun and not finished, counted by how far they are, and what is being done to them.
    hand: Mutex<(f64, String)>,
}

/// What a status bar or a terminal shows of a [`Task`].
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// What is being done, in words.
    pub stage: String,
    /// Items finished.
    pub done: u64,
    /// Items in all; 0 where unknown.
    pub total: u64,
    /// Part of all items that is done, those in hand counted by how far they are; 0 where the total is unknown.
    pub share: f32,
    /// What is being done to the items in hand, in words; empty where nothing is said.
    pub detail: String,
    /// Items per second since the stage began.
    pub rate: f64,
    /// Time left, where the total and a rate are known.
    pub left: Option<Duration>,
}

impl Task {
    /// A task nobody watches: for tests and quick calls.
    pub fn detached() -> Self {
        Self::cancelled_by(Arc::default())
    }

    /// A task that is cancelled when `cancelled` is set.
    pub fn cancelled_by(cancelled: Arc<AtomicBool>) -> Self {
        Self(Arc::new(State {
            cancelled,
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            stage: Mutex::new((String::new(), Instant::now())),
            hand: Mutex::default(),
        }))
    }

    /// A task that is cancelled with this one but whose progress nobody sees: for a part of a longer work.
    #[must_use]
    pub fn quiet(&self) -> Self {
        Self::cancelled_by(Arc::clone(&self.0.cancelled))
    }

    /// Starts a stage of `total` items (0: unknown).
    pub fn begin(&self, stage: impl Into<String>, total: u64) {
        *lock(&self.0.stage) = (stage.into(), Instant::now());
        self.0.done.store(0, Ordering::Relaxed);
        self.0.total.store(total, Ordering::Relaxed);
        *lock(&self.0.hand) = Default::default();
    }

    /// Counts `items` as finished.
    pub fn add(&self, items: u64) {
        *lock(&self.0.hand) = Default::default();
        self.0.done.fetch_add(items, Ordering::Relaxed);
    }

    /// Says how far the items in hand are (`items` of them, in parts) and what is being done to them.
    pub fn within(&self, items: f64, detail: String) {
        *lock(&self.0.hand) = (items, detail);
    }

    /// Asks the work to stop; it does within a second.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
    }

    /// Has [`Task::cancel`] been called?
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Relaxed)
    }

    /// [`Error::Cancelled`] once cancelled.
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() {
            Err(Error::Cancelled)
        } else {
            Ok(())
        }
    }

    /// Where the work stands now.
    pub fn progress(&self) -> Progress {
        let (stage, since) = lock(&self.0.stage).clone();
        let done = self.0.done.load(Ordering::Relaxed);
        let total = self.0.total.load(Ordering::Relaxed);
        let (hand, detail) = lock(&self.0.hand).clone();
        let reached = done as f64 + hand;
        let seconds = since.elapsed().as_secs_f64();
        let rate = if seconds > 0.0 {
            reached / seconds
        } else {
            0.0
        };
        let ahead = total as f64 - reached;
        let left = (ahead > 0.0 && rate > 0.0 && seconds > 0.3)
            .then(|| Duration::from_secs_f64((ahead / rate).min(1e7)));
        let share = if total == 0 {
            0.0
        } else {
            (reached / total as f64).clamp(0.0, 1.0) as f32
        };
        Progress {
            stage,
            done,
            total,
            share,
            detail,
            rate,
            left,
        }
    }
}

/// Milliseconds since 1970; 0 where the clock stands before that.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |t| u64::try_from(t.as_millis()).unwrap_or(u64::MAX))
}

impl nearmiss_grad::Monitor for Task {
    fn begin(&self, stage: &str, total: u64) {
        Self::begin(self, stage, total);
    }

    fn add(&self, steps: u64) {
        Self::add(self, steps);
    }

    fn cancelled(&self) -> &Arc<AtomicBool> {
        &self.0.cancelled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_counts_and_cancel_is_shared() {
        let task = Task::detached();
        task.begin("count", 4);
        let twin = task.clone();
        twin.add(3);
        assert_eq!((task.progress().done, task.progress().total), (3, 4));
        task.within(0.5, "half of the last".into());
        let progress = task.progress();
        assert_eq!((progress.done, progress.share), (3, 0.875));
        assert_eq!(progress.detail, "half of the last");
        task.add(1);
        assert_eq!(
            (task.progress().share, task.progress().detail),
            (1.0, String::new())
        );
        assert!(task.check().is_ok());
        twin.cancel();
        assert!(task.check().is_err_and(|e| e.is_cancelled()));
    }
}
