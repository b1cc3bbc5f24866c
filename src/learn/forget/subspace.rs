//! The directions that most of what is retained lies in.

use super::eigen::eigen;
use crate::compute::{Factor, multiply};
use crate::error::{Error, Result};
use crate::task::Task;

/// Rows that are widened to float64 at once.
const BLOCK: usize = 1024;
/// Energy of a direction, as a share of all, that is rounding.
const NOTHING: f64 = 1e-14;

/// The principal subspace of inputs, by their second moment about 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Subspace {
    /// Values of an input, the bias's 1 included.
    pub width: usize,
    /// Directions that are kept.
    pub kept: usize,
    /// Mean of |x|^2 over the inputs.
    pub energy: f64,
    /// The part of it outside the subspace.
    pub left_out: f64,
    /// The directions, orthonormal, those of most energy first: `[kept, width]`.
    basis: Vec<f64>,
    /// Mean of x x^T over the inputs, `[width, width]`.
    moment: Vec<f64>,
}

impl Subspace {
    /// Of the rows of `sides` together, `[n, inputs]` each, with a 1 at the end of each row where there is a `bias`: as few
    /// directions as keep the share `energy` of the mean of |x|^2; all that are more than rounding for 1.
    ///
    /// # Errors
    /// No rows, rows of another width; as for eigenvectors; cancellation.
    pub fn of(
        sides: &[&[f32]],
        inputs: usize,
        bias: bool,
        energy: f64,
        task: &Task,
    ) -> Result<Self> {
        let width = inputs + usize::from(bias);
        let values: usize = sides.iter().map(|rows| rows.len()).sum();
        if values == 0 || inputs == 0 || sides.iter().any(|rows| !rows.len().is_multiple_of(inputs))
        {
            return Err(Error::request(
                format!("what is retained has no rows of {inputs} values"),
                "Retain some of the images, with their captions.",
            ));
        }
        let mut moment = vec![0.0; width * width];
        for block in sides.iter().flat_map(|rows| rows.chunks(BLOCK * inputs)) {
            task.check()?;
            let mut wide = Vec::with_capacity(block.len() / inputs * width);
            for row in block.chunks_exact(inputs) {
                wide.extend(row.iter().map(|&value| f64::from(value)));
                wide.extend(bias.then_some(1.0));
            }
            let rows = Factor::new(&wide, width);
            multiply(rows.transposed(), rows, &mut moment, true);
        }
        let count = (values / inputs) as f64;
        for value in &mut moment {
            *value /= count;
        }
        let (found, mut basis) = eigen(moment.clone(), width, task)?;
        let found: Vec<f64> = found.iter().map(|value| value.max(0.0)).collect();
        let total: f64 = found.iter().sum();
        let kept = if energy >= 1.0 {
            found
                .iter()
                .filter(|&&value| value > NOTHING * total)
                .count()
        } else {
            let mut sum = 0.0;
            let enough = found.iter().position(|value| {
                sum += value;
                sum >= energy * total
            });
            enough.map_or(width, |last| last + 1)
        };
        basis.truncate(kept * width);
        Ok(Self {
            width,
            kept,
            energy: total,
            left_out: found[kept..].iter().sum(),
            basis,
            moment,
        })
    }

    /// Are there directions left to move in?
    pub fn leaves_any(&self) -> bool {
        self.kept < self.width
    }

    /// Takes from each row of `matrix`, `[n, width]`, what lies in the subspace: `matrix (I - V V^T)`.
    ///
    /// # Panics
    /// Rows of another width.
    pub fn project(&self, matrix: &mut [f64]) {
        if !self.leaves_any() {
            matrix.fill(0.0);
            return;
        }
        if self.kept == 0 {
            return;
        }
        let rows = matrix.len() / self.width;
        let basis = Factor::new(&self.basis, self.width);
        // The second pass takes away what the first one's rounding left.
        for _ in 0..2 {
            let mut along = vec![0.0; rows * self.kept];
            multiply(
                Factor::new(matrix, self.width),
                basis.transposed(),
                &mut along,
                false,
            );
            for value in &mut along {
                *value = -*value;
            }
            multiply(Factor::new(&along, self.kept), basis, matrix, true);
        }
    }

    /// Mean of |matrix x|^2 over the inputs; `matrix` is `[n, width]`.
    ///
    /// # Panics
    /// Rows of another width.
    pub fn mean_square(&self, matrix: &[f64]) -> f64 {
        let mut moved = vec![0.0; matrix.len()];
        let moment = Factor::new(&self.moment, self.width);
        multiply(Factor::new(matrix, self.width), moment, &mut moved, false);
        let sum: f64 = moved.iter().zip(matrix).map(|(a, b)| a * b).sum();
        // The moment has no eigenvalue below 0.
        sum.max(0.0)
    }
}
