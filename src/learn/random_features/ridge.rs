//! Ridge regression in closed form, by the normal equations.

use crate::error::{Error, Result};
use crate::learn::unstoppable::unstoppable;
use crate::task::Task;
use nalgebra::{Cholesky, DMatrix};

/// The normal equations of a regression: sums over pairs of features times features, and of features times targets.
pub struct Normal {
    /// `[width, width]`.
    gram: DMatrix<f64>,
    /// `[width, targets]`.
    cross: DMatrix<f64>,
    pairs: usize,
}

impl Normal {
    /// Of no pairs yet: features of `width` values, targets of `targets`.
    pub fn new(width: usize, targets: usize) -> Self {
        Self {
            gram: DMatrix::zeros(width, width),
            cross: DMatrix::zeros(width, targets),
            pairs: 0,
        }
    }

    /// Adds pairs, one a row of `features` and of `targets`.
    pub fn add(&mut self, features: &DMatrix<f64>, targets: &DMatrix<f64>) {
        let turned = features.transpose();
        self.gram.gemm(1.0, &turned, features, 1.0);
        self.cross.gemm(1.0, &turned, targets, 1.0);
        self.pairs += features.nrows();
    }

    /// The read-out V, `[width, targets]`, that has the least mean square error over the pairs plus `ridge` times its own
    /// squares: (G + n ridge I) V = C.
    ///
    /// # Errors
    /// Sums that are no numbers, cancellation.
    pub fn solve(self, ridge: f64, task: &Task) -> Result<DMatrix<f64>> {
        let failed = |what: String| {
            Error::compute(
                format!("the read-out of the random features cannot be found: {what}"),
                "Look for values in the embeddings that are not finite, or choose a larger ridge.",
            )
        };
        let Self {
            mut gram,
            cross,
            pairs,
        } = self;
        if gram.iter().chain(&cross).any(|value| !value.is_finite()) {
            return Err(failed("a value is not finite".into()));
        }
        for k in 0..gram.nrows() {
            gram[(k, k)] += ridge * pairs as f64;
        }
        let work = move || Cholesky::new(gram).map(|factor| factor.solve(&cross));
        unstoppable(work, failed, task)?
            .ok_or_else(|| failed("its equations have no single solution".into()))
    }
}
