//! Linear heads in float64.

use crate::compute::train::HeadShape;
use crate::compute::{Factor, multiply};
use crate::error::{Error, Result};

/// One linear head per side: u = W x / |W x|. A bias is the last column of W, with a 1 at the end of x.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearHeads {
    /// Of the images, `[outputs, columns]`.
    pub image: Vec<f64>,
    /// Of the captions, likewise.
    pub text: Vec<f64>,
    /// Values of an embedding.
    pub inputs: usize,
    /// Values that come out.
    pub outputs: usize,
    /// Is there a bias?
    pub bias: bool,
}

impl LinearHeads {
    /// Heads of `shape` with these weights, as `Learned` has them.
    ///
    /// # Errors
    /// Heads that are not linear or that both sides share, weights that do not fit.
    pub fn of(shape: &HeadShape, weights: &[f32]) -> Result<Self> {
        shape.check()?;
        if shape.hidden.is_some() || shape.shared {
            return Err(Error::request(
                "pairs are grouped by the gradients of one linear head for each side",
                "Choose a run without a hidden layer and without shared heads.",
            ));
        }
        if weights.len() < shape.weights() {
            return Err(Error::request(
                format!(
                    "{} weights do not fit heads of {}",
                    weights.len(),
                    shape.weights()
                ),
                "Choose a run on these embeddings.",
            ));
        }
        let wide = |block: crate::compute::train::Block| -> Vec<f64> {
            let mut values: Vec<f64> = block.of(weights).iter().map(|&v| f64::from(v)).collect();
            if shape.residual {
                // W x + x = (W + 1) x.
                for n in 0..block.rows {
                    values[n * block.columns + n] += 1.0;
                }
            }
            values
        };
        let [image, text] = shape.parts();
        Ok(Self {
            image: wide(image.first),
            text: wide(text.first),
            inputs: shape.inputs,
            outputs: shape.outputs,
            bias: shape.bias,
        })
    }

    /// Values of a row with the bias's 1.
    pub fn columns(&self) -> usize {
        self.inputs + usize::from(self.bias)
    }

    /// `[n, inputs]` in float64, with the bias's 1: `[n, columns]`.
    ///
    /// # Errors
    /// Rows of another width.
    pub(super) fn widened(&self, rows: &[f32]) -> Result<Vec<f64>> {
        if self.inputs == 0 || !rows.len().is_multiple_of(self.inputs) {
            return Err(Error::request(
                format!("the embeddings do not have {} values", self.inputs),
                "Choose heads that were trained on these embeddings.",
            ));
        }
        let mut wide = Vec::with_capacity(rows.len() / self.inputs * self.columns());
        for row in rows.chunks_exact(self.inputs) {
            wide.extend(row.iter().map(|&v| f64::from(v)));
            wide.extend(self.bias.then_some(1.0));
        }
        Ok(wide)
    }

    /// What a head makes of rows `[n, columns]`: unit rows `[n, outputs]`, and the norms they had.
    ///
    /// # Errors
    /// Weights of another size.
    pub(super) fn embedded(&self, head: &[f64], rows: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let columns = self.columns();
        if head.len() != columns * self.outputs || self.outputs == 0 {
            return Err(Error::request(
                format!(
                    "{} weights do not make a head of {} by {columns}",
                    head.len(),
                    self.outputs
                ),
                "Give the weights of a linear head.",
            ));
        }
        let mut out = vec![0.0; rows.len() / columns * self.outputs];
        multiply(
            Factor::new(rows, columns),
            Factor::new(head, columns).transposed(),
            &mut out,
            false,
        );
        let norms = out.chunks_exact_mut(self.outputs).map(|row| {
            let norm = row.iter().map(|v| v * v).sum::<f64>().sqrt();
            if norm > 0.0 {
                for v in row.iter_mut() {
                    *v /= norm;
                }
            }
            norm
        });
        let norms = norms.collect();
        Ok((out, norms))
    }
}
