//! Files read and written.
//!
//! Written, they are whole or absent: made under another name beside their place, then renamed; several that belong
//! together in one exchange ([`replace_set`]). Read, they are regular files and never devices or FIFOs
//! ([`open_regular`]); [`shown`] says what they are called, whatever bytes their names hold.

mod chosen;
mod fault;
mod lock;
mod markup;
mod path;
mod read;
mod set;
mod table;

pub use chosen::chosen;
pub use fault::step;
pub use lock::{FileLock, LOCK_WAIT, lock_file};
pub use markup::{escape, quoted};
pub use path::{AsBytes, as_shown, shown, with_ending};
pub use read::{
    PICTURE, Stamp, TEXT, changed, hash, open_regular, read_all, read_text, require_regular,
};
pub use set::{put_together, replace_folder, replace_set};
pub use table::write_table;

use crate::error::{Error, Result};
use crate::task::scratch;
use serde::Serialize;
use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Begins the name of everything that is written beside its place, and renamed.
pub const SCRATCH: &str = ".nearmiss-";

/// Fills a new file and puts it in the place of `path`, which stays as it was until the new one is whole. The folder
/// is created where it is missing. A link stays a link: the file that it leads to is replaced. A file that is replaced
/// keeps its permissions. Into a device such as `/dev/stdout`, and a FIFO, it is written as it comes: they stay what they are.
///
/// # Errors
/// `path` is a folder or a disk; the folder or the file cannot be written. What was half written is removed.
pub fn replace(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&File>) -> std::io::Result<()>,
) -> Result<()> {
    if is_stream(path) {
        return stream(path, fill);
    }
    let path = &target(path)?;
    let folder = folder_of(path);
    std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    scratch::sweep(folder);
    let permissions = std::fs::metadata(path).ok().map(|old| old.permissions());
    step("create")?;
    // Made by `File`, so that it has the permissions of any other new file.
    let part = tempfile::Builder::new()
        .prefix(&scratch::prefix(folder, SCRATCH))
        .make_in(folder, |path| File::create_new(path))
        .map_err(Error::io("write", path))?;
    if let Some(permissions) = permissions {
        let kept = part.as_file().set_permissions(permissions);
        kept.map_err(Error::io("keep the permissions of", path))?;
    }
    let written = || {
        let mut out = BufWriter::with_capacity(1 << 20, part.as_file());
        fill(&mut out)?;
        out.flush()?;
        part.as_file().sync_all()
    };
    written().map_err(Error::io("write", path))?;
    step("rename")?;
    part.persist(path)
        .map_err(|e| Error::io("write", path)(e.error))?;
    step("renamed")
}

/// Is there something that takes what is written to it, and holds nothing?
#[cfg(unix)]
fn is_stream(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::metadata(path).is_ok_and(|about| {
        let kind = about.file_type();
        kind.is_char_device() || kind.is_fifo()
    })
}

#[cfg(not(unix))]
fn is_stream(_path: &Path) -> bool {
    false
}

fn stream(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&File>) -> std::io::Result<()>,
) -> Result<()> {
    let written = || {
        let file = File::options().write(true).open(path)?;
        let mut out = BufWriter::with_capacity(1 << 20, &file);
        fill(&mut out)?;
        out.flush()
    };
    written().map_err(Error::io("write", path))
}

/// What [`replace`] replaces: `path`, or where its links lead.
///
/// # Errors
/// It is there, but no regular file; its links lead in a circle.
pub fn target(path: &Path) -> Result<PathBuf> {
    let mut path = path.to_path_buf();
    // As many links as the system itself follows.
    for _ in 0..40 {
        let kind = match path.symlink_metadata() {
            Ok(about) => about.file_type(),
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(path),
            Err(e) => return Err(Error::io("write", &path)(e)),
        };
        if !kind.is_symlink() {
            require_regular(kind).map_err(Error::io("write", &path))?;
            return Ok(path);
        }
        let leads = std::fs::read_link(&path).map_err(Error::io("read", &path))?;
        path = folder_of(&path).join(leads);
    }
    Err(Error::io("write", &path)(std::io::Error::new(
        ErrorKind::InvalidInput,
        "its links lead in a circle",
    )))
}

/// As [`replace`], for a `fill` that fails in more ways than writing does: a cancelled task, a source that cannot be read.
///
/// # Errors
/// Those of `fill`; the folder or the file cannot be written. Either way `path` stays as it was.
pub fn replace_with<T>(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&File>) -> Result<T>,
) -> Result<T> {
    let mut outcome = None;
    let written = replace(path, |out| match fill(out) {
        Ok(value) => {
            outcome = Some(Ok(value));
            Ok(())
        }
        Err(error) => {
            outcome = Some(Err(error));
            Err(std::io::Error::other("stopped"))
        }
    });
    match (outcome, written) {
        (Some(Ok(value)), Ok(())) => Ok(value),
        (Some(Err(error)), _) | (_, Err(error)) => Err(error),
        (None, Ok(())) => Err(Error::io("write", path)(std::io::Error::other(
            "nothing was written",
        ))),
    }
}

/// Writes `value` as JSON; the old file stays whole until the new one is.
///
/// # Errors
/// The folder cannot be created or written.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_vec_pretty(value)
        .map_err(|e| Error::request(format!("cannot write {}: {e}", path.display()), ""))?;
    replace(path, |out| out.write_all(&text))
}

/// The folder that `path` lies in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// The last part of `path`, or all of it where it has none.
pub fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |n| n.to_string_lossy().into_owned(),
    )
}
