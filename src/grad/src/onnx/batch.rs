//! Models whose file fixes the batch, made to take any number of rows.

use super::node::{Attributes, is_default};
use super::{Dim, Graph, Tensor};
use std::collections::HashSet;

/// `graph` with the first dimension of `input` open, where the file fixes it; `None` where it is open already. Shapes
/// written into `Reshape` and `Expand` that begin with the fixed batch keep whatever batch there is.
///
/// Whether the rows then stay apart cannot be told from the graph alone (a batch of 1 may be any other dimension of 1
/// as well): compare rows run together with the same rows run singly before relying on it.
pub fn free_batch(graph: &Graph, input: &str) -> Option<Graph> {
    let mut freed = graph.clone();
    let port = freed.inputs.iter_mut().find(|p| p.name == input)?;
    let batch = match port.dims.first() {
        Some(Dim::Fixed(n)) if port.has_shape => *n as i64,
        _ => return None,
    };
    port.dims[0] = Dim::Named(BATCH.into());
    freed.infos.clear();
    freed.declared.clear();
    let moving = reached(&freed, input);
    for at in 0..freed.nodes.len() {
        let node = &freed.nodes[at];
        let reshapes = node.op_type == "Reshape";
        if !is_default(&node.domain) || !(reshapes || node.op_type == "Expand") {
            continue;
        }
        let (Some(data), Some(name)) = (node.input.first(), node.input.get(1)) else {
            continue;
        };
        let shape = freed.constants.get(name).and_then(Tensor::to_ints);
        let Some(mut shape) = shape.filter(|s| s.first() == Some(&batch) && moving.contains(data))
        else {
            continue;
        };
        // 1 spreads over the dimension in `Expand`; `Reshape` infers it, or takes it over where another is inferred.
        let inferred = shape.contains(&-1);
        if inferred && reshapes && node.int_or("allowzero", 0) != 0 {
            if shape.contains(&0) {
                continue;
            }
            freed.nodes[at].attribute.retain(|a| a.name != "allowzero");
        }
        shape[0] = match (reshapes, inferred) {
            (false, _) => 1,
            (true, false) => -1,
            (true, true) => 0,
        };
        let open = format!("{BATCH}/{at}");
        let tensor = Tensor::ints(&[shape.len()], &shape);
        freed.nodes[at].input[1].clone_from(&open);
        freed.constants.insert(open, tensor);
    }
    Some(freed)
}

/// Name of the open dimension, and prefix of the shapes that follow it.
const BATCH: &str = "nearmiss_batch";

/// All values that `input` reaches.
fn reached(graph: &Graph, input: &str) -> HashSet<String> {
    let mut reached = HashSet::from([input.to_owned()]);
    for node in &graph.nodes {
        if super::node::inputs_of(node)
            .iter()
            .any(|n| reached.contains(n))
        {
            reached.extend(node.output.iter().cloned());
        }
    }
    reached
}
