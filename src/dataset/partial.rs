//! Files of which parts are on this machine: what is read of them is fetched first.

use crate::error::Result;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

/// Bytes at the end of a Parquet file that are fetched at once: most footers lie in them.
const TAIL: u64 = 64 << 10;

/// A file that lies elsewhere. What was fetched of it lies in a local file of the same length, at the same places.
pub trait Partial: Send + Sync {
    /// The local file.
    fn path(&self) -> &Path;
    /// Fetches the bytes of `range`, but those that are there.
    ///
    /// # Errors
    /// They cannot be fetched; the file is another one by now; cancellation. Never [`crate::error::Error::Dataset`]:
    /// nothing is wrong with the file.
    fn need(&self, range: Range<u64>) -> Result<()>;
}

/// Fetches the footer of a Parquet file, of which `file` holds what was fetched.
///
/// # Errors
/// As [`Partial::need`]. What is no footer is left to its reader to refuse.
pub(super) fn tail(partial: &dyn Partial, mut file: &File) -> Result<()> {
    let Ok(length) = file.metadata().map(|about| about.len()) else {
        return Ok(());
    };
    partial.need(length.saturating_sub(TAIL)..length)?;
    let mut end = [0; 8];
    let read = file
        .seek(SeekFrom::Start(length.saturating_sub(8)))
        .and_then(|_| file.read_exact(&mut end));
    let size = u64::from(u32::from_le_bytes([end[0], end[1], end[2], end[3]]));
    match length.checked_sub(size.saturating_add(8)) {
        Some(start) if read.is_ok() && &end[4..] == b"PAR1" => partial.need(start..length),
        _ => Ok(()),
    }
}
