//! One file of a Parquet table: its rows, some row groups of them or all, as images with captions.

use super::parquet_layout::{Layout, Picture};
use crate::dataset::archive::inside;
use crate::dataset::formats::builder::DatasetBuilder;
use crate::dataset::formats::names::{harmless, split_extension, step};
use crate::dataset::formats::split::Chosen;
use crate::dataset::formats::text::listed;
use crate::dataset::parquet_cells::{PageCache, PictureColumn};
use crate::dataset::parquet_file::ParquetFile;
use crate::dataset::{Partial, Stored};
use crate::error::Result;
use crate::files::file_name;
use crate::task::Task;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Pictures of rows with one name that are compared before the name is trusted to mean one image.
const COMPARED: usize = 8;

/// Bytes of the longest name.
const LONGEST: usize = 2048;

/// A file of a table: where its bytes lie.
#[derive(Clone)]
pub struct TableFile {
    /// What it is called; where it lies, if nothing fetches it.
    pub path: PathBuf,
    /// What fetches it.
    pub partial: Option<Arc<dyn Partial>>,
}

impl TableFile {
    /// The file at `path`.
    pub fn at(path: &Path) -> Self {
        Self {
            path: path.to_path_buf(),
            partial: None,
        }
    }

    /// Reads the footer.
    ///
    /// # Errors
    /// As [`ParquetFile::open_as`].
    pub(super) fn open(&self) -> Result<ParquetFile> {
        ParquetFile::open_as(&self.path, self.partial.clone())
    }
}

/// How rows are called.
pub(super) struct Names {
    /// Columns of names that mean several images.
    pub skipped: usize,
    /// Pictures of one name that were compared.
    compared: usize,
    /// Are there several files?
    pub several: bool,
}

impl Names {
    /// Without the first `skipped` columns of names.
    pub fn new(skipped: usize, several: bool) -> Self {
        let compared = 0;
        Self {
            skipped,
            compared,
            several,
        }
    }

    /// As [`Names::new`], of names that are known to mean one image each.
    pub fn trusted(skipped: usize, several: bool) -> Self {
        let compared = COMPARED;
        Self {
            skipped,
            compared,
            several,
        }
    }

    /// Is the picture of a name that was there before to be compared with the first of that name? It counts as one.
    pub fn compare(&mut self) -> bool {
        let compare = self.compared < COMPARED;
        self.compared += usize::from(compare);
        compare
    }
}

/// What the rows of a row group are called, and of which split they are.
pub(super) struct Labels {
    called: Vec<Vec<Vec<String>>>,
    splits: Option<Vec<Vec<String>>>,
}

impl Labels {
    /// What the row is called.
    pub fn name(&self, row: usize) -> Option<String> {
        self.called.iter().find_map(|column| cell(column, row))
    }

    /// The split of the row that is called `name`, where there are any.
    pub fn split(&self, row: usize, chosen: &Chosen, name: Option<&str>) -> Option<String> {
        let split = self.splits.as_ref().and_then(|column| cell(column, row));
        chosen.of(split.as_deref(), name.unwrap_or_default())
    }
}

fn cell(column: &[Vec<String>], row: usize) -> Option<String> {
    let texts = column.get(row).and_then(|texts| texts.first());
    texts.filter(|text| !text.trim().is_empty()).cloned()
}

/// One file of the dataset.
pub(super) struct Part {
    /// Its footer.
    pub file: Arc<ParquetFile>,
    /// Its columns.
    pub layout: Layout,
    /// The pictures in its cells.
    pub pictures: Option<Arc<PictureColumn>>,
    /// How many rows it has.
    pub rows: usize,
}

impl Part {
    /// Opens a file and finds its columns.
    ///
    /// # Errors
    /// It cannot be read; it has no column of captions; cancellation.
    pub fn open(file: &TableFile, cache: &Arc<PageCache>, task: &Task) -> Result<Self> {
        task.check()?;
        let file = file.open()?;
        let layout = Layout::of(&file)?;
        Ok(Self::new(file, layout, cache))
    }

    /// Of a file whose columns are known.
    pub fn new(file: ParquetFile, layout: Layout, cache: &Arc<PageCache>) -> Self {
        let file = Arc::new(file);
        let pictures = layout.cells().map(|leaf| {
            Arc::new(PictureColumn::new(
                Arc::clone(&file),
                leaf,
                Arc::clone(cache),
            ))
        });
        Self {
            rows: file.groups().iter().sum(),
            file,
            layout,
            pictures,
        }
    }

    /// What the rows of a row group are called, without the first `skipped` columns of names, and their splits.
    ///
    /// # Errors
    /// The file is damaged.
    pub fn labels(&self, group: usize, skipped: usize) -> Result<Labels> {
        let read = |leaf: &usize| self.file.texts(group, *leaf);
        let names = self.layout.names.get(skipped..).unwrap_or_default();
        Ok(Labels {
            called: names.iter().map(read).collect::<Result<_>>()?,
            splits: self.layout.split.as_ref().map(read).transpose()?,
        })
    }

    /// `train.parquet, row 17`.
    pub fn place(&self, row: u64) -> String {
        format!("{}, row {row}", file_name(self.file.path()))
    }

    /// Adds the rows of these row groups; `false` where pictures show that a name means several images.
    ///
    /// # Errors
    /// The file is damaged; cancellation.
    pub fn fill(
        &self,
        groups: Range<usize>,
        chosen: &Chosen,
        names: &mut Names,
        builder: &mut DatasetBuilder,
        task: &Task,
    ) -> Result<bool> {
        let counts = self.file.groups();
        let mut first: u64 = counts.iter().take(groups.start).map(|&n| n as u64).sum();
        for group in groups {
            task.check()?;
            let rows = counts.get(group).copied().unwrap_or(0);
            let read = |leaf: &usize| self.file.texts(group, *leaf);
            let read_all = |leaves: &[usize]| leaves.iter().map(read).collect::<Result<Vec<_>>>();
            let labels = self.labels(group, names.skipped)?;
            let folders = self.layout.folder.as_ref().map(read).transpose()?;
            let captions = read_all(&self.layout.captions)?;
            // An element of a list is one caption, whatever it looks like.
            let list = |leaf: &usize| self.file.descriptor(*leaf).max_rep_level() > 0;
            let lists: Vec<bool> = self.layout.captions.iter().map(list).collect();
            let pictures = self.pictures.as_ref().filter(|_| {
                !self
                    .layout
                    .cells()
                    .is_some_and(|leaf| self.file.all_null(group, leaf))
            });
            for row in 0..rows {
                let number = first + row as u64;
                step(task, number + 1)?;
                let name = labels.name(row);
                let split = labels.split(row, chosen, name.as_deref());
                let place = || self.place(number);
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

    /// What a row without a name is called; `several` says whether there are other files.
    fn here(&self, row: u64, several: bool) -> String {
        let file = file_name(self.file.path());
        let file = split_extension(&file).0;
        if several {
            format!("{file} row {row}")
        } else {
            format!("row {row}")
        }
    }

    /// What the image of a row whose picture is in a cell is known by, where the row is called `name`.
    pub fn called(&self, row: u64, name: Option<&str>, several: bool) -> String {
        clean(name).unwrap_or_else(|| self.here(row, several))
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
        let clean = clean(name);
        let Some(column) = pictures else {
            let called = clean.unwrap_or_else(|| self.here(row, names.several));
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
        let stored = self.layout.stored(column, row);
        let name = self.called(row, name, names.several);
        let (image, repeated) = builder.stored(&name, Some(stored.clone()));
        if repeated && names.compare() {
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

/// A name that a row gives, as its image is known by it.
fn clean(name: Option<&str>) -> Option<String> {
    // A picture as base64 text is no name.
    let named = |name: &String| !name.is_empty() && name.len() <= LONGEST;
    name.map(harmless).filter(named)
}
