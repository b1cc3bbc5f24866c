//! One form for what can be written in several, and nothing for what changes nothing.

use super::{Net, is, replaced, two};
use crate::onnx::node::{Attributes, ints};
use crate::onnx::proto::NodeProto;
use crate::onnx::{Elem, Tensor, elements};

pub(super) fn tidy(net: &mut Net<'_>) {
    for i in 0..net.graph.nodes.len() {
        net.follow(i);
        let node = net.graph.nodes[i].clone();
        let Some(output) = node.output.first().cloned() else {
            continue;
        };
        if let Some(source) = unchanged(net, &node) {
            net.bypass(&output, &source);
        } else if let Some(new) = merged(net, &node).or_else(|| simpler(net, &node)) {
            for name in &node.input {
                if let Some(count) = net.readers.get_mut(name) {
                    *count = count.saturating_sub(1);
                }
            }
            for name in &new.input {
                *net.readers.entry(name.clone()).or_default() += 1;
            }
            net.graph.nodes[i] = new;
        }
    }
}

/// The input whose values are the output's, element by element and in the same shape.
fn unchanged(net: &Net<'_>, node: &NodeProto) -> Option<String> {
    let (input, output) = (node.input.first()?, node.output.first()?);
    let others_unused = || {
        node.output
            .iter()
            .skip(1)
            .all(|o| o.is_empty() || !net.readers.contains_key(o))
    };
    let same_type = || net.graph.infos.get(output).map(|i| i.elem) == elem(net, input);
    let same_shape = || net.shape(input).is_some() && net.shape(input) == net.shape(output);
    let constant = |i: usize| node.input.get(i).and_then(|n| net.graph.constants.get(n));
    let filled = |name: &str, value: f32| {
        net.floats(name)
            .is_some_and(|v| v.iter().all(|&v| v == value))
    };
    let same = match node.op_type.as_str() {
        "Identity" => true,
        "Dropout" => {
            let training = node.input.get(2).filter(|n| !n.is_empty());
            let off = || {
                constant(2)
                    .and_then(Tensor::to_ints)
                    .is_some_and(|v| v == [0])
            };
            others_unused() && (training.is_none() || off())
        }
        "Cast" => same_type() && elem(net, input) != Some(Elem::Other(0)),
        "Expand" | "Tile" => same_shape(),
        "Transpose" => node
            .ints("perm")
            .is_some_and(|p| p.iter().zip(0_i64..).all(|(&p, i)| p == i)),
        "Pad" => constant(1)
            .and_then(Tensor::to_ints)
            .is_some_and(|p| p.iter().all(|&p| p == 0)),
        "Concat" | "Sum" | "Mean" | "Max" | "Min" => node.input.len() == 1,
        op if is_reshape(op) => same_shape(),
        "Mul" | "Div" | "Add" | "Sub" => {
            let (a, b) = two(node)?;
            let neutral = if matches!(node.op_type.as_str(), "Mul" | "Div") {
                1.0
            } else {
                0.0
            };
            if filled(b, neutral) && same_shape() {
                true
            } else {
                let commutes = matches!(node.op_type.as_str(), "Mul" | "Add");
                let fits = commutes && filled(a, neutral) && net.shape(b) == net.shape(output);
                return (fits && is(node, &node.op_type)).then(|| b.to_owned());
            }
        }
        _ => false,
    };
    (same && is(node, &node.op_type)).then(|| input.clone())
}

fn elem(net: &Net<'_>, name: &str) -> Option<Elem> {
    let constant = net.graph.constants.get(name).map(Tensor::elem);
    constant.or_else(|| net.graph.infos.get(name).map(|i| i.elem))
}

fn is_reshape(op: &str) -> bool {
    matches!(op, "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze")
}

/// Two changes of shape, or two transpositions, one after the other as one.
fn merged(net: &mut Net<'_>, node: &NodeProto) -> Option<NodeProto> {
    let input = node.input.first()?;
    let before = net.maker(input)?;
    let source = before.input.first()?.clone();
    if is(node, "Transpose") && is(before, "Transpose") {
        let rank = net.shape(&source)?.len();
        let (first, then) = (order(before, rank)?, order(node, rank)?);
        let both = then
            .iter()
            .map(|&t| first.get(t).map(|&f| f as i64))
            .collect::<Option<Vec<_>>>()?;
        let mut new = replaced(node, "Transpose", vec![source]);
        new.attribute.push(ints("perm", &both));
        return Some(new);
    }
    let reshapes = |n: &NodeProto| is_reshape(&n.op_type) && is(n, &n.op_type);
    if !reshapes(node) || !reshapes(before) {
        return None;
    }
    // A size of 0 would mean "as it was".
    let shape = net.shape(node.output.first()?)?.to_vec();
    if elements(&shape).is_none_or(|n| n == 0) {
        return None;
    }
    let list: Vec<i64> = shape.iter().map(|&d| d as i64).collect();
    let list = net.constant(Tensor::ints(&[list.len()], &list));
    Some(replaced(node, "Reshape", vec![source, list]))
}

fn order(node: &NodeProto, rank: usize) -> Option<Vec<usize>> {
    match node.ints("perm") {
        Some(perm) if perm.len() == rank => perm.iter().map(|&p| usize::try_from(p).ok()).collect(),
        Some(_) => None,
        None => Some((0..rank).rev().collect()),
    }
}

/// Division by a constant as a product, powers as what they are.
fn simpler(net: &mut Net<'_>, node: &NodeProto) -> Option<NodeProto> {
    let (a, b) = two(node)?;
    if is(node, "Div") && net.is_float(a) {
        if net.scalar(a) == Some(1.0) && net.shape(b) == net.shape(node.output.first()?) {
            return Some(replaced(node, "Reciprocal", vec![b.to_owned()]));
        }
        let inverse: Vec<f32> = net
            .floats(b)?
            .iter()
            .map(|v| (1.0 / f64::from(*v)) as f32)
            .collect();
        if !inverse.iter().all(|v| v.is_normal()) {
            return None;
        }
        let shape = net.shape(b)?.to_vec();
        let inverse = net.constant(Tensor::floats(&shape, &inverse));
        return Some(replaced(node, "Mul", vec![a.to_owned(), inverse]));
    }
    if is(node, "Pow") && net.shape(a) == net.shape(node.output.first()?) && net.is_float(a) {
        let power = net
            .graph
            .constants
            .get(b)
            .filter(|t| t.len() == 1)?
            .to_floats()?;
        return match power.as_slice() {
            [2.0] => Some(replaced(node, "Mul", vec![a.to_owned(), a.to_owned()])),
            [0.5] => Some(replaced(node, "Sqrt", vec![a.to_owned()])),
            [-1.0] => Some(replaced(node, "Reciprocal", vec![a.to_owned()])),
            _ => None,
        };
    }
    None
}
