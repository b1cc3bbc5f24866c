//! Batch normalisation, scales and offsets per channel after a convolution or a product with constant weights: they
//! become part of the weights.

use super::{Net, is, replaced};
use crate::onnx::Tensor;
use crate::onnx::node::{Attributes, float};
use crate::onnx::proto::NodeProto;

pub(super) fn fold(net: &mut Net<'_>) {
    for i in 0..net.graph.nodes.len() {
        let node = net.graph.nodes[i].clone();
        let affine = match node.op_type.as_str() {
            "BatchNormalization" => normalisation(net, &node),
            "Mul" | "Add" | "Sub" => elementwise(net, &node),
            _ => None,
        };
        if let Some(new) = affine.and_then(|affine| folded(net, &node, &affine)) {
            net.graph.nodes[i] = new;
        }
    }
}

/// `x factor + offset`, both of one value or one per channel.
struct Affine {
    x: String,
    factor: Vec<f64>,
    offset: Vec<f64>,
}

fn normalisation(net: &Net<'_>, node: &NodeProto) -> Option<Affine> {
    let extra = node.output.iter().skip(1).any(|o| !o.is_empty());
    if !is(node, "BatchNormalization") || node.int_or("training_mode", 0) != 0 || extra {
        return None;
    }
    let [scale, bias, mean, variance] =
        [1, 2, 3, 4].map(|i| node.input.get(i).and_then(|n| net.floats(n)));
    let (scale, bias, mean, variance) = (scale?, bias?, mean?, variance?);
    let epsilon = f64::from(node.float_or("epsilon", 1e-5));
    let count = scale.len();
    if [bias.len(), mean.len(), variance.len()] != [count; 3] {
        return None;
    }
    let factor: Vec<f64> = scale
        .iter()
        .zip(&variance)
        .map(|(s, v)| f64::from(*s) / (f64::from(*v) + epsilon).sqrt())
        .collect();
    let offset = (0..count).map(|i| f64::from(bias[i]) - f64::from(mean[i]) * factor[i]);
    let offset = offset.collect();
    Some(Affine {
        x: node.input.first()?.clone(),
        factor,
        offset,
    })
}

fn elementwise(net: &Net<'_>, node: &NodeProto) -> Option<Affine> {
    let (a, b) = super::two(node)?;
    let subtracts = is(node, "Sub");
    let (x, other) = match (net.floats(b), net.floats(a)) {
        (Some(values), None) => (a, (b, values)),
        (None, Some(values)) if !subtracts => (b, (a, values)),
        _ => return None,
    };
    let (name, values) = other;
    let shape = net.shape(x)?;
    if net.shape(node.output.first()?)? != shape || !is(node, &node.op_type) {
        return None;
    }
    let axis = channel_axis(net, x)?;
    let operand = net.shape(name)?;
    let lead = shape.len().checked_sub(operand.len())?;
    let per_channel = operand
        .iter()
        .enumerate()
        .all(|(i, &d)| d == 1 || i + lead == axis);
    let values: Vec<f64> = values
        .iter()
        .map(|&v| {
            if subtracts {
                -f64::from(v)
            } else {
                f64::from(v)
            }
        })
        .collect();
    if !per_channel && values.len() != 1 {
        return None;
    }
    let (factor, offset) = if is(node, "Mul") {
        (values, vec![0.0])
    } else {
        (vec![1.0], values)
    };
    Some(Affine {
        x: x.to_owned(),
        factor,
        offset,
    })
}

/// The dimension of `x` that the outputs of the linear operator behind it lie along.
fn channel_axis(net: &Net<'_>, x: &str) -> Option<usize> {
    let rank = net.shape(x)?.len();
    if net.made(x, "Conv").is_some() {
        return Some(1);
    }
    rank.checked_sub(1)
}

/// The linear operator in the place of `node`, `affine` in its weights.
fn folded(net: &mut Net<'_>, node: &NodeProto, affine: &Affine) -> Option<NodeProto> {
    if !net.alone(&affine.x) {
        return None;
    }
    if let Some(linear) = net.made(&affine.x, "Conv").cloned() {
        return convolution(net, node, &linear, affine);
    }
    // Batch normalisation goes by dimension 1; products by the last one.
    let rank = net.shape(&affine.x)?.len();
    if is(node, "BatchNormalization") && rank != 2 {
        return None;
    }
    if let Some(linear) = net.made(&affine.x, "Gemm").cloned() {
        return gemm(net, node, &linear, affine);
    }
    sum(net, node, affine)
}

fn at(values: &[f64], i: usize) -> f64 {
    if values.len() == 1 {
        values[0]
    } else {
        values.get(i).copied().unwrap_or(0.0)
    }
}

fn fits(affine: &Affine, count: usize) -> bool {
    [affine.factor.len(), affine.offset.len()]
        .iter()
        .all(|&n| n == 1 || n == count)
}

/// `weights` with each run of `inner` elements times its channel's factor.
fn scaled(weights: &[f32], inner: usize, count: usize, affine: &Affine) -> Vec<f32> {
    let channel = |i: usize| (i / inner.max(1)) % count.max(1);
    let values = weights.iter().enumerate();
    values
        .map(|(i, &w)| (f64::from(w) * at(&affine.factor, channel(i))) as f32)
        .collect()
}

fn bias(old: Option<Vec<f32>>, count: usize, affine: &Affine) -> Option<Vec<f32>> {
    let old = old.unwrap_or_else(|| vec![0.0; count]);
    (old.len() == count || old.len() == 1).then(|| {
        let old = |i: usize| f64::from(if old.len() == 1 { old[0] } else { old[i] });
        (0..count)
            .map(|i| (old(i) * at(&affine.factor, i) + at(&affine.offset, i)) as f32)
            .collect()
    })
}

fn convolution(
    net: &mut Net<'_>,
    node: &NodeProto,
    linear: &NodeProto,
    affine: &Affine,
) -> Option<NodeProto> {
    let weights = net.floats(linear.input.get(1)?)?;
    let shape = net.shape(&linear.input[1])?.to_vec();
    let count = *shape.first()?;
    let old_bias = linear.input.get(2).filter(|n| !n.is_empty());
    let old = match old_bias {
        Some(name) => Some(net.floats(name)?),
        None => None,
    };
    if !fits(affine, count) || count == 0 {
        return None;
    }
    let inner = weights.len() / count;
    let weights = scaled(&weights, inner, count, affine);
    let bias = bias(old, count, affine)?;
    let weights = net.constant(Tensor::floats(&shape, &weights));
    let bias = net.constant(Tensor::floats(&[count], &bias));
    let mut new = replaced(node, "Conv", vec![linear.input[0].clone(), weights, bias]);
    new.attribute.clone_from(&linear.attribute);
    Some(new)
}

/// Y = alpha A B' + beta C; the new beta is 1.
fn gemm(
    net: &mut Net<'_>,
    node: &NodeProto,
    linear: &NodeProto,
    affine: &Affine,
) -> Option<NodeProto> {
    let weights = net.floats(linear.input.get(1)?)?;
    let shape = net.shape(&linear.input[1])?.to_vec();
    let by_row = linear.int_or("transB", 0) != 0;
    let &[rows, columns] = shape.as_slice() else {
        return None;
    };
    let (count, inner) = if by_row {
        (rows, columns)
    } else {
        (columns, 1)
    };
    let beta = linear.float_or("beta", 1.0);
    let old_bias = linear.input.get(2).filter(|n| !n.is_empty());
    let old = match old_bias {
        // A bias per row of the batch is no bias per channel.
        Some(name) if net.shape(name)?.iter().rev().skip(1).any(|&d| d != 1) => return None,
        Some(name) => Some(net.floats(name)?.iter().map(|v| v * beta).collect()),
        None => None,
    };
    if !fits(affine, count) {
        return None;
    }
    let weights = scaled(&weights, inner, count, affine);
    let bias = bias(old, count, affine)?;
    let weights = net.constant(Tensor::floats(&shape, &weights));
    let bias = net.constant(Tensor::floats(&[count], &bias));
    let mut new = replaced(node, "Gemm", vec![linear.input[0].clone(), weights, bias]);
    new.attribute = linear
        .attribute
        .iter()
        .filter(|a| a.name != "beta")
        .cloned()
        .collect();
    new.attribute.push(float("beta", 1.0));
    Some(new)
}

/// `(x W + c) factor + offset`: the product is scaled where it is, the sum takes the place of `node`.
fn sum(net: &mut Net<'_>, node: &NodeProto, affine: &Affine) -> Option<NodeProto> {
    let product = |net: &Net<'_>, name: &str| -> Option<(usize, Vec<usize>)> {
        let at = *net.makers.get(name)?;
        let weights = net.made(name, "MatMul")?.input.get(1)?;
        net.floats(weights)?;
        let shape = net.shape(weights)?.to_vec();
        (shape.len() == 2).then_some((at, shape))
    };
    let (name, old) = match net.pair(&affine.x, "Add") {
        Some((a, b)) if net.floats(b).is_some() => (a.to_owned(), Some(b.to_owned())),
        Some((a, b)) if net.floats(a).is_some() => (b.to_owned(), Some(a.to_owned())),
        Some(_) => return None,
        None => (affine.x.clone(), None),
    };
    let (at, shape) = product(net, &name)?;
    let (count, whole) = (shape[1], net.shape(&affine.x)? == net.shape(&name)?);
    let simple = |s: &[usize]| s.iter().rev().skip(1).all(|&d| d == 1);
    // A sum of a product that stays as it is gains nothing.
    let plain = affine.factor == [1.0] && old.is_none();
    if plain || !whole || !fits(affine, count) || !net.alone(&name) {
        return None;
    }
    let old = match old {
        Some(old) if simple(net.shape(&old)?) => Some(net.floats(&old)?),
        Some(_) => return None,
        None => None,
    };
    let weights = net.floats(net.graph.nodes[at].input.get(1)?)?;
    let bias = bias(old, count, affine)?;
    let weights = scaled(&weights, 1, count, affine);
    let weights = net.constant(Tensor::floats(&shape, &weights));
    net.graph.nodes[at].input[1] = weights;
    let bias = net.constant(Tensor::floats(&[count], &bias));
    Some(replaced(node, "Add", vec![name, bias]))
}
