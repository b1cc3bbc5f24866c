//! What is known of the Python on the path, for a report.

use super::pip;
use super::python::{COMMANDS, PATIENCE, answer};

/// What the machine's Python is, for a report; see [`about`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Python {
    /// The command that starts it.
    pub command: &'static str,
    /// "Python 3.11.2".
    pub version: String,
    /// What its pip says of itself; `None` where it has none.
    pub pip: Option<String>,
}

/// The first Python on the path, and its pip: downloading the runtime needs both.
pub fn about() -> Option<Python> {
    COMMANDS.iter().find_map(|command| {
        let version = answer(command, &["--version"], PATIENCE).ok()?;
        let pip = pip::version(command).ok().map(|(_, said)| said);
        (!version.is_empty()).then_some(Python {
            command,
            version,
            pip,
        })
    })
}
