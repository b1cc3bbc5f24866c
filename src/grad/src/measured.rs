//! A gradient that was computed, and what may be wrong with it.

use super::Check;
use crate::onnx::{Graph, Tensor};

/// A gradient that was computed.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The gradient graph.
    pub graph: Graph,
    /// The gradient for the sample.
    pub gradient: Tensor,
    /// Values of it that are not finite.
    pub not_finite: usize,
    /// Is every value of it zero?
    pub zero: bool,
    /// The gradient against central differences, where that was asked for.
    pub check: Option<Check>,
    /// Median time of the forward model, in milliseconds.
    pub forward_ms: f64,
    /// Median time of loss, output and gradient together, in milliseconds.
    pub gradient_ms: f64,
    /// What it ran on, as "CPU".
    pub provider: String,
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
