//! Files that are whole or absent: written under another name beside their place, then renamed; and what they are
//! called where there is little room.

use crate::error::{Error, Result};
use serde::Serialize;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Fills a new file and puts it in the place of `path`, which stays as it was until the new one is whole. The folder
/// is created where it is missing.
///
/// # Errors
/// The folder or the file cannot be written; what was half written is removed.
pub fn replace(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&File>) -> std::io::Result<()>,
) -> Result<()> {
    let folder = folder_of(path);
    std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    // Made by `File`, so that it has the permissions of any other new file.
    let part = tempfile::Builder::new()
        .prefix(".nearmiss-")
        .make_in(folder, |path| File::create_new(path))
        .map_err(Error::io("write", path))?;
    let written = || {
        let mut out = BufWriter::with_capacity(1 << 20, part.as_file());
        fill(&mut out)?;
        out.flush()?;
        part.as_file().sync_all()
    };
    written().map_err(Error::io("write", path))?;
    part.persist(path)
        .map_err(|e| Error::io("write", path)(e.error))?;
    Ok(())
}

/// As [`replace`], for a `fill` that fails in more ways than writing does: a cancelled task, a source that cannot be read.
///
/// # Errors
/// Those of `fill`; the folder or the file cannot be written. Either way `path` stays as it was.
pub fn replace_with<T>(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&File>) -> Result<T>,
) -> Result<T> {
    let mut outcome = None;
    let written = replace(path, |out| match fill(out) {
        Ok(value) => {
            outcome = Some(Ok(value));
            Ok(())
        }
        Err(error) => {
            outcome = Some(Err(error));
            Err(std::io::Error::other("stopped"))
        }
    });
    match (outcome, written) {
        (Some(Ok(value)), Ok(())) => Ok(value),
        (Some(Err(error)), _) | (_, Err(error)) => Err(error),
        (None, Ok(())) => Err(Error::io("write", path)(std::io::Error::other(
            "nothing was written",
        ))),
    }
}

/// Writes `value` as JSON; the old file stays whole until the new one is.
///
/// # Errors
/// The folder cannot be created or written.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_vec_pretty(value)
        .map_err(|e| Error::request(format!("cannot write {}: {e}", path.display()), ""))?;
    replace(path, |out| out.write_all(&text))
}

/// The folder that `path` lies in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// The last part of `path`, or all of it where it has none.
pub fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |n| n.to_string_lossy().into_owned(),
    )
}
