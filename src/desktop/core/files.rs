//! JSON files that this program saved before.

use crate::error::{Error, Result};
use crate::files::{TEXT, read_all};
use serde::de::DeserializeOwned;
use std::path::Path;

/// Reads a JSON file of kind `kind` ("workspace", "settings file").
///
/// # Errors
/// The file cannot be read, or is not of that kind; the message names the key at fault.
pub fn read_json<T: DeserializeOwned>(path: &Path, kind: &str) -> Result<T> {
    let text = read_all(path, TEXT).map_err(Error::io("read", path))?;
    serde_json::from_slice(&text).map_err(|e| {
        Error::dataset(
            path,
            format!("is not a {kind} of nearmiss: {e}"),
            "Open a file that this program saved.",
        )
    })
}
