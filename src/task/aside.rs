//! Threads for short work beside a long one.

use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::LazyLock;

static POOL: LazyLock<Option<ThreadPool>> = LazyLock::new(|| {
    let name = |n| format!("aside-{n}");
    ThreadPoolBuilder::new().thread_name(name).build().ok()
});

/// Runs `work` with parallel threads of its own: a computation that holds all common ones for minutes, as a ranking
/// does, shares the cores with it instead of making it wait.
pub fn aside<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    match &*POOL {
        Some(pool) => pool.install(work),
        // No threads to be had: it waits its turn.
        None => work(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    #[test]
    fn it_does_not_wait_for_the_common_threads() {
        let (release, gate) = channel::<()>();
        let gate = std::sync::Mutex::new(gate);
        let (done, finished) = channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // Holds every common thread until it is released.
                rayon::broadcast(|_| {
                    let gate = gate.lock().expect("no panic");
                    let _ = gate.recv_timeout(Duration::from_secs(20));
                });
            });
            scope.spawn(move || {
                let sum: u64 = aside(|| {
                    use rayon::prelude::*;
                    (0..1000_u64).into_par_iter().sum()
                });
                let _ = done.send(sum);
            });
            let sum = finished.recv_timeout(Duration::from_secs(10));
            drop(release);
            assert_eq!(sum, Ok(499_500));
        });
    }
}
