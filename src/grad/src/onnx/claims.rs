//! Sizes that a graph states: two hundred bytes can ask for gigabytes, and an engine takes them or ends the process.

use super::Tensor;
use super::elements;
use super::graph::Graph;
use super::node::{is_default, label};
use crate::error::{Error, Result};
use crate::guard::memory;
use crate::onnx::proto::NodeProto;

/// Refuses a graph with a node that makes more values out of constants than there is memory for.
///
/// # Errors
/// There is such a node; it is named.
pub(super) fn check(graph: &Graph) -> Result<()> {
    let weights = graph
        .constants
        .values()
        .map(|t| t.bytes().len() as u64)
        .sum();
    for node in graph.nodes.iter().filter(|n| is_default(&n.domain)) {
        let Some(count) = stated(graph, node) else {
            continue;
        };
        memory::fits(count.saturating_mul(4), weights).map_err(|e| {
            Error::request(
                format!("its node {} ({}) {e}", label(node), node.op_type),
                "Export the model again with smaller sizes, or leave the file alone: few models need this.",
            )
        })?;
    }
    Ok(())
}

/// How many values `node` makes at least, as far as constants say; `None` where they say nothing.
fn stated(graph: &Graph, node: &NodeProto) -> Option<u64> {
    let constant = |i: usize| node.input.get(i).and_then(|n| graph.constants.get(n));
    let ints = |i: usize| constant(i).filter(|t| t.len() <= 64)?.to_ints();
    let product = |sizes: &[i64]| {
        let size = |n: u64, &d: &i64| n.saturating_mul(d.max(0) as u64);
        sizes.iter().fold(1, size)
    };
    // A size of one stands for what is not known.
    let data_shape = || -> Vec<usize> {
        let name = node.input.first().map_or("", String::as_str);
        let constant = graph.constants.get(name).map(|t| t.shape().to_vec());
        let known = || graph.infos.get(name).map(|i| i.shape.clone());
        constant.or_else(known).unwrap_or_default()
    };
    match node.op_type.as_str() {
        "ConstantOfShape" => Some(product(&ints(0)?)),
        "Expand" => Some(product(&ints(1)?)),
        "Tile" => {
            let count = elements(&data_shape()).map_or(1, |n| n.max(1) as u64);
            Some(product(&ints(1)?).saturating_mul(count))
        }
        "Pad" => {
            let pads = ints(1)?;
            let (before, after) = pads.split_at(pads.len() / 2);
            let shape = data_shape();
            let padded = before.iter().zip(after).enumerate().map(|(i, (a, b))| {
                let own = shape.get(i).map_or(1, |&d| d as i64);
                own.saturating_add(*a).saturating_add(*b)
            });
            Some(product(&padded.collect::<Vec<_>>()))
        }
        "Range" => {
            let number = |i: usize| constant(i).and_then(scalar);
            let (start, limit, step) = (number(0)?, number(1)?, number(2)?);
            Some(((limit - start) / step).ceil().max(0.0) as u64)
        }
        _ => None,
    }
}

fn scalar(tensor: &Tensor) -> Option<f64> {
    if tensor.len() != 1 {
        return None;
    }
    match tensor.to_ints() {
        Some(values) => values.first().map(|&v| v as f64),
        None => tensor.to_floats()?.first().map(|&v| f64::from(v)),
    }
}
