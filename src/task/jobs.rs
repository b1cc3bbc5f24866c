//! Threads that run jobs and report to one bounded channel; stale results are dropped by generation.

use super::{Task, panic_message};
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Runs jobs in slots of type `S`. A new job in a slot cancels and outdates the one before it: its result never arrives.
pub struct Jobs<S, T> {
    sender: SyncSender<Finished<S, T>>,
    receiver: Receiver<Finished<S, T>>,
    running: HashMap<S, Running>,
    generation: u64,
    wake: Arc<dyn Fn() + Send + Sync>,
}

/// A job under way.
#[derive(Clone)]
pub struct Running {
    /// What the status bar calls it.
    pub title: String,
    /// Progress and cancel.
    pub task: Task,
    generation: u64,
}

struct Finished<S, T> {
    slot: S,
    generation: u64,
    outcome: Result<T>,
}

impl<S, T> Jobs<S, T>
where
    S: Copy + Eq + Hash + Debug + Send + 'static,
    T: Send + 'static,
{
    /// No jobs yet; `wake` is called from a job's thread when its result is ready to be drained.
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        let (sender, receiver) = sync_channel(64);
        Self {
            sender,
            receiver,
            running: HashMap::new(),
            generation: 0,
            wake: Arc::new(wake),
        }
    }

    /// Starts `work` on its own thread in `slot`, outdating what ran there.
    pub fn start(
        &mut self,
        slot: S,
        title: impl Into<String>,
        work: impl FnOnce(&Task) -> Result<T> + Send + 'static,
    ) {
        self.cancel(slot);
        self.generation += 1;
        let (title, task, generation) = (title.into(), Task::detached(), self.generation);
        task.begin(title.clone(), 0);
        self.running.insert(
            slot,
            Running {
                title: title.clone(),
                task: task.clone(),
                generation,
            },
        );
        let (sender, wake) = (self.sender.clone(), Arc::clone(&self.wake));
        let spawned = std::thread::Builder::new()
            .name(format!("job-{slot:?}"))
            .spawn(move || {
                let outcome =
                    catch_unwind(AssertUnwindSafe(|| work(&task))).unwrap_or_else(|payload| {
                        Err(Error::Panic {
                            job: title,
                            what: panic_message(&*payload),
                        })
                    });
                // The receiver is gone only when the program ends.
                let _ = sender.send(Finished {
                    slot,
                    generation,
                    outcome,
                });
                wake();
            });
        if let Err(source) = spawned {
            let outcome = Err(Error::Io {
                action: "start a thread for",
                path: format!("{slot:?}").into(),
                source,
            });
            let _ = self.sender.try_send(Finished {
                slot,
                generation,
                outcome,
            });
        }
    }

    /// Cancels what runs in `slot`; its result will not arrive.
    pub fn cancel(&mut self, slot: S) {
        if let Some(job) = self.running.remove(&slot) {
            job.task.cancel();
        }
    }

    /// Cancels every job.
    pub fn cancel_all(&mut self) {
        for (_, job) in self.running.drain() {
            job.task.cancel();
        }
    }

    /// Is a job under way in `slot`?
    pub fn is_running(&self, slot: S) -> bool {
        self.running.contains_key(&slot)
    }

    /// The jobs under way, oldest first.
    pub fn running(&self) -> Vec<(S, Running)> {
        let mut jobs: Vec<_> = self
            .running
            .iter()
            .map(|(slot, job)| (*slot, job.clone()))
            .collect();
        jobs.sort_by_key(|(_, job)| job.generation);
        jobs
    }

    /// Results that have arrived and are still wanted, with the slot they come from.
    pub fn drain(&mut self) -> Vec<(S, Result<T>)> {
        let mut results = Vec::new();
        while let Ok(Finished {
            slot,
            generation,
            outcome,
        }) = self.receiver.try_recv()
        {
            if self
                .running
                .get(&slot)
                .is_some_and(|job| job.generation == generation)
            {
                self.running.remove(&slot);
                results.push((slot, outcome));
            }
        }
        results
    }
}

impl<S, T> Drop for Jobs<S, T> {
    fn drop(&mut self) {
        for job in self.running.values() {
            job.task.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn wait(jobs: &mut Jobs<&'static str, u32>) -> Vec<(&'static str, Result<u32>)> {
        let start = Instant::now();
        loop {
            let results = jobs.drain();
            if !results.is_empty() || start.elapsed() > Duration::from_secs(5) {
                return results;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    #[test]
    fn a_panic_becomes_a_message() {
        let mut jobs = Jobs::new(|| {});
        jobs.start("a", "Boom", |_| panic!("index 7"));
        let results = wait(&mut jobs);
        let Err(error) = &results[0].1 else {
            unreachable!("the job panicked")
        };
        assert!(error.to_string().contains("Boom") && error.to_string().contains("index 7"));
        assert!(!jobs.is_running("a"));
    }

    #[test]
    fn a_newer_job_outdates_the_older() {
        let mut jobs = Jobs::new(|| {});
        let (release, gate) = sync_channel::<()>(1);
        jobs.start("a", "old", move |_| {
            gate.recv().map(|()| 1).map_err(|_| Error::Cancelled)
        });
        jobs.start("a", "new", |_| Ok(2));
        release.send(()).expect("the old job waits");
        assert_eq!(wait(&mut jobs)[0].1.as_ref().ok(), Some(&2));
        std::thread::sleep(Duration::from_millis(50));
        assert!(jobs.drain().is_empty());
    }

    #[test]
    fn cancel_reaches_the_work_at_once() {
        let mut jobs = Jobs::<&str, ()>::new(|| {});
        let (stopped, seen) = sync_channel::<()>(1);
        jobs.start("a", "spin", move |task| {
            while task.check().is_ok() {
                std::thread::sleep(Duration::from_millis(1));
            }
            let _ = stopped.send(());
            Err(Error::Cancelled)
        });
        jobs.cancel("a");
        assert!(seen.recv_timeout(Duration::from_secs(1)).is_ok());
        assert!(!jobs.is_running("a"));
    }
}
