//! Constant folding: what depends on constants alone is computed once, by an engine.

use super::bind::{answered, ask};
use super::engine::{Effort, GraphEngine};
use super::graph::Graph;
use super::{Elem, elements, node};
use crate::error::Result;
use crate::monitor::Monitor;
use std::collections::HashSet;

/// A folded constant may be this many times larger than what it is made of (small ones may be any).
const GROWTH: usize = 2;
const SMALL: usize = 1 << 16;

/// Computes once what depends on constants alone, unless that makes the graph much larger; all shapes are known.
///
/// # Errors
/// The engine cannot run it.
pub fn fold(graph: &mut Graph, engine: &dyn GraphEngine, monitor: &dyn Monitor) -> Result<()> {
    let mut fixed: HashSet<String> = graph.constants.keys().cloned().collect();
    let mut folded = Vec::new();
    for node in &graph.nodes {
        let inputs = node::inputs_of(node);
        let ready = inputs.iter().all(|n| n.is_empty() || fixed.contains(n));
        let bytes = |name: &String| {
            let info = graph.infos.get(name)?;
            elements(&info.shape)?.checked_mul(info.elem.width()?)
        };
        let from: usize = inputs.iter().filter_map(bytes).max().unwrap_or(0);
        let makes: Option<usize> = node
            .output
            .iter()
            .filter(|o| !o.is_empty())
            .map(bytes)
            .sum();
        let worth = makes.is_some_and(|m| m <= SMALL || m <= from.saturating_mul(GROWTH));
        if ready && worth && !node::is_random(node) {
            fixed.extend(node.output.iter().cloned());
            folded.push(node.clone());
        }
    }
    if folded.is_empty() {
        graph.prune();
        return Ok(());
    }
    let made: HashSet<&String> = folded.iter().flat_map(|n| &n.output).collect();
    let mut wanted: Vec<String> = Vec::new();
    let mut seen = HashSet::new();
    let rest = graph
        .nodes
        .iter()
        .filter(|n| !n.output.first().is_some_and(|o| made.contains(o)));
    for name in rest
        .flat_map(node::inputs_of)
        .chain(graph.outputs.iter().cloned())
    {
        if made.contains(&name) && seen.insert(name.clone()) {
            wanted.push(name);
        }
    }
    let names: HashSet<String> = folded.iter().flat_map(|n| n.output.clone()).collect();
    let mut part = Graph {
        inputs: Vec::new(),
        outputs: Vec::new(),
        nodes: folded,
        ..graph.clone()
    };
    for name in &wanted {
        let elem = graph.infos.get(name).map_or(Elem::Other(0), |i| i.elem);
        ask(&mut part, name, elem);
    }
    part.prune();
    if !wanted.is_empty() {
        let values = engine.load(&part, Effort::Once)?.run(&[], monitor)?;
        for (name, value) in wanted.into_iter().zip(values) {
            graph.constants.insert(name, answered(value));
        }
    }
    graph
        .nodes
        .retain(|n| !n.output.first().is_some_and(|o| names.contains(o)));
    graph.prune();
    Ok(())
}
