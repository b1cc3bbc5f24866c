//! Activation functions. Where the slope can be told from the output it is: an engine can then still run a
//! convolution and its activation as one.
//!
//! Measured on ONNX Runtime 1.32 (one thread's CPU time, 1x64x112x112): a product with a mask made by comparing and
//! casting takes 0.7 ms, with one by `Sign` 1.5 ms, `Where` 3.9 ms; `Softplus` and `Mish` take 8.5 and 9.2 ms, most
//! other functions 0.3 to 0.7 ms.

mod gated;

pub(crate) use gated::write_out;

use super::{Rule, first};
use crate::error::Result;
use crate::onnx::node::{Attributes, float};
use crate::onnx::{Builder, Node, Tensor, Value};

pub(super) const RULES: &[(&str, Rule)] = &[
    ("Acosh", |b, n, g| {
        let square = b.mul(n.input(0)?, n.input(0)?)?;
        let below = b.shift(&square, -1.0);
        let root = b.unary("Sqrt", &below);
        one(b.div(first(g)?, &root))
    }),
    ("Asinh", |b, n, g| {
        let square = b.mul(n.input(0)?, n.input(0)?)?;
        let below = b.shift(&square, 1.0);
        let root = b.unary("Sqrt", &below);
        one(b.div(first(g)?, &root))
    }),
    ("Atanh", |b, n, g| {
        let square = b.mul(n.input(0)?, n.input(0)?)?;
        let below = one_minus(b, &square)?;
        one(b.div(first(g)?, &below))
    }),
    ("Celu", |b, n, g| {
        // e^(x/a) below zero, 1 above.
        let low = at_most(b, n.input(0)?, 0.0);
        let low = b.scale(&low, 1.0 / n.float_or("alpha", 1.0));
        let slope = b.unary("Exp", &low);
        one(b.mul(first(g)?, &slope))
    }),
    ("Clip", clip),
    ("Elu", |b, n, g| {
        exponential(b, n, first(g)?, n.float_or("alpha", 1.0), 1.0)
    }),
    ("Gelu", gated::gelu),
    ("HardSigmoid", |b, n, g| {
        let inside = between(b, n.output(0)?, 0.0, 1.0)?;
        let slope = b.scale(&inside, n.float_or("alpha", 0.2));
        one(b.mul(first(g)?, &slope))
    }),
    ("HardSwish", hard_swish),
    ("LeakyRelu", |b, n, g| {
        let alpha = n.float_or("alpha", 0.01);
        let from = if alpha >= 0.0 {
            n.output(0)?
        } else {
            n.input(0)?
        };
        let positive = mask(b, "Greater", from, 0.0)?;
        let slope = if (0.0..=1.0).contains(&alpha) {
            at_least(b, &positive, alpha)
        } else {
            let rise = b.scale(&positive, 1.0 - alpha);
            b.shift(&rise, alpha)
        };
        one(b.mul(first(g)?, &slope))
    }),
    ("Mish", gated::mish),
    ("PRelu", prelu),
    ("Relu", |b, n, g| {
        let positive = mask(b, "Greater", n.output(0)?, 0.0)?;
        one(b.mul(first(g)?, &positive))
    }),
    ("Selu", |b, n, g| {
        let gamma = n.float_or("gamma", 1.050_701);
        let low = gamma * n.float_or("alpha", 1.673_263_2);
        exponential(b, n, first(g)?, low, gamma)
    }),
    ("Shrink", |b, n, g| {
        let size = b.unary("Abs", n.input(0)?);
        let outside = mask(b, "Greater", &size, n.float_or("lambd", 0.5))?;
        one(b.mul(first(g)?, &outside))
    }),
    ("Sigmoid", |b, n, g| {
        let y = n.output(0)?;
        let rest = one_minus(b, y)?;
        let slope = b.mul(y, &rest)?;
        one(b.mul(first(g)?, &slope))
    }),
    ("Softplus", |b, n, g| {
        let slope = b.unary("Sigmoid", n.input(0)?);
        one(b.mul(first(g)?, &slope))
    }),
    ("Softsign", |b, n, g| {
        // 1 - |y| is 1 / (1 + |x|).
        let size = b.unary("Abs", n.output(0)?);
        let root = one_minus(b, &size)?;
        let slope = b.mul(&root, &root)?;
        one(b.mul(first(g)?, &slope))
    }),
    ("Swish", gated::swish),
    ("Tanh", |b, n, g| {
        let square = b.mul(n.output(0)?, n.output(0)?)?;
        let slope = one_minus(b, &square)?;
        one(b.mul(first(g)?, &slope))
    }),
    ("ThresholdedRelu", |b, n, g| {
        let alpha = n.float_or("alpha", 1.0);
        let passed = if alpha >= 0.0 {
            mask(b, "Greater", n.output(0)?, 0.0)?
        } else {
            mask(b, "Greater", n.input(0)?, alpha)?
        };
        one(b.mul(first(g)?, &passed))
    }),
];

fn one(part: Result<Value>) -> Result<Vec<Option<Value>>> {
    Ok(vec![Some(part?)])
}

/// 1 where the comparison with `bound` holds, else 0.
fn mask(b: &mut Builder, op: &str, x: &Value, bound: f32) -> Result<Value> {
    let bound = b.scalar(bound);
    let holds = b.compare(op, x, &bound)?;
    Ok(b.cast(&holds, x.elem))
}

/// 1 strictly between `low` and `high`, else 0.
fn between(b: &mut Builder, x: &Value, low: f32, high: f32) -> Result<Value> {
    let (low, high) = (b.scalar(low), b.scalar(high));
    let above = b.compare("Greater", x, &low)?;
    let below = b.compare("Less", x, &high)?;
    let inside = b.binary("And", &above, &below)?;
    Ok(b.cast(&inside, x.elem))
}

fn one_minus(b: &mut Builder, x: &Value) -> Result<Value> {
    let one = b.scalar(1.0);
    b.sub(&one, x)
}

fn at_least(b: &mut Builder, x: &Value, bound: f32) -> Value {
    let bound = b.scalar(bound);
    b.node("Clip", &[x, &bound], vec![], x.elem, &x.shape)
}

fn at_most(b: &mut Builder, x: &Value, bound: f32) -> Value {
    let bound = b.scalar(bound);
    let made = b.nodes(
        "Clip",
        &[Some(x), None, Some(&bound)],
        vec![],
        &[(x.elem, &x.shape)],
    );
    made.into_iter().next().unwrap_or_else(|| x.clone())
}

/// `top x` above zero, `low (e^x - 1)` below: there the slope is `y + low`.
fn exponential(
    b: &mut Builder,
    n: &Node,
    g: &Value,
    low: f32,
    top: f32,
) -> Result<Vec<Option<Value>>> {
    let (x, y) = (n.input(0)?, n.output(0)?);
    let slope = if low > 0.0 && top > 0.0 {
        let below = at_most(b, y, 0.0);
        if low == top {
            b.shift(&below, low)
        } else {
            let positive = mask(b, "Greater", y, 0.0)?;
            let rise = b.scale(&positive, top - low);
            let level = b.shift(&rise, low);
            b.add(&below, &level)?
        }
    } else {
        // The sign of the output does not tell that of the input.
        let below = at_most(b, x, 0.0);
        let power = b.unary("Exp", &below);
        let power = b.scale(&power, low);
        let positive = mask(b, "Greater", x, 0.0)?;
        let rest = one_minus(b, &positive)?;
        let left = b.mul(&rest, &power)?;
        let right = b.scale(&positive, top);
        b.add(&left, &right)?
    };
    one(b.mul(g, &slope))
}

/// `PyTorch`'s `clamp` passes the cotangent at its bounds, where input and output are equal. Its `relu6` does not, and
/// is told from the output so that it can stay fused with a convolution.
fn clip(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (g, x, y) = (first(g)?, n.input(0)?, n.output(0)?);
    let bound = |i| {
        let values = n
            .maybe(i)
            .and_then(|v| b.constant(v))
            .and_then(Tensor::to_floats)?;
        values.first().copied()
    };
    let is_relu6 = bound(1) == Some(0.0) && bound(2) == Some(6.0);
    let mut parts = vec![None; 3];
    if n.wants(0) {
        let passed = if is_relu6 {
            between(b, y, 0.0, 6.0)?
        } else {
            let same = b.compare("Equal", x, y)?;
            b.cast(&same, x.elem)
        };
        parts[0] = Some(b.mul(g, &passed)?);
    }
    for (i, op) in [(1, "Less"), (2, "Greater")] {
        if n.wants(i) {
            let bound = n.input(i)?;
            let cut = b.compare(op, x, bound)?;
            let cut = b.cast(&cut, x.elem);
            let part = b.mul(g, &cut)?;
            parts[i] = Some(b.sum_to(&part, &bound.shape)?);
        }
    }
    Ok(parts)
}

/// `x clip(x/6 + 1/2, 0, 1)`: within [-3, 3] the slope is `x/3 + 1/2`, below 0, above 1. With c = clip(x, -3, 3) that
/// is `c/6 (1 + [c = x]) + 1/2`.
fn hard_swish(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let x = n.input(0)?;
    let (low, high) = (b.scalar(-3.0), b.scalar(3.0));
    let cut = b.node("Clip", &[x, &low, &high], vec![], x.elem, &x.shape);
    let inside = b.compare("Equal", &cut, x)?;
    let inside = b.cast(&inside, x.elem);
    let sixth = vec![float("alpha", 1.0 / 6.0), float("beta", 1.0 / 6.0)];
    let factor = b.node("HardSigmoid", &[&inside], sixth, x.elem, &x.shape);
    let slope = b.mul(&cut, &factor)?;
    let slope = b.shift(&slope, 0.5);
    one(b.mul(first(g)?, &slope))
}

/// The slope is an input; it broadcasts to x.
fn prelu(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (g, x, alpha) = (first(g)?, n.input(0)?, n.input(1)?);
    let mut parts = vec![None, None];
    if n.wants(0) {
        let positive = mask(b, "Greater", x, 0.0)?;
        let rise = one_minus(b, alpha)?;
        let rise = b.mul(&positive, &rise)?;
        let slope = b.add(&rise, alpha)?;
        parts[0] = Some(b.mul(g, &slope)?);
    }
    if n.wants(1) {
        let below = at_most(b, x, 0.0);
        let part = b.mul(g, &below)?;
        parts[1] = Some(b.sum_to(&part, &alpha.shape)?);
    }
    Ok(parts)
}
