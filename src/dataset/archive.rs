//! Uncompressed tar archives: their members in one pass, contents that nobody asks for skipped.

use crate::error::{Error, Result};
use crate::files::{Stamp, changed, open_regular};
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Archives are written in blocks of this many bytes.
const BLOCK: u64 = 512;

/// Bytes of zeros that end an archive.
const END: u64 = 2 * BLOCK;

/// A file in an archive.
pub(super) struct Member {
    /// Its path there, with forward slashes and only names in it: nothing absolute, no `..`.
    pub name: String,
    /// Where its content begins in the archive.
    pub offset: u64,
    /// Bytes of its content.
    pub length: u64,
}

/// How an archive was read.
#[derive(Default)]
pub(super) struct Ending {
    /// What is wrong with its end, where something is; all files before were visited.
    pub wrong: Option<String>,
    /// Links and other entries without a content of their own.
    pub links: Vec<String>,
}

/// Calls `visit` with each file of the archive at `path`, which may read the content and need not.
///
/// # Errors
/// The archive cannot be opened; its first header is none; `visit` fails.
pub(super) fn members(
    path: &Path,
    mut visit: impl FnMut(&Member, &mut dyn Read) -> Result<()>,
) -> Result<Ending> {
    let mut ending = Ending::default();
    let file = open_regular(path).map_err(Error::io("open", path))?;
    let length = file.metadata().map_err(Error::io("read", path))?.len();
    let mut archive = tar::Archive::new(BufReader::new(file));
    let entries = archive
        .entries_with_seek()
        .map_err(Error::io("read", path))?
        // The crate would read the names that extensions carry whole, however long they say they are.
        .raw(true);
    let mut last: Option<String> = None;
    let mut named = Named::default();
    for entry in entries {
        let mut entry = match (entry, &last) {
            (Ok(entry), _) => entry,
            (Err(_), Some(last)) if !length.is_multiple_of(BLOCK) => {
                ending.wrong = Some(format!("is cut off after {last}"));
                return Ok(ending);
            }
            (Err(e), Some(last)) => {
                ending.wrong = Some(format!("is damaged after {last}: {e}"));
                return Ok(ending);
            }
            (Err(e), None) => {
                return Err(Error::dataset(
                    path,
                    format!("is not a tar archive, or a damaged one: {e}"),
                    "Copy or download it again; a compressed archive must be unpacked to a plain .tar first.",
                ));
            }
        };
        let kind = entry.header().entry_type();
        if Named::told_by(kind) {
            let (long, start) = (entry.size(), entry.raw_file_position());
            let after = last.as_deref().unwrap_or("its beginning");
            if long > MOST_NAMES || start.saturating_add(long) > length {
                ending.wrong = Some(format!("is damaged after {after}: a name of {long} bytes"));
                return Ok(ending);
            }
            let mut bytes = Vec::new();
            entry
                .read_to_end(&mut bytes)
                .map_err(Error::io("read", path))?;
            named.read(kind, &bytes);
            continue;
        }
        let told = std::mem::take(&mut named);
        let name = told.name.unwrap_or_else(|| entry.path_bytes().into_owned());
        let member = Member {
            name: inside(&String::from_utf8_lossy(&name)),
            offset: entry.raw_file_position(),
            length: entry.size(),
        };
        // Such are followed by what only a reader of theirs can pass.
        if told.size.is_some_and(|size| size != member.length) || kind.is_gnu_sparse() {
            ending.wrong = Some(format!(
                "holds {}, over 8 GB or sparse, and what follows it is not read",
                member.name
            ));
            return Ok(ending);
        }
        if member.offset.saturating_add(member.length) > length {
            ending.wrong = Some(format!("is cut off within {}", member.name));
            return Ok(ending);
        }
        // Links have no content of their own; a sparse file's is in pieces.
        if matches!(kind, tar::EntryType::Regular | tar::EntryType::Continuous) {
            visit(&member, &mut entry)?;
        } else if !kind.is_dir() && !kind.is_pax_global_extensions() {
            ending.links.push(member.name.clone());
        }
        last = Some(member.name);
    }
    ending.wrong = ends_early(path, length)?.then(|| "lacks its end: it may be cut off".to_owned());
    Ok(ending)
}

/// The most bytes of what names one member: paths have up to 4,096.
const MOST_NAMES: u64 = 64 * 1024;

/// What the members before one say of it.
#[derive(Default)]
struct Named {
    name: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Named {
    /// Is a member of type `kind` one that says something of the next?
    fn told_by(kind: tar::EntryType) -> bool {
        kind.is_gnu_longname() || kind.is_gnu_longlink() || kind.is_pax_local_extensions()
    }

    fn read(&mut self, kind: tar::EntryType, bytes: &[u8]) {
        if kind.is_gnu_longname() {
            let name = bytes.split(|&b| b == 0).next().unwrap_or_default();
            self.name = Some(name.to_vec());
        }
        if !kind.is_pax_local_extensions() {
            return;
        }
        for extension in tar::PaxExtensions::new(bytes).flatten() {
            match extension.key() {
                Ok("path") => self.name = Some(extension.value_bytes().to_vec()),
                Ok("size") => self.size = extension.value().ok().and_then(|v| v.parse().ok()),
                _ => {}
            }
        }
    }
}

/// An archive that was opened, and what tells whether it still is that one: places in another are worthless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    path: PathBuf,
    stamp: Stamp,
}

impl Archive {
    /// The file at `path` as it is now.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn new(path: &Path) -> Result<Self> {
        let about = std::fs::metadata(path).map_err(Error::io("open", path))?;
        Ok(Self {
            path: path.to_path_buf(),
            stamp: Stamp::of(&about),
        })
    }

    /// `length` bytes from `offset`.
    ///
    /// # Errors
    /// It is gone, another one, longer, shorter or newer than it was ([`Error::Changed`]); it cannot be read.
    pub(super) fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>> {
        changed(&self.path, self.stamp)?;
        span(&self.path, offset, length)
    }
}

impl std::ops::Deref for Archive {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.path
    }
}

/// Do the zeros that end an archive lack?
fn ends_early(path: &Path, length: u64) -> Result<bool> {
    let tail = span(path, length.saturating_sub(END), length.min(END))?;
    Ok(length < END || tail.iter().any(|&b| b != 0))
}

/// `length` bytes of the file at `path`, from `offset`.
pub(super) fn span(path: &Path, offset: u64, length: u64) -> Result<Vec<u8>> {
    let mut file = open_regular(path).map_err(Error::io("open", path))?;
    let mut bytes = Vec::new();
    let read = file
        .seek(SeekFrom::Start(offset))
        .and_then(|_| file.take(length).read_to_end(&mut bytes))
        .map_err(Error::io("read", path))?;
    if (read as u64) < length {
        return Err(Error::Changed {
            path: path.to_path_buf(),
            what: "has become shorter since it was opened",
        });
    }
    Ok(bytes)
}

/// A path in an archive as a name: nothing absolute, no drive, no `..`, so that it leads nowhere.
pub(super) fn inside(name: &str) -> String {
    let name = name.replace('\\', "/");
    let drive = |part: &str| part.len() == 2 && part.ends_with(':');
    let leads = |part: &str| ["", ".", ".."].contains(&part) || drive(part);
    let parts = name.split('/').filter(|part| !leads(part));
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn a_path_in_an_archive_leads_nowhere() {
        for (path, name) in [
            ("/etc/a.jpg", "etc/a.jpg"),
            ("../../a.jpg", "a.jpg"),
            ("./x/../a.b.jpg", "x/a.b.jpg"),
            ("C:\\x\\a.jpg", "x/a.jpg"),
            ("..", ""),
        ] {
            assert_eq!(inside(path), name);
        }
    }
}
