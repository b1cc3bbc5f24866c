//! The table of lowerings: composite operators written out in operators that have rules.
//!
//! A lowering gets the builder and the forward node and returns one value per output of the node (missing ones at
//! the end may be left out). Only nodes that a cotangent has to pass are lowered; the others stay as they are.

mod attention;
mod deform;
mod einsum;
mod integer;
mod microsoft;
mod recurrent;

pub(super) use microsoft::{why_not, write_out};

use super::driver::{on_path, reached, view};
use crate::error::{Blocking, Result, refuse};
use crate::monitor::Monitor;
use crate::onnx::node::{full_name, label};
use crate::onnx::proto::NodeProto;
use crate::onnx::{Builder, Graph, Node, Value};
use std::collections::HashMap;
use std::sync::OnceLock;

/// Writes an operator out in others.
pub(super) type Lowering = fn(&mut Builder, &Node) -> Result<Vec<Value>>;

/// The lowerings of one family; names carry their domain where that is not the default one.
type Family = &'static [(&'static str, Lowering)];

const FAMILIES: &[Family] = &[
    attention::LOWERINGS,
    deform::LOWERINGS,
    einsum::LOWERINGS,
    integer::LOWERINGS,
    microsoft::LOWERINGS,
    recurrent::LOWERINGS,
];

/// The lowering for `node`.
pub(super) fn find(node: &NodeProto) -> Option<Lowering> {
    static TABLE: OnceLock<HashMap<&'static str, Lowering>> = OnceLock::new();
    let table = TABLE.get_or_init(|| FAMILIES.iter().flat_map(|f| f.iter().copied()).collect());
    table.get(full_name(node).as_str()).copied()
}

/// The names of all operators that are lowered.
pub(super) fn names() -> Vec<&'static str> {
    let tables = FAMILIES
        .iter()
        .flat_map(|f| f.iter().map(|(name, _)| *name));
    // These are written out before anything else: see `write_out` and `onnx::bind`.
    tables
        .chain(["Loop", "Scan", "com.microsoft.EmbedLayerNormalization"])
        .collect()
}

/// `graph`, whose shapes are bound, with every composite operator between one of `wrt` and `output` lowered. Names of
/// values that had to change come with it.
///
/// # Errors
/// A lowering does not cover how its operator is used; all such are named.
pub(super) fn lower(
    mut graph: Graph,
    wrt: &[&str],
    output: &str,
    monitor: &dyn Monitor,
) -> Result<(Builder, HashMap<String, String>)> {
    let mut active = reached(&graph, wrt);
    let mask = on_path(&graph, &active, &[output]);
    let nodes = std::mem::take(&mut graph.nodes);
    let mut builder = Builder::new(graph);
    let mut renamed: HashMap<String, String> = HashMap::new();
    let mut blocking = Vec::new();
    for (mut node, passes) in nodes.into_iter().zip(mask) {
        monitor.check()?;
        for name in &mut node.input {
            if let Some(new) = renamed.get(name) {
                name.clone_from(new);
            }
        }
        let lowering = if passes { find(&node) } else { None };
        let Some(lowering) = lowering else {
            builder.graph_mut().nodes.push(node);
            continue;
        };
        let made = view(&builder, &node, &active).and_then(|n| lowering(&mut builder, &n));
        match made {
            Ok(values) => {
                let named = node.output.iter().zip(values);
                for (name, value) in named.filter(|(name, _)| !name.is_empty()) {
                    builder.graph_mut().infos.remove(name);
                    if active.contains(name) {
                        active.insert(value.name.to_string());
                    }
                    renamed.insert(name.clone(), value.name.to_string());
                }
            }
            Err(error) => blocking.push(Blocking {
                op: full_name(&node),
                node: label(&node),
                why: error.to_string(),
            }),
        }
    }
    refuse(&builder.graph().path, blocking)?;
    for name in &mut builder.graph_mut().outputs {
        if let Some(new) = renamed.get(name) {
            name.clone_from(new);
        }
    }
    Ok((builder, renamed))
}
