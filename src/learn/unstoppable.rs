//! Work of a library that cannot be stopped.

use crate::error::{Error, Result};
use crate::task::{Task, contained};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// Between two looks at the task.
const BETWEEN: Duration = Duration::from_millis(100);

/// What `work` gives, on a thread of its own: on cancellation that is left to end by itself.
///
/// # Errors
/// Cancellation; what `failed` makes of a panic.
pub fn unstoppable<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
    failed: impl Fn(String) -> Error,
    task: &Task,
) -> Result<T> {
    let (done, wait) = channel();
    std::thread::spawn(move || {
        // Whoever waited may have left.
        let _ = done.send(contained(work));
    });
    loop {
        task.check()?;
        match wait.recv_timeout(BETWEEN) {
            Ok(found) => return found.map_err(&failed),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(failed("its thread ended".into())),
        }
    }
}
