//! Datasets of several archives that can be read one by one, on whatever machine: their samples, one archive after the
//! other, are those of the dataset read as a whole.

use super::samples::{img2dataset, webdataset};
use super::split::{Wanted, shards};
use super::{Dataset, check_split, folder};
use crate::error::{Error, Result};
use crate::task::Task;
use std::path::Path;

/// The archives of a dataset.
#[derive(Debug, Clone, Default)]
pub struct Archives {
    /// Their names below the dataset's folder, in its order.
    pub names: Vec<String>,
    /// The dataset without samples: its format, its split, and what is said of it beside its archives.
    pub about: Dataset,
}

/// The archives of the dataset in `folder`; `None` where that is read as a whole.
///
/// # Errors
/// The split that is wanted is not there.
pub fn archives(folder: &Path, wanted: &Wanted) -> Result<Option<Archives>> {
    let kind = Some(folder).filter(|f| f.is_dir()).and_then(folder::first);
    let (files, about) = match kind {
        Some("img2dataset") => match img2dataset::archives(folder) {
            Some(found) => found,
            None => return Ok(None),
        },
        Some("WebDataset") => {
            let found = shards::find(folder, "tar", wanted);
            let mut about = Dataset {
                format: format!("WebDataset ({})", found.note),
                ..Dataset::default()
            };
            found.tell(&mut about);
            (found.files, about)
        }
        _ => return Ok(None),
    };
    // One archive alone may hold several splits.
    if files.len() < 2 {
        return Ok(None);
    }
    let names: Vec<String> = files.iter().map(|file| name_of(folder, file)).collect();
    let mut about = folder::with_others(about, folder);
    about.origin.file = folder.display().to_string();
    let about = check_split(folder, about, wanted)?;
    Ok(Some(Archives { names, about }))
}

/// The archives among `names` of files at a place that is no folder; `None` where there are none.
///
/// # Errors
/// The split that is wanted is not there.
pub fn archives_among(place: &str, names: &[String], wanted: &Wanted) -> Result<Option<Archives>> {
    let all = shards::among(names, "tar");
    if all.is_empty() {
        return Ok(None);
    }
    let found = shards::sift(Path::new(""), all, wanted);
    let mut about = Dataset {
        format: format!("WebDataset ({})", found.note),
        ..Dataset::default()
    };
    found.tell(&mut about);
    place.clone_into(&mut about.origin.file);
    let names = found.files.iter().map(|file| name_of(Path::new(""), file));
    Ok(Some(Archives {
        names: names.collect(),
        about: check_split(place.as_ref(), about, wanted)?,
    }))
}

/// Reads one archive of the dataset at `root`: that which is called `name` there and lies at `file`. One without a sample,
/// or that cannot be read, gives a dataset without images whose problems say so.
///
/// # Errors
/// Cancellation, or a file that cannot be opened.
pub fn open_archive(root: &Path, name: &str, file: &Path, task: &Task) -> Result<Dataset> {
    if file.symlink_metadata().is_err() {
        return Err(Error::dataset(file, "is gone", "Put it back."));
    }
    webdataset::read_one(root, name, file, task)
}

fn name_of(folder: &Path, file: &Path) -> String {
    let within = file.strip_prefix(folder).unwrap_or(file);
    within.to_string_lossy().replace('\\', "/")
}
