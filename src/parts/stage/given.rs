//! Embeddings that were computed elsewhere, a piece at a time.

use crate::compute::Measure;
use crate::dataset::npy::NpyMatrix;
use crate::dataset::vectors::Matrix;
use crate::error::{Error, Result};
use crate::retrieval::given::{Given, Reading, Zeros, given};
use crate::task::Task;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// Images of one piece at most.
const PIECE: usize = 16_384;

/// How often the rows of a piece are in memory while it is embedded: as they are read, brought to norm, and written.
const COPIES: usize = 5;

/// Rows in which repeated images are looked for.
const LOOKED: usize = 64;

/// How many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Images.
    pub images: usize,
    /// Captions.
    pub texts: usize,
    /// Captions of each image.
    pub each: usize,
    /// Length of a row.
    pub dim: usize,
}

impl Sizes {
    /// Images of a piece that takes at most this much memory.
    pub fn piece(&self, memory: u64) -> usize {
        let image = (1 + self.each) * self.dim * size_of::<f32>() * COPIES;
        (memory as usize / image.max(1)).clamp(1, PIECE)
    }
}

/// The sizes of two files of embeddings with equally many captions for each image.
///
/// # Errors
/// They cannot be read in pieces, or do not fit each other.
pub fn sizes(images: &Path, texts: &Path, each: Option<usize>) -> Result<Sizes> {
    let (rows, captions) = (open(images)?, open(texts)?);
    let fits = |each: usize| rows.rows().checked_mul(each) == Some(captions.rows());
    let told = each.unwrap_or(captions.rows() / rows.rows());
    if rows.columns() != captions.columns() || !fits(told) || told == 0 {
        return Err(Error::dataset(
            texts,
            format!(
                "has {} rows of {} values, and {} has {} of {}",
                captions.rows(),
                captions.columns(),
                images.display(),
                rows.rows(),
                rows.columns()
            ),
            "Both sides must have rows of one length, and equally many captions for each image.",
        ));
    }
    if told == 1 && each.is_none() {
        // VSE++ stores the row of an image once for each of its captions.
        let first = rows.read(0..LOOKED.min(rows.rows()), &Task::detached())?;
        let mut next = first.chunks_exact(rows.columns()).skip(1);
        if first
            .chunks_exact(rows.columns())
            .zip(&mut next)
            .any(|(a, b)| a == b)
        {
            return Err(Error::dataset(
                images,
                "has rows that follow themselves: images repeated for each caption, or equal images",
                "Give every image once, or say --captions-per-image 1.",
            ));
        }
    }
    Ok(Sizes {
        images: rows.rows(),
        texts: captions.rows(),
        each: told,
        dim: rows.columns(),
    })
}

fn open(path: &Path) -> Result<NpyMatrix> {
    if path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("npy"))
    {
        return NpyMatrix::open(path);
    }
    Err(Error::dataset(
        path,
        "cannot be read in pieces",
        "Convert it to .npy first: nearmiss convert.",
    ))
}

/// What tells these files from others: their sizes and when they were written.
///
/// # Errors
/// They cannot be read.
pub fn content(images: &Path, texts: &Path) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    for path in [images, texts] {
        let about = path.metadata().map_err(Error::io("read", path))?;
        let time = about.modified().map_err(Error::io("read", path))?;
        let time = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        hasher.update(&about.len().to_le_bytes());
        hasher.update(&time.as_nanos().to_le_bytes());
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// Images `from` up to `to` with their captions.
///
/// # Errors
/// The files are not what they were when the run was planned; they cannot be read; cancellation.
pub fn piece(
    [images, texts]: [&Path; 2],
    each: Option<usize>,
    known: Option<&str>,
    (from, to): (usize, usize),
    measure: Measure,
    task: &Task,
) -> Result<Given> {
    if known != Some(content(images, texts)?.as_str()) {
        return Err(Error::plan(format!(
            "{} or {} was written again since the run was planned",
            images.display(),
            texts.display()
        )));
    }
    let each = sizes(images, texts, each)?.each;
    let matrix = |path: &Path, rows: std::ops::Range<usize>| -> Result<Matrix> {
        let file = open(path)?;
        Ok(Matrix {
            rows: rows.len(),
            columns: file.columns(),
            values: file.read(rows, task)?,
        })
    };
    let reading = Reading {
        measure,
        each: Some(each),
        zeros: Zeros::LeaveOut,
    };
    let images = matrix(images, from..to)?;
    let texts = matrix(texts, from * each..to * each)?;
    given(images, texts, None, &reading)
}
