//! Where the files in a tar archive lie, from its headers alone: their content is not read, so that an archive in a
//! bucket is indexed for a small part of its bytes where its files are large.

mod header;

use super::Store;
use crate::error::{Error, Result};
use crate::task::Task;
use header::{Header, quoted, record, until_zero};

/// Archives are written in blocks of this many bytes.
const BLOCK: u64 = 512;
/// Bytes that are read at a time.
const WINDOW: u64 = 1 << 20;
/// The most bytes of what names one member: paths have up to 4,096, and other words may lie beside them.
const MOST_NAMES: u64 = 64 << 10;

/// A file in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its path there, as the archive has it; what is no Unicode in it is U+FFFD.
    pub name: String,
    /// Where its content begins in the archive.
    pub offset: u64,
    /// Bytes of its content.
    pub length: u64,
}

/// The files in the uncompressed tar archive `name`, in its order. Folders, links and devices are left out.
///
/// # Errors
/// There is no such archive, or it cannot be read; it is none, is damaged or lacks its end, and the error says from
/// which byte on; it holds a sparse file, whose content does not lie in one piece; it changes meanwhile; `task` was
/// cancelled.
pub fn members(store: &Store, name: &str, task: &Task) -> Result<Vec<Member>> {
    let about = store
        .about(name)?
        .ok_or_else(|| store.backend.missing(name))?;
    let mut archive = Archive {
        store,
        name,
        task,
        size: about.size,
        start: 0,
        window: Vec::new(),
    };
    let members = archive.members()?;
    store.require_same(name, &about)?;
    Ok(members)
}

/// An archive, and the part of it that was read last.
struct Archive<'a> {
    store: &'a Store,
    name: &'a str,
    task: &'a Task,
    size: u64,
    start: u64,
    window: Vec<u8>,
}

/// What the members before one say of it.
#[derive(Default)]
struct Told {
    path: Option<Vec<u8>>,
    long_name: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Archive<'_> {
    fn members(&mut self) -> Result<Vec<Member>> {
        let mut members = Vec::new();
        let mut told = Told::default();
        let mut at = 0;
        loop {
            let block = match self.size - at {
                0 => {
                    return Err(
                        self.torn(at, "it lacks the two blocks of zeros that end an archive")
                    );
                }
                1..BLOCK => return Err(self.torn(at, "it is cut off within a header")),
                _ => self.bytes(at, BLOCK)?,
            };
            if block.iter().all(|&b| b == 0) {
                self.require_end(at)?;
                return Ok(members);
            }
            let header = Header::parse(block).map_err(|what| self.torn(at, &what))?;
            let extends = b"LKxg".contains(&header.kind);
            // What tells of the next member is as long as its own header says.
            let length = told.size.filter(|_| !extends).unwrap_or(header.size);
            let offset = at + BLOCK;
            let next = length
                .checked_next_multiple_of(BLOCK)
                .and_then(|padded| offset.checked_add(padded))
                .filter(|&next| next <= self.size)
                .ok_or_else(|| {
                    let what = format!(
                        "the content of {} has {length} bytes, and it ends before",
                        quoted(&header.name)
                    );
                    self.torn(offset, &what)
                })?;
            if extends {
                self.read_told(&header, offset, &mut told)?;
            } else {
                let told = std::mem::take(&mut told);
                let name = told.path.or(told.long_name).unwrap_or(header.name);
                // An old archive marks a folder by the slash alone.
                let folder = header.kind == b'\0' && name.ends_with(b"/");
                match header.kind {
                    b'S' => {
                        return Err(self.torn(at, &format!("{} is a sparse file", quoted(&name))));
                    }
                    b'0' | b'\0' | b'7' if !folder => members.push(Member {
                        name: String::from_utf8_lossy(&name).into_owned(),
                        offset,
                        length,
                    }),
                    _ => {}
                }
            }
            at = next;
        }
    }

    /// Reads what a member at `offset` tells of the next one.
    fn read_told(&mut self, header: &Header, offset: u64, told: &mut Told) -> Result<()> {
        if !b"Lx".contains(&header.kind) {
            return Ok(());
        }
        if header.size > MOST_NAMES {
            return Err(self.torn(offset, &format!("a name of {} bytes", header.size)));
        }
        let bytes = self.bytes(offset, header.size)?;
        if header.kind == b'L' {
            told.long_name = Some(until_zero(bytes).to_vec());
            return Ok(());
        }
        let bytes = bytes.to_vec();
        let wrong = |what: &str| self.torn(offset, what);
        let mut rest = bytes.as_slice();
        while !rest.is_empty() && rest[0] != 0 {
            let (key, value, after) =
                record(rest).ok_or_else(|| wrong("a PAX record is damaged"))?;
            match key {
                b"path" => told.path = Some(value.to_vec()),
                b"size" => {
                    let size = std::str::from_utf8(value)
                        .ok()
                        .and_then(|size| size.parse().ok());
                    told.size = Some(
                        size.ok_or_else(|| wrong("a PAX record holds a size that is no number"))?,
                    );
                }
                _ if key.starts_with(b"GNU.sparse.") => {
                    return Err(wrong("it tells of a sparse file"));
                }
                _ => {}
            }
            rest = after;
        }
        Ok(())
    }

    /// An error unless a second block of zeros follows the one at `at`.
    fn require_end(&mut self, at: u64) -> Result<()> {
        let second = at + BLOCK;
        if self.size - second >= BLOCK && self.bytes(second, BLOCK)?.iter().all(|&b| b == 0) {
            return Ok(());
        }
        Err(self.torn(
            second,
            "it lacks the second of the two blocks of zeros that end an archive",
        ))
    }

    /// `length` bytes from `at`, which the archive has.
    fn bytes(&mut self, at: u64, length: u64) -> Result<&[u8]> {
        let held = self.start..self.start + self.window.len() as u64;
        if at < held.start || at + length > held.end {
            let end = self.size.min(at + WINDOW.max(length));
            self.window = self.store.span(self.name, at..end, self.task)?;
            self.start = at;
        }
        self.task.check()?;
        let from = (at - self.start) as usize;
        Ok(&self.window[from..from + length as usize])
    }

    fn torn(&self, at: u64, what: &str) -> Error {
        let what = format!("is no tar archive that can be read from byte {at} on: {what}");
        self.store.wrong(
            self.name,
            what,
            "Copy or write it again; a compressed archive must be unpacked to a plain .tar first.",
        )
    }
}
