//! The shape of the heads, and where each of their weights lies.

use crate::error::{Error, Result};
use crate::names::named;
use serde::{Deserialize, Serialize};

/// Heads: one per side, or one that both share.
pub const HEADS: usize = 2;

/// Values after the weights: the logarithm of what scores are multiplied by, and what is added then.
pub const SCALARS: usize = 2;

/// The function between two layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// max(0, x).
    Relu,
    /// x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), the tanh form of x Phi(x).
    Gelu,
}

const ACTIVATIONS: [(Activation, &str, &str, &str); 2] = [
    (Activation::Relu, "relu", "ReLU", "max(0, x)"),
    (
        Activation::Gelu,
        "gelu",
        "GELU",
        "x Phi(x), in its tanh form",
    ),
];

named!(
    Activation,
    "activation",
    ACTIVATIONS,
    |a, b| a == b,
    "What it computes."
);

impl Activation {
    /// Its value at `x`.
    pub(super) fn of(self, x: f32) -> f32 {
        match self {
            Self::Relu => x.max(0.0),
            Self::Gelu => 0.5 * x * (1.0 + inner(x).tanh()),
        }
    }

    /// Its slope at `x`.
    pub(super) fn slope(self, x: f32) -> f32 {
        match self {
            Self::Relu if x > 0.0 => 1.0,
            Self::Relu => 0.0,
            Self::Gelu => {
                let t = inner(x).tanh();
                let steep = ROOT * (1.0 + 3.0 * CUBE * x * x);
                0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * steep
            }
        }
    }
}

/// sqrt(2 / pi), and the factor of the cube: as in `shaders/learn_activate.wgsl`.
const ROOT: f32 = 0.797_884_6;
const CUBE: f32 = 0.044_715;

fn inner(x: f32) -> f32 {
    ROOT * (x + CUBE * x * x * x)
}

/// A hidden layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hidden {
    /// Its width.
    pub width: usize,
    /// What follows it.
    pub activation: Activation,
}

/// The shape of the heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadShape {
    /// Values of a row that goes in.
    pub inputs: usize,
    /// Values of a row that comes out.
    pub outputs: usize,
    /// The hidden layer; `None` for linear heads.
    pub hidden: Option<Hidden>,
    /// Does the first layer have a bias? It is the last column of its weights.
    pub bias: bool,
    /// Do both sides share one head?
    pub shared: bool,
    /// Is what goes in added to what comes out? Training then starts with the embeddings as they are.
    pub residual: bool,
}

/// A matrix of weights, row-major.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Its first value among all weights.
    pub start: usize,
    /// Values that come out.
    pub rows: usize,
    /// Values that go in, the bias's 1 last.
    pub columns: usize,
}

impl Block {
    /// Its values among all weights.
    pub fn of<'a>(&self, all: &'a [f32]) -> &'a [f32] {
        &all[self.start..self.start + self.count()]
    }

    /// The same, to be written.
    pub fn of_mut<'a>(&self, all: &'a mut [f32]) -> &'a mut [f32] {
        &mut all[self.start..self.start + self.count()]
    }

    /// Number of its values.
    pub fn count(&self) -> usize {
        self.rows * self.columns
    }
}

/// The weights of one head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The first layer: the only one of a linear head.
    pub first: Block,
    /// The layer after the hidden one.
    pub second: Option<Block>,
}

impl HeadShape {
    /// Linear heads, one per side, without bias.
    pub fn linear(inputs: usize, outputs: usize) -> Self {
        Self {
            inputs,
            outputs,
            hidden: None,
            bias: false,
            shared: false,
            residual: false,
        }
    }

    /// Values of a row with the bias's 1.
    pub fn columns(&self) -> usize {
        self.inputs + usize::from(self.bias)
    }

    /// Where the weights of each head lie: of the images, of the captions. Both are the same where they are shared.
    pub fn parts(&self) -> [Part; HEADS] {
        let image = self.part(0);
        let text = if self.shared {
            image
        } else {
            self.part(self.head())
        };
        [image, text]
    }

    /// Values of the weights, without the scalars.
    pub fn weights(&self) -> usize {
        self.head() * if self.shared { 1 } else { HEADS }
    }

    /// Values in all: weights, then scalars.
    pub fn count(&self) -> usize {
        self.weights() + SCALARS
    }

    /// Can such heads be trained?
    ///
    /// # Errors
    /// Layers without values; a residual whose ends differ; more weights than can be counted.
    pub fn check(&self) -> Result<()> {
        let width = self.hidden.map_or(1, |hidden| hidden.width);
        if self.inputs == 0 || self.outputs == 0 || width == 0 {
            return Err(Error::request(
                "a head needs at least one value in every layer",
                "Give an output dimension and a width from 1.",
            ));
        }
        if self.residual && self.inputs != self.outputs {
            return Err(Error::request(
                format!(
                    "rows of {} values cannot be added to rows of {}",
                    self.inputs, self.outputs
                ),
                format!(
                    "Start from the embeddings as they are with {} values, or leave the residual out.",
                    self.inputs
                ),
            ));
        }
        let wide = |a: usize, b: usize| a.checked_mul(b).filter(|&n| n <= MOST);
        let first = wide(
            self.columns(),
            self.hidden.map_or(self.outputs, |h| h.width),
        );
        let second = self.hidden.map_or(Some(0), |h| wide(h.width, self.outputs));
        if first.zip(second).is_none() {
            return Err(Error::request(
                format!("a layer has more than {MOST} weights"),
                "Choose a smaller dimension or width.",
            ));
        }
        Ok(())
    }

    fn head(&self) -> usize {
        let part = self.part(0);
        part.first.count() + part.second.map_or(0, |block| block.count())
    }

    fn part(&self, start: usize) -> Part {
        let first = Block {
            start,
            rows: self.hidden.map_or(self.outputs, |hidden| hidden.width),
            columns: self.columns(),
        };
        Part {
            first,
            second: self.hidden.map(|hidden| Block {
                start: start + first.count(),
                rows: self.outputs,
                columns: hidden.width,
            }),
        }
    }
}

/// Weights of a layer at most.
const MOST: usize = 1 << 26;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_lie_one_after_the_other() {
        let shape = HeadShape {
            hidden: Some(Hidden {
                width: 5,
                activation: Activation::Relu,
            }),
            bias: true,
            ..HeadShape::linear(3, 2)
        };
        let [image, text] = shape.parts();
        assert_eq!((image.first.rows, image.first.columns), (5, 4));
        assert_eq!(image.second.map(|block| block.start), Some(20));
        assert_eq!(text.first.start, 30);
        assert_eq!(shape.count(), 60 + SCALARS);
        let shared = HeadShape {
            shared: true,
            ..shape
        };
        assert_eq!(shared.parts()[0], shared.parts()[1]);
        assert_eq!(shared.weights(), 30);
    }

    #[test]
    fn heads_that_cannot_be_are_refused() {
        assert!(HeadShape::linear(4, 4).check().is_ok());
        assert!(HeadShape::linear(4, 0).check().is_err());
        assert!(HeadShape::linear(1 << 20, 1 << 20).check().is_err());
        let residual = HeadShape {
            residual: true,
            ..HeadShape::linear(4, 3)
        };
        assert!(residual.check().is_err());
    }
}
