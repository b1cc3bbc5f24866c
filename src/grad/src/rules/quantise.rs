//! Quantisation, straight through: a rounding passes the cotangent as if it were the identity, except where the
//! value was clipped (Bengio et al. 2013, arXiv 1308.3432; bounds as `PyTorch`'s `fake_quantize` has them). So do
//! `Round`, `Floor` and `Ceil`, of which a written-out quantisation is made; see also `steps`.
//!
//! What lies between quantising and dequantising are integers; their cotangents are float32 all the same.

use super::{Rule, first};
use crate::error::Result;
use crate::onnx::node::{Attributes, is_default};
use crate::onnx::proto::NodeProto;
use crate::onnx::{Builder, Elem, Node, Value, wrong};

pub(super) const RULES: &[(&str, Rule)] = &[
    ("DequantizeLinear", |b, n, g| {
        let scale = along(b, n, n.input(1)?, n.input(0)?)?;
        Ok(vec![Some(b.mul(first(g)?, &scale)?)])
    }),
    ("DynamicQuantizeLinear", |b, n, g| {
        // Its range is that of the values: nothing is clipped.
        Ok(vec![Some(b.div(first(g)?, n.output(1)?)?)])
    }),
    ("QuantizeLinear", quantise),
];

/// Is the cotangent of `node` passed through a rounding as if that were the identity?
pub(super) fn is_straight_through(node: &NodeProto) -> bool {
    let op = node.op_type.as_str();
    if is_default(&node.domain) {
        return matches!(
            op,
            "Round"
                | "Floor"
                | "Ceil"
                | "QuantizeLinear"
                | "DequantizeLinear"
                | "DynamicQuantizeLinear"
                | "MatMulInteger"
                | "ConvInteger"
                | "QLinearMatMul"
                | "QLinearConv"
        );
    }
    node.domain == "com.microsoft"
        && (op.starts_with("QLinear")
            || op.starts_with("DynamicQuantize")
            || matches!(
                op,
                "QuantizeLinear"
                    | "DequantizeLinear"
                    | "MatMulIntegerToFloat"
                    | "QGemm"
                    | "QAttention"
            ))
}

/// q = clip(round(x / s) + z): dx = dq / s where x / s + z, rounded, was within the range of the type.
fn quantise(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (g, x, q) = (first(g)?, n.input(0)?.clone(), n.output(0)?.clone());
    let (low, high) = range(q.elem)?;
    let scale = along(b, n, n.input(1)?, &x)?;
    let (mut low, mut high) = (b.scalar(low - 0.5), b.scalar(high + 0.5));
    if let Some(zero) = n.maybe(2) {
        let zero = along(b, n, zero, &x)?;
        low = b.sub(&low, &zero)?;
        high = b.sub(&high, &zero)?;
    }
    let low = b.mul(&low, &scale)?;
    let high = b.mul(&high, &scale)?;
    let clipped = if scale.rank() == 0 {
        b.node("Clip", &[&x, &low, &high], vec![], x.elem, &x.shape)
    } else {
        let raised = b.binary("Max", &x, &low)?;
        b.binary("Min", &raised, &high)?
    };
    let within = b.compare("Equal", &x, &clipped)?;
    let part = match unscaled(b, g, &scale) {
        Some(before) => before,
        None => b.div(g, &scale)?,
    };
    Ok(vec![Some(b.keep_where(&within, &part)?)])
}

/// What `g` was before it was multiplied by `scale`, where that is its last step: dequantising by the scale that
/// quantised cancels.
fn unscaled(b: &Builder, g: &Value, scale: &Value) -> Option<Value> {
    let makes = |n: &&NodeProto| n.output.first().is_some_and(|o| **o == *g.name);
    let node = b.graph().nodes.iter().rev().find(makes)?;
    let [before, by] = node.input.as_slice() else {
        return None;
    };
    let cancels = node.op_type == "Mul" && **by == *scale.name;
    cancels
        .then(|| b.value(before).ok())
        .flatten()
        .filter(|v| v.shape == g.shape)
}

/// `parameter` of a (de)quantisation of `x` (scale or zero point) as float32 that broadcasts to it: one for all, one
/// per index of an axis, or one per block along it.
fn along(b: &mut Builder, n: &Node, parameter: &Value, x: &Value) -> Result<Value> {
    let value = b.cast(parameter, Elem::F32);
    if value.count() == 1 {
        return b.reshape(&value, &[]);
    }
    let axis = super::slices::axis_of(x, n.int_or("axis", 1))?;
    let size = x.shape[axis];
    if value.rank() == 1 {
        let mut shape = vec![1; x.rank()];
        shape[axis] = size;
        return b.reshape(&value, &shape);
    }
    let block = usize::try_from(n.int_or("block_size", 0)).unwrap_or(0);
    let blocks = value.shape.get(axis).copied().unwrap_or(0);
    let repeated = blocks
        .checked_mul(block)
        .filter(|&r| r >= size && value.rank() == x.rank());
    let Some(repeated) = repeated else {
        return Err(wrong("its scale does not fit its input".into()));
    };
    let mut shape = value.shape.clone();
    shape.insert(axis + 1, 1);
    let apart = b.reshape(&value, &shape)?;
    shape[axis + 1] = block;
    let apart = b.expand(&apart, &shape)?;
    shape.remove(axis + 1);
    shape[axis] = repeated;
    let whole = b.reshape(&apart, &shape)?;
    Ok(b.slice(&whole, &[axis], &[0], &[size], &[1]))
}

/// The least and the greatest value of an integer type.
fn range(elem: Elem) -> Result<(f32, f32)> {
    Ok(match elem {
        Elem::U8 => (0.0, 255.0),
        Elem::Other(3) => (-128.0, 127.0),
        Elem::Other(4) => (0.0, 65535.0),
        Elem::Other(5) => (-32768.0, 32767.0),
        Elem::Other(21) => (0.0, 15.0),
        Elem::Other(22) => (-8.0, 7.0),
        other => return Err(wrong(format!("it quantises to {other}"))),
    })
}
