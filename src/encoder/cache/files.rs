//! The files of the cache: what there is, what goes when it is too much.

use super::{Cache, HEADER, index, read_header, record_length};
use crate::error::{Error, Result};
use crate::files::{file_name, open_regular};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What the cache may take where nothing else is said: 4 GB.
pub(super) const LIMIT: u64 = 4_000_000_000;

/// The variable of the environment that says another limit.
pub(super) const VARIABLE: &str = "NEARMISS_CACHE_LIMIT";

/// A file of the cache: the embeddings of one model with one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheFile {
    /// Its path.
    pub path: PathBuf,
    /// Its size in bytes, with that of its index.
    pub bytes: u64,
    /// Embeddings in it, and their length; `None` where it is none of ours.
    pub rows: Option<(u64, usize)>,
    /// When it was last read or written; `None` where the system does not say.
    pub used: Option<SystemTime>,
}

impl Cache {
    /// Its files, the one that was used last first.
    ///
    /// # Errors
    /// The folder is there and cannot be read.
    pub fn files(&self) -> Result<Vec<CacheFile>> {
        let entries = match std::fs::read_dir(&self.folder) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(Error::io("read", &self.folder))?,
        };
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let ours = paths.filter(|p| p.extension().is_some_and(|e| e == "bin"));
        let mut files: Vec<CacheFile> = ours.filter_map(look).collect();
        files.sort_by(|a, b| b.used.cmp(&a.used).then_with(|| a.path.cmp(&b.path)));
        Ok(files)
    }

    /// Removes all files; yields how many, and their bytes.
    ///
    /// # Errors
    /// One cannot be removed.
    pub fn clear(&self) -> Result<(usize, u64)> {
        let files = self.files()?;
        for file in &files {
            std::fs::remove_file(&file.path).map_err(Error::io("remove", &file.path))?;
            index::forget(&file.path);
        }
        Ok((files.len(), files.iter().map(|f| f.bytes).sum()))
    }

    /// Removes what was not used for longest until the rest is within the limit; `kept` stays. What cannot be removed is
    /// in use elsewhere, and goes another time.
    pub(super) fn evict(&self, kept: &Path) {
        let files = self.files().unwrap_or_default();
        let mut total: u64 = files.iter().map(|f| f.bytes).sum();
        for file in files.iter().rev().filter(|f| f.path != kept) {
            if total <= self.limit {
                return;
            }
            if std::fs::remove_file(&file.path).is_ok() {
                index::forget(&file.path);
                total -= file.bytes;
            }
        }
    }
}

fn look(path: PathBuf) -> Option<CacheFile> {
    let mut file = open_regular(&path).ok()?;
    let about = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let own = about.len();
    let rows = read_header(&mut file).map(|dim| ((own - HEADER) / record_length(dim) as u64, dim));
    let beside = std::fs::metadata(index::path_of(&path)).map_or(0, |index| index.len());
    Some(CacheFile {
        path,
        bytes: own + beside,
        rows,
        used: about.modified().ok(),
    })
}

impl CacheFile {
    /// Its name.
    pub fn name(&self) -> String {
        file_name(&self.path)
    }
}

/// A size in bytes, or followed by kB, MB or GB (10^3, 10^6, 10^9 bytes).
///
/// # Errors
/// It is none.
pub(super) fn limit_of(text: &str) -> Result<u64> {
    let lower = text.trim().to_ascii_lowercase();
    let units = [
        ("gb", 1_000_000_000),
        ("mb", 1_000_000),
        ("kb", 1_000),
        ("", 1),
    ];
    let parsed = units.into_iter().find_map(|(unit, factor)| {
        let number: f64 = lower.strip_suffix(unit)?.trim_end().parse().ok()?;
        (number >= 0.0 && number.is_finite()).then_some((number * f64::from(factor)) as u64)
    });
    parsed.ok_or_else(|| {
        Error::request(
            format!("{VARIABLE}={text} is no size"),
            "Write it in bytes, or as 500MB or 4GB.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_with_their_units() {
        for (text, bytes) in [
            ("4GB", 4_000_000_000),
            ("1.5 mb", 1_500_000),
            ("20kB", 20_000),
            ("0", 0),
            ("123", 123),
        ] {
            assert_eq!(limit_of(text).ok(), Some(bytes), "{text}");
        }
        assert!(limit_of("much").is_err_and(|e| e.to_string().contains("much")));
        assert!(limit_of("-1").is_err() && limit_of("").is_err());
    }
}
