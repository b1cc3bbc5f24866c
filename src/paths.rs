//! Where the program keeps what is its own: data and settings, and the cache.

use crate::error::{Error, Result};
use crate::task::scratch;
use std::path::PathBuf;

/// The application's data folder, created where it was missing; `NEARMISS_DATA` overrides the system's choice.
///
/// # Errors
/// There is no home folder, or the folder cannot be created.
pub fn data_dir() -> Result<PathBuf> {
    folder("NEARMISS_DATA", |dirs| dirs.data_dir().to_path_buf())
}

/// The application's cache folder, created where it was missing; `NEARMISS_CACHE` overrides the system's choice.
///
/// # Errors
/// There is no home folder, or the folder cannot be created.
pub fn cache_dir() -> Result<PathBuf> {
    folder("NEARMISS_CACHE", |dirs| dirs.cache_dir().to_path_buf())
}

fn folder(
    variable: &str,
    choose: impl Fn(&directories::ProjectDirs) -> PathBuf,
) -> Result<PathBuf> {
    let path = match std::env::var_os(variable).filter(|v| !v.is_empty()) {
        Some(path) => PathBuf::from(path),
        None => directories::ProjectDirs::from("", "", "nearmiss")
            .map(|d| choose(&d))
            .ok_or_else(|| {
                Error::request(
                    "there is no home folder to keep files in",
                    format!("Set {variable} to a folder."),
                )
            })?,
    };
    std::fs::create_dir_all(&path).map_err(Error::io("create", &path))?;
    scratch::sweep_own(&path);
    Ok(path)
}
