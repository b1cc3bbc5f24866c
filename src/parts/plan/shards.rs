//! The shards of a dataset: what one task embeds.

use crate::dataset::Groups;
use crate::parts::store::About;
use serde::{Deserialize, Serialize};

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
        /// [`About::mark`].
        mark: String,
    },
    /// Row groups of Parquet files, one after the other.
    Rows(Vec<RowGroups>),
    /// Images of a dataset that is read as a whole, from the first number up to the second.
    Images(usize, usize),
}

/// Row groups of a Parquet file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowGroups {
    /// The file's name below the dataset's place.
    pub name: String,
    /// Its bytes.
    pub size: u64,
    /// As of [`Shard::File`].
    pub mark: String,
    /// Which row groups.
    #[serde(flatten)]
    pub groups: Groups,
}

impl Shard {
    /// The files that it is read from: name, bytes, mark.
    pub fn files(&self) -> Vec<(&str, u64, &str)> {
        match self {
            Self::File { name, size, mark } => vec![(name, *size, mark)],
            Self::Rows(pieces) => pieces
                .iter()
                .map(|piece| (piece.name.as_str(), piece.size, piece.mark.as_str()))
                .collect(),
            Self::Images(..) => Vec::new(),
        }
    }

    /// The file called `name`.
    pub fn file(name: String, about: &About) -> Self {
        Self::File {
            name,
            size: about.size,
            mark: about.mark(),
        }
    }
}
