//! Ridge regression of labels, and how its weights change with its rows.

use crate::error::{Error, Result};
use crate::learn::linear::Problem;
use crate::learn::linear::rows::Rows;
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

/// The weight of `|w|^2` where nothing else is said, over the mean of `|Z_i|^2`: little enough that groups that can be told
/// apart are, and that all weights are bounded.
const SOFTNESS: f64 = 1e-3;

/// The weights `w` that minimise `mean (1 - Z_i . w)^2 + penalty |w|^2`: least squares of the labels, with a ridge.
///
/// # Errors
/// Normal equations that cannot be solved.
pub fn ridge(problem: &Problem, penalty: f64) -> Result<Vec<f64>> {
    Ok(Ridge::new(problem.rows(), penalty)?.weights)
}

/// The weight of `|w|^2` for these rows.
pub(super) fn penalty_of(rows: &Rows) -> f64 {
    let squares = rows.iter().flatten().map(|v| v * v).sum::<f64>();
    SOFTNESS * squares / rows.count() as f64
}

/// A ridge regression, solved.
pub(super) struct Ridge {
    pub weights: Vec<f64>,
    /// Of `Z'Z + ridge`, or of `Z Z' + ridge` where there are fewer rows than values.
    factor: Cholesky<f64, Dyn>,
    /// What is added to the diagonal: the penalty times the rows.
    added: f64,
    is_by_rows: bool,
}

impl Ridge {
    pub fn new(rows: &Rows, penalty: f64) -> Result<Self> {
        let (count, width) = (rows.count(), rows.width());
        let is_by_rows = count <= width;
        let gram = if is_by_rows {
            rows.gram()
        } else {
            rows.transposed().gram()
        };
        let side = gram.width();
        let added = penalty * count as f64;
        let square = DMatrix::from_fn(side, side, |i, j| {
            gram.row(i)[j] + if i == j { added } else { 0.0 }
        });
        let factor = Cholesky::new(square).ok_or_else(|| {
            Error::compute(
                "the normal equations of the rows cannot be solved",
                "Look for rows with values far larger or smaller than the others.",
            )
        })?;
        let mut solved = Self {
            weights: Vec::new(),
            factor,
            added,
            is_by_rows,
        };
        let ones = vec![1.0; count];
        solved.weights = if is_by_rows {
            rows.combine(&solved.solve(ones))
        } else {
            solved.solve(rows.combine(&ones))
        };
        Ok(solved)
    }

    fn solve(&self, right: Vec<f64>) -> Vec<f64> {
        self.factor.solve(&DVector::from_vec(right)).data.into()
    }

    /// `(Z'Z + ridge)^-1 g`.
    pub fn inverse(&self, rows: &Rows, g: Vec<f64>) -> Vec<f64> {
        if !self.is_by_rows {
            return self.solve(g);
        }
        // (Z'Z + r)^-1 = (1 - Z' (Z Z' + r)^-1 Z) / r (Woodbury).
        let among = rows.combine(&self.solve(rows.times(&g)));
        let pairs = g.iter().zip(&among);
        pairs.map(|(g, among)| (g - among) / self.added).collect()
    }
}
