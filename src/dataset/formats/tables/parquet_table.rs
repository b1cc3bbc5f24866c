//! Parquet tables of images and captions, as Hugging Face and img2dataset write them: the picture in a cell (`image`
//! with `bytes` and `path`, or plain bytes) or named by it, captions as texts or lists of texts, in one file or many.

use super::parquet_layout::{Layout, Picture};
use crate::dataset::archive::inside;
use crate::dataset::formats::builder::DatasetBuilder;
use crate::dataset::formats::names::{harmless, split_extension, step};
use crate::dataset::formats::split::{Chosen, Rule, Scan, Wanted, shards};
use crate::dataset::formats::text::listed;
use crate::dataset::parquet_cells::{PageCache, PictureColumn};
use crate::dataset::parquet_file::ParquetFile;
use crate::dataset::{Dataset, Reason, Stored};
use crate::error::{Error, Result, thousands};
use crate::files::file_name;
use crate::task::Task;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Pictures of rows with one name that are compared before the name is trusted to mean one image.
const COMPARED: usize = 8;

/// Bytes of the longest name.
const LONGEST: usize = 2048;

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
    let format = format!("Parquet ({}", shards.note);
    // Files of their own say the split: their rows are asked for none.
    let rows = if shards.is_split() {
        &Wanted::default()
    } else {
        wanted
    };
    let mut dataset = read(path, &shards.files, &format, rows, task)?;
    shards.tell(&mut dataset);
    Ok(dataset)
}

/// Reads the files of the dataset at `path`; `format` is what it is called, its bracket still open.
pub(crate) fn read(
    path: &Path,
    files: &[PathBuf],
    format: &str,
    wanted: &Wanted,
    task: &Task,
) -> Result<Dataset> {
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
                problems.push((file_name(file), what.clone()));
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
    let chosen = choose(path, &parts, wanted, task)?;
    let note = chosen.keep.as_ref().map_or_else(String::new, |split| {
        format!(", split {split} of {} rows", thousands(rows as u64))
    });
    let columns = parts.iter().map(|part| part.layout.names.len()).max();
    let format = format!("{format}{note})");
    // Names that turn out to mean several images give way to those of the next column, at last to the row's number.
    for skipped in (0..columns.unwrap_or(0)).chain([usize::MAX]) {
        let empty = || DatasetBuilder::new(path).reaching(wanted);
        if let Some(mut builder) = fill(empty(), &parts, &problems, &chosen, skipped, task)? {
            for column in parts
                .iter()
                .flat_map(|part| &part.layout.unused)
                .collect::<BTreeSet<_>>()
            {
                let what = "is a second column of its kind, and not used";
                builder.note(Reason::NotUsed, what, format!("column {column}"));
            }
            return builder.finish_split(format, &chosen);
        }
    }
    DatasetBuilder::new(path).finish_split(format, &chosen)
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
    let mut names = Names {
        skipped,
        compared: 0,
        several: parts.len() > 1,
    };
    for part in parts {
        if !part.fill(chosen, &mut names, &mut builder, task)? {
            return Ok(None);
        }
    }
    Ok(Some(builder))
}

/// How rows are called.
struct Names {
    /// Columns of names that mean several images.
    skipped: usize,
    /// Pictures of one name that were compared.
    compared: usize,
    /// Are there several files?
    several: bool,
}

/// One file of the dataset.
struct Part {
    file: Arc<ParquetFile>,
    layout: Layout,
    pictures: Option<Arc<PictureColumn>>,
    rows: usize,
}

impl Part {
    fn open(path: &Path, cache: &Arc<PageCache>, task: &Task) -> Result<Self> {
        task.check()?;
        let file = Arc::new(ParquetFile::open(path)?);
        let layout = Layout::of(&file)?;
        let pictures = layout.cells().map(|leaf| {
            Arc::new(PictureColumn::new(
                Arc::clone(&file),
                leaf,
                Arc::clone(cache),
            ))
        });
        Ok(Self {
            rows: file.groups().iter().sum(),
            file,
            layout,
            pictures,
        })
    }

    /// Adds the rows; `false` where pictures show that a name means several images.
    fn fill(
        &self,
        chosen: &Chosen,
        names: &mut Names,
        builder: &mut DatasetBuilder,
        task: &Task,
    ) -> Result<bool> {
        let mut first = 0;
        for (group, rows) in self.file.groups().into_iter().enumerate() {
            task.check()?;
            let read = |leaf: &usize| self.file.texts(group, *leaf);
            let read_all = |leaves: &[usize]| leaves.iter().map(read).collect::<Result<Vec<_>>>();
            let (called, folders) = (
                read_all(self.layout.names.get(names.skipped..).unwrap_or_default())?,
                self.layout.folder.as_ref().map(read).transpose()?,
            );
            let captions = read_all(&self.layout.captions)?;
            // An element of a list is one caption, whatever it looks like.
            let list = |leaf: &usize| self.file.descriptor(*leaf).max_rep_level() > 0;
            let lists: Vec<bool> = self.layout.captions.iter().map(list).collect();
            let splits = self.layout.split.as_ref().map(read).transpose()?;
            let pictures = self.pictures.as_ref().filter(|_| {
                !self
                    .layout
                    .cells()
                    .is_some_and(|leaf| self.file.all_null(group, leaf))
            });
            let cell = |column: &[Vec<String>], row: usize| {
                let texts = column.get(row).and_then(|texts| texts.first());
                texts.filter(|text| !text.trim().is_empty()).cloned()
            };
            for row in 0..rows {
                let number = first + row as u64;
                step(task, number + 1)?;
                let name = called.iter().find_map(|column| cell(column, row));
                let split = splits.as_ref().and_then(|column| cell(column, row));
                let split = chosen.of(split.as_deref(), name.as_deref().unwrap_or_default());
                let place = || format!("{}, row {number}", file_name(self.file.path()));
                let said = self.captions(&captions, &lists, row);
                if split
                    .as_deref()
                    .is_some_and(|split| !chosen.keeps(Some(split)))
                {
                    let known = name.unwrap_or_else(place);
                    builder.elsewhere(chosen, split, &known, said.len());
                    continue;
                }
                let folder = folders.as_ref().and_then(|column| cell(column, row));
                let Some(image) = self.image(
                    number,
                    name.as_deref(),
                    folder.as_deref(),
                    pictures,
                    names,
                    builder,
                )?
                else {
                    return Ok(false);
                };
                let called = builder.name(image).to_owned();
                builder.elsewhere(chosen, split, &called, 0);
                for caption in said {
                    builder.caption(image, &caption, place);
                }
            }
            first += rows as u64;
        }
        Ok(true)
    }

    /// The captions of a row.
    fn captions(&self, columns: &[Vec<Vec<String>>], lists: &[bool], row: usize) -> Vec<String> {
        let mut said = Vec::new();
        for (column, list) in columns.iter().zip(lists) {
            for text in column.get(row).into_iter().flatten() {
                let word = self.layout.word(text);
                if *list {
                    said.push(word.to_owned());
                } else {
                    said.extend(listed(word));
                }
            }
        }
        said
    }

    /// The group of the image of a row; `None` where its picture shows that the name means several images.
    fn image(
        &self,
        row: u64,
        name: Option<&str>,
        folder: Option<&str>,
        pictures: Option<&Arc<PictureColumn>>,
        names: &mut Names,
        builder: &mut DatasetBuilder,
    ) -> Result<Option<usize>> {
        let several = names.several;
        let here = || {
            let file = file_name(self.file.path());
            let file = split_extension(&file).0;
            if several {
                format!("{file} row {row}")
            } else {
                format!("row {row}")
            }
        };
        // A picture as base64 text is no name.
        let named = |name: &String| !name.is_empty() && name.len() <= LONGEST;
        let clean = name.map(harmless).filter(named);
        let Some(column) = pictures else {
            let called = clean.unwrap_or_else(here);
            if self.layout.picture == Picture::None || called.contains("://") {
                return Ok(Some(builder.stored(&called, None).0));
            }
            let within = folder.map(|folder| format!("{}/{called}", inside(folder)));
            let mut also: Vec<String> = within.into_iter().collect();
            // A path of another machine still says what the picture is called.
            if let Some((_, last)) = called.rsplit_once('/')
                && name.is_some_and(is_absolute)
            {
                also.extend([called.clone(), last.to_owned()]);
            }
            return Ok(Some(builder.image(&called, &also)));
        };
        let stored = Stored::Cell {
            column: Arc::clone(column),
            row,
        };
        let stored = if self.layout.encoded {
            Stored::Base64(Box::new(stored))
        } else {
            stored
        };
        let name = clean.unwrap_or_else(here);
        let (image, repeated) = builder.stored(&name, Some(stored.clone()));
        if repeated && names.compared < COMPARED {
            names.compared += 1;
            let first = builder.picture(image).map(Stored::bytes).transpose()?;
            if first != Some(stored.bytes()?) {
                return Ok(None);
            }
        }
        Ok(Some(image))
    }
}

fn is_absolute(name: &str) -> bool {
    name.starts_with(['/', '\\']) || name.get(1..2) == Some(":")
}
