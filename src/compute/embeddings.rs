//! Unit-norm embeddings and the grouping of texts by image.

use crate::error::{Error, Result};
use rayon::prelude::*;
use std::ops::Range;

/// Rows of unit norm (a zero row stays zero), row-major float32, shape `[rows, dim]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Embeddings {
    data: Vec<f32>,
    rows: usize,
    dim: usize,
}

impl Embeddings {
    /// Normalises `data` (shape `[data.len() / dim, dim]`) row by row, in float64.
    ///
    /// # Errors
    /// `dim` is 0 or does not divide the length; a value is NaN or infinite (the row is named).
    pub fn new(mut data: Vec<f32>, dim: usize) -> Result<Self> {
        if dim == 0 || !data.len().is_multiple_of(dim) {
            return Err(Error::request(
                format!("{} values are no whole number of rows of {dim}", data.len()),
                "Check the shape of the embeddings.",
            ));
        }
        let bad = data
            .par_chunks_exact_mut(dim)
            .enumerate()
            .find_map_first(|(row, values)| {
                let norm = values
                    .iter()
                    .map(|&v| f64::from(v) * f64::from(v))
                    .sum::<f64>()
                    .sqrt();
                if !norm.is_finite() {
                    return Some(row);
                }
                if norm > 0.0 {
                    for v in values {
                        *v = (f64::from(*v) / norm) as f32;
                    }
                }
                None
            });
        if let Some(row) = bad {
            return Err(Error::request(
                format!("row {row} of the embeddings has a NaN or an infinite value"),
                "The model or its export is faulty for that input; embed it again in float32.",
            ));
        }
        let rows = data.len() / dim;
        Ok(Self { data, rows, dim })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Length of a row.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// All values, row-major.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// Row `i`.
    pub fn row(&self, i: usize) -> &[f32] {
        &self.data[i * self.dim..(i + 1) * self.dim]
    }

    /// Rows `range`, row-major.
    pub fn rows_in(&self, range: Range<usize>) -> &[f32] {
        &self.data[range.start * self.dim..range.end * self.dim]
    }

    /// A copy of rows `range`.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        Self {
            data: self.rows_in(range.clone()).to_vec(),
            rows: range.len(),
            dim: self.dim,
        }
    }

    /// A copy of the rows that `rows` names, in that order.
    #[must_use]
    pub fn gather(&self, rows: &[u32]) -> Self {
        let mut data = Vec::with_capacity(rows.len() * self.dim);
        for &row in rows {
            data.extend_from_slice(self.row(row as usize));
        }
        Self {
            data,
            rows: rows.len(),
            dim: self.dim,
        }
    }

    /// A copy of the rows for which `keep` is true.
    #[must_use]
    pub fn retain(&self, keep: impl Fn(usize) -> bool) -> Self {
        let kept = (0..self.rows).filter(|&i| keep(i)).map(|i| i as u32);
        self.gather(&kept.collect::<Vec<_>>())
    }

    /// Cosine of two rows, accumulated in float64.
    pub fn dot(&self, i: usize, other: &Self, j: usize) -> f32 {
        cosine(self.row(i), other.row(j))
    }
}

/// Cosine of two vectors of unit norm, accumulated in float64.
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let products = a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b));
    products.sum::<f64>() as f32
}

/// Which rows of the texts belong to which image: image `i` owns `range(i)`, in order, none left over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    offsets: Vec<u32>,
}

impl Groups {
    /// From offsets `[0, .., texts]`, one more than there are images, never falling.
    ///
    /// # Errors
    /// The offsets do not start at 0, or fall.
    pub fn new(offsets: Vec<u32>) -> Result<Self> {
        if offsets.first() != Some(&0) || offsets.windows(2).any(|w| w[0] > w[1]) {
            return Err(Error::request(
                "caption offsets must start at 0 and never fall",
                "Group the captions by image.",
            ));
        }
        Ok(Self { offsets })
    }

    /// `images` images with `each` texts each.
    pub fn uniform(images: usize, each: usize) -> Self {
        Self {
            offsets: (0..=images).map(|i| (i * each) as u32).collect(),
        }
    }

    /// Number of images.
    pub fn images(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Number of texts.
    pub fn texts(&self) -> usize {
        self.offsets[self.offsets.len() - 1] as usize
    }

    /// Text rows of image `i`.
    pub fn range(&self, i: usize) -> Range<usize> {
        self.offsets[i] as usize..self.offsets[i + 1] as usize
    }

    /// The image that owns text `j`.
    pub fn owner(&self, j: usize) -> usize {
        self.offsets.partition_point(|&o| o as usize <= j) - 1
    }

    /// The offsets themselves.
    pub fn offsets(&self) -> &[u32] {
        &self.offsets
    }

    /// The image that owns each text.
    pub fn owners(&self) -> Vec<u32> {
        (0..self.images())
            .flat_map(|i| self.range(i).map(move |_| i as u32))
            .collect()
    }

    /// The groups of images `range`, renumbered from 0.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let first = self.offsets[range.start];
        Self {
            offsets: self.offsets[range.start..=range.end]
                .iter()
                .map(|o| o - first)
                .collect(),
        }
    }
}
