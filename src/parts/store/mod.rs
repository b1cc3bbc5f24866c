//! Where a run lies.
use crate::error::{Error, Result};
use crate::files::{SCRATCH, replace};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What is known of a file without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Bytes.
    pub size: u64,
    /// The store's own mark of this content, where it has one.
    pub etag: Option<String>,
    /// When it was written.
    pub modified: Option<SystemTime>,
}

/// Where a run or a dataset lies.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
    place: String,
}

impl Store {
    /// Opens.
    pub fn open(place: &str) -> Result<Self> {
        Ok(Self {
            folder: PathBuf::from(place),
            place: place.to_owned(),
        })
    }
    /// As the user gave it.
    pub fn place(&self) -> &str {
        &self.place
    }
    /// The folder, where it is one.
    pub fn local(&self) -> Option<&Path> {
        Some(&self.folder)
    }
    /// Reads a file.
    pub fn read(&self, name: &str) -> Result<Vec<u8>> {
        let path = self.folder.join(name);
        std::fs::read(&path).map_err(Error::io("read", &path))
    }
    /// Reads a file, if it is there.
    pub fn read_if_there(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let path = self.folder.join(name);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Error::io("read", &path)(e)),
        }
    }
    /// Reads a part.
    pub fn read_range(&self, name: &str, range: Range<u64>) -> Result<Vec<u8>> {
        let path = self.folder.join(name);
        let read = || {
            let mut file = std::fs::File::open(&path)?;
            file.seek(SeekFrom::Start(range.start))?;
            let mut bytes = vec![0; (range.end - range.start) as usize];
            file.read_exact(&mut bytes)?;
            Ok(bytes)
        };
        read().map_err(Error::io("read", &path))
    }
    /// What is known of a file.
    pub fn about(&self, name: &str) -> Result<Option<About>> {
        let path = self.folder.join(name);
        match std::fs::metadata(&path) {
            Ok(m) => Ok(Some(About {
                size: m.len(),
                etag: None,
                modified: m.modified().ok(),
            })),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Error::io("read", &path)(e)),
        }
    }
    /// All below.
    pub fn list(&self, prefix: &str) -> Result<Vec<(String, About)>> {
        let mut found = Vec::new();
        let mut folders = vec![prefix.trim_end_matches('/').to_owned()];
        while let Some(folder) = folders.pop() {
            let path = self.folder.join(&folder);
            let entries = match std::fs::read_dir(&path) {
                Ok(entries) => entries,
                Err(e) if e.kind() == ErrorKind::NotFound => continue,
                Err(e) => return Err(Error::io("read", &path)(e)),
            };
            for entry in entries.flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                if name.starts_with(SCRATCH) {
                    continue;
                }
                let full = if folder.is_empty() {
                    name
                } else {
                    format!("{folder}/{name}")
                };
                if entry.path().is_dir() {
                    folders.push(full);
                    continue;
                }
                if let Some(about) = self.about(&full)? {
                    found.push((full, about));
                }
            }
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(found)
    }
    /// Writes whole or not at all.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        replace(&self.folder.join(name), |out| out.write_all(bytes))
    }
    /// Fetches.
    pub fn fetch(&self, name: &str, to: &Path, _task: &crate::task::Task) -> Result<()> {
        let bytes = self.read(name)?;
        replace(to, |out| out.write_all(&bytes))
    }
    /// Puts.
    pub fn put(&self, name: &str, from: &Path, _task: &crate::task::Task) -> Result<()> {
        let bytes = std::fs::read(from).map_err(Error::io("read", from))?;
        self.write(name, &bytes)
    }
    /// Deletes.
    pub fn delete(&self, name: &str) -> Result<()> {
        let path = self.folder.join(name);
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(Error::io("delete", &path)(e)),
            _ => Ok(()),
        }
    }
}
