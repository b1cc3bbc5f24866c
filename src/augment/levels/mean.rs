//! The mean of the embeddings of a picture's copies.

use crate::error::{Error, Result};
use nalgebra::DMatrix;

/// For each picture the unit mean of its copies' unit embeddings, with what the derivative needs.
pub struct Means {
    /// `[pictures, dim]`, each of norm 1.
    pub rows: DMatrix<f64>,
    /// The copies' embeddings at unit norm, `[pictures, copies, dim]`.
    units: Vec<f64>,
    /// Their norms.
    norms: Vec<f64>,
    /// The norms of the means.
    lengths: Vec<f64>,
    copies: usize,
}

impl Means {
    /// Of `values`, `[pictures, copies, dim]`: embeddings as the model gives them.
    ///
    /// # Errors
    /// An embedding of zeros, or copies whose unit embeddings cancel: they have no direction.
    pub fn of(values: &[f32], copies: usize, dim: usize) -> Result<Self> {
        let pictures = values.len() / (copies * dim).max(1);
        let mut units = Vec::with_capacity(values.len());
        let mut norms = Vec::with_capacity(pictures * copies);
        for row in values.chunks_exact(dim.max(1)) {
            let norm = row
                .iter()
                .map(|v| f64::from(*v).powi(2))
                .sum::<f64>()
                .sqrt();
            let norm = directed(norm)?;
            units.extend(row.iter().map(|v| f64::from(*v) / norm));
            norms.push(norm);
        }
        let mut rows = DMatrix::zeros(pictures, dim);
        let mut lengths = Vec::with_capacity(pictures);
        for (picture, own) in units.chunks_exact(copies * dim).enumerate() {
            let mut mean = vec![0.0; dim];
            for unit in own.chunks_exact(dim) {
                for (sum, value) in mean.iter_mut().zip(unit) {
                    *sum += value / copies as f64;
                }
            }
            let length = directed(mean.iter().map(|v| v * v).sum::<f64>().sqrt())?;
            for (at, value) in mean.iter().enumerate() {
                rows[(picture, at)] = value / length;
            }
            lengths.push(length);
        }
        Ok(Self {
            rows,
            units,
            norms,
            lengths,
            copies,
        })
    }

    /// What the derivative by [`Means::rows`] makes of the derivative by the values that it is of: `[pictures, copies, dim]`.
    pub fn back(&self, by_rows: &DMatrix<f64>) -> Vec<f32> {
        let dim = self.rows.ncols();
        let mut all = Vec::with_capacity(self.units.len());
        for (at, unit) in self.units.chunks_exact(dim).enumerate() {
            let picture = at / self.copies;
            let (mean, by) = (self.rows.row(picture), by_rows.row(picture));
            let along = mean.dot(&by);
            let share = 1.0 / (self.lengths[picture] * self.copies as f64);
            let by_unit: Vec<f64> = (0..dim)
                .map(|k| share * (by[k] - along * mean[k]))
                .collect();
            let along: f64 = by_unit.iter().zip(unit).map(|(a, b)| a * b).sum();
            let norm = self.norms[at];
            let by_value = by_unit.iter().zip(unit);
            all.extend(by_value.map(|(by, unit)| ((by - along * unit) / norm) as f32));
        }
        all
    }
}

fn directed(norm: f64) -> Result<f64> {
    if norm.is_finite() && norm > 1e-12 {
        return Ok(norm);
    }
    Err(Error::compute(
        "an embedding of a changed picture is zero or not finite: it has no direction",
        "Choose smaller magnitudes, or another encoder.",
    ))
}
