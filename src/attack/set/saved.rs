//! Perturbed pictures of a set as files: PNG as they look, `.npy` exactly.

use super::super::pictures::picture;
use super::SetRequest;
use crate::compute::Grid;
use crate::dataset::npy::write_array;
use crate::dataset::write_png;
use crate::error::{Error, Result};
use crate::files::hash;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A file that was written for a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Written {
    /// Its path within the folder.
    pub path: String,
    /// BLAKE3 hash of what it holds, in hexadecimal.
    pub blake3: String,
}

/// Writes picture `image` with values `x`, under its name with `ending`.
pub(super) fn write(
    folder: &Path,
    request: &SetRequest,
    grid: Grid,
    (image, ending): (usize, &str),
    x: &[f32],
) -> Result<[Written; 2]> {
    let name = file_stem(&request.dataset.images[image].name, image);
    let made = picture(x, grid.channels, grid.height, grid.width);
    let png = format!("pictures/{name}{ending}.png");
    write_png(&folder.join(&png), &made)?;
    let npy = format!("exact/{name}{ending}.npy");
    write_array(
        &folder.join(&npy),
        x,
        &[grid.channels, grid.height, grid.width],
    )?;
    let written = |path: String| -> Result<Written> {
        Ok(Written {
            blake3: hash(&folder.join(&path)).map_err(Error::io("read", folder))?,
            path,
        })
    };
    Ok([written(png)?, written(npy)?])
}

/// Is each of these files in `folder` as it was written?
pub(super) fn are_whole(folder: &Path, files: &[Written]) -> bool {
    let whole = |file: &Written| hash(&folder.join(&file.path)).is_ok_and(|h| h == file.blake3);
    files.iter().all(whole)
}

/// A file name for picture `image`: its own without folder and ending, and its row, so that no two are alike.
fn file_stem(name: &str, image: usize) -> String {
    let stem = Path::new(name).file_stem().unwrap_or_default();
    let safe: String = stem
        .to_string_lossy()
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    format!("{image:05}-{safe}")
}
