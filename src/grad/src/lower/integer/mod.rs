//! Operators on quantised values, written as dequantising, the operator on floats, and quantising: the values then
//! differ from those of the fused operator by one rounding step at most.

mod microsoft;

use super::Lowering;
use crate::error::Result;
use crate::onnx::node::{Attributes, int};
use crate::onnx::proto::AttributeProto;
use crate::onnx::{Builder, Elem, Node, Value, wrong};

pub(super) const LOWERINGS: &[(&str, Lowering)] = &[
    ("ConvInteger", conv_integer),
    ("MatMulInteger", matmul_integer),
    ("QLinearConv", conv),
    ("QLinearMatMul", matmul),
    (
        "com.microsoft.DequantizeLinear",
        microsoft::dequantize_linear,
    ),
    ("com.microsoft.DynamicQuantizeLSTM", microsoft::lstm),
    (
        "com.microsoft.DynamicQuantizeMatMul",
        microsoft::dynamic_matmul,
    ),
    (
        "com.microsoft.MatMulIntegerToFloat",
        microsoft::matmul_to_float,
    ),
    ("com.microsoft.QAttention", microsoft::attention),
    ("com.microsoft.QGemm", microsoft::gemm),
    ("com.microsoft.QLinearAdd", |b, n| {
        microsoft::pair(b, n, "Add")
    }),
    ("com.microsoft.QLinearAveragePool", |b, n| {
        microsoft::pool(b, n, "AveragePool")
    }),
    ("com.microsoft.QLinearConcat", microsoft::concat),
    ("com.microsoft.QLinearGlobalAveragePool", |b, n| {
        microsoft::pool(b, n, "GlobalAveragePool")
    }),
    ("com.microsoft.QLinearLeakyRelu", |b, n| {
        microsoft::single(b, n, "LeakyRelu")
    }),
    ("com.microsoft.QLinearMul", |b, n| {
        microsoft::pair(b, n, "Mul")
    }),
    ("com.microsoft.QLinearSigmoid", |b, n| {
        microsoft::single(b, n, "Sigmoid")
    }),
    ("com.microsoft.QLinearSoftmax", microsoft::softmax),
    ("com.microsoft.QLinearWhere", microsoft::choose),
    ("com.microsoft.QuantizeLinear", microsoft::quantize_linear),
];

/// `x` as floats; `axis` is where the scale runs along, where it is a vector.
fn dequantise(
    b: &mut Builder,
    x: &Value,
    scale: &Value,
    zero: Option<&Value>,
    axis: i64,
) -> Result<Value> {
    standard(b, x.elem)?;
    let scale = single_as_scalar(b, scale)?;
    let mut inputs = vec![x, &scale];
    let zero = zero.map(|z| single_as_scalar(b, z)).transpose()?;
    inputs.extend(&zero);
    let along = (scale.rank() > 0).then(|| int("axis", axis));
    Ok(b.node(
        "DequantizeLinear",
        &inputs,
        along.into_iter().collect(),
        Elem::F32,
        &x.shape,
    ))
}

/// As [`dequantise`], of the inputs `at`, `at + 1` and `at + 2` of `n`: values, scale and zero point.
fn floats(b: &mut Builder, n: &Node, at: usize, axis: i64) -> Result<Value> {
    dequantise(b, n.input(at)?, n.input(at + 1)?, n.maybe(at + 2), axis)
}

/// `y` in the integers of the first output of `n`.
fn quantise(
    b: &mut Builder,
    n: &Node,
    y: &Value,
    scale: &Value,
    zero: Option<&Value>,
) -> Result<Vec<Value>> {
    let elem = zero.map_or(Elem::U8, |z| z.elem);
    standard(b, elem)?;
    if y.shape != n.output(0)?.shape {
        return Err(wrong(
            "its output has another shape than its inputs make".into(),
        ));
    }
    let scale = single_as_scalar(b, scale)?;
    let mut inputs = vec![y, &scale];
    let zero = zero.map(|z| single_as_scalar(b, z)).transpose()?;
    inputs.extend(&zero);
    Ok(vec![b.node(
        "QuantizeLinear",
        &inputs,
        vec![],
        elem,
        &y.shape,
    )])
}

/// Before version 21 the standard operators know 8 bits alone (and 32 for what is added).
fn standard(b: &Builder, elem: Elem) -> Result<()> {
    let known = matches!(elem, Elem::U8 | Elem::I32 | Elem::Other(3)) || b.graph().opset >= 21;
    if known {
        Ok(())
    } else {
        Err(wrong(format!(
            "its values are of {elem}, which needs operator set 21"
        )))
    }
}

fn single_as_scalar(b: &mut Builder, value: &Value) -> Result<Value> {
    if value.count() == 1 {
        b.reshape(value, &[])
    } else {
        b.reshape(value, &[value.count()])
    }
}

/// The attributes of `n` but those called `without`.
fn attributes(n: &Node, without: &[&str]) -> Vec<AttributeProto> {
    n.attributes()
        .iter()
        .filter(|a| !without.contains(&a.name.as_str()))
        .cloned()
        .collect()
}

/// `x` less its zero point, in float32: integers below 2^24 are exact there.
fn centred(b: &mut Builder, x: &Value, zero: Option<&Value>, shape: &[usize]) -> Result<Value> {
    let x = b.cast(x, Elem::F32);
    let Some(zero) = zero else { return Ok(x) };
    let zero = b.cast(zero, Elem::F32);
    let zero = if zero.count() == 1 {
        b.reshape(&zero, &[])?
    } else {
        b.reshape(&zero, shape)?
    };
    b.sub(&x, &zero)
}

/// The sums stay floats: what comes next casts them to floats anyway.
fn matmul_integer(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let (x, y) = (n.input(0)?, n.input(1)?);
    // One zero point for all, or one per row of the left, one per column of the right.
    let rows = n.maybe(2).map_or(1, Value::count);
    let x = centred(b, x, n.maybe(2), &[rows, 1])?;
    let columns = n.maybe(3).map_or(1, Value::count);
    let y = centred(b, y, n.maybe(3), &[columns])?;
    Ok(vec![b.matmul(&x, &y)?])
}

fn conv_integer(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let (x, w) = (n.input(0)?, n.input(1)?);
    let x = centred(b, x, n.maybe(2), &[])?;
    let mut filters = vec![1; w.rank()];
    if let (Some(first), Some(zero)) = (filters.first_mut(), n.maybe(3)) {
        *first = zero.count();
    }
    let w = centred(b, w, n.maybe(3), &filters)?;
    let shape = n.output(0)?.shape.clone();
    Ok(vec![b.node(
        "Conv",
        &[&x, &w],
        attributes(n, &[]),
        Elem::F32,
        &shape,
    )])
}

fn matmul(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let x = floats(b, n, 0, -2)?;
    let y = floats(b, n, 3, -1)?;
    let product = b.matmul(&x, &y)?;
    quantise(b, n, &product, n.input(6)?, n.maybe(7))
}

/// The bias is of the scale that the products have.
fn conv(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let x = floats(b, n, 0, 1)?;
    let w = floats(b, n, 3, 0)?;
    let mut inputs = vec![x, w];
    if let Some(bias) = n.maybe(8) {
        let scale = b.mul(n.input(1)?, n.input(4)?)?;
        inputs.push(scaled(b, bias, &scale)?);
    }
    let inputs: Vec<&Value> = inputs.iter().collect();
    let shape = n.output(0)?.shape.clone();
    let y = b.node("Conv", &inputs, attributes(n, &[]), Elem::F32, &shape);
    quantise(b, n, &y, n.input(6)?, n.maybe(7))
}

/// A bias of integers, whose unit is `scale`.
fn scaled(b: &mut Builder, bias: &Value, scale: &Value) -> Result<Value> {
    let bias = b.cast(bias, Elem::F32);
    let scale = single_as_scalar(b, scale)?;
    b.mul(&bias, &scale)
}
