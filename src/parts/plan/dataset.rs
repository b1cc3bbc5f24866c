//! How a dataset is cut into shards: by archives, by row groups of Parquet files, or by numbers of images.

use super::{RowGroups, Shard};
use crate::dataset::{self, Account, Archives, Dataset, RowReading, Tables, Wanted};
use crate::error::{Error, Result};
use crate::files::{file_name, folder_of};
use crate::parts::store::{About, Store};
use crate::source::Places;
use crate::task::Task;
use std::path::{Path, PathBuf};

/// Images that one task takes of a dataset without files of whole samples.
pub const IMAGES: usize = 4096;

/// A dataset that was cut.
#[derive(Default)]
pub(super) struct Cut {
    /// BLAKE3 of the names and captions of a dataset that is read as a whole.
    pub content: Option<String>,
    /// How rows are read.
    pub rows: Option<RowReading>,
    /// Why Parquet files are read as a whole.
    pub whole: Option<String>,
    /// What is said of the dataset beside what each part says for itself.
    pub about: Account,
    /// Its parts.
    pub shards: Vec<Shard>,
}

/// Cuts the dataset at `place` into shards of about `images` images.
///
/// # Errors
/// There is none, or it cannot be read; one in object storage is neither archives nor Parquet files that hold their
/// pictures; cancellation.
pub(super) fn cut(place: &str, part: &Wanted, images: usize, task: &Task) -> Result<Cut> {
    let home = Home::of(place)?;
    let Some(path) = home.local() else {
        return cut_remote(place, &home, part, images, task);
    };
    if let Some(found) = dataset::archives(&path, part)? {
        return of_archives(&home.store, found);
    }
    let mut why = None;
    if let Some(tables) = dataset::tables(&path, part) {
        match of_tables(&path, &home.store, &tables, part, images, task) {
            Ok(Ok((cut, None))) => return Ok(cut),
            Ok(Ok((_, reason @ Some(_)))) => why = reason,
            Ok(Err(reason)) => why = Some(reason),
            // What else lies in the folder may be what is opened; if not, it is said again.
            Err(Error::Dataset { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let whole = whole(place, part, task)?;
    Ok(Cut {
        content: Some(content(&whole)),
        whole: why,
        shards: numbered(whole.images.len(), images),
        about: whole.account(),
        ..Cut::default()
    })
}

/// As [`cut`], in object storage: nothing is read as a whole there.
fn cut_remote(place: &str, home: &Home, part: &Wanted, images: usize, task: &Task) -> Result<Cut> {
    let names = home.names()?;
    if let Some(found) = dataset::archives_among(place, &names, part)? {
        return of_archives(&home.store, found);
    }
    let tables = dataset::tables_among(&names, part);
    if tables.names.is_empty() {
        return Err(Error::request(
            format!("{place} holds no .tar archive and no .parquet file"),
            "In object storage datasets are read as WebDataset archives or as Parquet: \"nearmiss convert\" writes both.",
        ));
    }
    match of_tables(Path::new(place), &home.store, &tables, part, images, task)? {
        Ok((cut, _)) => Ok(cut),
        Err(why) => Err(Error::request(
            format!("{place}: {why}"),
            "In object storage Parquet files are read that hold the picture of each row: \"nearmiss convert\" writes them.",
        )),
    }
}

/// A dataset of archives that are read one by one.
fn of_archives(store: &Store, found: Archives) -> Result<Cut> {
    let shard = |name: String| Ok(Shard::file(name.clone(), &there(store, &name)?));
    Ok(Cut {
        shards: found.names.into_iter().map(shard).collect::<Result<_>>()?,
        about: found.about.account(),
        ..Cut::default()
    })
}

/// A dataset of Parquet files, with why its parts are of no use where it can be read as a whole; or why it cannot be cut.
type Tabled = Result<(Cut, Option<String>), String>;

fn of_tables(
    place: &Path,
    store: &Store,
    tables: &Tables,
    part: &Wanted,
    images: usize,
    task: &Task,
) -> Result<Tabled> {
    let abouts: Vec<About> = tables
        .names
        .iter()
        .map(|name| there(store, name))
        .collect::<Result<_>>()?;
    let files: Vec<_> = tables
        .names
        .iter()
        .map(|name| store.table_file(name, task))
        .collect::<Result<_>>()?;
    let cut = match tables.cut(place, &files, part, images, task)? {
        Ok(cut) => cut,
        Err(why) => return Ok(Err(why)),
    };
    let why = cut.too_coarse(images);
    let piece = |(file, groups): (usize, _)| RowGroups {
        name: tables.names[file].clone(),
        size: abouts[file].size,
        mark: abouts[file].mark(),
        groups,
    };
    let parts = cut.parts.into_iter();
    let shards = parts.map(|part| Shard::Rows(part.into_iter().map(piece).collect()));
    let cut = Cut {
        shards: shards.collect(),
        rows: Some(cut.reading),
        about: cut.about.account(),
        ..Cut::default()
    };
    // What was read is what is planned with.
    for (name, before) in tables.names.iter().zip(&abouts) {
        if there(store, name)? != *before {
            return Err(Error::Changed {
                path: store.shown(name),
                what: "was replaced or written while it was read",
            });
        }
    }
    Ok(Ok((cut, why)))
}

fn there(store: &Store, name: &str) -> Result<About> {
    store.about(name)?.ok_or_else(|| {
        let what = format!("{name} of {} is gone", store.place());
        Error::request(what, "Plan again.")
    })
}

/// Shards of at most `size` images.
pub(super) fn numbered(images: usize, size: usize) -> Vec<Shard> {
    let of = |from: usize| Shard::Images(from, (from + size).min(images));
    (0..images).step_by(size).map(of).collect()
}

/// Where the files of a dataset lie.
pub(in crate::parts) struct Home {
    /// The folder.
    pub store: Store,
    /// The one file of it that is the dataset.
    file: Option<String>,
}

impl Home {
    /// Of the dataset at `place`.
    ///
    /// # Errors
    /// The place is none that can be opened, or asked.
    pub fn of(place: &str) -> Result<Self> {
        let store = Store::open(place)?;
        if let Some(path) = store.local() {
            let file = path.is_file().then(|| file_name(path));
            return Ok(Self {
                store: match &file {
                    Some(_) => Store::open(&folder_of(path).to_string_lossy())?,
                    None => store,
                },
                file,
            });
        }
        let (above, name) = place.rsplit_once('/').unwrap_or_default();
        if name.to_lowercase().ends_with(".parquet") {
            // Some writers call a folder so.
            let folder = Store::open(above)?;
            if folder.about(name)?.is_some() {
                let file = Some(name.to_owned());
                return Ok(Self {
                    store: folder,
                    file,
                });
            }
        }
        Ok(Self { store, file: None })
    }

    /// The dataset's folder or file, where that is one.
    fn local(&self) -> Option<PathBuf> {
        let folder = self.store.local()?;
        Some(match &self.file {
            Some(file) => folder.join(file),
            None => folder.to_path_buf(),
        })
    }

    /// The names of its files.
    fn names(&self) -> Result<Vec<String>> {
        if let Some(file) = &self.file {
            return Ok(vec![file.clone()]);
        }
        let listed = self.store.list("")?;
        Ok(listed.into_iter().map(|(name, _)| name).collect())
    }
}

/// Opens the dataset as a whole.
pub(in crate::parts) fn whole(place: &str, part: &Wanted, task: &Task) -> Result<Dataset> {
    let places = Places {
        dataset: Some(PathBuf::from(place)),
        wanted: part.clone(),
        ..Places::default()
    };
    let stored = places.read(task)?;
    stored.needs_captions(place.as_ref())?;
    let dataset = stored.without_brought().dataset;
    dataset.ok_or_else(|| Error::request("there is no dataset", "Name one."))
}

/// BLAKE3 of the names and captions of a dataset, in order.
pub(in crate::parts) fn content(dataset: &Dataset) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut add = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    for (i, image) in dataset.images.iter().enumerate() {
        add(&image.name);
        for caption in &dataset.captions[dataset.captions_of(i)] {
            add(caption);
        }
        add("\0");
    }
    hasher.finalize().to_hex().to_string()
}

/// Refuses a shard whose files are not what they were when it was planned.
///
/// # Errors
/// They are not; they cannot be asked.
pub(in crate::parts) fn unchanged(store: &Store, shard: &Shard) -> Result<()> {
    for (name, size, mark) in shard.files() {
        let same = |about: About| about.size == size && about.mark() == mark;
        if !store.about(name)?.is_some_and(same) {
            return Err(Error::plan(format!(
                "{name} of {} is not what it was when the run was planned",
                store.place()
            )));
        }
    }
    Ok(())
}
