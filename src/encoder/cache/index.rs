//! Which rows a file of the cache holds, kept beside it, so that opening it does not read what it holds.
//!
//! The index says what the file held when it was written, and which record was the last one then. It is advice: each row
//! is checked when it is read, and records that came later are read as ever.

use super::{CHECK, HASH, HEADER, RowHash, checksum, record_length};
use crate::files::{TEXT, read_all, replace};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The first bytes; the digit is the version of the format.
const MAGIC: [u8; 8] = *b"NMINDEX1";
/// Magic, then the length of an embedding as u32, then the checksum of the last record.
const HEAD: usize = 12 + CHECK;
/// Rows that are read without an index.
const FEW: usize = 1024;
/// A new index is written once the rows beyond the old one are more than this part of it.
const PART: usize = 16;

/// The index beside a file of the cache.
pub(super) fn path_of(file: &Path) -> PathBuf {
    file.with_extension("index")
}

/// The rows of `file`, whose embeddings have `dim` values, by the number of their record, as its index beside `path` says;
/// none where there is no index or it is that of another content. A record that was damaged has the hash of all ones.
pub(super) fn read(path: &Path, file: &mut File, dim: usize) -> Vec<RowHash> {
    known(path, file, dim).unwrap_or_default()
}

fn known(path: &Path, file: &mut File, dim: usize) -> Option<Vec<RowHash>> {
    let bytes = read_all(&path_of(path), TEXT).ok()?;
    let (body, check) = bytes.split_last_chunk::<CHECK>()?;
    let (head, hashes) = body.split_at_checked(HEAD)?;
    let (rows, rest) = hashes.as_chunks::<HASH>();
    let ours = head[..8] == MAGIC && head[8..12] == (dim as u32).to_le_bytes();
    if !ours || !rest.is_empty() || rows.is_empty() || checksum(body) != *check {
        return None;
    }
    // The last record that the index knows must be there still.
    let end = HEADER + rows.len() as u64 * record_length(dim) as u64;
    let mut last = [0; CHECK];
    file.seek(SeekFrom::Start(end - CHECK as u64)).ok()?;
    file.read_exact(&mut last).ok()?;
    (last == head[12..]).then(|| rows.to_vec())
}

/// Writes an index of `rows`, of which the one before knew `before`, where it is worth it; where that fails, files are read
/// as without one.
pub(super) fn write(path: &Path, file: &mut File, dim: usize, rows: &[RowHash], before: usize) {
    let new = rows.len() - before;
    if rows.len() < FEW || new * PART <= before {
        return;
    }
    let end = HEADER + rows.len() as u64 * record_length(dim) as u64;
    let mut last = [0; CHECK];
    let there = file.seek(SeekFrom::Start(end - CHECK as u64));
    if there.and_then(|_| file.read_exact(&mut last)).is_err() {
        return;
    }
    let mut bytes = Vec::with_capacity(HEAD + rows.len() * HASH + CHECK);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&(dim as u32).to_le_bytes());
    bytes.extend_from_slice(&last);
    bytes.extend_from_slice(rows.as_flattened());
    let check = checksum(&bytes);
    bytes.extend_from_slice(&check);
    let _ = replace(&path_of(path), |out| out.write_all(&bytes));
}

/// Removes the index beside `path`: it names a row that is not there.
pub(super) fn forget(path: &Path) {
    let _ = std::fs::remove_file(path_of(path));
}
