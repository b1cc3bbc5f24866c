//! The inner level: a read-out in closed form, and what its derivative passes back.

use crate::error::{Error, Result};
use nalgebra::{Cholesky, DMatrix, Dyn};

/// The read-out V, `[dim, dim]`, that minimises `mean |z V - t|^2 + ridge |V - 1|^2` over rows z of pictures and t of captions:
/// ridge regression towards the identity, which leaves embeddings as they are where no pair says otherwise. With
/// D = V - 1 it is the ridge regression of t - z: `D = Z' (Z Z' + n ridge)^-1 (T - Z)`, solved among the n rows.
pub struct ReadOut<'a> {
    rows: &'a DMatrix<f64>,
    factor: Cholesky<f64, Dyn>,
    /// `(Z Z' + n ridge)^-1 (T - Z)`, `[n, dim]`.
    weights: DMatrix<f64>,
    /// The mean of `|z V - t|^2` over the rows.
    pub loss: f64,
}

impl<'a> ReadOut<'a> {
    /// Of `rows`, `[n, dim]`, towards `targets`, as many.
    ///
    /// # Errors
    /// Equations without a solution: values that are not finite.
    pub fn fit(rows: &'a DMatrix<f64>, targets: &DMatrix<f64>, ridge: f64) -> Result<Self> {
        let count = rows.nrows();
        let mut gram = rows * rows.transpose();
        let products = gram.clone();
        for at in 0..count {
            gram[(at, at)] += ridge * count as f64;
        }
        let factor = Cholesky::new(gram).ok_or_else(|| {
            Error::compute(
                "the read-out of the averaged embeddings cannot be found",
                "Look for embeddings that are not finite.",
            )
        })?;
        let apart = targets - rows;
        let weights = factor.solve(&apart);
        let left = apart - products * &weights;
        Ok(Self {
            rows,
            factor,
            weights,
            loss: left.norm_squared() / count.max(1) as f64,
        })
    }

    /// `others` V, `[m, dim]`.
    pub fn read(&self, others: &DMatrix<f64>) -> DMatrix<f64> {
        others + others * self.rows.transpose() * &self.weights
    }

    /// Of the derivative by `read(others)` those by `others` and by the rows that the read-out was fitted to; it passes through
    /// the normal equations.
    pub fn back(&self, others: &DMatrix<f64>, by: &DMatrix<f64>) -> [DMatrix<f64>; 2] {
        let products = others * self.rows.transpose();
        let by_weights = products.transpose() * by;
        let by_products = by * self.weights.transpose();
        let by_others = by + &by_products * self.rows;
        // The derivative by the right side of the equations; that by the Gram matrix is minus its product with the weights.
        let right = self.factor.solve(&by_weights);
        let square = &right * self.weights.transpose();
        let by_gram = (&square + square.transpose()) * self.rows;
        let by_rows = by_products.transpose() * others - right - by_gram;
        [by_others, by_rows]
    }
}
