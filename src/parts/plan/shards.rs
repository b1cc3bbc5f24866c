//! The shards of a dataset: what one task embeds.

use crate::parts::store::About;
use serde::{Deserialize, Serialize};
use std::time::UNIX_EPOCH;

/// A part of a dataset that is read by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shard {
    /// A file of the dataset that holds whole samples.
    File {
        /// Its name below the dataset's place.
        name: String,
        /// Its bytes.
        size: u64,
        /// The store's mark of its content, else the time of its last change in milliseconds since 1970.
        mark: String,
    },
    /// Images of a dataset that is read as a whole, from the first number up to the second.
    Images(usize, usize),
}

impl Shard {
    /// The file called `name`.
    pub fn file(name: String, about: &About) -> Self {
        Self::File {
            name,
            size: about.size,
            mark: mark(about),
        }
    }
}

/// What tells one content of a file from another.
pub(in crate::parts) fn mark(about: &About) -> String {
    let time = || {
        let since = about.modified?.duration_since(UNIX_EPOCH).ok()?;
        Some(since.as_millis().to_string())
    };
    about
        .etag
        .clone()
        .or_else(time)
        .unwrap_or_else(|| "unknown".into())
}
