//! The task that a thread works on, for waits so deep that no handle reaches them.

use super::Task;
use std::cell::RefCell;

thread_local! {
    static CURRENT: RefCell<Vec<Task>> = const { RefCell::new(Vec::new()) };
}

/// Ends with the work, by a panic too.
struct Leave;

impl Drop for Leave {
    fn drop(&mut self) {
        CURRENT.with_borrow_mut(Vec::pop);
    }
}

impl Task {
    /// Does `work` for this task on this thread: until it is done, [`Task::of_thread`] is this one here.
    pub fn on_thread<T>(&self, work: impl FnOnce(&Self) -> T) -> T {
        CURRENT.with_borrow_mut(|tasks| tasks.push(self.clone()));
        let _leave = Leave;
        work(self)
    }

    /// The task that this thread works on; a detached one where it works on none.
    pub fn of_thread() -> Self {
        CURRENT
            .with_borrow(|tasks| tasks.last().cloned())
            .unwrap_or_else(Self::detached)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_knows_the_task_that_it_works_on_until_that_ends() {
        let (outer, inner) = (Task::detached(), Task::detached());
        outer.on_thread(|_| {
            inner.on_thread(|_| Task::of_thread().cancel());
            assert!(inner.is_cancelled() && !outer.is_cancelled());
            let panics = || inner.on_thread(|_| panic!("a fault"));
            assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics)).is_err());
            Task::of_thread().cancel();
            assert!(outer.is_cancelled());
            // Other threads work on something else.
            let other = std::thread::spawn(|| Task::of_thread().is_cancelled());
            assert!(!other.join().expect("it does not panic"));
        });
        assert!(!Task::of_thread().is_cancelled());
    }
}
