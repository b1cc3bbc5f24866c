//! Datasets of several archives that can be read one by one, on whatever machine: their samples, one archive after the
//! other, are those of the dataset read as a whole.

use super::samples::{img2dataset, webdataset};
use super::split::{Wanted, shards};
use super::{Dataset, folder};
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
pub fn archives(folder: &Path, wanted: &Wanted) -> Option<Archives> {
    if !folder.is_dir() {
        return None;
    }
    let (files, about) = match folder::first(folder)? {
        "img2dataset" => img2dataset::archives(folder)?,
        "WebDataset" => {
            let found = shards::find(folder, "tar", wanted);
            let mut about = Dataset {
                format: format!("WebDataset ({})", found.note),
                ..Dataset::default()
            };
            found.tell(&mut about);
            (found.files, about)
        }
        _ => return None,
    };
    let names: Vec<String> = files.iter().map(|file| name_of(folder, file)).collect();
    let mut about = folder::with_others(about, folder);
    about.origin.file = folder.display().to_string();
    // One archive alone may hold several splits.
    (names.len() > 1).then_some(Archives { names, about })
}

/// The archives among `names` of files at a place that is no folder.
pub fn archives_among(place: &str, names: &[String], wanted: &Wanted) -> Archives {
    let all = shards::among(names, "tar");
    let found = shards::sift(Path::new(""), all, wanted);
    let mut about = Dataset {
        format: format!("WebDataset ({})", found.note),
        ..Dataset::default()
    };
    found.tell(&mut about);
    place.clone_into(&mut about.origin.file);
    Archives {
        names: found
            .files
            .iter()
            .map(|file| name_of(Path::new(""), file))
            .collect(),
        about,
    }
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
