//! Embeddings that were computed elsewhere.

use crate::compute::Embeddings;
use crate::dataset::npy::read_npy;
use crate::error::{Error, Result};
use std::path::Path;

/// Reads a `.npy` file of shape `[rows, dim]` and normalises its rows.
///
/// # Errors
/// Not a `.npy` matrix of floating point numbers, cut short, or with NaN or infinite values.
pub fn read_embeddings(path: &Path) -> Result<Embeddings> {
    let (values, _, dim) = read_npy(path)?;
    Embeddings::new(values, dim).map_err(|e| Error::dataset(path, e.to_string(), e.remedy()))
}
