//! A gradient that was computed, and what may be wrong with it.

use super::Check;
use crate::error::thousands;
use crate::onnx::{Graph, Tensor};

/// The attacks that need no gradient.
pub(super) const QUERIES: &str = "query attacks (Square, NES, SPSA)";

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

impl Measured {
    /// What is wrong with the gradient, in one sentence: not finite, zero everywhere, or not what the model's
    /// differences say. `None` where nothing was found.
    pub fn fault(&self) -> Option<String> {
        let count = thousands(self.gradient.len() as u64);
        let values = if self.gradient.len() == 1 {
            "value"
        } else {
            "values"
        };
        let blind = format!("attacks by gradient would be blind there; {QUERIES} work.");
        if self.not_finite > 0 {
            let bad = thousands(self.not_finite as u64);
            return Some(format!(
                "The gradient is not finite at {bad} of {count} {values} for this input: {blind}"
            ));
        }
        if self.zero {
            return Some(format!(
                "The gradient is zero at {count} of {count} {values} for this input: {blind}"
            ));
        }
        let check = self.check.filter(|check| !check.passed)?;
        let figures = match (check.max_rel_error, check.cosine) {
            (Some(error), Some(cosine)) => {
                format!("largest relative error {error:.1e}, cosine {cosine:.4}")
            }
            _ => "the slopes of the model are not finite, or zero".to_owned(),
        };
        Some(format!(
            "The gradient is not what the model's central differences say for this input ({figures}): attacks by \
             gradient may miss; confirm them with {QUERIES}."
        ))
    }
}
