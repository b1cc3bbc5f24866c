//! How far a headless command has come: a bar on a terminal, a line a minute anywhere else.

use super::signals;
use crate::error::thousands;
use crate::task::{Progress, Task};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Between two lines where standard error is no terminal: a log of a day stays readable.
const BETWEEN: Duration = Duration::from_mins(1);

/// Runs `work` on this thread while another tells its progress on standard error. A signal that asks the process to end
/// cancels it.
pub fn watched<T>(work: impl FnOnce(&Task) -> T) -> T {
    let task = Task::cancelled_by(signals::arrived());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let ticker = scope.spawn(|| {
            if std::io::stderr().is_terminal() {
                draw(&task, &done);
            } else {
                log(&task, &done, BETWEEN, &mut std::io::stderr());
            }
        });
        // Raised on a panic too: the scope would otherwise wait for the ticker for ever.
        let stop = Stop(&done, ticker.thread().clone());
        let value = task.on_thread(work);
        drop(stop);
        value
    })
}

struct Stop<'a>(&'a AtomicBool, std::thread::Thread);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
        self.1.unpark();
    }
}

fn draw(task: &Task, done: &AtomicBool) {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{prefix} [{bar:30}] {msg}") {
        bar.set_style(style.progress_chars("=> "));
    }
    while !done.load(Ordering::Relaxed) {
        let progress = task.progress();
        if !progress.stage.is_empty() {
            bar.set_length(progress.total.max(1));
            bar.set_position(progress.done.min(progress.total));
            bar.set_prefix(progress.stage.clone());
            bar.set_message(describe(&progress));
            bar.tick();
        }
        std::thread::park_timeout(Duration::from_millis(100));
    }
    bar.finish_and_clear();
}

/// Writes where `task` is each time `between` has passed.
fn log(task: &Task, done: &AtomicBool, between: Duration, to: &mut impl Write) {
    let mut next = Instant::now() + between;
    while !done.load(Ordering::Relaxed) {
        let now = Instant::now();
        if now >= next {
            next = now + between;
            let progress = task.progress();
            let told = match (progress.stage.as_str(), describe(&progress)) {
                ("", _) => None,
                (stage, told) if told.is_empty() => Some(stage.to_owned()),
                (stage, told) => Some(format!("{stage}: {told}")),
            };
            // Where nobody reads the log the work goes on.
            let _ = told.map(|told| writeln!(to, "{told}"));
        }
        std::thread::park_timeout(next.saturating_duration_since(Instant::now()));
    }
}

/// "320/1,000, 85/s, 8 s left".
fn describe(progress: &Progress) -> String {
    let mut parts = vec![match (progress.done, progress.total) {
        (0, 0) => return String::new(),
        (done, 0) => thousands(done),
        (done, total) => format!("{}/{}", thousands(done), thousands(total)),
    }];
    if progress.rate >= 1.0 {
        parts.push(format!("{}/s", thousands(progress.rate as u64)));
    }
    if let Some(left) = progress.left {
        parts.push(match left.as_secs() {
            seconds @ 0..120 => format!("{seconds} s left"),
            seconds => format!("{} min left", seconds.div_ceil(60)),
        });
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_returns_its_value() {
        assert_eq!(watched(|task| task.progress().done), 0);
    }

    #[test]
    fn a_log_says_where_the_work_is() {
        struct Lines<'a>(Vec<u8>, &'a AtomicBool);
        impl Write for Lines<'_> {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.extend_from_slice(bytes);
                let lines = String::from_utf8_lossy(&self.0).lines().count();
                self.1.store(lines >= 2, Ordering::Relaxed);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let (task, done) = (Task::detached(), AtomicBool::new(false));
        task.begin("Reading pictures", 1_000);
        task.add(320);
        let mut lines = Lines(Vec::new(), &done);
        log(&task, &done, Duration::from_millis(1), &mut lines);
        let told = String::from_utf8(lines.0).unwrap();
        assert!(
            told.lines().count() == 2
                && told
                    .lines()
                    .all(|line| line.starts_with("Reading pictures: 320/1,000")),
            "{told}"
        );
    }
}
