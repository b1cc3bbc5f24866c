//! Parquet tables cut into parts that can be read one by one, on whatever machine: row groups, one after the other, between
//! which no image has rows on both sides. Their images, one part after the other, are those of the table read as a whole.
//!
//! What is decided over all rows (the split, which column names images, the columns of each file) is decided when the table
//! is cut, and each part is read by it.

use super::parquet_layout::{Layout, Picture};
use super::parquet_part::{Names, Part, TableFile};
use super::parquet_rows::Rows;
use super::parquet_table::Opened;
use crate::dataset::formats::builder::DatasetBuilder;
use crate::dataset::formats::split::{Chosen, Wanted};
use crate::dataset::parquet_cells::PageCache;
use crate::dataset::{Dataset, Problem, Reason, Stored};
use crate::error::{Error, Result, thousands};
use crate::files::file_name;
use crate::task::Task;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

/// How the rows of a table are read, whichever part of them is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowReading {
    /// Columns of names that mean several images.
    skipped: usize,
    /// Are there several files?
    several: bool,
    /// The split of the rows.
    chosen: Chosen,
    /// The columns of the files; those of many are the same.
    layouts: Vec<Layout>,
}

/// Row groups of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Groups {
    /// The first of them, and one beyond the last.
    pub groups: (usize, usize),
    /// The number of their first row in the file.
    pub row: u64,
    /// Which of the layouts the file has.
    layout: usize,
}

/// A table that was cut.
pub struct RowCut {
    /// How its rows are read.
    pub reading: RowReading,
    /// The parts, in order: of files by their number, row groups.
    pub parts: Vec<Vec<(usize, Groups)>>,
    /// The dataset without images: its format, its split, and what is said of it beside its parts.
    pub about: Dataset,
    /// Images of the largest part.
    pub largest: usize,
}

/// Cuts the table at `place` into parts of about `size` images. Of the files only footers, names and splits are read, and
/// the few pictures that tell whether a name means one image. `Err` in the outcome says why it cannot be cut.
///
/// # Errors
/// No file can be read, or has no column of captions; the split that is wanted is not there; cancellation.
pub(crate) fn cut(
    place: &Path,
    files: &[TableFile],
    format: &str,
    wanted: &Wanted,
    size: usize,
    task: &Task,
) -> Result<Result<RowCut, String>> {
    let opened = Opened::of(place, files, wanted, task)?;
    if let Some(why) = opened.parts.iter().find_map(uncut) {
        return Ok(Err(why));
    }
    let several = opened.parts.len() > 1;
    for skipped in opened.ways() {
        let names = Names::new(skipped, several);
        let Some(rows) = Rows::of(&opened.parts, names, &opened.chosen, task)? else {
            continue;
        };
        let mut about = Dataset {
            format: opened.format(format),
            ..Dataset::default()
        };
        let origin = &mut about.origin;
        if let Some((column, what)) = &opened.chosen.unused {
            origin.note(Reason::NotUsed, what, column.clone());
        }
        origin.split = opened.chosen.tell(rows.of_splits(&opened.chosen));
        opened.unused(|what, column| origin.note(Reason::NotUsed, what, column));
        for (name, what) in &opened.problems {
            let problem = Problem::new(name, what, Reason::Unreadable);
            about.problems.push(problem);
        }
        let read: Vec<usize> = (0..files.len())
            .filter(|&f| opened.parts.iter().any(|p| p.file.path() == files[f].path))
            .collect();
        let mut layouts: Vec<Layout> = Vec::new();
        let mut layout_of = Vec::new();
        for part in &opened.parts {
            let known = layouts.iter().position(|layout| *layout == part.layout);
            layout_of.push(known.unwrap_or(layouts.len()));
            if known.is_none() {
                layouts.push(part.layout.clone());
            }
        }
        let (cuts, largest) = rows.cuts(size);
        let parts = cuts.windows(2).map(|ends| {
            let mut pieces: Vec<(usize, Groups)> = Vec::new();
            for unit in &rows.units[ends[0]..ends[1]] {
                match pieces.last_mut() {
                    Some((file, groups)) if *file == read[unit.part] => groups.groups.1 += 1,
                    _ => pieces.push((
                        read[unit.part],
                        Groups {
                            groups: (unit.group, unit.group + 1),
                            row: unit.row,
                            layout: layout_of[unit.part],
                        },
                    )),
                }
            }
            pieces
        });
        let mut chosen = opened.chosen.clone();
        // What is said of the whole is said once.
        chosen.unused = None;
        return Ok(Ok(RowCut {
            parts: parts.collect(),
            reading: RowReading {
                skipped,
                several,
                chosen,
                layouts,
            },
            about,
            largest,
        }));
    }
    // The last way names images by their rows, each by another.
    Ok(Err("its rows have the names of others".into()))
}

/// Why a file cannot be cut, where it cannot.
fn uncut(part: &Part) -> Option<String> {
    let name = file_name(part.file.path());
    match part.layout.picture {
        Picture::Cells(leaf) => {
            let groups = part.file.groups().into_iter().enumerate();
            let mut groups = groups.filter(|(_, rows)| *rows > 0);
            let (empty, _) = groups.find(|(group, _)| part.file.all_null(*group, leaf))?;
            Some(format!("the row group {empty} of {name} holds no picture"))
        }
        Picture::Named => Some(format!("{name} names pictures and does not hold them")),
        Picture::None => Some(format!("{name} holds no pictures")),
    }
}

/// Reads a part of the table at `place`: of each file, some row groups.
///
/// # Errors
/// A file is not what it was when it was cut, cannot be read or is damaged; cancellation.
pub(crate) fn open(
    place: &Path,
    files: &[(TableFile, Groups)],
    reading: &RowReading,
    task: &Task,
) -> Result<Dataset> {
    let cache = Arc::<PageCache>::default();
    let mut builder = DatasetBuilder::new(place);
    let mut names = Names::trusted(reading.skipped, reading.several);
    task.begin("Reading captions", 0);
    for (file, groups) in files {
        let part = reading.part(file, groups.layout, &cache)?;
        let (from, to) = groups.groups;
        let counts = part.file.groups();
        let before: u64 = counts.iter().take(from).map(|&n| n as u64).sum();
        if from > to || to > counts.len() || before != groups.row {
            return Err(changed(file));
        }
        part.fill(from..to, &reading.chosen, &mut names, &mut builder, task)?;
    }
    let part = builder.finish_part_of(&reading.chosen);
    // Pictures that cannot be read are left out: what cannot be fetched ends the work before.
    for image in &part.images {
        task.check()?;
        image.picture.as_ref().map_or(Ok(()), Stored::fetch)?;
    }
    Ok(part)
}

impl RowReading {
    /// A file by one of the layouts.
    fn part(&self, file: &TableFile, layout: usize, cache: &Arc<PageCache>) -> Result<Part> {
        let opened = file.open()?;
        let layout = self.layouts.get(layout).cloned();
        let columns = opened.columns().len();
        match layout.filter(|layout| layout.leaves().all(|leaf| leaf < columns)) {
            Some(layout) => Ok(Part::new(opened, layout, cache)),
            None => Err(changed(file)),
        }
    }

    /// The pictures of a file of which `groups` are some row groups, by row.
    ///
    /// # Errors
    /// It is not what it was when it was cut, or cannot be read.
    pub fn pictures(
        &self,
        file: &TableFile,
        groups: &Groups,
    ) -> Result<impl Fn(u64) -> Stored + Send + Sync + use<>> {
        let part = self.part(file, groups.layout, &Arc::default())?;
        let column = part.pictures.clone().ok_or_else(|| changed(file))?;
        Ok(move |row| part.layout.stored(&column, row))
    }
}

fn changed(file: &TableFile) -> Error {
    let name = file.path.display();
    Error::plan(format!(
        "{name} has other row groups or columns than when it was planned"
    ))
}

impl RowCut {
    /// Why a cut into parts of `size` images is of no use where the table can be read as a whole.
    pub fn too_coarse(&self, size: usize) -> Option<String> {
        /// Times the images that were asked for that a part may have.
        const MOST: usize = 4;
        (self.largest > size.saturating_mul(MOST)).then(|| {
            format!(
                "its row groups, each with those that have rows of the same images, make parts of up to {} images",
                thousands(self.largest as u64)
            )
        })
    }
}
