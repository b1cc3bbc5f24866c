//! Datasets of Parquet files that can be read by row groups, on whatever machine.

use super::split::{Wanted, shards};
use super::tables::parquet_cut::{self, Groups, RowCut, RowReading};
use super::tables::parquet_part::TableFile;
use super::tables::parquet_table;
use super::{Dataset, check_split, folder};
use crate::error::Result;
use crate::files::{file_name, folder_of};
use crate::task::Task;
use std::path::{Path, PathBuf};

/// The Parquet files of a dataset.
pub struct Tables {
    /// Their names below the dataset's folder, in its order.
    pub names: Vec<String>,
    /// What is said of the dataset beside what its rows say.
    found: shards::Shards,
    /// The folder, where there is one: other datasets may lie in it.
    folder: Option<PathBuf>,
}

/// The Parquet files at `path`, a folder or a file; `None` where that is read as another format.
pub fn tables(path: &Path, wanted: &Wanted) -> Option<Tables> {
    let folder = path.is_dir().then(|| path.to_path_buf());
    let fits = match &folder {
        Some(folder) => folder::first(folder)? == "Parquet",
        None => parquet_table::named(&file_name(path).to_lowercase()),
    };
    let found = shards::find(path, "parquet", wanted);
    let home = folder.as_deref().unwrap_or_else(|| folder_of(path));
    let name = |file: &PathBuf| {
        let within = file.strip_prefix(home).unwrap_or(file);
        within.to_string_lossy().replace('\\', "/")
    };
    let names = found.files.iter().map(name).collect();
    fits.then_some(Tables {
        names,
        found,
        folder,
    })
}

/// The Parquet files among `names` of files at a place that is no folder.
pub fn tables_among(names: &[String], wanted: &Wanted) -> Tables {
    let all = shards::among(names, "parquet");
    let found = shards::sift(Path::new(""), all, wanted);
    let names = found.files.iter();
    Tables {
        names: names
            .map(|file| file.to_string_lossy().into_owned())
            .collect(),
        found,
        folder: None,
    }
}

impl Tables {
    /// Cuts the table at `place`, whose `files` are those of `names`, into parts of about `size` images. Names and splits
    /// of all rows are read, captions and pictures are not. `Err` in the outcome says why it cannot be cut.
    ///
    /// # Errors
    /// No file can be read, or has no column of captions; the split that is wanted is not there; cancellation.
    pub fn cut(
        &self,
        place: &Path,
        files: &[TableFile],
        wanted: &Wanted,
        size: usize,
        task: &Task,
    ) -> Result<Result<RowCut, String>> {
        let (rows, format) = parquet_table::rows_of(&self.found, wanted);
        let mut cut = match parquet_cut::cut(place, files, &format, &rows, size, task)? {
            Ok(cut) => cut,
            Err(why) => return Ok(Err(why)),
        };
        let mut about = std::mem::take(&mut cut.about);
        self.found.tell(&mut about);
        if let Some(folder) = &self.folder {
            about = folder::with_others(about, folder);
        }
        about.origin.file = place.display().to_string();
        cut.about = check_split(place, about, wanted)?;
        Ok(Ok(cut))
    }
}

/// Reads a part of the table at `place`: of each file, some row groups.
///
/// # Errors
/// A file is not what it was when it was cut ([`crate::error::Error::Plan`]), cannot be read or is damaged; cancellation.
pub fn open_row_groups(
    place: &Path,
    files: &[(TableFile, Groups)],
    reading: &RowReading,
    task: &Task,
) -> Result<Dataset> {
    parquet_cut::open(place, files, reading, task)
}
