//! The activation functions of recurrent operators.

use crate::error::Result;
use crate::onnx::node::{Attributes, float};
use crate::onnx::{Builder, Node, Value, wrong};

/// A function with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Function {
    name: String,
    alpha: Option<f32>,
    beta: Option<f32>,
}

/// The functions of `count` directions: those that `n` lists, else `defaults` for each. Parameters are taken from
/// their lists in turn by the functions that have some.
pub(super) fn of(n: &Node, defaults: &[&str], count: usize) -> Result<Vec<Function>> {
    let listed = n
        .attribute("activations")
        .map(|a| a.strings.as_slice())
        .unwrap_or_default();
    let names: Vec<String> = if listed.is_empty() {
        (0..count)
            .flat_map(|_| defaults.iter().map(|d| d.to_ascii_lowercase()))
            .collect()
    } else {
        listed
            .iter()
            .map(|s| String::from_utf8_lossy(s).to_ascii_lowercase())
            .collect()
    };
    if names.len() != defaults.len() * count {
        return Err(wrong(format!("{} activation functions", names.len())));
    }
    let list = |name: &str| {
        n.attribute(name)
            .map(|a| a.floats.clone())
            .unwrap_or_default()
            .into_iter()
    };
    let (mut alphas, mut betas) = (list("activation_alpha"), list("activation_beta"));
    let mut functions = Vec::with_capacity(names.len());
    for name in names {
        let (alpha, beta) = match name.as_str() {
            "relu" | "tanh" | "sigmoid" | "softsign" | "softplus" => (None, None),
            "leakyrelu" => (Some(0.01), None),
            "thresholdedrelu" | "elu" => (Some(1.0), None),
            "hardsigmoid" => (Some(0.2), Some(0.5)),
            "affine" => (Some(1.0), Some(0.0)),
            "scaledtanh" => (Some(1.0), Some(1.0)),
            _ => {
                return Err(wrong(format!(
                    "the activation function \"{name}\" is not known"
                )));
            }
        };
        functions.push(Function {
            alpha: alpha.map(|default| alphas.next().unwrap_or(default)),
            beta: beta.map(|default| betas.next().unwrap_or(default)),
            name,
        });
    }
    Ok(functions)
}

impl Function {
    /// The function of each element.
    pub(super) fn of(&self, b: &mut Builder, x: &Value) -> Value {
        let alpha = self.alpha.unwrap_or(1.0);
        let beta = self.beta.unwrap_or(0.0);
        match self.name.as_str() {
            "relu" => b.unary("Relu", x),
            "sigmoid" => b.unary("Sigmoid", x),
            "softsign" => b.unary("Softsign", x),
            "softplus" => b.unary("Softplus", x),
            "leakyrelu" => with(b, "LeakyRelu", x, &[("alpha", alpha)]),
            "thresholdedrelu" => with(b, "ThresholdedRelu", x, &[("alpha", alpha)]),
            "elu" => with(b, "Elu", x, &[("alpha", alpha)]),
            "hardsigmoid" => with(b, "HardSigmoid", x, &[("alpha", alpha), ("beta", beta)]),
            "affine" => {
                let scaled = b.scale(x, alpha);
                b.shift(&scaled, beta)
            }
            "scaledtanh" => {
                let scaled = b.scale(x, beta);
                let tanh = b.unary("Tanh", &scaled);
                b.scale(&tanh, alpha)
            }
            _ => b.unary("Tanh", x),
        }
    }
}

fn with(b: &mut Builder, op: &str, x: &Value, parameters: &[(&str, f32)]) -> Value {
    let attributes = parameters
        .iter()
        .map(|&(name, value)| float(name, value))
        .collect();
    b.node(op, &[x], attributes, x.elem, &x.shape)
}
