//! Rows without the mean of their side: two sides so treated have no gap between them.

use crate::compute::Embeddings;
use crate::error::Result;
use rayon::prelude::*;

/// Rows summed by one task.
const BLOCK: usize = 4096;
/// What is left of a unit row after its mean is taken off, at least: less is rounding.
const NOTHING: f64 = 1e-6;

/// The mean row.
pub fn mean(side: &Embeddings) -> Vec<f64> {
    let dim = side.dim();
    let blocks: Vec<Vec<f64>> = side
        .data()
        .par_chunks(BLOCK * dim)
        .map(|rows| {
            let mut sums = vec![0.0; dim];
            for row in rows.chunks_exact(dim) {
                sums.iter_mut()
                    .zip(row)
                    .for_each(|(sum, &v)| *sum += f64::from(v));
            }
            sums
        })
        .collect();
    let mut mean = vec![0.0; dim];
    for sums in blocks {
        mean.iter_mut()
            .zip(sums)
            .for_each(|(mean, sum)| *mean += sum);
    }
    for mean in &mut mean {
        *mean /= side.rows() as f64;
    }
    mean
}

/// The rows of `side` less `mean`, of unit norm again; a row that is the mean becomes zero.
///
/// # Errors
/// Values that are no numbers.
pub fn without(side: &Embeddings, mean: &[f64]) -> Result<Embeddings> {
    let dim = side.dim();
    let mut data = side.data().to_vec();
    data.par_chunks_exact_mut(dim).for_each(|row| {
        let off: Vec<f64> = row
            .iter()
            .zip(mean)
            .map(|(&v, m)| f64::from(v) - m)
            .collect();
        let norm = off.iter().map(|v| v * v).sum::<f64>().sqrt();
        let scale = if norm > NOTHING { 1.0 / norm } else { 0.0 };
        row.iter_mut()
            .zip(off)
            .for_each(|(v, off)| *v = (off * scale) as f32);
    });
    Embeddings::new(data, dim)
}
