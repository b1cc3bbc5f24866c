//! Threads that run jobs and report to one bounded channel; results of jobs that are no longer wanted are dropped.

use super::{Task, lock, panic_message};
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

/// Runs jobs in slots of type `S`. A new job in a slot cancels and outdates the one before it: its result never arrives.
pub struct Jobs<S, T> {
    sender: SyncSender<Finished<S, T>>,
    receiver: Receiver<Finished<S, T>>,
    running: HashMap<S, Running>,
    wake: Arc<dyn Fn() + Send + Sync>,
    /// The slots of all threads that work, those of outdated and cancelled jobs too.
    working: Arc<(Mutex<Vec<S>>, Condvar)>,
}

/// One job, among all of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobId(u64);

impl JobId {
    /// The next one.
    fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// A job under way.
#[derive(Clone)]
pub struct Running {
    /// Which one it is.
    pub id: JobId,
    /// What the status bar calls it.
    pub title: String,
    /// Progress and cancel.
    pub task: Task,
}

struct Finished<S, T> {
    slot: S,
    id: JobId,
    outcome: Result<T>,
}

impl<S, T> Jobs<S, T>
where
    S: Copy + Eq + Hash + Debug + Send + 'static,
    T: Send + 'static,
{
    /// No jobs yet; `wake` is called from a job's thread when its result is ready to be taken.
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        let (sender, receiver) = sync_channel(64);
        Self {
            sender,
            receiver,
            running: HashMap::new(),
            wake: Arc::new(wake),
            working: Arc::default(),
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
        let (title, task, id) = (title.into(), Task::detached(), JobId::next());
        task.begin(title.clone(), 0);
        self.running.insert(
            slot,
            Running {
                id,
                title: title.clone(),
                task: task.clone(),
            },
        );
        let (sender, wake) = (self.sender.clone(), Arc::clone(&self.wake));
        let working = Working::begin(&self.working, slot);
        let spawned = std::thread::Builder::new()
            .name(format!("job-{slot:?}"))
            .spawn(move || {
                let outcome = catch_unwind(AssertUnwindSafe(|| task.on_thread(work)))
                    .unwrap_or_else(|payload| {
                        Err(Error::Panic {
                            job: title,
                            what: panic_message(&*payload),
                        })
                    });
                drop(working);
                // The receiver is gone only when the program ends.
                let _ = sender.send(Finished { slot, id, outcome });
                wake();
            });
        if let Err(source) = spawned {
            let outcome = Err(Error::Io {
                action: "start a thread for",
                path: format!("{slot:?}").into(),
                source,
            });
            let _ = self.sender.try_send(Finished { slot, id, outcome });
        }
    }

    /// Cancels what runs in `slot`; its result will not arrive.
    pub fn cancel(&mut self, slot: S) {
        if let Some(job) = self.running.remove(&slot) {
            job.task.cancel();
        }
    }

    /// Cancels every job in the slots that `which` names.
    pub fn cancel_all(&mut self, which: impl Fn(S) -> bool) {
        for (_, job) in self.running.extract_if(|slot, _| which(*slot)) {
            job.task.cancel();
        }
    }

    /// Is none under way?
    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Waits until no job works in the slots that `which` names, outdated and cancelled ones too; false where `until`
    /// came first.
    pub fn wait(&self, until: Instant, which: impl Fn(S) -> bool) -> bool {
        let (slots, ended) = &*self.working;
        let mut slots = lock(slots);
        while slots.iter().any(|slot| which(*slot)) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = ended.wait_timeout(slots, left);
            slots = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Is a job under way in `slot`?
    pub fn is_running(&self, slot: S) -> bool {
        self.running.contains_key(&slot)
    }

    /// The job under way in `slot`.
    pub fn get(&self, slot: S) -> Option<&Running> {
        self.running.get(&slot)
    }

    /// The jobs under way, oldest first.
    pub fn running(&self) -> Vec<(S, Running)> {
        let mut jobs: Vec<_> = self
            .running
            .iter()
            .map(|(slot, job)| (*slot, job.clone()))
            .collect();
        jobs.sort_by_key(|(_, job)| job.id);
        jobs
    }

    /// The next result that has arrived and is still wanted, with the slot it comes from. One at a time: what is done
    /// with one may outdate those behind it.
    pub fn next_result(&mut self) -> Option<(S, Result<T>)> {
        while let Ok(Finished { slot, id, outcome }) = self.receiver.try_recv() {
            if self.running.get(&slot).is_some_and(|job| job.id == id) {
                self.running.remove(&slot);
                return Some((slot, outcome));
            }
        }
        None
    }
}

/// A thread that works in a slot, until it is dropped.
struct Working<S: Eq> {
    all: Arc<(Mutex<Vec<S>>, Condvar)>,
    slot: S,
}

impl<S: Copy + Eq> Working<S> {
    fn begin(all: &Arc<(Mutex<Vec<S>>, Condvar)>, slot: S) -> Self {
        lock(&all.0).push(slot);
        let all = Arc::clone(all);
        Self { all, slot }
    }
}

impl<S: Eq> Drop for Working<S> {
    fn drop(&mut self) {
        let mut slots = lock(&self.all.0);
        if let Some(at) = slots.iter().position(|slot| *slot == self.slot) {
            slots.swap_remove(at);
        }
        self.all.1.notify_all();
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
    use std::time::Duration;

    fn wait(jobs: &mut Jobs<&'static str, u32>) -> Vec<(&'static str, Result<u32>)> {
        let start = Instant::now();
        loop {
            let results: Vec<_> = std::iter::from_fn(|| jobs.next_result()).collect();
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
        assert!(jobs.next_result().is_none());
    }

    #[test]
    fn work_is_waited_for_even_when_it_is_outdated() {
        let mut jobs = Jobs::new(|| {});
        let (release, gate) = sync_channel::<()>(1);
        jobs.start("a", "old", move |_| {
            gate.recv().map(|()| 1).map_err(|_| Error::Cancelled)
        });
        jobs.start("a", "new", |_| Ok(2));
        jobs.start("b", "other", |_| Ok(3));
        let soon = || Instant::now() + Duration::from_millis(100);
        assert!(jobs.wait(soon() + Duration::from_secs(5), |slot| slot == "b"));
        assert!(!jobs.wait(soon(), |slot| slot == "a"));
        jobs.cancel_all(|slot| slot == "b");
        assert!(jobs.is_running("a") && !jobs.is_running("b"));
        release.send(()).expect("the old job waits");
        assert!(jobs.wait(soon() + Duration::from_secs(5), |_| true));
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
