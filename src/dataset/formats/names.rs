//! Names of files and members as datasets give them, and the step through a long list of entries.

use crate::dataset::archive::inside;
use crate::error::{Result, thousands};
use crate::files::file_name;
use crate::task::Task;
use std::path::Path;

/// Counts entry `number` (from 1) of a long loop, and stops it once cancelled.
pub(crate) fn step(task: &Task, number: u64) -> Result<()> {
    const EVERY: u64 = 1024;
    if number.is_multiple_of(EVERY) {
        task.check()?;
        task.add(EVERY);
    }
    Ok(())
}

/// A file name's stem and extension.
pub(crate) fn split_extension(name: &str) -> (&str, &str) {
    name.rsplit_once('.').unwrap_or((name, ""))
}

/// A name from an archive or a table without anything that leads elsewhere; a link stays as it is, and is never looked up.
pub(crate) fn harmless(name: &str) -> String {
    if name.contains("://") {
        name.to_owned()
    } else {
        inside(name)
    }
}

/// A file and line, for the list of problems.
pub(crate) fn place(file: &Path, line: u64) -> String {
    format!("{}, line {}", file_name(file), thousands(line))
}
