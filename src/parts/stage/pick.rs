//! Some rows of arrays in files of a run, by range reads: neighbours together, whatever lies far away not at all.

use crate::error::{Error, Result};
use crate::parts::run::{FileMark, Run};
use crate::parts::state::Kept;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;

/// Bytes between two wanted rows that are read rather than passed over.
const GAP: u64 = 64 << 10;

/// Bytes that one read takes at most.
const MOST: u64 = 16 << 20;

/// Longest header of a file of arrays.
const HEADER: u64 = 1 << 20;

/// An array as the header of its file describes it.
#[derive(Debug, Clone, Deserialize)]
struct About {
    shape: Vec<usize>,
    data_offsets: [u64; 2],
}

/// A file of arrays of which rows are picked. Its hash is not looked at: that is what checking the stage is for.
#[derive(Debug, Clone)]
pub(in crate::parts) struct Picked {
    file: FileMark,
    start: u64,
    arrays: BTreeMap<String, About>,
}

impl Picked {
    /// Reads the header of `file`.
    pub fn open(run: &Run, file: &FileMark) -> Result<Self> {
        let store = run.store();
        let wrong = |why: &str| {
            Error::request(
                format!("{} is no file of arrays: {why}", file.name),
                "Let its task be done again.",
            )
        };
        let size = store.read_range(&file.name, 0..8.min(file.size))?;
        let size: [u8; 8] = size.try_into().map_err(|_| wrong("it is cut off"))?;
        let size = u64::from_le_bytes(size);
        if size > HEADER || size + 8 > file.size {
            return Err(wrong("its header is too long"));
        }
        let text = store.read_range(&file.name, 8..8 + size)?;
        let arrays = serde_json::from_slice(&text).map_err(|e| wrong(&e.to_string()))?;
        Ok(Self {
            file: file.clone(),
            start: 8 + size,
            arrays,
        })
    }

    /// The rows `wanted` (rising) of the array `name`, one after the other.
    pub fn rows<T: Kept>(&self, run: &Run, name: &str, wanted: &[u32]) -> Result<Vec<T>> {
        let fault = |why: &str| {
            Error::request(
                format!("{} of {} {why}", name, self.file.name),
                "Let its task be done again.",
            )
        };
        let Some(about) = self.arrays.get(name) else {
            return Err(fault("is not there"));
        };
        let &[rows, columns] = about.shape.as_slice() else {
            return Err(fault("is no matrix"));
        };
        let width = (columns * size_of::<T>()) as u64;
        let [from, to] = about.data_offsets;
        if to.checked_sub(from) != Some(rows as u64 * width) {
            return Err(fault("is another kind of array"));
        }
        if wanted.last().is_some_and(|&last| last as usize >= rows) {
            return Err(fault("has fewer rows"));
        }
        let at = |row: u32| self.start + from + u64::from(row) * width;
        let spans: Vec<Range<u64>> = wanted.iter().map(|&row| at(row)..at(row) + width).collect();
        let mut bytes = Vec::with_capacity(wanted.len() * width as usize);
        read_spans(run, &self.file.name, &spans, |span| {
            bytes.extend_from_slice(span);
        })?;
        Ok(bytemuck::pod_collect_to_vec(&bytes))
    }

    /// All values of the array `name`.
    pub fn all<T: Kept>(&self, run: &Run, name: &str) -> Result<Vec<T>> {
        self.span(run, name, 0..self.count(name))
    }

    /// Rows of the array `name`; 0 where it is not there.
    pub fn count(&self, name: &str) -> usize {
        let about = self.arrays.get(name);
        about
            .and_then(|about| about.shape.first().copied())
            .unwrap_or(0)
    }

    /// Neighbouring rows of the array `name`.
    pub fn span<T: Kept>(&self, run: &Run, name: &str, rows: Range<usize>) -> Result<Vec<T>> {
        let every: Vec<u32> = (rows.start as u32..rows.end as u32).collect();
        self.rows(run, name, &every)
    }
}

/// Reads spans of a file (rising, none within another) and hands them over one by one.
pub(in crate::parts) fn read_spans(
    run: &Run,
    name: &str,
    spans: &[Range<u64>],
    mut take: impl FnMut(&[u8]),
) -> Result<()> {
    let mut rest = spans;
    while let Some(first) = rest.first() {
        let near = |pair: &[Range<u64>]| {
            pair[1].start <= pair[0].end + GAP && pair[1].end - first.start <= MOST
        };
        let count = 1 + rest.windows(2).take_while(|pair| near(pair)).count();
        let (now, later) = rest.split_at(count);
        let piece = run
            .store()
            .read_range(name, first.start..now[count - 1].end)?;
        for span in now {
            let at = |n: u64| (n - first.start) as usize;
            take(piece.get(at(span.start)..at(span.end)).unwrap_or_default());
        }
        rest = later;
    }
    Ok(())
}
