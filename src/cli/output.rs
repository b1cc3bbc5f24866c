//! What headless commands print: results, warnings, failures.

use super::remedy::remedy;
use crate::dataset::Account;
use crate::error::{Error, Result};
pub use crate::error::{bytes_told as bytes, counted};
use crate::files::shown;
use serde::Serialize;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::thousands;

    #[test]
    fn numbers_read_well() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_000), "1,000");
        assert_eq!(thousands(125_000_000), "125,000,000");
        assert_eq!(counted(1, "image"), "1 image");
        assert_eq!(bytes(102_400_000), "102.4 MB");
    }
}
