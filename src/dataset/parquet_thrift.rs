//! What the headers of a Parquet file claim, before its reader believes it: the reader makes room for as many things as a
//! header says there are, and a failed allocation ends the process.
//!
//! Footer and page headers are structures of Thrift's compact protocol (its specification: thrift-compact-protocol.md of
//! Apache Thrift; the fields: parquet.thrift of the Parquet format). They are walked here, and only numbers are taken out.

use crate::files::open_regular;
use crate::task::memory::{self, TooMuch};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// How deep structures may lie in each other: those of the format do by seven.
const DEEPEST: usize = 24;
/// How deep columns may lie in each other; the reader follows them by recursion.
const DEEPEST_COLUMN: usize = 100;
/// Row groups that the reader numbers at most.
const MOST_GROUPS: u64 = i16::MAX as u64;
/// About the bytes that one entry of a list of the footer takes when read.
const ENTRY: u64 = 256;
/// Bytes of a page header that are looked at first, and at most.
const FIRST: u64 = 1 << 10;
/// See [`FIRST`].
const LONGEST: u64 = 16 << 20;

/// Bytes that there is always room for.
const LITTLE: u64 = 64 << 20;

/// Kinds of Thrift's values.
const LIST: u8 = 9;
const STRUCTURE: u8 = 12;

type Walked<T> = Result<T, String>;

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
    let mut bytes = vec![0; size as usize];
    if !read(&mut file, end - size, &mut bytes) {
        return Ok(());
    }
    let mut walk = Walk { rest: &bytes };
    let mut children = Vec::new();
    walk.fields(0, &mut |walk, id, kind| match (id, kind) {
        (2, LIST) => {
            for _ in 0..walk.list()?.1 {
                children.push(walk.child_count()?);
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

/// `children` are how many parts each column has, each before its parts: there are as many, not too deep in each other.
fn nested(children: &[i64]) -> Walked<()> {
    let mut open: Vec<i64> = Vec::new();
    for &count in children {
        if count < 0 || count as usize >= children.len().max(1) {
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

/// The page headers of a column of the file at `path`, whose `values` values lie in `size` bytes from `start`, claim
/// nothing beyond these.
///
/// # Errors
/// What is wrong.
pub(super) fn pages(path: &Path, start: u64, size: u64, values: u64) -> Walked<()> {
    let mut file = open_regular(path).map_err(|e| e.to_string())?;
    let (mut at, end) = (start, start.saturating_add(size));
    while at < end {
        let mut window = FIRST;
        let (header, used) = loop {
            let mut bytes = Vec::new();
            let there = window.min(end - at);
            file.seek(SeekFrom::Start(at))
                .and_then(|_| (&file).take(there).read_to_end(&mut bytes))
                .map_err(|e| e.to_string())?;
            let mut walk = Walk { rest: &bytes };
            match walk.page() {
                Ok(header) => break (header, (bytes.len() - walk.rest.len()) as u64),
                Err(_) if there < end - at && window < LONGEST => window *= 16,
                Err(what) => return Err(what),
            }
        };
        let left = end - at - used;
        let packed = header.packed.filter(|&n| n <= left);
        let packed = packed.ok_or_else(|| format!("a page beyond its column at byte {at}"))?;
        let plain = header.plain.unwrap_or(u64::MAX);
        fits(plain, size).map_err(|e| format!("a page that {e}"))?;
        if header.values > values {
            return Err(format!(
                "{} values in a page, {values} in its column",
                header.values
            ));
        }
        // Each entry of a dictionary has a byte at least.
        if header.entries > plain {
            return Err(format!(
                "{} entries in a dictionary of {plain} bytes",
                header.entries
            ));
        }
        fits(header.entries.saturating_mul(ENTRY), size)
            .map_err(|e| format!("a dictionary that {e}"))?;
        at += used + packed;
    }
    Ok(())
}

/// As [`memory::fits`], which asks the system: not for what is always there.
fn fits(bytes: u64, source: u64) -> Result<(), TooMuch> {
    if bytes <= LITTLE {
        return Ok(());
    }
    memory::fits(bytes, source)
}

/// What a page header says.
#[derive(Default)]
struct Page {
    /// Bytes after unpacking.
    plain: Option<u64>,
    /// Bytes in the file.
    packed: Option<u64>,
    /// Values.
    values: u64,
    /// Entries of a dictionary.
    entries: u64,
}

/// What is left of a structure.
struct Walk<'a> {
    rest: &'a [u8],
}

impl Walk<'_> {
    fn page(&mut self) -> Walked<Page> {
        let mut page = Page::default();
        self.fields(0, &mut |walk, id, kind| {
            match (id, kind) {
                (2, 5) => page.plain = u64::try_from(walk.signed()?).ok(),
                (3, 5) => page.packed = u64::try_from(walk.signed()?).ok(),
                (5 | 8, STRUCTURE) => page.values = walk.first_number()?,
                (7, STRUCTURE) => page.entries = walk.first_number()?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(page)
    }

    /// Passes a structure; its field 1, a number.
    fn first_number(&mut self) -> Walked<u64> {
        let mut found = 0;
        self.fields(1, &mut |walk, id, kind| {
            if (id, kind) != (1, 5) {
                return Ok(false);
            }
            found = u64::try_from(walk.signed()?).map_err(|_| "a negative count".to_owned())?;
            Ok(true)
        })?;
        Ok(found)
    }

    /// Passes a column's description; how many parts it says it has.
    fn child_count(&mut self) -> Walked<i64> {
        let mut found = 0;
        self.fields(1, &mut |walk, id, kind| {
            if (id, kind) != (5, 5) {
                return Ok(false);
            }
            found = walk.signed()?;
            Ok(true)
        })?;
        Ok(found)
    }

    /// Passes a structure. `take` is given each field's number and kind, and says whether it passed the value.
    fn fields(
        &mut self,
        depth: usize,
        take: &mut dyn FnMut(&mut Self, i64, u8) -> Walked<bool>,
    ) -> Walked<()> {
        let mut id = 0_i64;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Ok(());
            }
            id = match head >> 4 {
                0 => self.signed()?,
                step => id.wrapping_add(i64::from(step)),
            };
            let kind = head & 15;
            if !take(self, id, kind)? {
                self.pass(kind, depth + 1)?;
            }
        }
    }

    /// Passes a value.
    fn pass(&mut self, kind: u8, depth: usize) -> Walked<()> {
        if depth > DEEPEST {
            return Err(format!("structures within each other over {DEEPEST} times"));
        }
        match kind {
            1 | 2 => Ok(()),
            3 => self.skip(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.skip(8),
            8 => {
                let size = self.varint()?;
                self.skip(size)
            }
            LIST | 10 => {
                let (kind, count) = self.list()?;
                // Readers differ in whether truth values in a list have a byte each; the format has no such lists here.
                if kind < 3 && count > 0 {
                    return Err("a list of truth values".into());
                }
                (0..count).try_for_each(|_| self.pass(kind, depth + 1))
            }
            STRUCTURE => self.fields(depth, &mut |_, _, _| Ok(false)),
            other => Err(format!("a value of the unknown kind {other}")),
        }
    }

    /// The beginning of a list: the kind of its entries, and how many.
    fn list(&mut self) -> Walked<(u8, u64)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.varint()?,
            count => u64::from(count),
        };
        let left = self.rest.len() as u64;
        if count > left {
            return Err(format!("a list of {count} entries in {left} bytes"));
        }
        fits(count * ENTRY, left).map_err(|e| format!("a list that {e}"))?;
        Ok((head & 15, count))
    }

    fn byte(&mut self) -> Walked<u8> {
        let (&first, rest) = self.rest.split_first().ok_or("cut off")?;
        self.rest = rest;
        Ok(first)
    }

    fn skip(&mut self, size: u64) -> Walked<()> {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        self.rest = self.rest.get(size..).ok_or("cut off")?;
        Ok(())
    }

    fn varint(&mut self) -> Walked<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Ok(value);
            }
        }
        Err("a number without end".into())
    }

    /// A number in zigzag.
    fn signed(&mut self) -> Walked<i64> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_as_many_parts_as_there_are() {
        assert_eq!(nested(&[2, 0, 1, 0]), Ok(()));
        assert!(nested(&[1 << 30, 0]).is_err());
        assert!(nested(&[1, -3]).is_err());
        let deep = vec![1; 1000];
        assert!(nested(&deep).is_err_and(|e| e.contains("100")));
    }

    #[test]
    fn headers_claim_what_they_hold() {
        let page = |bytes: &[u8]| Walk { rest: bytes }.page();
        // uncompressed 20, compressed 10, a data page of 3 values.
        let whole = [0x15, 0, 0x15, 40, 0x15, 20, 0x2c, 0x15, 6, 0, 0];
        let read = page(&whole).expect("a page");
        assert_eq!(
            (read.plain, read.packed, read.values),
            (Some(20), Some(10), 3)
        );
        for end in 0..whole.len() {
            assert!(page(&whole[..end]).is_err());
        }
        // Doubles without end, and a binary value of 2^40 bytes.
        assert!(page(&[0x19, 0xf7, 0xff, 0xff, 0xff, 0x7f]).is_err());
        assert!(page(&[0x18, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40]).is_err());
        // Structures in structures.
        assert!(page(&[0x1c; 4096]).is_err_and(|e| e.contains("within each other")));
    }
}
