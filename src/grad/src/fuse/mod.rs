//! Patterns that exporters write out, gathered into the one operator that engines run fast and whose gradient is short.
//!
//! A pattern is found from its last node, which is replaced by the operator under the same output name; what led to
//! it goes when nothing reads it any more. So every value that something else reads stays, under its name.

mod gates;
mod layer_norm;
mod linear;
mod tidy;

pub(super) use super::rules::write_out;

use crate::onnx::node::{self, Attributes, is_default};
use crate::onnx::proto::NodeProto;
use crate::onnx::{Elem, Graph, Tensor};
use std::collections::{HashMap, HashSet};

/// Gathers the patterns in `graph`, whose shapes are bound. The values in `keep` stay where they are on every path.
/// Operators may come out that are newer than the operator set of `graph`: see [`write_out`].
pub(super) fn fuse(graph: &mut Graph, keep: &[&str]) {
    let passes: [fn(&mut Net<'_>); 5] = [
        tidy::tidy,
        gates::gather,
        layer_norm::gather,
        linear::fold,
        tidy::tidy,
    ];
    for pass in passes {
        pass(&mut Net::new(graph, keep));
        graph.prune();
    }
}

/// A graph with an index of who makes and who reads what.
struct Net<'a> {
    graph: &'a mut Graph,
    makers: HashMap<String, usize>,
    readers: HashMap<String, usize>,
    /// Names that have to stay: outputs, and what the bodies of control flow read.
    kept: HashSet<String>,
    /// Names that no pattern may reach across: every path through them has to stay.
    walls: HashSet<String>,
    /// What stands for values that were bypassed.
    moved: HashMap<String, String>,
}

impl<'a> Net<'a> {
    fn new(graph: &'a mut Graph, keep: &[&str]) -> Self {
        let mut makers = HashMap::new();
        let mut readers: HashMap<String, usize> = HashMap::new();
        let walls: HashSet<String> = keep.iter().map(|&n| n.to_owned()).collect();
        let mut kept = walls.clone();
        kept.extend(graph.outputs.iter().cloned());
        for (i, node) in graph.nodes.iter().enumerate() {
            for name in node.output.iter().filter(|o| !o.is_empty()) {
                makers.insert(name.clone(), i);
            }
            for name in &node.input {
                *readers.entry(name.clone()).or_default() += 1;
            }
            kept.extend(node::inputs_of(node).into_iter().skip(node.input.len()));
        }
        Self {
            graph,
            makers,
            readers,
            kept,
            walls,
            moved: HashMap::new(),
        }
    }

    /// The node that makes `name` as its first output.
    fn maker(&self, name: &str) -> Option<&NodeProto> {
        let at = self
            .makers
            .get(name)
            .filter(|_| !self.walls.contains(name))?;
        let node = self.graph.nodes.get(*at)?;
        node.output
            .first()
            .is_some_and(|o| o == name)
            .then_some(node)
    }

    /// The node that makes `name` as its first output, if it is a standard `op`.
    fn made(&self, name: &str, op: &str) -> Option<&NodeProto> {
        self.maker(name).filter(|node| is(node, op))
    }

    /// The two inputs of the standard `op` that makes `name`.
    fn pair(&self, name: &str, op: &str) -> Option<(&str, &str)> {
        two(self.made(name, op)?)
    }

    /// The one input of the standard `op` that makes `name`.
    fn single(&self, name: &str, op: &str) -> Option<&str> {
        self.made(name, op)?.input.first().map(String::as_str)
    }

    /// The number that the constant `name` holds, of whatever shape, if it is one.
    fn scalar(&self, name: &str) -> Option<f32> {
        let tensor = self
            .graph
            .constants
            .get(name)
            .filter(|t| t.len() == 1 && t.elem().is_float())?;
        tensor.to_floats()?.first().copied()
    }

    /// The numbers of the float constant `name`.
    fn floats(&self, name: &str) -> Option<Vec<f32>> {
        self.graph
            .constants
            .get(name)
            .filter(|t| t.elem().is_float())?
            .to_floats()
    }

    fn shape(&self, name: &str) -> Option<&[usize]> {
        let constant = self.graph.constants.get(name).map(Tensor::shape);
        constant.or_else(|| self.graph.infos.get(name).map(|i| i.shape.as_slice()))
    }

    fn is_float(&self, name: &str) -> bool {
        let constant = self.graph.constants.get(name).map(Tensor::elem);
        let elem = constant.or_else(|| self.graph.infos.get(name).map(|i| i.elem));
        elem.is_some_and(Elem::is_float)
    }

    /// Does one node alone read `name`?
    fn alone(&self, name: &str) -> bool {
        self.readers.get(name) == Some(&1) && !self.kept.contains(name)
    }

    /// A new constant.
    fn constant(&mut self, tensor: Tensor) -> String {
        let mut number = self.graph.constants.len();
        loop {
            let name = format!("nearmiss/fused_{number}");
            if !self.graph.constants.contains_key(&name) && !self.graph.infos.contains_key(&name) {
                self.graph.constants.insert(name.clone(), tensor);
                return name;
            }
            number += 1;
        }
    }

    /// Makes whatever reads `name` read `source`, unless `name` has to stay: nodes after the one that makes it, each once
    /// [`Net::follow`] comes to it.
    fn bypass(&mut self, name: &str, source: &str) {
        if self.kept.contains(name) {
            return;
        }
        self.moved.insert(name.to_owned(), source.to_owned());
        let moved = self.readers.remove(name).unwrap_or(0);
        *self.readers.entry(source.to_owned()).or_default() += moved;
    }

    /// Makes node `i` read what stands for its inputs that were bypassed.
    fn follow(&mut self, i: usize) {
        if self.moved.is_empty() {
            return;
        }
        for name in &mut self.graph.nodes[i].input {
            if let Some(source) = self.moved.get(name) {
                name.clone_from(source);
            }
        }
    }
}

/// Is `node` the standard operator `op`?
fn is(node: &NodeProto, op: &str) -> bool {
    node.op_type == op && is_default(&node.domain)
}

/// The inputs of a node that has two.
fn two(node: &NodeProto) -> Option<(&str, &str)> {
    match node.input.as_slice() {
        [a, b] => Some((a, b)),
        _ => None,
    }
}

/// `node` as `op` of `input` with no attributes: name and output stay.
fn replaced(node: &NodeProto, op: &str, input: Vec<String>) -> NodeProto {
    NodeProto {
        op_type: op.into(),
        input,
        output: node.output.iter().take(1).cloned().collect(),
        name: node.name.clone(),
        ..NodeProto::default()
    }
}

/// The axes of a reduction of a value of `rank` dimensions, from zero and sorted; `None` where they are not known.
fn reduced_axes(net: &Net<'_>, node: &NodeProto, rank: usize) -> Option<Vec<usize>> {
    let listed = match node.input.get(1).filter(|n| !n.is_empty()) {
        Some(name) => net.graph.constants.get(name)?.to_ints()?,
        None => node.ints("axes").unwrap_or_default().to_vec(),
    };
    let from_zero = |&axis: &i64| {
        let at = if axis < 0 { axis + rank as i64 } else { axis };
        usize::try_from(at).ok().filter(|&a| a < rank)
    };
    let mut axes = listed.iter().map(from_zero).collect::<Option<Vec<_>>>()?;
    if axes.is_empty() && node.int_or("noop_with_empty_axes", 0) == 0 {
        axes = (0..rank).collect();
    }
    axes.sort_unstable();
    Some(axes)
}

/// Equal but for rounding.
fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-4 * b.abs().max(1e-3)
}
