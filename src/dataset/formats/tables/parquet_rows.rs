//! What the rows of a Parquet table are called, and between which of its row groups no image has rows on both sides.

use super::parquet_part::{Names, Part};
use crate::dataset::formats::split::Chosen;
use crate::error::Result;
use crate::task::Task;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// A row group of the table.
pub(super) struct Unit {
    /// Its file among those that can be read.
    pub part: usize,
    /// Its number there.
    pub group: usize,
    /// The number of its first row there.
    pub row: u64,
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
pub(super) struct Rows {
    /// The row groups, in order.
    pub units: Vec<Unit>,
    names: HashMap<u128, Seen>,
}

impl Rows {
    /// Reads names and splits; `None` where pictures show that a name means several images.
    ///
    /// # Errors
    /// A file is damaged; cancellation.
    pub fn of(
        parts: &[Part],
        mut names: Names,
        chosen: &Chosen,
        task: &Task,
    ) -> Result<Option<Self>> {
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
                    // Splits know it without spaces around it, and once.
                    let trimmed = called.trim() != called;
                    if trimmed {
                        all.see(called.trim(), bit, None);
                    }
                    let bit = if trimmed { 0 } else { bit };
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
    pub fn of_splits(&self, chosen: &Chosen) -> Vec<(String, u64)> {
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
    pub fn cuts(&self, size: usize) -> (Vec<usize>, usize) {
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
