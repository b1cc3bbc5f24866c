//! What is known of values that ONNX Runtime has made itself: those that it has blocked, channels beside each other, for its
//! convolutions, and those between the parts of an operator.

use super::units::{Known, Layout};
use crate::onnx::Elem;
use crate::onnx::node::{Attributes, is_default};
use crate::onnx::proto::{NodeProto, TensorProto};
use std::collections::HashMap;

/// The domain of operators on blocked values.
pub const NCHWC: &str = "com.microsoft.nchwc";

/// Is it one of these operators?
pub fn is(node: &NodeProto, op: &str) -> bool {
    node.domain == NCHWC && node.op_type == op
}

/// Takes in the layouts of the engine's own values, blocked ones too: `nodes` in their order, `lanes` channels beside each
/// other. Those that cannot be told stay unknown.
pub fn learn(
    known: &mut Known,
    nodes: &[NodeProto],
    weights: &HashMap<&str, &TensorProto>,
    lanes: usize,
) {
    for node in nodes {
        let [output] = node.output.as_slice() else {
            continue;
        };
        let Some(first) = node.input.first() else {
            continue;
        };
        let layout = known.layouts.get(first);
        let blocked = layout.filter(|l| l.lanes == lanes && l.shape.len() == 4);
        let shape = if is(node, "ReorderInput") && in_order(node) {
            layout
                .filter(|l| l.lanes == 1 && l.shape.len() == 4)
                .map(|l| {
                    let mut shape = l.shape.clone();
                    shape[1] = shape[1].next_multiple_of(lanes);
                    shape
                })
        } else if is(node, "Conv") {
            let weights = node
                .input
                .get(1)
                .and_then(|name| weights.get(name.as_str()));
            let channels = weights.and_then(|w| usize::try_from(*w.dims.first()?).ok());
            layout.zip(channels).and_then(|(l, channels)| {
                let places = places(node, &l.shape)?;
                Some(vec![l.shape[0], channels, places[0], places[1]])
            })
        } else if is(node, "MaxPool") || is(node, "AveragePool") {
            blocked.and_then(|l| {
                let places = places(node, &l.shape)?;
                Some(vec![l.shape[0], l.shape[1], places[0], places[1]])
            })
        } else if is(node, "GlobalAveragePool") || is(node, "GlobalMaxPool") {
            blocked.map(|l| vec![l.shape[0], l.shape[1], 1, 1])
        } else if is_default(&node.domain)
            && node.op_type == "Concat"
            && !known.layouts.contains_key(output)
        {
            joined(known, node, lanes)
        } else if is_default(&node.domain) && !known.layouts.contains_key(output) {
            if let Some(layout) = elementwise(known, node) {
                known.insert(output, layout, Elem::F32);
            }
            None
        } else {
            None
        };
        if let Some(shape) = shape {
            known.insert(output, Layout { shape, lanes }, Elem::F32);
        }
    }
}

/// Operators of one value for each value of float32: the engine runs some of them on blocked values, and makes others of
/// operators that it has no kernel for.
const ELEMENTWISE: [&str; 11] = [
    "Sigmoid",
    "Tanh",
    "Relu",
    "HardSigmoid",
    "Clip",
    "Neg",
    "Add",
    "Sum",
    "Mul",
    "Sub",
    "Div",
];

/// How values lie that are made of others of one layout, and of numbers, element by element.
fn elementwise(known: &Known, node: &NodeProto) -> Option<Layout> {
    if !ELEMENTWISE.contains(&node.op_type.as_str()) {
        return None;
    }
    let reads = node.input.iter();
    let mut whole = reads.filter(|name| !name.is_empty() && !known.numbers.contains_key(*name));
    let rank = |name: &String| {
        known
            .layouts
            .get(name)
            .map_or(0, |layout| layout.shape.len())
    };
    let first = whole.next()?;
    let layout = known.layouts.get(first)?;
    // Of blocked values the engine runs those of one shape alone.
    let alike = |name: &String| match known.layouts.get(name) {
        Some(other) => other == layout,
        None => layout.lanes > 1,
    };
    // A number of more dimensions would give what is made as many.
    let fits = known.floats.contains(first)
        && whole.all(alike)
        && node
            .input
            .iter()
            .all(|name| rank(name) <= layout.shape.len());
    fits.then(|| layout.clone())
}

/// The shape of blocked values whose channels the engine puts after each other.
fn joined(known: &Known, node: &NodeProto, lanes: usize) -> Option<Vec<usize>> {
    let of = node.input.iter().map(|name| {
        let layout = known.layouts.get(name)?;
        (layout.lanes == lanes && layout.shape.len() == 4).then_some(layout.shape.as_slice())
    });
    let of = of.collect::<Option<Vec<_>>>()?;
    let mut shape = of.first()?.to_vec();
    shape[1] = of.iter().map(|shape| shape[1]).sum();
    (node.int("axis") == Some(1)).then_some(shape)
}

/// Does a reorder go from or to channels after each other?
pub fn in_order(node: &NodeProto) -> bool {
    node.int("channels_last").unwrap_or(0) == 0
}

/// Rows and columns of what a convolution or a pool makes of values of `shape`.
fn places(node: &NodeProto, shape: &[usize]) -> Option<[usize; 2]> {
    let &[_, _, high, wide] = shape else {
        return None;
    };
    let plain = matches!(node.text_or("auto_pad", "NOTSET"), "NOTSET" | "");
    if !plain || node.int("ceil_mode").unwrap_or(0) != 0 {
        return None;
    }
    let pair = |name: &str, default: usize| -> Option<Vec<usize>> {
        match node.ints(name) {
            Some(values) => values.iter().map(|&n| usize::try_from(n).ok()).collect(),
            None => Some(vec![default; 4]),
        }
    };
    let (kernel, strides) = (node.ints("kernel_shape")?, pair("strides", 1)?);
    let (pads, dilations) = (pair("pads", 0)?, pair("dilations", 1)?);
    let side = |n: usize, size: usize| {
        let kernel = usize::try_from(*kernel.get(n)?).ok()?;
        let reach = dilations.get(n)?.checked_mul(kernel.checked_sub(1)?)? + 1;
        let padded = size + pads.get(n)? + pads.get(n + 2)?;
        Some(padded.checked_sub(reach)? / strides.get(n)?.max(&1) + 1)
    };
    Some([side(0, high)?, side(1, wide)?])
}
