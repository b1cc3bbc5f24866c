//! Derivatives that were computed, and what may be wrong with them.

use super::Check;
use super::check::defects;
use crate::onnx::{Graph, Tensor};

/// Gradients that were computed.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The gradient graph; that of the product where one was asked for.
    pub graph: Graph,
    /// The gradient with respect to each target, in the order of the request.
    pub targets: Vec<Reached>,
    /// The product with a Jacobian or Hessian that was asked for.
    pub product: Option<Product>,
    /// Median time of the forward model, in milliseconds.
    pub forward_ms: f64,
    /// Median time of loss, output and gradients together, in milliseconds.
    pub gradient_ms: f64,
    /// What it ran on, as "CPU".
    pub provider: String,
}

/// The gradient with respect to one target.
#[derive(Debug, Clone)]
pub struct Reached {
    /// The name of the target.
    pub name: String,
    /// The gradient for the sample.
    pub gradient: Tensor,
    /// Values of it that are not finite.
    pub not_finite: usize,
    /// Is every value of it zero?
    pub zero: bool,
    /// Does the output depend on the target at all?
    pub depends: bool,
    /// The gradient against central differences, where that was asked for.
    pub check: Option<Check>,
}

impl Reached {
    pub(super) fn new(name: &str, gradient: Tensor, depends: bool, check: Option<Check>) -> Self {
        let (not_finite, zero) = defects(&gradient.to_floats().unwrap_or_default());
        Self {
            name: name.to_owned(),
            gradient,
            not_finite,
            zero,
            depends,
            check,
        }
    }

    /// What is wrong with the gradient; `None` where nothing was found.
    pub fn fault(&self) -> Option<Fault> {
        let of = self.gradient.len();
        if self.not_finite > 0 {
            let values = self.not_finite;
            return Some(Fault::NotFinite { values, of });
        }
        if self.zero {
            return Some(Fault::Zero { of });
        }
        let check = self.check.filter(|check| !check.passed)?;
        Some(Fault::Disagrees {
            max_rel_error: check.max_rel_error,
            cosine: check.cosine,
        })
    }
}

/// Which product was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Second {
    /// The Jacobian with the tangents: see [`jacobian_product`](super::jacobian_product).
    Jacobian,
    /// The Hessian with the tangents: see [`hessian_product`](super::hessian_product).
    Hessian,
}

/// A product with a Jacobian or Hessian that was computed.
#[derive(Debug, Clone)]
pub struct Product {
    /// Of which.
    pub of: Second,
    /// Its values: one of the output's shape, or one of each target's.
    pub values: Vec<Tensor>,
    /// Values that are not finite.
    pub not_finite: usize,
    /// Is every value zero?
    pub zero: bool,
    /// How far it is from what the gradients say, as a share of the sizes: for a Jacobian, `u . J v` against
    /// `J^T u . v`; for a Hessian, `w . H v` against `v . H w`. `None` where a side is not finite.
    pub mismatch: Option<f64>,
    /// Median time of the graph that yields it, in milliseconds.
    pub ms: f64,
}

/// What is wrong with a gradient that was computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// Some of its values are not finite.
    NotFinite {
        /// How many.
        values: usize,
        /// Of how many.
        of: usize,
    },
    /// All of its values are zero.
    Zero {
        /// How many there are.
        of: usize,
    },
    /// It is not what the model's central differences say.
    Disagrees {
        /// [`Check::max_rel_error`].
        max_rel_error: Option<f64>,
        /// [`Check::cosine`].
        cosine: Option<f64>,
    },
}

impl Measured {
    /// What is wrong with the gradient of the first target where something is; `None` where nothing was found.
    pub fn fault(&self) -> Option<Fault> {
        self.targets.iter().find_map(Reached::fault)
    }

    /// The self-check that says least for the gradients: one that failed, else the one with the largest error.
    pub fn check(&self) -> Option<Check> {
        let checks = self.targets.iter().filter_map(|t| t.check);
        checks.reduce(|worst, check| {
            let rank = |c: &Check| (!c.passed, c.max_rel_error.unwrap_or(0.0));
            if rank(&check) > rank(&worst) {
                check
            } else {
                worst
            }
        })
    }

    /// How many values the gradients have in all.
    pub fn values(&self) -> usize {
        self.targets.iter().map(|t| t.gradient.len()).sum()
    }

    /// How many of them are not finite.
    pub fn not_finite(&self) -> usize {
        self.targets.iter().map(|t| t.not_finite).sum()
    }

    /// Is every one of them zero?
    pub fn zero(&self) -> bool {
        self.targets.iter().all(|t| t.zero)
    }
}
