//! Where the bytes of a dataset's pictures lie.

use super::archive::Archive;
use super::encoded;
use super::parquet_cells::PictureColumn;
use super::picture::MAX_FILE;
use crate::error::{Error, Result};
use crate::files::read_all;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the bytes of a picture lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// In a file of its own.
    File(PathBuf),
    /// In an uncompressed tar archive, or another file: `length` bytes from `offset`.
    Span {
        /// The archive.
        archive: Arc<Archive>,
        /// Where the picture's first byte is.
        offset: u64,
        /// Bytes of the picture.
        length: u64,
    },
    /// In a cell of a Parquet file.
    Cell {
        /// The column.
        column: Arc<PictureColumn>,
        /// The row, from 0.
        row: u64,
    },
    /// Written as base64 in a part of a file of text, in a cell or in memory.
    Base64(Box<Stored>),
    /// Text in memory.
    Text(Arc<str>),
}

impl Stored {
    /// The bytes, undecoded.
    ///
    /// # Errors
    /// The file cannot be read, or has become shorter; the picture is larger than any picture file may be.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        match self {
            Self::File(path) => read_all(path, MAX_FILE).map_err(Error::io("read", path)),
            Self::Span {
                archive,
                offset,
                length,
            } => {
                within(archive, *length)?;
                archive.read(*offset, *length)
            }
            Self::Cell { column, row } => column.bytes(*row),
            Self::Text(text) => Ok(text.as_bytes().to_vec()),
            Self::Base64(text) => encoded::decode(&text.bytes()?).ok_or_else(|| {
                Error::dataset(
                    &text.place("a picture"),
                    "holds a picture as base64 text that is damaged",
                    "Write the picture again, or leave it out.",
                )
            }),
        }
    }

    /// Has the bytes on this machine, where they are fetched.
    ///
    /// # Errors
    /// They cannot be fetched.
    pub(in crate::dataset) fn fetch(&self) -> Result<()> {
        match self {
            Self::Cell { column, row } => column.fetch(*row),
            Self::Base64(text) => text.fetch(),
            Self::File(_) | Self::Span { .. } | Self::Text(_) => Ok(()),
        }
    }

    /// Where they lie, for messages; `name` is the image's.
    pub(super) fn place(&self, name: &str) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            Self::Span { archive, .. } => format!("{}: {name}", archive.display()).into(),
            Self::Cell { column, row } => column.place(*row),
            Self::Text(_) => name.into(),
            Self::Base64(text) => text.place(name),
        }
    }
}

/// A picture file of `length` bytes may be read.
fn within(path: &Path, length: u64) -> Result<()> {
    if length <= MAX_FILE {
        return Ok(());
    }
    let most = MAX_FILE >> 20;
    Err(Error::dataset(
        path,
        format!("is too large for a picture: over {most} MiB"),
        "Make it smaller, or leave it out.",
    ))
}
