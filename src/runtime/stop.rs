//! Stops a model in the middle of a run when its job is cancelled.

use super::load::Runtime;
use crate::error::{Error, Result};
use crate::task::{Task, panic_message};
use ort::session::RunOptions;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Watches a task as long as it lives. The model runs given to it end soon after the task is cancelled, between
/// two operators. tract cannot be stopped so; its batches are kept short instead.
#[derive(Default)]
pub struct Stop {
    options: Option<Arc<RunOptions>>,
    done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Stop {
    /// For calls that nobody cancels.
    pub fn never() -> Self {
        Self::default()
    }

    /// Watches `task`.
    pub fn watch(task: &Task) -> Self {
        let options = match Runtime::get() {
            Ok(runtime) if !runtime.is_tract() => RunOptions::new().ok().map(Arc::new),
            _ => None,
        };
        let done = Arc::new(AtomicBool::new(false));
        let thread = options.clone().and_then(|options| {
            let (task, done) = (task.clone(), Arc::clone(&done));
            let watch = move || {
                while !done.load(Ordering::Acquire) {
                    if task.is_cancelled() {
                        let _ = options.terminate();
                        break;
                    }
                    std::thread::park_timeout(Duration::from_millis(50));
                }
            };
            std::thread::Builder::new()
                .name("embed-stop".into())
                .spawn(watch)
                .ok()
        });
        Self {
            options,
            done,
            thread,
        }
    }

    /// What a run of ONNX Runtime takes; `None` where it cannot be stopped.
    pub(crate) fn options(&self) -> Option<&RunOptions> {
        self.options.as_deref()
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

/// Runs `work` on a thread of its own and waits for it, but no longer than until `task` is cancelled: the thread
/// then ends unheard. For what cannot be stopped, as opening a model.
pub(crate) fn patiently<T: Send + 'static>(
    task: &Task,
    name: &str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let (sender, receiver) = sync_channel(1);
    let thread = std::thread::Builder::new()
        .name(name.into())
        .spawn(move || {
            // Nobody listens any more only after a cancel.
            let _ = sender.send(work());
        })
        .map_err(Error::io("start a thread for", name.as_ref()))?;
    loop {
        task.check()?;
        match receiver.recv_timeout(Duration::from_millis(50)) {
            Ok(result) => return result,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                let what = thread
                    .join()
                    .map_or_else(|p| panic_message(p.as_ref()), |()| "it ended early".into());
                return Err(Error::Panic {
                    job: name.into(),
                    what,
                });
            }
        }
    }
}
