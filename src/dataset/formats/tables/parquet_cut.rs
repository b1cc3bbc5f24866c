//! Parquet tables cut into parts that can be read one by one, on whatever machine: row groups, one after the other, between
//! which no image has rows on both sides. Their images, one part after the other, are those of the table read as a whole.
//!
//! What is decided over all rows (the split, which column names images, the columns of each file) is decided when the table
//! is cut, and each part is read by it.

use super::parquet_layout::{Layout, Picture};
use super::parquet_part::{Names, Part, TableFile};
use super::parquet_table::Opened;
use crate::dataset::formats::builder::DatasetBuilder;
use crate::dataset::formats::split::{Chosen, Wanted};
use crate::dataset::parquet_cells::PageCache;
use crate::dataset::{Dataset, Problem, Reason, Stored};
use crate::error::{Error, Result, thousands};
use crate::files::file_name;
use crate::task::Task;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
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

/// A row group of the table.
struct Unit {
    /// Its file among those that can be read.
    part: usize,
    /// Its number there.
    group: usize,
    /// The number of its first row there.
    row: u64,
    /// Images that have their first row in it.
    images: usize,
    /// The last row group that has a row of an image, of whichever split, that has its first row here.
    last: usize,
}

/// What is known of a name.
struct Seen {
    /// The row group of its first row.
    unit: usize,
    /// The first row of its image, where it is in use.
    picture: Option<(usize, u64)>,
    /// A bit for each split that it is in.
    splits: u32,
}

/// The rows of a table, by what they are called. Of a name only its hash is kept.
struct Rows {
    units: Vec<Unit>,
    names: HashMap<u128, Seen>,
}

impl Rows {
    /// Reads names and splits; `None` where pictures show that a name means several images.
    fn of(parts: &[Part], mut names: Names, chosen: &Chosen, task: &Task) -> Result<Option<Self>> {
        let total: usize = parts.iter().map(|part| part.rows).sum();
        task.begin("Reading names", total as u64);
        let mut all = Self {
            units: Vec::new(),
            names: HashMap::new(),
        };
        for (p, part) in parts.iter().enumerate() {
            let mut first = 0;
            for (group, rows) in part.file.groups().into_iter().enumerate() {
                task.check()?;
                let labels = part.labels(group, names.skipped)?;
                let here = all.units.len();
                all.units.push(Unit {
                    part: p,
                    group,
                    row: first,
                    images: 0,
                    last: here,
                });
                for row in 0..rows {
                    let number = first + row as u64;
                    let name = labels.name(row);
                    let split = labels.split(row, chosen, name.as_deref());
                    let bit = |s: &String| chosen.names.iter().position(|known| known == s);
                    let bit = split.as_ref().and_then(bit).map_or(0, |at| 1 << at.min(31));
                    if split.as_deref().is_some_and(|s| !chosen.keeps(Some(s))) {
                        let known = name.unwrap_or_else(|| part.place(number));
                        all.see(known.trim(), bit, None);
                        continue;
                    }
                    let called = part.called(number, name.as_deref(), names.several);
                    // Splits know it without spaces around it.
                    if called.trim() != called {
                        all.see(called.trim(), bit, None);
                    }
                    let before = all.see(&called, bit, Some((p, number)));
                    if let Some((q, other)) = before
                        && names.compare()
                        && picture(&parts[q], other)? != picture(part, number)?
                    {
                        return Ok(None);
                    }
                }
                task.add(rows as u64);
                first += rows as u64;
            }
        }
        Ok(Some(all))
    }

    /// Takes a row of this name in the last row group, with its picture where it is in use; the picture that the name had
    /// before.
    fn see(
        &mut self,
        name: &str,
        splits: u32,
        picture: Option<(usize, u64)>,
    ) -> Option<(usize, u64)> {
        let mut key = [0; 16];
        key.copy_from_slice(&blake3::hash(name.as_bytes()).as_bytes()[..16]);
        let here = self.units.len() - 1;
        let seen = match self.names.entry(u128::from_le_bytes(key)) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(Seen {
                unit: here,
                picture: None,
                splits: 0,
            }),
        };
        seen.splits |= splits;
        let before = seen.picture;
        if before.is_none() {
            seen.picture = picture;
        }
        let first = seen.unit;
        self.units[first].last = here;
        self.units[here].images += usize::from(before.is_none() && picture.is_some());
        before
    }

    /// The images of each split.
    fn of_splits(&self, chosen: &Chosen) -> Vec<(String, u64)> {
        let count = |at: usize| {
            let bit = 1 << at.min(31);
            let names = self.names.values();
            names.filter(|seen| seen.splits & bit != 0).count() as u64
        };
        let names = chosen.names.iter().enumerate();
        names.map(|(at, name)| (name.clone(), count(at))).collect()
    }

    /// Where parts begin, and the end: each takes row groups until it has `size` images, and more only where an image has
    /// rows beyond. And the images of the largest.
    fn cuts(&self, size: usize) -> (Vec<usize>, usize) {
        let (mut cuts, mut largest) = (vec![0], 0);
        // Of the part that is open, and of its end between which and the last safe place no cut can be.
        let (mut open, mut tied, mut safe, mut reach) = (0, 0, 0, 0);
        for (at, unit) in self.units.iter().enumerate() {
            tied += unit.images;
            reach = reach.max(unit.last);
            if reach > at {
                continue;
            }
            if open > 0 && open + tied > size {
                cuts.push(safe);
                largest = largest.max(open);
                open = 0;
            }
            open += tied;
            (tied, safe) = (0, at + 1);
        }
        cuts.push(self.units.len());
        (cuts, largest.max(open))
    }
}

/// The bytes of the picture in a row.
fn picture(part: &Part, row: u64) -> Result<Option<Vec<u8>>> {
    let stored = part
        .pictures
        .as_ref()
        .map(|column| part.layout.stored(column, row));
    stored.map(|stored| stored.bytes()).transpose()
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
        let (largest, parts) = (self.largest, self.parts.len());
        (largest > size.saturating_mul(MOST)).then(|| {
            format!(
                "it can be cut into {parts} parts alone, one of {} images: between its row groups, or where rows of one \
                 image lie in several, beyond the last of them",
                thousands(largest as u64)
            )
        })
    }
}
