//! Sizes, squares and inner products of the strata's sums.

use super::gradients::Gradients;
use super::labels::Strata;
use super::sums::sums;
use crate::compute::{Factor, multiply};
use crate::error::Result;
use crate::task::Task;

/// Size, sum of squares and square of the sum of one stratum.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spread {
    /// `N_k`.
    pub(super) pairs: f64,
    /// Sum of |g|^2.
    pub(super) squares: f64,
    /// |sum of g|^2.
    pub(super) sum_square: f64,
}

impl Spread {
    /// Sum of `|g - C_k|^2`.
    pub(super) fn scatter(&self) -> f64 {
        if self.pairs == 0.0 {
            return 0.0;
        }
        (self.squares - self.sum_square / self.pairs).max(0.0)
    }

    /// `|C_k|^2`.
    pub(super) fn mean_square(&self) -> f64 {
        self.sum_square / (self.pairs * self.pairs).max(1.0)
    }
}

/// Inner products of the sums of all strata with one another, and what follows from them.
pub(super) struct Table {
    /// Of each stratum.
    pub(super) spreads: Vec<Spread>,
    /// `[strata, strata]`: `<S_k, S_l>`.
    pub(super) products: Vec<f64>,
    /// Of all pairs as one stratum.
    pub(super) all: Spread,
}

impl Table {
    pub(super) fn new(gradients: &Gradients, strata: &Strata, task: &Task) -> Result<Self> {
        strata.check(gradients)?;
        let sums = sums(gradients, strata, task)?;
        let count = strata.count();
        let mut products = vec![0.0; count * count];
        let factor = Factor::new(&sums, gradients.parameters());
        multiply(factor, factor.transposed(), &mut products, false);
        let mut spreads = vec![Spread::default(); count];
        for (&label, square) in strata.labels().iter().zip(gradients.squares()) {
            let spread = &mut spreads[label as usize];
            spread.pairs += 1.0;
            spread.squares += square;
        }
        for (k, spread) in spreads.iter_mut().enumerate() {
            spread.sum_square = products[k * count + k];
        }
        let all = Spread {
            pairs: gradients.len() as f64,
            squares: gradients.squares().iter().sum(),
            sum_square: products.iter().sum::<f64>().max(0.0),
        };
        Ok(Self {
            spreads,
            products,
            all,
        })
    }

    /// J.
    pub(super) fn objective(&self) -> f64 {
        let parts = self.spreads.iter().map(|s| s.pairs * s.scatter());
        parts.sum()
    }
}
