//! The tensors inside a model: their names, and why one cannot be chosen.

use super::Tower;
use crate::error::Result;
use crate::onnx::node::inputs_of;
use crate::onnx::{Elem, Graph, infer_types};
use std::collections::HashSet;

/// Names that a refusal offers at most.
const OFFERED: usize = 5;

impl Tower {
    /// The names of the tensors of floats that depend on the values of the model's main input, in the order in which they
    /// are computed.
    ///
    /// # Errors
    /// As [`Graph::open`]; the file was written again since it was opened.
    pub fn tensors(&self) -> Result<Vec<String>> {
        Ok(Known::of(self)?.names)
    }
}

/// A model with the tensors that can be chosen.
pub(super) struct Known {
    /// With the element types of all values.
    pub graph: Graph,
    /// Those of floats that depend on the values of its main input, in the order in which they are computed.
    pub names: Vec<String>,
}

impl Known {
    pub fn of(tower: &Tower) -> Result<Self> {
        let mut graph = Graph::open(&tower.model.path)?;
        // What is looked into is what embeds.
        tower.model.source.unchanged()?;
        infer_types(&mut graph);
        let depending = depending(&graph, tower.input_name());
        let chosen = |name: &&String| {
            let elem = graph.infos.get(*name).map(|info| info.elem);
            let floats = matches!(elem, Some(Elem::F32 | Elem::F16 | Elem::F64));
            floats && depending.contains(*name)
        };
        let made = graph.nodes.iter().flat_map(|node| &node.output);
        let names = made.filter(chosen).cloned().collect();
        Ok(Self { graph, names })
    }
}

/// The values that nodes make of the values of `input`, and not of its shape alone.
fn depending(graph: &Graph, input: &str) -> HashSet<String> {
    let mut reached = HashSet::from([input.to_owned()]);
    for node in &graph.nodes {
        let of_shape = matches!(node.op_type.as_str(), "Shape" | "Size");
        if !of_shape && inputs_of(node).iter().any(|name| reached.contains(name)) {
            reached.extend(node.output.iter().filter(|o| !o.is_empty()).cloned());
        }
    }
    reached.remove(input);
    reached
}

/// Why `name` is none of the tensors that can be chosen.
pub(super) fn why_not(graph: &Graph, name: &str) -> String {
    if graph.inputs.iter().any(|port| port.name == name) {
        return format!("its tensor {name} is what is fed, and nothing that it computes");
    }
    let mut made = graph.nodes.iter().flat_map(|node| &node.output);
    let is_made = !name.is_empty() && made.any(|output| output == name);
    if !is_made && !graph.constants.contains_key(name) {
        return format!("has no tensor called {name:?}");
    }
    match graph.infos.get(name).map(|info| info.elem) {
        Some(elem) if !matches!(elem, Elem::F32 | Elem::F16 | Elem::F64) => {
            format!("its tensor {name} is {elem}, and rows are made of floats")
        }
        _ => format!("its tensor {name} does not depend on the pixels"),
    }
}

/// The names most like `wanted`, or a few from all over the model.
pub(super) fn offer(names: &[String], wanted: &str) -> String {
    let plain = wanted.to_lowercase();
    let mut near: Vec<(usize, &String)> = names
        .iter()
        .map(|name| {
            let lower = name.to_lowercase();
            let inside = lower.contains(&plain) && !plain.is_empty();
            (if inside { 0 } else { apart(&lower, &plain) }, name)
        })
        .filter(|(far, _)| *far <= wanted.chars().count() / 2)
        .collect();
    near.sort();
    let mut offered: Vec<&str> = near.iter().map(|(_, name)| name.as_str()).collect();
    offered.truncate(OFFERED);
    if offered.is_empty() {
        let step = names.len().div_ceil(OFFERED).max(1);
        offered = names.iter().step_by(step).map(String::as_str).collect();
        offered.extend(names.last().map(String::as_str));
        offered.dedup();
    }
    format!(
        "It has {} that can be chosen, such as {}.",
        names.len(),
        offered.join(", ")
    )
}

/// Letters to exchange, add or leave out between `a` and `b`.
fn apart(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let exchanged = before + usize::from(x != *y);
            before = row[j + 1];
            row[j + 1] = exchanged.min(row[j] + 1).min(before + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_offered_first() {
        assert_eq!(apart("conv1", "conv12"), 1);
        assert_eq!(apart("", "abc"), 3);
        let names: Vec<String> = ["/conv1/out", "/conv2/out", "/norm/out", "embeds"]
            .map(String::from)
            .to_vec();
        assert!(offer(&names, "/conv1/ouy").contains("such as /conv1/out"));
        assert!(offer(&names, "norm").contains("such as /norm/out."));
        assert!(offer(&names, "zzz").ends_with("embeds."));
    }
}
