//! The quantised operators that ONNX Runtime's own tools write (its `docs/ContribOperators.md`).

use super::{attributes, dequantise, floats, quantise, scaled};
use crate::error::Result;
use crate::onnx::node::{Attributes, float, int};
use crate::onnx::proto::NodeProto;
use crate::onnx::{Builder, Elem, Node, Value, wrong};

pub(super) fn dequantize_linear(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    Ok(vec![floats(b, n, 0, n.int_or("axis", 1))?])
}

pub(super) fn quantize_linear(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let scale = n.input(1)?;
    if scale.count() != 1 {
        return Err(wrong(
            "it quantises each channel of an activation by itself".into(),
        ));
    }
    quantise(b, n, n.input(0)?, scale, n.maybe(2))
}

/// A, its scale and zero point, B with its own, and those of the result.
pub(super) fn pair(b: &mut Builder, n: &Node, op: &str) -> Result<Vec<Value>> {
    let x = floats(b, n, 0, 1)?;
    let y = floats(b, n, 3, 1)?;
    let result = b.binary(op, &x, &y)?;
    quantise(b, n, &result, n.input(6)?, n.maybe(7))
}

/// X, its scale and zero point, and those of the result.
pub(super) fn single(b: &mut Builder, n: &Node, op: &str) -> Result<Vec<Value>> {
    let x = floats(b, n, 0, 1)?;
    let y = b.node(op, &[&x], attributes(n, &[]), Elem::F32, &x.shape);
    quantise(b, n, &y, n.input(3)?, n.maybe(4))
}

pub(super) fn pool(b: &mut Builder, n: &Node, op: &str) -> Result<Vec<Value>> {
    if n.int_or("channels_last", 0) != 0 {
        return Err(wrong("its channels are last".into()));
    }
    let x = floats(b, n, 0, 1)?;
    let shape = n.output(0)?.shape.clone();
    let y = b.node(
        op,
        &[&x],
        attributes(n, &["channels_last"]),
        Elem::F32,
        &shape,
    );
    quantise(b, n, &y, n.input(3)?, n.maybe(4))
}

pub(super) fn softmax(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let x = floats(b, n, 0, 1)?;
    let axis = x.axis(n.int_or("axis", -1))?;
    // Before version 13 Softmax took all dimensions from the axis on together.
    if axis >= x.rank()
        || (n.int_or("opset", 13) < 13 && x.shape[axis + 1..].iter().any(|&d| d != 1))
    {
        return Err(wrong("it is over several axes together".into()));
    }
    let y = b.softmax(&x, axis);
    quantise(b, n, &y, n.input(3)?, n.maybe(4))
}

/// Scale and zero point of the result, then three inputs per part.
pub(super) fn concat(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let mut parts = Vec::new();
    for at in (2..n.inputs.len()).step_by(3) {
        parts.push(floats(b, n, at, 1)?);
    }
    let axis = n.output(0)?.axis(n.int_or("axis", 0))?;
    let whole = b.concat(&parts, axis)?;
    quantise(b, n, &whole, n.input(0)?, n.maybe(1))
}

pub(super) fn choose(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let x = floats(b, n, 1, 1)?;
    let y = floats(b, n, 4, 1)?;
    let chosen = b.select(n.input(0)?, &x, &y)?;
    quantise(b, n, &chosen, n.input(7)?, n.maybe(8))
}

/// A result without a scale stays a float.
pub(super) fn gemm(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let (flip_x, flip_y) = (n.int_or("transA", 0), n.int_or("transB", 0));
    let alpha = n.float_or("alpha", 1.0);
    let x = floats(b, n, 0, 1)?;
    let y = floats(b, n, 3, 1 - flip_y.clamp(0, 1))?;
    let mut inputs = vec![x, y];
    if let Some(bias) = n.maybe(6) {
        let scale = b.mul(n.input(1)?, n.input(4)?)?;
        let scale = b.scale(&scale, alpha);
        inputs.push(scaled(b, bias, &scale)?);
    }
    let inputs: Vec<&Value> = inputs.iter().collect();
    let how = vec![
        float("alpha", alpha),
        int("transA", flip_x),
        int("transB", flip_y),
    ];
    let shape = n.output(0)?.shape.clone();
    let product = b.node("Gemm", &inputs, how, Elem::F32, &shape);
    match n.maybe(7) {
        Some(scale) => quantise(b, n, &product, scale, n.maybe(8)),
        None => Ok(vec![product]),
    }
}

/// A, B, their scales, their zero points, bias.
pub(super) fn matmul_to_float(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let x = dequantise(b, n.input(0)?, n.input(2)?, n.maybe(4), -1)?;
    let y = dequantise(b, n.input(1)?, n.input(3)?, n.maybe(5), -1)?;
    biased(b, &x, &y, n.maybe(6))
}

/// A (floats), B, its scale and zero point, bias.
pub(super) fn dynamic_matmul(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let x = rounded(b, n.input(0)?)?;
    let y = floats(b, n, 1, -1)?;
    biased(b, &x, &y, n.maybe(4))
}

/// `x` quantised over its own range, and back.
fn rounded(b: &mut Builder, x: &Value) -> Result<Value> {
    let makes = [
        (Elem::U8, x.shape.as_slice()),
        (Elem::F32, &[]),
        (Elem::U8, &[]),
    ];
    let made = b.nodes("DynamicQuantizeLinear", &[Some(x)], vec![], &makes);
    match made.as_slice() {
        [values, scale, zero] => dequantise(b, values, scale, Some(zero), 0),
        _ => unreachable!("three outputs were asked for"),
    }
}

fn biased(b: &mut Builder, x: &Value, y: &Value, bias: Option<&Value>) -> Result<Vec<Value>> {
    let product = b.matmul(x, y)?;
    Ok(vec![match bias {
        Some(bias) => b.add(&product, bias)?,
        None => product,
    }])
}

/// Input, weight, bias, the scales of the two, mask, the zero points of the two, past: as `Attention` on floats.
pub(super) fn attention(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let x = dequantise(b, n.input(0)?, n.input(3)?, n.maybe(6), -1)?;
    let weight = dequantise(b, n.input(1)?, n.input(4)?, n.maybe(7), -1)?;
    let inputs = [
        Some(x),
        Some(weight),
        n.maybe(2).cloned(),
        n.maybe(5).cloned(),
        n.maybe(8).cloned(),
    ];
    within(b, n, "Attention", "com.microsoft", inputs.into())
}

/// X, W, R, B, lengths, initial states, peepholes, then scale and zero point of W and of R; both lie transposed.
pub(super) fn lstm(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let mut matrix = |at: usize, scale: usize| -> Result<Value> {
        // One scale per direction, or one per direction and column.
        let w = b.cast(n.input(at)?, Elem::F32);
        let per = |b: &mut Builder, p: &Value| -> Result<Value> {
            let p = b.cast(p, Elem::F32);
            let directions = w.shape.first().copied().unwrap_or(1).max(1);
            b.reshape(&p, &[directions, 1, p.count() / directions])
        };
        let w = match n.maybe(scale + 1) {
            Some(zero) => {
                let zero = per(b, zero)?;
                b.sub(&w, &zero)?
            }
            None => w.clone(),
        };
        let scale = per(b, n.input(scale)?)?;
        let w = b.mul(&w, &scale)?;
        if w.rank() != 3 {
            return Err(wrong("its weights do not have three dimensions".into()));
        }
        Ok(b.flip_last(&w))
    };
    let (w, r) = (matrix(1, 8)?, matrix(2, 10)?);
    let mut inputs = vec![Some(n.input(0)?.clone()), Some(w), Some(r)];
    inputs.extend((3..8).map(|i| n.maybe(i).cloned()));
    within(b, n, "LSTM", "", inputs)
}

/// The lowering of `op` on `inputs`, with the attributes and outputs of `n`.
fn within(
    b: &mut Builder,
    n: &Node,
    op: &str,
    domain: &str,
    inputs: Vec<Option<Value>>,
) -> Result<Vec<Value>> {
    let name = |v: &Option<Value>| v.as_ref().map_or_else(String::new, |v| v.name.to_string());
    let proto = NodeProto {
        op_type: op.into(),
        domain: domain.into(),
        input: inputs.iter().map(name).collect(),
        ..n.proto.clone()
    };
    let lowering =
        crate::lower::find(&proto).ok_or_else(|| wrong(format!("{op} is not lowered")))?;
    let wanted = vec![false; inputs.len()];
    let node = Node {
        proto,
        inputs,
        wanted,
        ..n.clone()
    };
    lowering(b, &node)
}
