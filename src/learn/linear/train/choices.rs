//! What can be chosen of a training.

use crate::error::{Error, Result};
use crate::learn::linear::norm::{Norm, length};
use crate::names::named;

/// An optimizer, or an architecture under gradient descent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// Gradient descent on the weights.
    Gd,
    /// Every weight by the same amount, |gradient|_1, against the sign of its slope.
    Sign,
    /// Only the weight with the steepest slope; the first of equal ones.
    Cd,
    /// Gradient descent on two full layers: `w2 . (W1 x)`.
    Fc2,
    /// Gradient descent on two layers, the first a circular convolution as wide as the row: `w2 . (w1 * x)`.
    Conv2,
}

const METHODS: [(Method, &str, &str, &str); 5] = [
    (
        Method::Gd,
        "gd",
        "Gradient descent",
        "Follows the steepest slope; ends at the maximal l2 margin.",
    ),
    (
        Method::Sign,
        "sign",
        "Sign descent",
        "Moves every weight by the same amount; ends at the maximal l1 margin.",
    ),
    (
        Method::Cd,
        "cd",
        "Coordinate descent",
        "Moves one weight at a time; ends at the maximal l-inf margin.",
    ),
    (
        Method::Fc2,
        "fc2",
        "Two full layers",
        "A linear network of two full layers; ends at the maximal l2 margin.",
    ),
    (
        Method::Conv2,
        "conv2",
        "Two layers, convolution",
        "A linear network whose first layer is a convolution; ends at the maximal Fourier l-inf margin.",
    ),
];

named!(
    Method,
    "method",
    METHODS,
    |a, b| a == b,
    "What it does, in a sentence."
);

impl Method {
    /// The norm whose maximal margin it ends at.
    pub fn norm(self) -> Norm {
        match self {
            Self::Gd | Self::Fc2 => Norm::L2,
            Self::Sign => Norm::L1,
            Self::Cd => Norm::Linf,
            Self::Conv2 => Norm::FourierLinf,
        }
    }

    /// Does it train two layers, from a random start?
    pub fn is_network(self) -> bool {
        matches!(self, Self::Fc2 | Self::Conv2)
    }
}

/// How long steps are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// The rate over the loss: the direction settles polynomially.
    Normalised,
    /// The rate alone: the direction settles with the logarithm of the steps.
    Fixed,
}

const STEPS: [(Step, &str, &str, &str); 2] = [
    (
        Step::Normalised,
        "normalised",
        "Over the loss",
        "Steps grow as the loss falls, and the direction settles soon.",
    ),
    (
        Step::Fixed,
        "fixed",
        "Constant",
        "Steps shrink with the gradient, and the direction settles very slowly.",
    ),
];

named!(
    Step,
    "kind of step",
    STEPS,
    |a, b| a == b,
    "What it does, in a sentence."
);

/// How a training goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Training {
    /// The optimizer or architecture.
    pub method: Method,
    /// How long its steps are.
    pub step: Step,
    /// Steps: 1 to [`Training::MOST_STEPS`].
    pub steps: u64,
    /// The rate of the first step. `None`: `1 / B^2`, B the largest size of a row in the norm that goes with the optimizer
    /// (gd l2, sign l1, cd l-inf); 0.05 / B^2 for fc2 and 0.7 / B^2 for conv2 with the l2 size.
    pub rate: Option<f64>,
    /// Networks only: the rate of step t is the first one over `sqrt(1 + t / decay)`, t from 0. More than 0.
    pub decay: f64,
    /// fc2: rows of its first layer, 1 to 1024.
    pub hidden: usize,
    /// Networks: what their first layer is drawn from, normal, then scaled so that its root mean square is
    /// `1 / sqrt(hidden)` in fc2 and `1 / sqrt(width)` in conv2; the second layer starts at 0.
    pub seed: u64,
    /// Networks: the first layer at the start instead, `[hidden, width]` or `[width]`, row-major.
    pub start: Option<Vec<f64>>,
}

impl Training {
    /// Most steps.
    pub const MOST_STEPS: u64 = 100_000_000;

    /// `method` as the reference trains it: normalised steps, 200,000 of them.
    pub fn of(method: Method) -> Self {
        Self {
            method,
            step: Step::Normalised,
            steps: 200_000,
            rate: None,
            decay: 1000.0,
            hidden: 32,
            seed: 0,
            start: None,
        }
    }

    /// Values of the first layer for rows of `width` values; 0 where there are no layers.
    pub(super) fn layer(&self, width: usize) -> usize {
        match self.method {
            Method::Fc2 => self.hidden * width,
            Method::Conv2 => width,
            _ => 0,
        }
    }

    /// # Errors
    /// A number out of its range, or a start that does not fit rows of `width` values.
    pub(super) fn check(&self, width: usize) -> Result<()> {
        let wrong = |what: String, remedy: &str| Err(Error::request(what, remedy));
        if !(1..=Self::MOST_STEPS).contains(&self.steps) {
            return wrong(
                format!("{} steps cannot be trained", self.steps),
                "Choose 1 to 100 million steps.",
            );
        }
        let positive = |value: f64| value.is_finite() && value > 0.0;
        if !self.rate.is_none_or(positive) || !positive(self.decay) {
            return wrong(
                "a rate or its decay is not above 0".into(),
                "Choose finite numbers above 0.",
            );
        }
        if self.method == Method::Fc2 && !(1..=1024).contains(&self.hidden) {
            return wrong(
                format!("a first layer cannot have {} rows", self.hidden),
                "Choose 1 to 1024 rows.",
            );
        }
        if let (true, Some(start)) = (self.method.is_network(), &self.start) {
            let wanted = self.layer(width);
            if start.len() != wanted || !start.iter().all(|v| v.is_finite()) {
                return wrong(
                    format!(
                        "the first layer at the start has {} values, not {wanted} finite ones",
                        start.len()
                    ),
                    "Give a start of the layer's size, or none.",
                );
            }
        }
        Ok(())
    }

    /// The first layer at the start.
    pub(super) fn first_layer(&self, width: usize) -> Vec<f64> {
        if let Some(start) = &self.start {
            return start.clone();
        }
        let mut random = fastrand::Rng::with_seed(self.seed);
        let normal = |_| {
            // Box and Muller; 1 - u is never 0.
            let (u, v) = (random.f64(), random.f64());
            let radius = (-2.0 * (1.0 - u).ln()).sqrt();
            radius * (std::f64::consts::TAU * v).cos()
        };
        let mut layer: Vec<f64> = (0..self.layer(width)).map(normal).collect();
        let sums = match self.method {
            Method::Fc2 => self.hidden,
            _ => width,
        };
        let size = (layer.len() as f64 / sums as f64).sqrt() / length(&layer);
        for value in &mut layer {
            *value *= size;
        }
        layer
    }
}
