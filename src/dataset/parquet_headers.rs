//! What the headers of a Parquet file claim, before its reader believes it: the reader makes room for as many things as a
//! header says there are, and a failed allocation ends the process.
//!
//! The structures are those of parquet.thrift of the Parquet format, as far as they are read.

use super::parquet_thrift::{ENTRY, Fields, Form, LIST, STRUCTURE, Walk, Walked};
use crate::files::open_regular;
use crate::task::memory::{self, fits_briefly};
use Form::{Byte, Bytes, Double, List, Number, Structure, Truth};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

/// How deep columns may lie in each other; the reader follows them by recursion.
const DEEPEST_COLUMN: usize = 100;
/// Row groups that the reader numbers at most.
const MOST_GROUPS: u64 = i16::MAX as u64;
/// Bytes of a page header that are looked at first, and at most.
const FIRST: u64 = 1 << 10;
/// See [`FIRST`].
const LONGEST: u64 = 16 << 20;

const FOOTER: Fields = &[
    (1, Number),
    (2, List(&Structure(COLUMN))),
    (3, Number),
    (4, List(&Structure(ROW_GROUP))),
    (5, List(&Structure(&[(1, Bytes), (2, Bytes)]))),
    (6, Bytes),
    (7, List(&Structure(&[(1, EMPTY)]))),
];
/// `SchemaElement`.
const COLUMN: Fields = &[
    (1, Number),
    (2, Number),
    (3, Number),
    (4, Bytes),
    (5, Number),
    (6, Number),
    (7, Number),
    (8, Number),
    (9, Number),
    (10, Structure(LOGICAL_TYPE)),
];
const EMPTY: Form = Structure(&[]);
const LOGICAL_TYPE: Fields = &[
    (1, EMPTY),
    (2, EMPTY),
    (3, EMPTY),
    (4, EMPTY),
    (5, Structure(&[(1, Number), (2, Number)])),
    (6, EMPTY),
    (7, Structure(TIME)),
    (8, Structure(TIME)),
    (10, Structure(&[(1, Byte), (2, Truth)])),
    (11, EMPTY),
    (12, EMPTY),
    (13, EMPTY),
    (14, EMPTY),
    (15, EMPTY),
    (16, Structure(&[(1, Byte)])),
    (17, Structure(&[(1, Bytes)])),
    (18, Structure(&[(1, Bytes), (2, Number)])),
];
/// `TimeType` and `TimestampType`.
const TIME: Fields = &[
    (1, Truth),
    (2, Structure(&[(1, EMPTY), (2, EMPTY), (3, EMPTY)])),
];
const ROW_GROUP: Fields = &[
    (1, List(&Structure(CHUNK))),
    (2, Number),
    (3, Number),
    (4, List(&Structure(&[(1, Number), (2, Truth), (3, Truth)]))),
    (5, Number),
    (6, Number),
    (7, Number),
];
/// `ColumnChunk`.
const CHUNK: Fields = &[
    (1, Bytes),
    (2, Number),
    (3, Structure(CHUNK_DATA)),
    (4, Number),
    (5, Number),
    (6, Number),
    (7, Number),
];
/// `ColumnMetaData`.
const CHUNK_DATA: Fields = &[
    (1, Number),
    (2, List(&Number)),
    (3, List(&Bytes)),
    (4, Number),
    (5, Number),
    (6, Number),
    (7, Number),
    (8, List(&Structure(&[(1, Bytes), (2, Bytes)]))),
    (9, Number),
    (10, Number),
    (11, Number),
    (12, Structure(STATISTICS)),
    (
        13,
        List(&Structure(&[(1, Number), (2, Number), (3, Number)])),
    ),
    (14, Number),
    (15, Number),
    (
        16,
        Structure(&[(1, Number), (2, List(&Number)), (3, List(&Number))]),
    ),
    (17, Structure(&[(1, Structure(BOX)), (2, List(&Number))])),
];
const STATISTICS: Fields = &[
    (1, Bytes),
    (2, Bytes),
    (3, Number),
    (4, Number),
    (5, Bytes),
    (6, Bytes),
    (7, Truth),
    (8, Truth),
];
/// `BoundingBox`.
const BOX: Fields = &[
    (1, Double),
    (2, Double),
    (3, Double),
    (4, Double),
    (5, Double),
    (6, Double),
    (7, Double),
    (8, Double),
];
/// `PageHeader`.
const PAGE: Fields = &[
    (1, Number),
    (2, Number),
    (3, Number),
    (4, Number),
    (5, Structure(DATA_PAGE)),
    (6, EMPTY),
    (7, Structure(DICTIONARY)),
    (8, Structure(DATA_PAGE_2)),
];
const DATA_PAGE: Fields = &[
    (1, Number),
    (2, Number),
    (3, Number),
    (4, Number),
    (5, Structure(STATISTICS)),
];
const DICTIONARY: Fields = &[(1, Number), (2, Number), (3, Truth)];
const DATA_PAGE_2: Fields = &[
    (1, Number),
    (2, Number),
    (3, Number),
    (4, Number),
    (5, Number),
    (6, Number),
    (7, Truth),
    (8, Structure(STATISTICS)),
];

/// The footer of `file`, which is `length` bytes long, says of no list more entries than its bytes can hold, and of no
/// column more parts than there are. What is not a footer at all is left to the reader to refuse.
///
/// # Errors
/// What is wrong.
pub(super) fn footer(mut file: &File, length: u64) -> Walked<()> {
    let mut tail = [0; 8];
    let end = length.saturating_sub(8);
    let read = |file: &mut &File, at: u64, bytes: &mut [u8]| {
        let sought = file.seek(SeekFrom::Start(at));
        sought.and_then(|_| file.read_exact(bytes)).is_ok()
    };
    if length < 12 || !read(&mut file, end, &mut tail) || &tail[4..] != b"PAR1" {
        return Ok(());
    }
    let size = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    if size > end {
        return Ok(());
    }
    // A file may be mostly holes.
    fits_briefly(size, 0).map_err(|e| format!("that it {e}"))?;
    let mut bytes = memory::room(size as usize).map_err(|e| format!("that it {e}"))?;
    bytes.resize(size as usize, 0);
    if !read(&mut file, end - size, &mut bytes) {
        return Ok(());
    }
    let mut walk = Walk { rest: &bytes };
    let mut children = Vec::new();
    walk.structure(FOOTER, 0, &mut |walk, id, kind| match (id, kind) {
        (2, LIST) => {
            let (kind, count) = walk.list()?;
            if count > 0 && kind != STRUCTURE {
                return Err(format!("columns of the wrong kind {kind}"));
            }
            for _ in 0..count {
                children.push(largest(walk, COLUMN, &[5])?);
            }
            Ok(true)
        }
        (4, LIST) => {
            let mut ahead = Walk { rest: walk.rest };
            match ahead.list()?.1 {
                0..=MOST_GROUPS => Ok(false),
                more => Err(format!("{more} row groups")),
            }
        }
        _ => Ok(false),
    })?;
    nested(&children)
}

/// Passes a structure; the largest of the counts that are its fields `wanted`, or 0.
fn largest(walk: &mut Walk<'_>, fields: Fields, wanted: &[i16]) -> Walked<u64> {
    let mut found = 0;
    walk.structure(fields, 1, &mut |walk, id, _| {
        let taken = wanted.contains(&id);
        if taken {
            found = walk.count()?.max(found);
        }
        Ok(taken)
    })?;
    Ok(found)
}

/// `children` are how many parts each column has, each before its parts: there are as many, not too deep in each other.
fn nested(children: &[u64]) -> Walked<()> {
    let mut open: Vec<u64> = Vec::new();
    for &count in children {
        if count >= children.len().max(1) as u64 {
            return Err(format!("a column of {count} parts"));
        }
        while open.last() == Some(&0) {
            open.pop();
        }
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        if count > 0 {
            open.push(count);
        }
        if open.len() > DEEPEST_COLUMN {
            return Err(format!(
                "columns within each other over {DEEPEST_COLUMN} times"
            ));
        }
    }
    Ok(())
}

/// A column of a row group, and how far it is looked through.
pub(super) struct Chunk<'a> {
    /// Where its bytes begin.
    pub start: u64,
    /// How many there are.
    pub size: u64,
    /// Its values, nulls too.
    pub values: u64,
    /// Is only what leads to its first value to be read?
    pub first: bool,
    /// Has these bytes there before they are read.
    pub need: &'a dyn Fn(Range<u64>) -> Walked<()>,
}

/// The page headers of a column of the file at `path` claim what it has and nothing beyond.
///
/// # Errors
/// What is wrong.
pub(super) fn pages(path: &Path, chunk: &Chunk<'_>) -> Walked<()> {
    let &Chunk {
        start,
        size,
        values,
        first,
        need,
    } = chunk;
    let mut file = open_regular(path).map_err(|e| e.to_string())?;
    let (mut at, end) = (start, start.saturating_add(size));
    let mut held = 0_u64;
    while at < end {
        let mut window = FIRST;
        let (page, used) = loop {
            let mut bytes = Vec::new();
            let there = window.min(end - at);
            need(at..at + there)?;
            file.seek(SeekFrom::Start(at))
                .and_then(|_| (&file).take(there).read_to_end(&mut bytes))
                .map_err(|e| e.to_string())?;
            let mut walk = Walk { rest: &bytes };
            match Page::read(&mut walk) {
                Ok(page) => break (page, (bytes.len() - walk.rest.len()) as u64),
                Err(_) if there < end - at && window < LONGEST => {
                    window = (window * 16).min(LONGEST);
                }
                Err(what) => return Err(what),
            }
        };
        if page.packed > end - at - used {
            return Err(format!("a page beyond its column at byte {at}"));
        }
        fits_briefly(page.plain, size).map_err(|e| format!("a page that {e}"))?;
        // Each entry of a dictionary has a byte at least.
        if page.entries > page.plain {
            return Err(format!(
                "{} entries in a dictionary of {} bytes",
                page.entries, page.plain
            ));
        }
        fits_briefly(page.entries.saturating_mul(ENTRY), size)
            .map_err(|e| format!("a dictionary that {e}"))?;
        held += page.values;
        if held > values {
            return Err(format!(
                "{held} values in its pages, {values} in its column"
            ));
        }
        at += used + page.packed;
        if first {
            need(at - used - page.packed..at)?;
            if held > 0 {
                return Ok(());
            }
        }
    }
    if held < values {
        return Err(format!(
            "{held} values in its pages, {values} in its column"
        ));
    }
    Ok(())
}

/// What a page header says.
#[derive(Default)]
struct Page {
    /// Bytes after unpacking.
    plain: u64,
    /// Bytes in the file.
    packed: u64,
    /// Values, or rows where those are more, which no page has.
    values: u64,
    /// Entries of a dictionary.
    entries: u64,
}

impl Page {
    fn read(walk: &mut Walk<'_>) -> Walked<Self> {
        let mut page = Self::default();
        walk.structure(PAGE, 0, &mut |walk, id, _| {
            match id {
                2 => page.plain = walk.count()?,
                3 => page.packed = walk.count()?,
                5 => page.values = largest(walk, DATA_PAGE, &[1])?.max(page.values),
                7 => page.entries = largest(walk, DICTIONARY, &[1])?,
                8 => page.values = largest(walk, DATA_PAGE_2, &[1, 3])?.max(page.values),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_as_many_parts_as_there_are() {
        assert_eq!(nested(&[2, 0, 1, 0]), Ok(()));
        assert!(nested(&[1 << 30, 0]).is_err());
        let deep = vec![1; 1000];
        assert!(nested(&deep).is_err_and(|e| e.contains("100")));
    }

    #[test]
    fn headers_claim_what_they_hold() {
        let page = |bytes: &[u8]| Page::read(&mut Walk { rest: bytes });
        // uncompressed 20, compressed 10, a data page of 3 values.
        let whole = [0x25, 40, 0x15, 20, 0x2c, 0x15, 6, 0, 0];
        let read = page(&whole).expect("a page");
        assert_eq!((read.plain, read.packed, read.values), (20, 10, 3));
        for end in 0..whole.len() {
            assert!(page(&whole[..end]).is_err());
        }
        // A second kind of data page, of 3 values in 4 rows; one of -1 values.
        let second = [0x25, 40, 0x15, 20, 0x5c, 0x15, 6, 0x25, 8, 0, 0];
        assert_eq!(page(&second).expect("a page").values, 4);
        assert!(page(&[0x5c, 0x15, 1, 0, 0]).is_err_and(|e| e.contains("-1")));
    }
}
