//! A file of a store of which the parts that are read are fetched, into a local file of the same length with holes.

use super::{About, STEP, Store};
use crate::dataset::{Partial, TableFile};
use crate::error::{Error, Result};
use crate::files::SCRATCH;
use crate::task::{Task, lock, scratch};
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Bytes that are fetched at least: what lies behind a few is often asked for next.
const LEAST: u64 = 64 << 10;

/// A file of which parts are here. The local file is removed with it.
pub(super) struct Fetched {
    store: Store,
    name: String,
    about: About,
    task: Task,
    path: tempfile::TempPath,
    /// Which bytes are here, in order, with others between them.
    here: Mutex<Vec<Range<u64>>>,
}

impl Fetched {
    /// The file called `name`; what is fetched of it is cancelled with `task`.
    ///
    /// # Errors
    /// There is none, or it cannot be asked; the local file cannot be made.
    pub(super) fn new(store: &Store, name: &str, task: &Task) -> Result<Self> {
        let about = store
            .about(name)?
            .ok_or_else(|| store.backend.missing(name))?;
        let folder = std::env::temp_dir();
        let file = tempfile::Builder::new()
            .prefix(&scratch::prefix(&folder, SCRATCH))
            .tempfile_in(&folder)
            .map_err(Error::io("create", &folder))?;
        let sized = file.as_file().set_len(about.size);
        sized.map_err(Error::io("write", file.path()))?;
        Ok(Self {
            store: store.clone(),
            name: name.to_owned(),
            about,
            task: task.clone(),
            path: file.into_temp_path(),
            here: Mutex::default(),
        })
    }

    /// Fetches `range`, a few MiB at a time.
    fn fetch(&self, range: Range<u64>) -> Result<()> {
        let io = || Error::io("write", &self.path);
        let mut file = File::options().write(true).open(&self.path).map_err(io())?;
        file.seek(SeekFrom::Start(range.start)).map_err(io())?;
        let mut at = range.start;
        while at < range.end {
            let end = range.end.min(at + STEP);
            let bytes = self.store.span(&self.name, at..end, &self.task)?;
            file.write_all(&bytes).map_err(io())?;
            at = end;
        }
        self.store.require_same(&self.name, &self.about)
    }
}

impl Partial for Fetched {
    fn path(&self) -> &Path {
        &self.path
    }

    fn need(&self, range: Range<u64>) -> Result<()> {
        let range = range.start..range.end.min(self.about.size);
        // Held while it is fetched: another thread often wants the same.
        let mut here = lock(&self.here);
        while let Some(mut gap) = gap(&here, &range) {
            let next = here.iter().map(|h| h.start).find(|&start| start >= gap.end);
            let most = next.unwrap_or(self.about.size);
            gap.end = gap.end.max(most.min(gap.start + LEAST));
            self.fetch(gap.clone()).map_err(of_place)?;
            here.push(gap);
            here.sort_unstable_by_key(|h| h.start);
        }
        Ok(())
    }
}

/// What a store says, as nothing that is wrong with a dataset's file.
fn of_place(error: Error) -> Error {
    match error {
        Error::Dataset { path, what, remedy } => {
            Error::request(format!("{}: {what}", path.display()), remedy)
        }
        other => other,
    }
}

/// The first part of `range` that is not in `here`.
fn gap(here: &[Range<u64>], range: &Range<u64>) -> Option<Range<u64>> {
    let mut start = range.start;
    for part in here {
        if part.start > start {
            break;
        }
        start = start.max(part.end);
    }
    let next = here.iter().map(|part| part.start).find(|&at| at > start);
    let end = range.end.min(next.unwrap_or(u64::MAX));
    (start < end).then_some(start..end)
}

impl Store {
    /// The file called `name`, of which no more is fetched than is read; fetching is cancelled with `task`.
    ///
    /// # Errors
    /// There is none, or it cannot be asked.
    pub fn table_file(&self, name: &str, task: &Task) -> Result<TableFile> {
        let path = self.shown(name);
        if self.local().is_some() {
            return Ok(TableFile::at(&path));
        }
        let fetched = Fetched::new(self, name, task)?;
        let partial = Some(Arc::new(fetched) as Arc<dyn Partial>);
        Ok(TableFile { path, partial })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_here_is_the_first_gap() {
        let here = [0..10, 10..20, 30..40];
        for (range, expected) in [
            (0..20, None),
            (5..25, Some(20..25)),
            (5..50, Some(20..30)),
            (32..50, Some(40..50)),
            (25..35, Some(25..30)),
            (50..50, None),
        ] {
            assert_eq!(gap(&here, &range), expected, "{range:?}");
        }
    }
}
