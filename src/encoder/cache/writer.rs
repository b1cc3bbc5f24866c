//! What appends to a file of the cache, beside others that may do the same.

use super::{HEADER, RowHash, Shelf, checked, checksum, files, header, read_header, record_length};
use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

/// Appends to a shelf's file.
pub(in crate::encoder) struct Writer {
    pub(super) path: PathBuf,
    file: Option<File>,
    /// Bytes that the file may take.
    limit: u64,
    /// The rows in the file, up to byte `seen`: another nearmiss may append to it too, and none is kept twice.
    known: HashSet<RowHash>,
    seen: u64,
    warning: Option<String>,
}

impl Writer {
    /// Appends to the file at `path`, of which `shelf` was read, up to `limit` bytes.
    pub(super) fn of(path: PathBuf, limit: u64, shelf: &Shelf) -> Self {
        Self {
            path,
            file: None,
            limit,
            known: shelf.rows.keys().copied().collect(),
            seen: shelf.seen,
            warning: None,
        }
    }

    /// Writes nowhere.
    pub(in crate::encoder) fn none() -> Self {
        // An empty warning keeps it from ever writing and is told to nobody.
        Self {
            path: PathBuf::new(),
            file: None,
            limit: 0,
            known: HashSet::new(),
            seen: 0,
            warning: Some(String::new()),
        }
    }

    /// Writes nowhere, and says why.
    pub(in crate::encoder) fn failed(why: String) -> Self {
        Self {
            warning: Some(why),
            ..Self::none()
        }
    }

    /// Appends the rows `hashes` with `values` (`[hashes.len(), dim]`). Where that fails, this and all later rows
    /// are not kept and [`Writer::warning`] says why.
    pub(in crate::encoder) fn append(&mut self, hashes: &[RowHash], values: &[f32], dim: usize) {
        if self.warning.is_some() || hashes.is_empty() {
            return;
        }
        if let Err(e) = self.write(hashes, values, dim) {
            let folder = self.path.parent().unwrap_or(&self.path);
            self.warning = Some(format!(
                "Embeddings are not kept for next time: cannot write in {}: {e}.",
                folder.display()
            ));
        }
    }

    /// Why nothing is kept, where that is so.
    pub(in crate::encoder) fn warning(self) -> Option<String> {
        self.warning.filter(|w| !w.is_empty())
    }

    fn write(&mut self, hashes: &[RowHash], values: &[f32], dim: usize) -> std::io::Result<()> {
        let mut file = if let Some(file) = self.file.take() {
            file
        } else {
            std::fs::create_dir_all(self.path.parent().unwrap_or(&self.path))?;
            // Not opened to append: Windows then lets nothing be cut off.
            OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&self.path)?
        };
        // Another nearmiss may write the same file; where the file system has no locks, checksums must do.
        let locked = file.lock().is_ok();
        let written = self.append_to(&mut file, hashes, values, dim);
        if locked {
            let _ = file.unlock();
        }
        self.file = Some(file);
        written
    }

    /// Cuts off what is torn, writes the header where there is none, and appends the rows that the file lacks; on a failure
    /// the file is as before.
    fn append_to(
        &mut self,
        file: &mut File,
        hashes: &[RowHash],
        values: &[f32],
        dim: usize,
    ) -> std::io::Result<()> {
        file.seek(SeekFrom::Start(0))?;
        let mut length = file.metadata()?.len();
        let size = record_length(dim);
        if read_header(file) == Some(dim) {
            length -= (length - HEADER) % size as u64;
            file.set_len(length)?;
        } else {
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&header(dim)).inspect_err(|_| {
                let _ = file.set_len(0);
            })?;
            length = HEADER;
            self.known.clear();
        }
        // It was cut off or begun again since.
        if !(HEADER..=length).contains(&self.seen)
            || !(self.seen - HEADER).is_multiple_of(size as u64)
        {
            self.seen = HEADER;
        }
        let mut reader = BufReader::with_capacity(1 << 20, &mut *file);
        reader.seek(SeekFrom::Start(self.seen))?;
        let mut record = vec![0; size];
        while self.seen < length {
            reader.read_exact(&mut record)?;
            self.known.extend(checked(&record).map(|(hash, _)| hash));
            self.seen += size as u64;
        }
        let mut records = Vec::with_capacity(hashes.len() * size);
        for (hash, row) in hashes.iter().zip(values.chunks_exact(dim)) {
            if self.known.contains(hash) {
                continue;
            }
            let start = records.len();
            records.extend_from_slice(hash);
            records.extend(row.iter().flat_map(|v| v.to_le_bytes()));
            let check = checksum(&records[start..]);
            records.extend_from_slice(&check);
        }
        if length + records.len() as u64 > self.limit {
            return Err(std::io::Error::other(format!(
                "its limit of {} bytes is reached, set by {}",
                self.limit,
                files::VARIABLE
            )));
        }
        file.seek(SeekFrom::Start(length))?;
        file.write_all(&records).inspect_err(|_| {
            let _ = file.set_len(length);
        })
    }
}
