//! Where a run and its input lie, and how they are read and written there: a folder, or a place in object storage.
//!
//! A run is a set of files that many machines write. What is written is there whole or not at all, under its name at
//! once; nothing is appended, nothing is locked. Names are relative, with `/` between their parts.
//!
//! Everything here waits for a disk or a network: it is for worker threads. A remote place is asked when one of these
//! functions is called and at no other time, and it is the only host that is asked, with what it redirects to and what
//! the credentials in the environment themselves name.

mod local;
mod name;
#[cfg(feature = "object-storage")]
mod object;
mod partial;
mod url;

use crate::error::{Error, Result};
use crate::files::{read_all, replace_with};
use crate::task::Task;
use name::checked;
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use url::Place;

/// Bytes that are fetched at a time: enough that the way there and back does not count, few enough to be cancelled.
const STEP: u64 = 8 << 20;

/// Where a run or a dataset lies: a folder, or a place in object storage. Clones share one connection.
#[derive(Clone)]
pub struct Store {
    place: String,
    backend: Arc<dyn Backend>,
}

/// What is known of a file without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Its bytes.
    pub size: u64,
    /// What object storage calls this content of it.
    pub etag: Option<String>,
    /// When it was written last.
    pub modified: Option<SystemTime>,
}

impl About {
    /// What tells this content of the file from another: the store's word for it, else the time of its last change in
    /// milliseconds since 1970.
    pub fn mark(&self) -> String {
        let time = || {
            let since = self.modified?.duration_since(UNIX_EPOCH).ok()?;
            Some(since.as_millis().to_string())
        };
        let mark = self.etag.clone().or_else(time);
        mark.unwrap_or_else(|| "unknown".into())
    }
}

/// What every kind of store does; names and ranges are checked before.
trait Backend: Send + Sync {
    /// See [`Store::host`].
    fn host(&self) -> Option<String>;
    /// See [`Store::local`].
    fn local(&self) -> Option<&Path>;
    /// See [`Store::read_if_there`].
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>>;
    /// The bytes of `range`, which is not empty; fewer where the file ends within it.
    fn span(&self, name: &str, range: Range<u64>, task: &Task) -> Result<Vec<u8>>;
    /// See [`Store::about`].
    fn about(&self, name: &str) -> Result<Option<About>>;
    /// See [`Store::list`]; in any order.
    fn list(&self, prefix: &str) -> Result<Vec<(String, About)>>;
    /// See [`Store::write`].
    fn write(&self, name: &str, bytes: &[u8]) -> Result<()>;
    /// See [`Store::delete`].
    fn delete(&self, name: &str) -> Result<()>;
    /// The error where nothing has this name.
    fn missing(&self, name: &str) -> Error;
}

impl Store {
    /// The store at `place`: `/some/folder`, `relative/folder`, `file:///folder`, `s3://bucket/folder`,
    /// `gs://bucket/folder`, `az://container/folder`, or `https://host/folder`, which is only read. Nothing is asked
    /// yet: whether it is there, the first use tells. Credentials are taken from the environment.
    ///
    /// # Errors
    /// `place` is none, or holds credentials; this build has no object storage; settings in the environment cannot be
    /// used.
    pub fn open(place: &str) -> Result<Self> {
        let backend: Arc<dyn Backend> = match url::parse(place)? {
            Place::Folder(folder) => Arc::new(local::Folder(folder)),
            #[cfg(feature = "object-storage")]
            Place::Remote(address) => Arc::new(object::Objects::new(address)?),
            #[cfg(not(feature = "object-storage"))]
            Place::Remote(_) => {
                return Err(Error::request(
                    format!("{place}: this build has no object storage"),
                    "Build with --features object-storage, or give a folder.",
                ));
            }
        };
        Ok(Self {
            place: place.to_owned(),
            backend,
        })
    }

    /// Where it lies, as the user gave it; never with credentials, which [`Store::open`] refuses.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Which host is asked, in words; `None` of a folder.
    pub fn host(&self) -> Option<String> {
        self.backend.host()
    }

    /// The folder, where it is one.
    pub fn local(&self) -> Option<&Path> {
        self.backend.local()
    }

    /// The content of `name`.
    ///
    /// # Errors
    /// There is none; it cannot be read; `name` is none.
    pub fn read(&self, name: &str) -> Result<Vec<u8>> {
        self.read_if_there(name)?
            .ok_or_else(|| self.backend.missing(name))
    }

    /// The content of `name`, or `None` where there is none.
    ///
    /// # Errors
    /// It cannot be read; `name` is none; its bucket is not there.
    pub fn read_if_there(&self, name: &str) -> Result<Option<Vec<u8>>> {
        self.backend.read(checked(name)?)
    }

    /// The bytes of `name` in `range`: all of them, or an error.
    ///
    /// # Errors
    /// There is none; it ends within the range or before; it cannot be read.
    pub fn read_range(&self, name: &str, range: Range<u64>) -> Result<Vec<u8>> {
        self.span(name, range, &Task::of_thread())
    }

    /// As [`Store::read_range`], and cancelled with `task`.
    fn span(&self, name: &str, range: Range<u64>, task: &Task) -> Result<Vec<u8>> {
        checked(name)?;
        if range.is_empty() {
            return Ok(Vec::new());
        }
        task.check()?;
        let bytes = self.backend.span(name, range.clone(), task)?;
        if (bytes.len() as u64) < range.end - range.start {
            let end = range.start + bytes.len() as u64;
            let what = format!(
                "bytes {} to {} were asked for, and it has none from {end} on",
                range.start, range.end
            );
            return Err(self.wrong(
                name,
                what,
                "It was cut off or replaced: write or copy it again.",
            ));
        }
        Ok(bytes)
    }

    /// What is known of `name` without reading it, or `None` where there is none.
    ///
    /// # Errors
    /// It cannot be asked; `name` is none; its bucket is not there.
    pub fn about(&self, name: &str) -> Result<Option<About>> {
        self.backend.about(checked(name)?)
    }

    /// All files below the folder `prefix` ("" is the store itself), in its folders too: their names in this store, in
    /// the order of their bytes. None where there is no such folder. What is half written is not among them.
    ///
    /// # Errors
    /// It cannot be read; `prefix` is no name; a name there could be none here; its bucket is not there.
    pub fn list(&self, prefix: &str) -> Result<Vec<(String, About)>> {
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        if !prefix.is_empty() {
            checked(prefix)?;
        }
        let mut found = self.backend.list(prefix)?;
        found.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        Ok(found)
    }

    /// Writes `bytes` as `name`, in the place of what was there: whole, or not at all. Folders are made.
    ///
    /// # Errors
    /// It cannot be written, and what was there is as it was; `name` is none.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        self.backend.write(checked(name)?, bytes)
    }

    /// Removes `name`; where there is none, nothing happens.
    ///
    /// # Errors
    /// It cannot be removed; `name` is none.
    pub fn delete(&self, name: &str) -> Result<()> {
        self.backend.delete(checked(name)?)
    }

    /// Copies `name` to the local file `to`, which is there whole or not at all; of any size, a few MiB at a time.
    ///
    /// # Errors
    /// There is none; it changes meanwhile; it cannot be read, or `to` not be written; `task` was cancelled.
    pub fn fetch(&self, name: &str, to: &Path, task: &Task) -> Result<()> {
        let about = self
            .about(name)?
            .ok_or_else(|| self.backend.missing(name))?;
        replace_with(to, |out| {
            let mut start = 0;
            while start < about.size {
                let end = about.size.min(start + STEP);
                let bytes = self.span(name, start..end, task)?;
                out.write_all(&bytes).map_err(Error::io("write", to))?;
                start = end;
            }
            self.require_same(name, &about)
        })
    }

    /// Writes the content of the local file `from` as `name`, as [`Store::write`].
    ///
    /// # Errors
    /// As there; `from` cannot be read.
    pub fn put(&self, name: &str, from: &Path) -> Result<()> {
        let bytes = read_all(from, u64::MAX).map_err(Error::io("read", from))?;
        self.write(name, &bytes)
    }

    /// An error unless `name` is still what it was: parts of two contents fit together by chance alone.
    fn require_same(&self, name: &str, before: &About) -> Result<()> {
        if self.about(name)?.as_ref() == Some(before) {
            return Ok(());
        }
        Err(Error::Changed {
            path: self.path_of(name).into(),
            what: "was replaced or written while it was read",
        })
    }

    /// What is wrong with the content of `name`.
    fn wrong(&self, name: &str, what: String, remedy: &str) -> Error {
        Error::dataset(Path::new(&self.path_of(name)), what, remedy)
    }

    /// What messages call `name`; its path, where the store is a folder.
    pub fn shown(&self, name: &str) -> PathBuf {
        match self.local() {
            Some(folder) => folder.join(name),
            None => self.path_of(name).into(),
        }
    }

    fn path_of(&self, name: &str) -> String {
        format!("{}/{name}", self.place.trim_end_matches('/'))
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What it is connected with holds credentials.
        f.debug_tuple("Store").field(&self.place).finish()
    }
}
