//! A value with where it comes from.

use serde::Serialize;
use std::path::Path;

/// A value that prepares pictures or captions, with where it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stated {
    /// What it is: "resize", "tokens per caption".
    pub what: &'static str,
    /// The value in words.
    pub value: String,
    /// The file it was read from, with its folder where that helps; `None` for a default, the graph or a trial.
    pub file: Option<String>,
    /// The key in that file.
    pub key: Option<String>,
    /// Where it comes from, in words.
    pub from: String,
}

impl Stated {
    /// Read from `key` of the file at `path`.
    pub fn read(what: &'static str, value: impl Into<String>, path: &Path, key: &str) -> Self {
        let name = |p: Option<&std::ffi::OsStr>| {
            p.map(|n| n.to_string_lossy().into_owned())
                .unwrap_or_default()
        };
        let file = name(path.file_name());
        let from = if key.is_empty() {
            file.clone()
        } else {
            format!("{file}: {key}")
        };
        Self {
            what,
            value: value.into(),
            file: Some(path.display().to_string()),
            key: (!key.is_empty()).then(|| key.to_owned()),
            from,
        }
    }

    /// From elsewhere, as `from` says.
    pub fn other(what: &'static str, value: impl Into<String>, from: impl Into<String>) -> Self {
        Self {
            what,
            value: value.into(),
            file: None,
            key: None,
            from: from.into(),
        }
    }
}
