//! One gradient graph for batches of every size, made from those of two sizes.
//!
//! The transform binds every dimension, the batch too. Two graphs that differ in nothing but the batch tell where it
//! went: whatever integers changed did so in proportion, and are computed from the batch at run time. One graph then
//! serves however many rows are left, with one copy of the weights.

use crate::onnx::node::{Attributes, int};
use crate::onnx::proto::{AttributeProto, NodeProto};
use crate::onnx::{Dim, Elem, Graph, Info, Port, Tensor};
use std::collections::HashMap;

/// Name of the open dimension.
const BATCH: &str = "nearmiss_batch";
/// Prefix of what is made here.
const PREFIX: &str = "nearmiss/batch";

/// The graph for any batch, from `small` at batch `n` and `large` at batch `n + 1`; `main` is an input whose first
/// dimension is the batch. `None` where they differ in more than that.
pub(super) fn free(small: &Graph, large: &Graph, n: usize, main: &str) -> Option<Graph> {
    if small.nodes.len() != large.nodes.len() || small.inputs.len() != large.inputs.len() {
        return None;
    }
    let mut merge = Merge {
        small,
        large,
        n: n as i64,
        names: HashMap::new(),
        made: HashMap::new(),
        constants: Vec::new(),
        prelude: Vec::new(),
    };
    let mut freed = small.clone();
    for (port, other) in freed.inputs.iter_mut().zip(&large.inputs) {
        if port.name != other.name || !merge.port(port, other) {
            return None;
        }
        merge.names.insert(port.name.clone(), other.name.clone());
    }
    for (node, other) in freed.nodes.iter_mut().zip(&large.nodes) {
        merge.node(node, other)?;
    }
    for (name, other) in small.outputs.iter().zip(&large.outputs) {
        if merge.names.get(name) != Some(other) {
            return None;
        }
        let port = merge.output(name, other)?;
        freed.declared.insert(name.clone(), port);
        freed.infos.remove(name);
    }
    let known = |name: &String, info: &Info| {
        let other = merge.names.get(name).and_then(|o| large.infos.get(o));
        other.is_none_or(|o| o.shape == info.shape)
    };
    freed.infos.retain(|name, info| known(name, info));
    // Of the larger batch: where it is one, a batch looks like what is the same for every batch.
    let size =
        |(name, other): (&String, &String)| Some((name.clone(), large.infos.get(other)?.clone()));
    freed.sizes = merge.names.iter().filter_map(size).collect();
    let Merge {
        constants, prelude, ..
    } = merge;
    freed.constants.extend(constants);
    if !prelude.is_empty() {
        let mut nodes = size_of(main, &mut freed);
        nodes.extend(prelude);
        nodes.append(&mut freed.nodes);
        freed.nodes = nodes;
    }
    freed.prune();
    Some(freed)
}

/// Nodes that make the batch, an integer, out of `main`.
fn size_of(main: &str, graph: &mut Graph) -> Vec<NodeProto> {
    let first = Tensor::ints(&[], &[0]);
    graph.constants.insert(format!("{PREFIX}/first"), first);
    vec![
        operator("Shape", &[main], &format!("{PREFIX}/shape")),
        NodeProto {
            attribute: vec![int("axis", 0)],
            ..operator(
                "Gather",
                &[&format!("{PREFIX}/shape"), &format!("{PREFIX}/first")],
                &format!("{PREFIX}/size"),
            )
        },
    ]
}

fn operator(op: &str, input: &[&str], output: &str) -> NodeProto {
    NodeProto {
        op_type: op.into(),
        name: output.into(),
        input: input.iter().map(|n| (*n).to_owned()).collect(),
        output: vec![output.into()],
        ..NodeProto::default()
    }
}

/// Two graphs being compared.
struct Merge<'a> {
    small: &'a Graph,
    large: &'a Graph,
    /// The batch of the smaller.
    n: i64,
    /// What a value of the smaller is called in the larger.
    names: HashMap<String, String>,
    /// Constants that follow the batch, by what they are in both and how they are read.
    made: HashMap<(String, String, bool), String>,
    constants: Vec<(String, Tensor)>,
    prelude: Vec<NodeProto>,
}

impl Merge<'_> {
    /// Opens the dimensions of `port` that are the batch; false where it differs in others.
    fn port(&self, port: &mut Port, other: &Port) -> bool {
        let n = self.n as usize;
        let same = port.dims.len() == other.dims.len();
        same && port.dims.iter_mut().zip(&other.dims).all(|(a, b)| {
            let batch = *a == Dim::Fixed(n) && *b == Dim::Fixed(n + 1);
            if batch {
                *a = Dim::Named(BATCH.into());
            }
            batch || a == b
        })
    }

    /// What is known of an output at any batch.
    fn output(&self, name: &str, other: &str) -> Option<Port> {
        let (info, there) = (self.small.infos.get(name)?, self.large.infos.get(other)?);
        let fixed = |info: &Info| Port::fixed(name, info.elem, &info.shape);
        let mut port = fixed(info);
        self.port(&mut port, &fixed(there)).then_some(port)
    }

    /// Makes `node` read what follows the batch; `None` where `other` is another operator or reads something else.
    fn node(&mut self, node: &mut NodeProto, other: &NodeProto) -> Option<()> {
        // What a subgraph reads from outside is not seen here.
        let nested = |a: &AttributeProto| a.g.is_some() || !a.graphs.is_empty();
        let alike = node.op_type == other.op_type
            && !node.attribute.iter().any(nested)
            && node.domain == other.domain
            && node.attribute == other.attribute
            && node.input.len() == other.input.len()
            && node.output.len() == other.output.len();
        if !alike {
            return None;
        }
        let infers = node.op_type == "Reshape" && node.int_or("allowzero", 0) == 0;
        for (at, theirs) in other.input.iter().enumerate() {
            let ours = &node.input[at];
            let both = (
                self.small.constants.get(ours),
                self.large.constants.get(theirs),
            );
            match both {
                (Some(a), Some(b)) if a == b => {}
                (Some(_), Some(_)) => {
                    node.input[at] = self.constant(ours, theirs, infers && at == 1)?;
                }
                (None, None) if ours.is_empty() && theirs.is_empty() => {}
                (None, None) if self.names.get(ours) == Some(theirs) => {}
                _ => return None,
            }
        }
        let outputs = node
            .output
            .iter()
            .cloned()
            .zip(other.output.iter().cloned());
        self.names.extend(outputs);
        Some(())
    }

    /// The name of a constant that is `ours` at one batch and `theirs` at the next; a shape whose missing dimension the
    /// reader `infers` stays a constant.
    fn constant(&mut self, ours: &str, theirs: &str, infers: bool) -> Option<String> {
        let key = (ours.to_owned(), theirs.to_owned(), infers);
        if let Some(name) = self.made.get(&key) {
            return Some(name.clone());
        }
        let (a, b) = (&self.small.constants[ours], &self.large.constants[theirs]);
        let name = format!("{PREFIX}/{}", self.made.len());
        if a.elem() == Elem::I64 && a.shape() == b.shape() && a.shape().len() <= 1 {
            self.integers(&name, &a.to_ints()?, &b.to_ints()?, a.shape(), infers);
        } else {
            self.repeated(&name, a, b)?;
        }
        self.made.insert(key, name.clone());
        Some(name)
    }

    /// Integers that grow in proportion to the batch.
    fn integers(&mut self, name: &str, a: &[i64], b: &[i64], shape: &[usize], infers: bool) {
        let moved: Vec<usize> = (0..a.len()).filter(|&i| a[i] != b[i]).collect();
        if let (true, [one], false) = (infers, moved.as_slice(), a.contains(&-1)) {
            let mut open = a.to_vec();
            open[*one] = -1;
            self.constants
                .push((name.into(), Tensor::ints(shape, &open)));
            return;
        }
        let slope: Vec<i64> = a.iter().zip(b).map(|(a, b)| b - a).collect();
        let start: Vec<i64> = a.iter().zip(&slope).map(|(a, s)| a - s * self.n).collect();
        self.constants
            .push((format!("{name}/slope"), Tensor::ints(shape, &slope)));
        self.constants
            .push((format!("{name}/start"), Tensor::ints(shape, &start)));
        let size = format!("{PREFIX}/size");
        let (product, slope) = (format!("{name}/product"), format!("{name}/slope"));
        self.prelude
            .push(operator("Mul", &[&size, &slope], &product));
        self.prelude
            .push(operator("Add", &[&product, &format!("{name}/start")], name));
    }

    /// A constant that is the same along its one dimension that grows.
    fn repeated(&mut self, name: &str, a: &Tensor, b: &Tensor) -> Option<()> {
        let (before, after) = (a.shape(), b.shape());
        let moved: Vec<usize> = (0..before.len().min(after.len()))
            .filter(|&i| before[i] != after[i])
            .collect();
        let [axis] = moved[..] else { return None };
        let one = slice(a, axis)?;
        if before.len() != after.len() || a.elem() != b.elem() || slice(b, axis)? != one {
            return None;
        }
        let shape = |of: &[usize]| -> Vec<i64> { of.iter().map(|&d| d as i64).collect() };
        let (from, to) = (shape(before), shape(after));
        let list = format!("{name}/shape");
        self.integers(&list, &from, &to, &[from.len()], false);
        self.constants.push((format!("{name}/one"), one));
        self.prelude
            .push(operator("Expand", &[&format!("{name}/one"), &list], name));
        Some(())
    }
}

/// The first slice of `tensor` along `axis`, where all are the same.
fn slice(tensor: &Tensor, axis: usize) -> Option<Tensor> {
    let mut shape = tensor.shape().to_vec();
    let count = shape[axis];
    let inner: usize = shape[axis + 1..].iter().product::<usize>() * tensor.elem().width()?;
    shape[axis] = 1;
    let mut bytes = Vec::with_capacity(tensor.bytes().len() / count.max(1));
    for block in tensor.bytes().chunks_exact((inner * count).max(1)) {
        let first = &block[..inner];
        if block.chunks_exact(inner.max(1)).any(|other| other != first) {
            return None;
        }
        bytes.extend_from_slice(first);
    }
    Tensor::new(tensor.elem(), shape, bytes).ok()
}
