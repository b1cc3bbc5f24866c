//! JSON files, written to a temporary name and renamed.

use crate::error::{Error, Result};
use crate::files::replace;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::Write;
use std::path::Path;

/// Writes `value` as JSON; the old file stays whole until the new one is.
///
/// # Errors
/// The folder cannot be created or written.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_vec_pretty(value)
        .map_err(|e| Error::request(format!("cannot write {}: {e}", path.display()), ""))?;
    replace(path, |out| out.write_all(&text))
}

/// Reads a JSON file of kind `kind` ("workspace", "settings file").
///
/// # Errors
/// The file cannot be read, or is not of that kind; the message names the key at fault.
pub fn read_json<T: DeserializeOwned>(path: &Path, kind: &str) -> Result<T> {
    let text = std::fs::read(path).map_err(Error::io("read", path))?;
    serde_json::from_slice(&text).map_err(|e| {
        Error::dataset(
            path,
            format!("is not a {kind} of nearmiss: {e}"),
            "Open a file that this program saved.",
        )
    })
}
