//! Encoders fetched from object storage, beside the embeddings: each machine keeps what it fetched.

use crate::error::{Error, Result};
use crate::files::file_name;
use crate::paths::cache_dir;
use std::fs::DirEntry;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// An encoder that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedEncoder {
    /// Its name: that of the folder that it was fetched from.
    pub name: String,
    /// The folder in the cache that holds it alone.
    pub folder: PathBuf,
    /// What its files take, in bytes; with what an interrupted fetch left.
    pub bytes: u64,
}

/// The folder of fetched encoders; nothing bounds what it takes.
///
/// # Errors
/// There is no cache folder.
pub fn fetched_folder() -> Result<PathBuf> {
    Ok(cache_dir()?.join("encoders"))
}

/// The encoders in `folder`, by name.
///
/// # Errors
/// The folder is there and cannot be read.
pub fn fetched_encoders(folder: &Path) -> Result<Vec<FetchedEncoder>> {
    let mut found: Vec<FetchedEncoder> = entries(folder)?
        .iter()
        .filter(|entry| is_folder(entry))
        .map(|entry| {
            let inside = entries(&entry.path())?;
            let own = |inside: &&DirEntry| is_folder(inside) && !is_hidden(inside);
            let name = inside.iter().find(own).unwrap_or(entry);
            Ok(FetchedEncoder {
                name: file_name(&name.path()),
                bytes: size(&entry.path())?,
                folder: entry.path(),
            })
        })
        .collect::<Result<_>>()?;
    found.sort_by(|a, b| (&a.name, &a.folder).cmp(&(&b.name, &b.folder)));
    Ok(found)
}

/// Removes all of them from `folder`; yields what was removed.
///
/// # Errors
/// One cannot be removed.
pub fn clear_fetched(folder: &Path) -> Result<Vec<FetchedEncoder>> {
    let found = fetched_encoders(folder)?;
    for encoder in &found {
        std::fs::remove_dir_all(&encoder.folder).map_err(Error::io("remove", &encoder.folder))?;
    }
    Ok(found)
}

/// Links count as what they are, not as what they lead to.
fn size(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in entries(folder)? {
        if is_folder(&entry) {
            bytes += size(&entry.path())?;
        } else if let Ok(about) = entry.metadata() {
            bytes += about.len();
        }
    }
    Ok(bytes)
}

/// What is in `folder`; nothing where it is not there.
fn entries(folder: &Path) -> Result<Vec<DirEntry>> {
    match std::fs::read_dir(folder) {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        found => Ok(found
            .map_err(Error::io("read", folder))?
            .flatten()
            .collect()),
    }
}

fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_ok_and(|kind| kind.is_dir())
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_fetched_is_counted_and_removed() {
        let cache = tempfile::tempdir().unwrap();
        let folder = cache.path().join("encoders");
        assert_eq!(fetched_encoders(&folder).unwrap(), []);
        for (hash, name, bytes) in [("9f", "clip", 30), ("0a", "siglip", 12)] {
            let own = folder.join(hash).join(name);
            std::fs::create_dir_all(own.join("onnx")).unwrap();
            std::fs::write(own.join("onnx/model.onnx"), vec![0; bytes]).unwrap();
            std::fs::write(folder.join(hash).join(".lock"), []).unwrap();
        }
        // An interrupted fetch.
        std::fs::create_dir_all(folder.join("0a/.part")).unwrap();
        std::fs::write(folder.join("0a/.part/half"), vec![0; 5]).unwrap();
        let found = fetched_encoders(&folder).unwrap();
        let told = |all: &[FetchedEncoder]| -> Vec<(String, u64)> {
            all.iter().map(|e| (e.name.clone(), e.bytes)).collect()
        };
        let right = [("clip".to_owned(), 30), ("siglip".to_owned(), 17)];
        assert_eq!(told(&found), right);
        assert_eq!(told(&clear_fetched(&folder).unwrap()), right);
        assert_eq!(fetched_encoders(&folder).unwrap(), []);
    }
}
