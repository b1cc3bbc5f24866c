//! Parquet tables of images and captions, as Hugging Face and img2dataset write them: the picture in a cell (`image`
//! with `bytes` and `path`, or plain bytes) or named by it, captions as texts or lists of texts, in one file or many.

use super::parquet_layout::Picture;
use super::parquet_part::{Names, Part, TableFile};
use crate::dataset::formats::builder::DatasetBuilder;
use crate::dataset::formats::names::split_extension;
use crate::dataset::formats::split::shards::{self, Shards};
use crate::dataset::formats::split::{Chosen, Rule, Scan, Wanted};
use crate::dataset::parquet_cells::PageCache;
use crate::dataset::{Dataset, Reason};
use crate::error::{Error, Result, thousands};
use crate::files::file_name;
use crate::task::Task;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// `*.parquet`.
pub(crate) fn named(name: &str) -> bool {
    split_extension(name).1 == "parquet"
}

/// The mark that a Parquet file begins with.
pub(crate) fn begins(head: &str) -> bool {
    head.starts_with("PAR1")
}

/// Are there Parquet files?
pub(crate) fn fits(folder: &Path) -> bool {
    shards::hold(folder, "parquet")
}

/// Reads a file or a folder of them; images in the order of the rows.
pub(crate) fn open(path: &Path, wanted: &Wanted, task: &Task) -> Result<Dataset> {
    let shards = shards::find(path, "parquet", wanted);
    let (rows, format) = rows_of(&shards, wanted);
    let mut dataset = read(path, &shards.files, &format, &rows, task)?;
    shards.tell(&mut dataset);
    Ok(dataset)
}

/// What is asked of the rows of these files, and how what they are called begins.
pub(crate) fn rows_of(shards: &Shards, wanted: &Wanted) -> (Wanted, String) {
    // Files of their own say the split: their rows are asked for none.
    let rows = if shards.is_split() {
        Wanted::default()
    } else {
        wanted.clone()
    };
    (rows, format!("Parquet ({}", shards.note))
}

/// Reads the files of the dataset at `path`; `format` is what it is called, its bracket still open.
pub(crate) fn read(
    path: &Path,
    files: &[PathBuf],
    format: &str,
    wanted: &Wanted,
    task: &Task,
) -> Result<Dataset> {
    let files: Vec<_> = files.iter().map(|path| TableFile::at(path)).collect();
    let opened = Opened::of(path, &files, wanted, task)?;
    let (parts, chosen) = (&opened.parts, &opened.chosen);
    let format = opened.format(format);
    for skipped in opened.ways() {
        let empty = || DatasetBuilder::new(path).reaching(wanted);
        if let Some(mut builder) = fill(empty(), parts, &opened.problems, chosen, skipped, task)? {
            opened.unused(|what, column| builder.note(Reason::NotUsed, what, column));
            return builder.finish_split(format, chosen);
        }
    }
    DatasetBuilder::new(path).finish_split(format, chosen)
}

/// The files of a dataset, opened, and which of their rows are in use.
pub(super) struct Opened {
    /// Those that can be read.
    pub parts: Vec<Part>,
    /// The others, and what is wrong with them.
    pub problems: Vec<(String, String)>,
    /// The split of the rows.
    pub chosen: Chosen,
    rows: usize,
}

impl Opened {
    /// Opens the `files` of the dataset at `path`.
    ///
    /// # Errors
    /// None can be read; they hold no row; the split that is wanted is not there; cancellation.
    pub fn of(path: &Path, files: &[TableFile], wanted: &Wanted, task: &Task) -> Result<Self> {
        task.begin("Reading captions", 0);
        let cache = Arc::<PageCache>::default();
        let (mut parts, mut problems) = (Vec::new(), Vec::new());
        let mut first_error = None;
        for file in files {
            match Part::open(file, &cache, task) {
                Ok(part) => parts.push(part),
                Err(error) => {
                    let Error::Dataset { what, .. } = &error else {
                        return Err(error);
                    };
                    problems.push((file_name(&file.path), what.clone()));
                    first_error.get_or_insert(error);
                }
            }
        }
        if let (true, Some(error)) = (parts.is_empty(), first_error) {
            return Err(error);
        }
        let rows: usize = parts.iter().map(|part| part.rows).sum();
        if rows == 0 {
            return Err(Error::dataset(path, "holds no rows", "Write it again."));
        }
        Ok(Self {
            chosen: choose(path, &parts, wanted, task)?,
            parts,
            problems,
            rows,
        })
    }

    /// What the dataset is called, of which `format` is the beginning.
    pub fn format(&self, format: &str) -> String {
        let note = self.chosen.keep.as_ref().map_or_else(String::new, |split| {
            format!(", split {split} of {} rows", thousands(self.rows as u64))
        });
        format!("{format}{note})")
    }

    /// How many columns of names to pass over, one after the other: names that turn out to mean several images give way to
    /// those of the next column, at last to the row's number.
    pub fn ways(&self) -> impl Iterator<Item = usize> {
        let columns = self.parts.iter().map(|part| part.layout.names.len()).max();
        (0..columns.unwrap_or(0)).chain([usize::MAX])
    }

    /// Notes the columns that are not used.
    pub fn unused(&self, mut note: impl FnMut(&str, String)) {
        let columns = self.parts.iter().flat_map(|part| &part.layout.unused);
        for column in columns.collect::<BTreeSet<_>>() {
            let what = "is a second column of its kind, and not used";
            note(what, format!("column {column}"));
        }
    }
}

/// The split of the rows.
fn choose(path: &Path, parts: &[Part], wanted: &Wanted, task: &Task) -> Result<Chosen> {
    let name = parts.iter().find_map(|part| part.layout.split_name.clone());
    let mut scan = Scan::new(name);
    for part in parts {
        for group in 0..part.file.groups().len() {
            task.check()?;
            let read = |leaf: usize| part.file.texts(group, leaf);
            let splits = part.layout.split.map(read).transpose()?;
            let named = part.layout.picture == Picture::Named;
            let names = part.layout.names.first().filter(|_| named);
            let names = names.map(|&leaf| read(leaf)).transpose()?;
            let rows = part.file.groups().get(group).copied().unwrap_or(0);
            for row in 0..rows {
                let cell = |column: &Option<Vec<Vec<String>>>| {
                    let texts = column.as_ref()?.get(row)?;
                    texts.first().cloned()
                };
                let name = cell(&names).unwrap_or_default();
                scan.add(cell(&splits).as_deref(), &name);
            }
        }
    }
    scan.decide(path, wanted, Rule::Usual)
}

/// The rows of all parts under names without the first `skipped` columns of them; `None` where pictures show that a name
/// means several images.
fn fill(
    mut builder: DatasetBuilder,
    parts: &[Part],
    problems: &[(String, String)],
    chosen: &Chosen,
    skipped: usize,
    task: &Task,
) -> Result<Option<DatasetBuilder>> {
    let rows: usize = parts.iter().map(|part| part.rows).sum();
    task.begin("Reading captions", rows as u64);
    for (place, what) in problems {
        builder.problem(place.clone(), what.clone(), Reason::Unreadable);
    }
    let mut names = Names::new(skipped, parts.len() > 1);
    for part in parts {
        let all = 0..part.file.groups().len();
        if !part.fill(all, chosen, &mut names, &mut builder, task)? {
            return Ok(None);
        }
    }
    Ok(Some(builder))
}
