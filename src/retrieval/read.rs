//! Embeddings that were computed elsewhere.

use super::Side;
use crate::compute::Embeddings;
use crate::dataset::vectors::{self, EITHER, IMAGES, TEXTS};
use crate::error::{Error, Result};
use crate::task::Task;
use std::path::Path;

/// Reads a matrix of shape `[rows, dim]` (`.npy`, `.safetensors` or `.parquet`, by the extension) and normalises its
/// rows. Memory is the embeddings and a few megabytes.
///
/// # Errors
/// Not such a matrix of floating point numbers, cut short, or with NaN or infinite values.
pub fn read_embeddings(path: &Path) -> Result<Embeddings> {
    read(path, &[EITHER, IMAGES, TEXTS], &Task::detached())
}

/// As [`read_embeddings`]; of a file that holds both sides, this one.
///
/// # Errors
/// As there; cancellation.
pub fn read_side(path: &Path, side: Side, task: &Task) -> Result<Embeddings> {
    let own = match side {
        Side::Image => IMAGES,
        Side::Text => TEXTS,
    };
    read(path, &[own, EITHER], task)
}

fn read(path: &Path, names: &[&str], task: &Task) -> Result<Embeddings> {
    let matrix = vectors::read(path, names, task)?;
    Embeddings::new(matrix.values, matrix.columns)
        .map_err(|e| Error::dataset(path, e.to_string(), e.remedy()))
}
