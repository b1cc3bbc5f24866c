//! Embeddings that were computed elsewhere.

use super::Side;
use crate::compute::Embeddings;
use crate::dataset::vectors::{self, EITHER, IMAGES, Matrix, TEXTS};
use crate::error::{Error, Result};
use crate::task::Task;
use std::path::Path;

/// Reads a matrix of shape `[rows, dim]` (`.npy`, `.safetensors` or `.parquet`, by the extension) and normalises its
/// rows. Memory is the embeddings and a few megabytes.
///
/// # Errors
/// Not such a matrix of floating point numbers, cut short, or with NaN or infinite values.
pub fn read_embeddings(path: &Path) -> Result<Embeddings> {
    let matrix = vectors::read(path, &[EITHER, IMAGES, TEXTS], &Task::detached())?;
    Embeddings::new(matrix.values, matrix.columns)
        .map_err(|e| Error::dataset(path, e.to_string(), e.remedy()))
}

/// As [`read_embeddings`]; of a file that holds both sides, this one.
///
/// # Errors
/// As there; cancellation.
pub fn read_side(path: &Path, side: Side, task: &Task) -> Result<Embeddings> {
    let matrix = read_matrix(path, side, task)?;
    Embeddings::new(matrix.values, matrix.columns)
        .map_err(|e| Error::dataset(path, e.to_string(), e.remedy()))
}

/// Reads one side as it is stored, not normalised; see [`read_side`].
///
/// # Errors
/// As there.
pub fn read_matrix(path: &Path, side: Side, task: &Task) -> Result<Matrix> {
    let own = match side {
        Side::Image => IMAGES,
        Side::Text => TEXTS,
    };
    let matrix = vectors::read(path, &[own, EITHER], task)?;
    let mut rows = matrix.values.chunks_exact(matrix.columns.max(1));
    match rows.position(|row| row.iter().any(|v| !v.is_finite())) {
        Some(row) => Err(Error::dataset(
            path,
            format!("row {row} of the embeddings has a NaN or an infinite value"),
            "The model or its export is faulty for that input; embed it again in float32.",
        )),
        None => Ok(matrix),
    }
}

/// Reads both sides as they are stored.
///
/// # Errors
/// As [`read_matrix`]; rows of different lengths (both files are named).
pub fn read_both(images: &Path, texts: &Path, task: &Task) -> Result<[Matrix; 2]> {
    let i = read_matrix(images, Side::Image, task)?;
    let t = read_matrix(texts, Side::Text, task)?;
    if i.columns != t.columns {
        return Err(Error::request(
            format!(
                "image embeddings have {} values a row ({}), text embeddings {} ({})",
                i.columns,
                images.display(),
                t.columns,
                texts.display()
            ),
            "Give both sides from one encoder, after its projections.",
        ));
    }
    Ok([i, t])
}
