//! Regular files read as text, hashed, and watched for changes; [`nearmiss_grad::guard`] opens them.

pub use nearmiss_grad::guard::{open_regular, read_all, require_regular};

use crate::error::{Error, Result};
use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::Path;
use std::time::SystemTime;

/// The most bytes of a picture file.
pub const PICTURE: u64 = 1 << 29;

/// The most bytes of a file of captions, names or settings.
pub const TEXT: u64 = 4 << 30;

/// As [`read_all`], of a file of UTF-8.
///
/// # Errors
/// As there; it is not UTF-8.
pub fn read_text(path: &Path, most: u64) -> std::io::Result<String> {
    String::from_utf8(read_all(path, most)?)
        .map_err(|_| std::io::Error::new(ErrorKind::InvalidData, "it is not text in UTF-8"))
}

/// BLAKE3 hash of a file, in hexadecimal.
///
/// # Errors
/// As [`open_regular`].
pub fn hash(path: &Path) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(open_regular(path)?)?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// What tells whether a file is still the one that was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    length: u64,
    changed: Option<SystemTime>,
    #[cfg(unix)]
    number: (u64, u64),
}

impl Stamp {
    /// Of an opened file, or of a path.
    pub fn of(about: &Metadata) -> Self {
        Self {
            length: about.len(),
            changed: about.modified().ok(),
            #[cfg(unix)]
            number: {
                use std::os::unix::fs::MetadataExt;
                (about.dev(), about.ino())
            },
        }
    }
}

/// An error unless the file at `path` is still the one with this stamp: what was noted of its content is of no use then,
/// and neither is the rest of the work.
///
/// # Errors
/// It is gone, another file, longer, shorter or newer.
pub fn changed(path: &Path, before: Stamp) -> Result<()> {
    let what = match std::fs::metadata(path) {
        Ok(now) if Stamp::of(&now) == before => return Ok(()),
        Ok(now) if now.len() < before.length => "has become shorter since it was opened",
        Ok(now) if now.len() > before.length => "has become longer since it was opened",
        Ok(_) => "was replaced or written since it was opened",
        Err(_) => "is gone since it was opened",
    };
    Err(Error::Changed {
        path: path.to_path_buf(),
        what,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_utf_8_and_within_its_limit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, "four").unwrap();
        assert_eq!(read_text(&path, 4).unwrap(), "four");
        assert_eq!(
            read_text(&path, 3).unwrap_err().kind(),
            ErrorKind::FileTooLarge
        );
        std::fs::write(&path, [0xff]).unwrap();
        assert_eq!(
            read_text(&path, 4).unwrap_err().kind(),
            ErrorKind::InvalidData
        );
    }

    #[test]
    fn a_file_that_changes_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, "four").unwrap();
        let before = Stamp::of(&std::fs::metadata(&path).unwrap());
        assert!(changed(&path, before).is_ok());
        std::fs::write(&path, "fo").unwrap();
        assert!(
            changed(&path, before)
                .unwrap_err()
                .to_string()
                .contains("shorter")
        );
        std::fs::remove_file(&path).unwrap();
        assert!(
            changed(&path, before)
                .unwrap_err()
                .to_string()
                .contains("gone")
        );
    }
}
