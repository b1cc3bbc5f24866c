//! Which bytes a model was read from, so that what is computed with it is never taken for another's.

use crate::error::{Error, Result};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The files of a model as they were when it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// BLAKE3 of the model's own file, as it was read.
    pub hash: [u8; 32],
    /// The model's file and those of its tensor data, each with its stamp.
    files: Vec<(PathBuf, Stamp)>,
}

/// What changes when a file is written again or replaced: length, time of change and, where there are any, the number of
/// its place on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    length: u64,
    changed: Option<SystemTime>,
    place: u64,
}

impl Stamp {
    /// Of the file at `path`, as it is now.
    ///
    /// # Errors
    /// It is gone or cannot be looked at.
    pub fn of(path: &Path) -> Result<Self> {
        let about = std::fs::metadata(path).map_err(Error::io("read", path))?;
        #[cfg(unix)]
        let place = std::os::unix::fs::MetadataExt::ino(&about);
        #[cfg(not(unix))]
        let place = 0;
        Ok(Self {
            length: about.len(),
            changed: about.modified().ok(),
            place,
        })
    }
}

impl Source {
    /// Of the model at `path`, whose `bytes` were read after `stamp` was taken, with its other files `external`.
    ///
    /// # Errors
    /// One of those is gone.
    pub(super) fn of(
        path: &Path,
        stamp: Stamp,
        bytes: &[u8],
        external: &[PathBuf],
    ) -> Result<Self> {
        let stamped = |file: &PathBuf| Ok((file.clone(), Stamp::of(file)?));
        let others = external.iter().map(stamped).collect::<Result<Vec<_>>>()?;
        Ok(Self {
            hash: *blake3::hash(bytes).as_bytes(),
            files: std::iter::once((path.to_path_buf(), stamp))
                .chain(others)
                .collect(),
        })
    }

    /// All files are still those that were read.
    ///
    /// # Errors
    /// One is gone, or was written again.
    pub fn unchanged(&self) -> Result<()> {
        self.files.iter().try_for_each(same)
    }

    /// As [`Source::unchanged`] of the tensor data beside the model alone.
    ///
    /// # Errors
    /// As there.
    pub fn data_unchanged(&self) -> Result<()> {
        self.files.iter().skip(1).try_for_each(same)
    }
}

fn same((path, stamp): &(PathBuf, Stamp)) -> Result<()> {
    if Stamp::of(path)? == *stamp {
        return Ok(());
    }
    Err(Error::model(
        path,
        "has been written again since it was opened",
        "Open the model again.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_written_again_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let (model, data) = (folder.path().join("a.onnx"), folder.path().join("a.data"));
        std::fs::write(&model, b"model").unwrap();
        std::fs::write(&data, b"data").unwrap();
        let stamp = Stamp::of(&model).unwrap();
        let source = Source::of(&model, stamp, b"model", std::slice::from_ref(&data)).unwrap();
        assert_eq!(source.hash, *blake3::hash(b"model").as_bytes());
        assert!(source.unchanged().is_ok());
        std::fs::write(folder.path().join("new"), b"madel").unwrap();
        std::fs::rename(folder.path().join("new"), &model).unwrap();
        assert!(
            source
                .unchanged()
                .is_err_and(|e| e.to_string().contains("a.onnx"))
        );
        assert!(source.data_unchanged().is_ok());
        std::fs::write(&data, b"longer data").unwrap();
        assert!(source.data_unchanged().is_err());
    }
}
