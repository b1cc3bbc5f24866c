//! Layer normalisation over the last dimensions, with or without scale and bias.
//!
//! Over other dimensions (channels first, as some exports of `ConvNeXt` have it) it stays written out: the operator would
//! need two transpositions.

use super::{Net, is, reduced_axes, replaced};
use crate::guard::memory;
use crate::onnx::node::{Attributes, float, int};
use crate::onnx::proto::NodeProto;
use crate::onnx::{Tensor, elements};

pub(super) fn gather(net: &mut Net<'_>) {
    for i in 0..net.graph.nodes.len() {
        let node = net.graph.nodes[i].clone();
        let new = match node.op_type.as_str() {
            "Div" | "Mul" => normalised(net, &node).or_else(|| with_scale(net, &node)),
            "Add" => with_bias(net, &node),
            _ => None,
        };
        if let Some(new) = new {
            net.graph.nodes[i] = new;
        }
    }
}

/// `(x - mean) / sqrt(mean((x - mean)^2) + epsilon)`.
fn normalised(net: &mut Net<'_>, node: &NodeProto) -> Option<NodeProto> {
    let (a, b) = super::two(node)?;
    let (difference, root) = if is(node, "Div") {
        (a, b)
    } else if let Some(root) = net.single(b, "Reciprocal") {
        (a, root)
    } else {
        (b, net.single(a, "Reciprocal")?)
    };
    let (x, mean) = net.pair(difference, "Sub")?;
    let axes = mean_over(net, mean, x)?;
    let sum = net.single(root, "Sqrt")?;
    let (p, q) = net.pair(sum, "Add")?;
    let (variance, epsilon) = match (net.scalar(p), net.scalar(q)) {
        (None, Some(epsilon)) => (p, epsilon),
        (Some(epsilon), None) => (q, epsilon),
        _ => return None,
    };
    let square = net.single(variance, "ReduceMean")?;
    let (p, q) = net.pair(square, "Mul")?;
    // Some exporters subtract the mean twice.
    let same = |name: &str| name == difference || net.pair(name, "Sub") == Some((x, mean));
    if !same(p) || !same(q) || mean_over(net, variance, square)? != axes {
        return None;
    }
    let shape = net.shape(x)?.to_vec();
    let first = *axes.first()?;
    let trailing = axes.iter().copied().eq(first..shape.len());
    if !trailing || net.shape(node.output.first()?)? != shape {
        return None;
    }
    let size = shape[first..].to_vec();
    let x = x.to_owned();
    let count = elements(&size).filter(|&n| memory::fits(4 * n as u64, 0).is_ok())?;
    let ones = vec![1.0; count];
    let ones = net.constant(Tensor::floats(&size, &ones));
    let mut new = replaced(node, "LayerNormalization", vec![x, ones]);
    new.attribute = vec![int("axis", first as i64), float("epsilon", epsilon)];
    Some(new)
}

/// The dimensions of `x` that `mean` is the mean over.
fn mean_over(net: &Net<'_>, mean: &str, x: &str) -> Option<Vec<usize>> {
    let node = net.made(mean, "ReduceMean")?;
    let keeps = node.int_or("keepdims", 1) == 1 && node.input.first()? == x;
    if keeps {
        reduced_axes(net, node, net.shape(x)?.len())
    } else {
        None
    }
}

/// The layer normalisation that makes `name` for one node alone, and the constant of its size that `other` is.
fn beside(net: &Net<'_>, name: &str, other: &str) -> Option<(NodeProto, Vec<f32>, Vec<usize>)> {
    let node = net.made(name, "LayerNormalization")?;
    let scale = net.shape(node.input.get(1)?)?;
    let values = net.floats(other)?;
    let shape = net.shape(other)?;
    let padded = shape.iter().skip_while(|&&d| d == 1);
    let fits =
        padded.eq(scale.iter().skip_while(|&&d| d == 1)) && shape.len() <= net.shape(name)?.len();
    let outputs = node.output.iter().filter(|o| !o.is_empty()).count();
    if !net.alone(name) || outputs != 1 {
        return None;
    }
    let values = match values.as_slice() {
        [value] => {
            let count = elements(scale).filter(|&n| memory::fits(4 * n as u64, 0).is_ok())?;
            vec![*value; count]
        }
        _ if fits => values,
        _ => return None,
    };
    Some((node.clone(), values, scale.to_vec()))
}

fn either<T>(node: &NodeProto, find: impl Fn(&str, &str) -> Option<T>) -> Option<T> {
    let (a, b) = super::two(node)?;
    find(a, b).or_else(|| find(b, a))
}

/// The normalisation with this product as its scale.
fn with_scale(net: &mut Net<'_>, node: &NodeProto) -> Option<NodeProto> {
    if !is(node, "Mul") {
        return None;
    }
    let (layer, values, size) = either(node, |a, b| beside(net, a, b))?;
    let old = net.floats(layer.input.get(1)?)?;
    if layer.input.len() != 2 || old.iter().any(|&v| v != 1.0) {
        return None;
    }
    let scale = net.constant(Tensor::floats(&size, &values));
    let mut new = replaced(
        node,
        "LayerNormalization",
        vec![layer.input[0].clone(), scale],
    );
    new.attribute = layer.attribute;
    Some(new)
}

/// The normalisation with this sum as its bias.
fn with_bias(net: &mut Net<'_>, node: &NodeProto) -> Option<NodeProto> {
    if !is(node, "Add") {
        return None;
    }
    let (layer, values, size) = either(node, |a, b| beside(net, a, b))?;
    if layer.input.len() != 2 {
        return None;
    }
    let bias = net.constant(Tensor::floats(&size, &values));
    let mut inputs = layer.input;
    inputs.push(bias);
    let mut new = replaced(node, "LayerNormalization", inputs);
    new.attribute = layer.attribute;
    Some(new)
}
