//! Where futures of object storage run: on two threads of their own, while the caller's waits.

use crate::error::{Error, Result};
use crate::task::Task;
use std::pin::pin;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// How often a cancel is looked for.
const TICK: Duration = Duration::from_millis(100);

/// Waits for `work`, until `task` is cancelled.
///
/// # Errors
/// It was cancelled; the threads cannot be had.
pub(super) fn wait<T>(task: &Task, work: impl Future<Output = T>) -> Result<T> {
    runtime()?.block_on(async {
        let mut work = pin!(work);
        loop {
            task.check()?;
            if let Ok(done) = tokio::time::timeout(TICK, work.as_mut()).await {
                return Ok(done);
            }
        }
    })
}

/// What the futures run on, from the first use on.
fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();
    let made = || {
        let mut threads = Builder::new_multi_thread();
        threads.worker_threads(2).thread_name("store").enable_all();
        threads.build().map_err(|e| e.to_string())
    };
    RUNTIME.get_or_init(made).as_ref().map_err(|e| {
        Error::runtime(
            format!("no threads for object storage: {e}"),
            "End other programs; then try again.",
        )
    })
}
