//! Files of embeddings: one matrix of floating-point numbers, in a container that the file name's extension tells.
//!
//! They are read in pieces: memory is the values and a few megabytes, never the file as well.

pub(crate) mod floats;
mod parquet;
mod safetensors;

use super::npy;
use crate::error::{Error, Result};
use crate::task::Task;
use std::path::Path;

/// Extensions of the files that can be read and written.
pub const EXTENSIONS: [&str; 3] = ["npy", "safetensors", "parquet"];

/// Names of the tensor or column of an image side, a text side, and of embeddings that do not say of what.
pub const IMAGES: &str = "image_embeds";
/// See [`IMAGES`].
pub const TEXTS: &str = "text_embeds";
/// See [`IMAGES`].
pub const EITHER: &str = "embeddings";

/// The file that `embed` writes beside its embeddings: names of their rows, the encoder, and which files belong together.
pub const ORDER: &str = "order.json";

/// A matrix as a file holds it, not normalised.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// The values, row by row; `rows * columns` of them.
    pub values: Vec<f32>,
    /// Number of rows: items.
    pub rows: usize,
    /// Length of a row.
    pub columns: usize,
}

/// What a file of embeddings is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// `NumPy`'s `.npy`.
    Npy,
    /// `.safetensors`: the only matrix in it, or the one of the name asked for.
    Safetensors,
    /// `.parquet`: a column of lists, or a column for each value.
    Parquet,
}

impl Container {
    /// By the extension of `path`; `None` for others.
    pub fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "npy" => Some(Self::Npy),
            "safetensors" => Some(Self::Safetensors),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }
}

/// Reads the matrix of `path`. Where a file holds several, the first of `names` that it has is read; `.npy` has no
/// names, and a file of another extension is taken for one.
///
/// # Errors
/// The file is no such container, cut off, or holds no matrix of float16, bfloat16, float32 or float64, or several
/// and none of these names; cancellation.
pub fn read(path: &Path, names: &[&str], task: &Task) -> Result<Matrix> {
    let (values, rows, columns) = match Container::of(path) {
        Some(Container::Safetensors) => safetensors::read(path, names, task)?,
        Some(Container::Parquet) => parquet::read(path, names, task)?,
        Some(Container::Npy) | None => npy::read_matrix(path, task)?,
    };
    Ok(Matrix {
        values,
        rows,
        columns,
    })
}

/// Writes rows of `columns` values to `path` as float32, in the container of its extension, under `name` where that
/// has names: to a temporary name first, then renamed.
///
/// # Errors
/// Another extension; the file cannot be written; cancellation.
pub fn write(path: &Path, name: &str, values: &[f32], columns: usize, task: &Task) -> Result<()> {
    if columns == 0 || !values.len().is_multiple_of(columns) {
        return Err(Error::request(
            format!("{} values are no rows of {columns}", values.len()),
            "Check the shape of the embeddings.",
        ));
    }
    let rows = values.len() / columns;
    match Container::of(path) {
        Some(Container::Npy) => npy::write_array(path, values, &[rows, columns]),
        Some(Container::Safetensors) => {
            safetensors::write(path, name, values, [rows, columns], task)
        }
        Some(Container::Parquet) => parquet::write(path, name, values, columns, task),
        None => Err(Error::request(
            format!("{} is no file of embeddings", path.display()),
            format!("Name it .{}.", EXTENSIONS.join(" or .")),
        )),
    }
}

/// Is `path` a file of embeddings rather than a dataset? A Parquet file is where it has embeddings and no text.
pub fn is_embeddings(path: &Path) -> bool {
    match Container::of(path) {
        Some(Container::Parquet) => parquet::is_embeddings(path),
        other => other.is_some(),
    }
}
