//! Jobs that know what they are about: once that is no longer open they end, and their results are dropped.

use super::identity::{Basis, Identities};
use super::slot::{JobSlot, JobView};
use crate::error::{Error, Result};
use crate::task::{JobId, Jobs, Progress, Task};
use std::collections::HashMap;
use std::time::Instant;

/// Jobs in slots of type `S`, which report `E`.
pub struct BoundJobs<S, E> {
    jobs: Jobs<S, E>,
    /// What each job under way is about.
    bases: HashMap<S, Basis>,
}

/// How a job ended.
pub enum JobEnd<E> {
    /// With this, from this basis, which still holds.
    Done(Basis, E),
    /// With an error.
    Failed(Error),
    /// What it was about is no longer open.
    Outdated,
}

impl<S: JobSlot, E: Send + 'static> BoundJobs<S, E> {
    /// No jobs yet; each wakes the window of `ctx` when it is done.
    pub fn new(ctx: &egui::Context) -> Self {
        let waker = ctx.clone();
        Self {
            jobs: Jobs::new(move || waker.request_repaint()),
            bases: HashMap::new(),
        }
    }

    /// Starts a job about what is open `now`, outdating what ran in its slot.
    pub fn start(
        &mut self,
        now: &Identities,
        slot: S,
        title: impl Into<String>,
        work: impl FnOnce(&Task) -> Result<E> + Send + 'static,
    ) {
        self.bases.insert(slot, now.basis(slot.parts()));
        self.jobs.start(slot, title, work);
    }

    /// Cancels what runs in `slot`; its result will not arrive.
    pub fn cancel(&mut self, slot: S) {
        self.jobs.cancel(slot);
    }

    /// Cancels every job that is no save: the program ends.
    pub fn closing(&mut self) {
        self.jobs.cancel_all(|slot| !slot.is_save());
    }

    /// Waits for the jobs that write, until a time, then cancels all.
    pub fn wait(&mut self, until: Instant) {
        self.jobs.wait(until, JobSlot::writes);
        self.jobs.cancel_all(|_| true);
    }

    /// Is a job under way in `slot`?
    pub fn is_running(&self, slot: S) -> bool {
        self.jobs.is_running(slot)
    }

    /// Is none under way?
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// How far the job in `slot` is.
    pub fn progress(&self, slot: S) -> Option<Progress> {
        Some(self.jobs.get(slot)?.task.progress())
    }

    /// The slot of a job under way.
    pub fn slot_of(&self, job: JobId) -> Option<S> {
        let mut running = self.jobs.running().into_iter();
        running.find(|(_, r)| r.id == job).map(|(slot, _)| slot)
    }

    /// The jobs that the status bar shows: those that are not `quiet`.
    pub fn shown(&self, quiet: impl Fn(S) -> bool) -> Vec<JobView> {
        let running = self.jobs.running().into_iter();
        running
            .filter(|(slot, _)| !quiet(*slot))
            .map(|(_, job)| JobView {
                job: job.id,
                progress: job.task.progress(),
            })
            .collect()
    }

    /// Ends the jobs that are about what is no longer open; returns their slots.
    pub fn end_outdated(&mut self, now: &Identities) -> Vec<S> {
        let mut ended = Vec::new();
        for (slot, _) in self.jobs.running() {
            if self.bases.get(&slot).is_some_and(|basis| !now.holds(basis)) {
                self.jobs.cancel(slot);
                ended.push(slot);
            }
        }
        ended
    }

    /// The next job that has ended, judged by what is open `now`: taking one in may outdate the next.
    pub fn next_end(&mut self, now: &Identities) -> Option<(S, JobEnd<E>)> {
        let (slot, result) = self.jobs.next_result()?;
        let basis = self.bases.remove(&slot).unwrap_or_default();
        let end = match result {
            _ if !now.holds(&basis) => JobEnd::Outdated,
            Ok(event) => JobEnd::Done(basis, event),
            Err(error) => JobEnd::Failed(error),
        };
        Some((slot, end))
    }
}

#[cfg(test)]
mod tests {
    use super::super::identity::Part;
    use super::super::slot::Slot;
    use super::*;
    use std::time::Duration;

    #[test]
    fn of_two_results_that_arrive_together_the_first_may_outdate_the_second() {
        let mut now = Identities::default();
        now.renew(Part::Data);
        let mut jobs: BoundJobs<Slot, u32> = BoundJobs::new(&egui::Context::default());
        for slot in [Slot::Find, Slot::Browse] {
            jobs.start(&now, slot, "", |_| Ok(1));
        }
        assert!(
            jobs.jobs
                .wait(Instant::now() + Duration::from_mins(1), |_| true)
        );
        let mut ends = Vec::new();
        let start = Instant::now();
        while ends.len() < 2 && start.elapsed() < Duration::from_mins(1) {
            if let Some((_, end)) = jobs.next_end(&now) {
                ends.push(matches!(end, JobEnd::Outdated));
                now.renew(Part::Data);
            }
        }
        assert_eq!(ends, [false, true]);
    }
}
