//! Embeddings that were computed elsewhere.

use super::Side;
use crate::compute::Embeddings;
use crate::dataset::vectors::{self, EITHER, IMAGES, Matrix, ORDER, TEXTS};
use crate::error::{Error, Result};
use crate::files::{TEXT, file_name, hash, read_all};
use crate::task::Task;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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
    vouched(path)?;
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
    same_encoder(images, texts)?;
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

/// What `embed` writes beside its embeddings: which files belong together.
#[derive(Debug, Default, Deserialize)]
struct Order {
    encoder_blake3: Option<String>,
    #[serde(default)]
    files: BTreeMap<String, Belongs>,
}

#[derive(Debug, Deserialize)]
struct Belongs {
    blake3: String,
}

/// The `order.json` beside `path` and what it says; `None` where there is none, or it is another program's.
fn order_of(path: &Path) -> Option<(PathBuf, Order)> {
    let order = path.with_file_name(ORDER);
    let text = read_all(&order, TEXT).ok()?;
    Some((order, serde_json::from_slice(&text).ok()?))
}

/// Refuses a file of embeddings that is not the one that the `order.json` beside it was written with.
fn vouched(path: &Path) -> Result<()> {
    let Some((order, said)) = order_of(path) else {
        return Ok(());
    };
    let Some(own) = said.files.get(&file_name(path)) else {
        return Ok(());
    };
    if hash(path).map_err(Error::io("read", path))? == own.blake3 {
        return Ok(());
    }
    Err(Error::dataset(
        path,
        format!(
            "is not the file that {} was written with: the two are of different runs",
            order.display()
        ),
        "Embed the dataset again; if the file was changed on purpose, move order.json away.",
    ))
}

/// Refuses two sides of which the `order.json` beside each says another encoder.
///
/// # Errors
/// They are of different encoders; both files are named.
fn same_encoder(images: &Path, texts: &Path) -> Result<()> {
    let encoder = |path: &Path| {
        let (_, order) = order_of(path)?;
        let named = order.files.contains_key(&file_name(path));
        order.encoder_blake3.filter(|_| named)
    };
    match (encoder(images), encoder(texts)) {
        (Some(a), Some(b)) if a != b => Err(Error::request(
            format!(
                "{} and {} were made by different encoders",
                images.display(),
                texts.display()
            ),
            "Give both sides from one run of nearmiss embed.",
        )),
        _ => Ok(()),
    }
}
