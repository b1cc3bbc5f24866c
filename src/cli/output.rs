//! What headless commands print: results, warnings, failures and a progress bar.

use super::remedy::remedy;
use super::signals;
use crate::dataset::Account;
use crate::error::{Error, Result, thousands};
pub use crate::error::{bytes_told as bytes, counted};
use crate::files::shown;
use crate::task::{Progress, Task};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Prints `value` as JSON, or else what `text` says.
///
/// # Errors
/// Standard output cannot be written; a reader that has left (`| head`) is no error.
pub fn emit<T: Serialize>(value: &T, json: bool, text: impl FnOnce() -> String) -> Result<()> {
    let out = if json {
        serde_json::to_string_pretty(value).map_err(std::io::Error::from)
    } else {
        Ok(text())
    };
    match out.and_then(|out| writeln!(std::io::stdout().lock(), "{}", out.trim_end())) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::io("write to", Path::new("standard output"))(error))
        }
        _ => Ok(()),
    }
}

/// What a command prints, with the account of its data under the key `data`.
#[derive(Serialize)]
pub struct With<'a, T> {
    #[serde(flatten)]
    pub value: &'a T,
    pub data: &'a Account,
}

/// As [`emit`], with the account of the data: under the key `data`, and as the first lines of the text.
///
/// # Errors
/// As [`emit`].
pub fn emit_with<T: Serialize>(
    value: &T,
    data: &Account,
    json: bool,
    text: impl FnOnce() -> String,
) -> Result<()> {
    let text = || format!("{}\n{}", data.describe(), text());
    emit(&With { value, data }, json, text)
}

/// A warning: one line on standard error.
pub fn warn(message: impl std::fmt::Display) {
    say(format_args!("warning: {message}"));
}

/// One line on standard error.
pub fn say(message: impl std::fmt::Display) {
    let mut stderr = std::io::stderr().lock();
    // A progress bar may stand on this line.
    let clear = if stderr.is_terminal() {
        "\r\x1b[2K"
    } else {
        ""
    };
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(stderr, "{clear}{message}");
}

/// The error and its remedy on standard error; with `json` also as an object on standard output.
pub fn failure(error: &Error, json: bool) {
    let remedy = remedy(error);
    let mut stderr = std::io::stderr().lock();
    let _ = writeln!(stderr, "error: {error}");
    if !remedy.is_empty() {
        let _ = writeln!(stderr, "{remedy}");
    }
    if json {
        object(error);
    }
}

/// The error as an object on standard output: the whole as `error`, and its parts.
pub fn object(error: &Error) {
    let object = serde_json::json!({
        "error": error.to_string(),
        "cause": error.cause(),
        "file": error.file().map(shown),
        "remedy": remedy(error),
    });
    let _ = writeln!(std::io::stdout().lock(), "{object:#}");
}

/// Refuses a folder that has files already: nothing is overwritten.
///
/// # Errors
/// It has, or cannot be read.
pub fn fresh(out: &Path) -> Result<()> {
    let mut entries = match std::fs::read_dir(out) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::io("read", out)(error)),
    };
    if entries.next().is_none() {
        return Ok(());
    }
    Err(Error::request(
        format!("{} has files already", out.display()),
        "Choose a folder that is new or empty: nothing is overwritten.",
    ))
}

/// Runs `work` on this thread while another draws its progress, where standard error is a terminal. A signal that asks the
/// process to end cancels it.
pub fn watched<T>(work: impl FnOnce(&Task) -> T) -> T {
    let task = Task::cancelled_by(signals::arrived());
    if !std::io::stderr().is_terminal() {
        return task.on_thread(work);
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let ticker = scope.spawn(|| draw(&task, &done));
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
    fn numbers_read_well() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_000), "1,000");
        assert_eq!(thousands(125_000_000), "125,000,000");
        assert_eq!(counted(1, "image"), "1 image");
        assert_eq!(bytes(102_400_000), "102.4 MB");
    }

    #[test]
    fn work_returns_its_value() {
        assert_eq!(watched(|task| task.progress().done), 0);
    }
}
