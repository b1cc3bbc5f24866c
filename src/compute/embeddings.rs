//! Embeddings as the engines read them.

use super::TIE;
use super::measure::{Measure, norm};
use crate::error::{Error, Result};
use rayon::prelude::*;
use std::borrow::Cow;
use std::ops::Range;

/// Largest norm of a row whose dot products float32 can hold.
const LARGEST: f64 = 1e18;

/// Rows of norm 1 or less, row-major float32, shape `[rows, dim]`.
///
/// By cosine every row has unit norm (a zero row stays zero). By dot product all rows are divided by one number, the
/// power of two at the largest norm among them or next above it, which changes no rank and no digit: scores inside the
/// engines are in [-1, 1] either way. Scores that leave this module are in true units.
#[derive(Debug, Clone, PartialEq)]
pub struct Embeddings {
    data: Vec<f32>,
    rows: usize,
    dim: usize,
    measure: Measure,
    /// The rows as they were are this times `data`. 1 by cosine.
    unit: f64,
    /// By dot product the largest norm among all rows as they are stored; 1 by cosine.
    most: f64,
}

impl Default for Embeddings {
    fn default() -> Self {
        Self {
            data: Vec::new(),
            rows: 0,
            dim: 0,
            measure: Measure::Cosine,
            unit: 1.0,
            most: 1.0,
        }
    }
}

impl Embeddings {
    /// To be compared by cosine: normalises `data` (shape `[data.len() / dim, dim]`) row by row, in float64.
    ///
    /// # Errors
    /// `dim` is 0 or does not divide the length; a value is NaN or infinite (the row is named).
    pub fn new(data: Vec<f32>, dim: usize) -> Result<Self> {
        Self::measured(data, dim, Measure::Cosine)
    }

    /// To be compared by `measure`.
    ///
    /// # Errors
    /// As [`Embeddings::new`]; by dot product, norms above 1e18.
    pub fn measured(data: Vec<f32>, dim: usize, measure: Measure) -> Result<Self> {
        let norms = norms(&data, dim)?;
        match measure {
            Measure::Cosine => Ok(Self::of_unit_norm(data, dim, &norms)),
            Measure::Dot => {
                let most = norms.iter().copied().fold(0.0, f64::max);
                Self::scaled(data, dim, most)
            }
        }
    }

    /// To be compared by dot product, as a part of rows of which the largest norm is `most`.
    ///
    /// # Errors
    /// As [`Embeddings::measured`]; a row of a larger norm.
    pub fn part_by_dot(data: Vec<f32>, dim: usize, most: f64) -> Result<Self> {
        let largest = norms(&data, dim)?.into_iter().fold(0.0, f64::max);
        if largest > most {
            return Err(Error::request(
                format!("a row has norm {largest}, above the largest of all, {most}"),
                "Embed this dataset again.",
            ));
        }
        Self::scaled(data, dim, most)
    }

    /// To be compared by cosine: rows that another of these had as unit norm, taken as they are to the last bit.
    ///
    /// # Errors
    /// As [`Embeddings::new`]; a row whose norm is neither 1 nor 0.
    pub fn part_by_cosine(data: Vec<f32>, dim: usize) -> Result<Self> {
        let norms = norms(&data, dim)?;
        let odd = |norm: &f64| *norm != 0.0 && (norm - 1.0).abs() > 1e-4;
        if let Some(row) = norms.iter().position(odd) {
            return Err(Error::request(
                format!("row {row} has norm {}, not 1", norms[row]),
                "Embed this dataset again.",
            ));
        }
        Ok(Self {
            rows: norms.len(),
            data,
            dim,
            ..Self::default()
        })
    }

    fn of_unit_norm(mut data: Vec<f32>, dim: usize, norms: &[f64]) -> Self {
        data.par_chunks_exact_mut(dim)
            .zip(norms)
            .filter(|(_, norm)| **norm > 0.0)
            .for_each(|(values, norm)| {
                for v in values {
                    *v = (f64::from(*v) / norm) as f32;
                }
            });
        Self {
            rows: norms.len(),
            data,
            dim,
            ..Self::default()
        }
    }

    fn scaled(mut data: Vec<f32>, dim: usize, most: f64) -> Result<Self> {
        if most > LARGEST {
            return Err(Error::request(
                format!("rows of norm {most:e} have dot products beyond float32"),
                "Divide all rows of the embeddings by one number, which changes no rank.",
            ));
        }
        let unit = unit_of(most);
        data.par_iter_mut()
            .for_each(|v| *v = (f64::from(*v) / unit) as f32);
        Ok(Self {
            rows: data.len() / dim,
            data,
            dim,
            measure: Measure::Dot,
            unit,
            most: most / unit,
        })
    }

    /// How rows are compared.
    pub fn measure(&self) -> Measure {
        self.measure
    }

    /// What the products of rows with those of `other` are multiplied by to be in true units; 1 by cosine.
    pub fn factor(&self, other: &Self) -> f32 {
        (self.unit * other.unit) as f32
    }

    /// Scores of row `i` with rows of `other` that are closer than this are a tie: [`TIE`], in true units and for the
    /// norm of the row.
    pub fn tie(&self, i: usize, other: &Self) -> f32 {
        self.stored_tie(i, other) * self.factor(other)
    }

    /// As [`Embeddings::tie`], for products of rows as they are stored.
    pub(super) fn stored_tie(&self, i: usize, other: &Self) -> f32 {
        match self.measure {
            Measure::Cosine => TIE,
            Measure::Dot => TIE * (norm(self.row(i)) * other.most) as f32,
        }
    }

    /// The largest norm among all rows, in true units; 1 by cosine.
    pub fn largest_norm(&self) -> f64 {
        self.most * self.unit
    }

    /// A copy to be compared by cosine.
    #[must_use]
    pub fn to_cosine(&self) -> Self {
        let mut copy = self.clone();
        if self.measure == Measure::Dot {
            copy.data.par_chunks_exact_mut(self.dim).for_each(|row| {
                let norm = norm(row);
                if norm > 0.0 {
                    for v in row {
                        *v = (f64::from(*v) / norm) as f32;
                    }
                }
            });
            (copy.measure, copy.unit, copy.most) = (Measure::Cosine, 1.0, 1.0);
        }
        copy
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Length of a row.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// All values as they are stored, row-major.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// All values in true units, row-major: of unit norm by cosine, as they were by dot product.
    pub fn values(&self) -> Cow<'_, [f32]> {
        if self.unit == 1.0 {
            return Cow::Borrowed(&self.data);
        }
        let values = self.data.iter().map(|&v| (f64::from(v) * self.unit) as f32);
        values.collect()
    }

    /// Row `i` as it is stored.
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
            ..self.like()
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
            ..self.like()
        }
    }

    /// A copy of the rows for which `keep` is true.
    #[must_use]
    pub fn retain(&self, keep: impl Fn(usize) -> bool) -> Self {
        let kept = (0..self.rows).filter(|&i| keep(i)).map(|i| i as u32);
        self.gather(&kept.collect::<Vec<_>>())
    }

    /// Without rows, but of the same length, measure and unit.
    fn like(&self) -> Self {
        Self {
            data: Vec::new(),
            rows: 0,
            ..*self
        }
    }

    /// Score of two rows, in true units, accumulated in float64.
    pub fn dot(&self, i: usize, other: &Self, j: usize) -> f32 {
        self.stored_dot(i, other, j) * self.factor(other)
    }

    /// As [`Embeddings::dot`], of rows as they are stored.
    pub(super) fn stored_dot(&self, i: usize, other: &Self, j: usize) -> f32 {
        cosine(self.row(i), other.row(j))
    }

    /// Cosine of two rows, whatever they are compared by; 0 where one is zero.
    pub fn cosine(&self, i: usize, other: &Self, j: usize) -> f32 {
        let product = self.stored_dot(i, other, j);
        if self.measure == Measure::Cosine && other.measure == Measure::Cosine {
            return product;
        }
        let norms = norm(self.row(i)) * norm(other.row(j));
        if norms > 0.0 {
            (f64::from(product) / norms) as f32
        } else {
            0.0
        }
    }
}

/// What rows by dot product are divided by where the largest norm among them is `most`: the power of two there or next
/// above it; 1 where all are zero.
pub fn unit_of(most: f64) -> f64 {
    if most > 0.0 {
        most.log2().ceil().exp2()
    } else {
        1.0
    }
}

/// The norms of rows of `dim` values.
fn norms(data: &[f32], dim: usize) -> Result<Vec<f64>> {
    if dim == 0 || !data.len().is_multiple_of(dim) {
        return Err(Error::request(
            format!("{} values are no whole number of rows of {dim}", data.len()),
            "Check the shape of the embeddings.",
        ));
    }
    let norms: Vec<f64> = data.par_chunks_exact(dim).map(norm).collect();
    match norms.iter().position(|norm| !norm.is_finite()) {
        None => Ok(norms),
        Some(row) => Err(Error::request(
            format!("row {row} of the embeddings has a NaN or an infinite value"),
            "The model or its export is faulty for that input; embed it again in float32.",
        )),
    }
}

/// Cosine of two vectors of unit norm, accumulated in float64.
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let products = a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b));
    products.sum::<f64>() as f32
}
