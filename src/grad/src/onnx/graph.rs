//! A model as a flat graph in memory, ready to be rewritten: [`Graph`].

use super::node::{self, Attributes, is_default};
use super::{Dim, Elem, Port, Tensor};
use crate::error::{Error, Result};
use crate::onnx::proto::NodeProto;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

/// What is known of a value once the inputs have their shapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// Element type.
    pub elem: Elem,
    /// Dimensions.
    pub shape: Vec<usize>,
}

/// A model: nodes in an order in which they can run, its constants beside them.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// The file it comes from; empty for one made here.
    pub path: PathBuf,
    /// Version of the default operator set.
    pub opset: i64,
    /// Versions of the other operator sets in use, by domain.
    pub domains: BTreeMap<String, i64>,
    /// What must be fed.
    pub inputs: Vec<Port>,
    /// The names of what comes out.
    pub outputs: Vec<String>,
    /// The operators, each after those it reads from.
    pub nodes: Vec<NodeProto>,
    /// Weights and other constants, by name.
    pub constants: BTreeMap<String, Tensor>,
    /// What is known of values, by name; filled by `bind`.
    pub infos: HashMap<String, Info>,
    /// What values are for a batch of one size, where the graph takes any: for engines that plan ahead. No two values of
    /// one shape here have different ones for another batch.
    pub sizes: HashMap<String, Info>,
    /// Values whose shape depends on the values of an input, filled by `bind`: what `infos` says of them holds for the
    /// values that were fed then.
    pub open: HashSet<String>,
    /// What the file says of its outputs.
    pub declared: HashMap<String, Port>,
}

impl Graph {
    /// Turns `Constant` nodes into constants.
    pub(super) fn take_constant_nodes(&mut self) -> Result<()> {
        let mut kept = Vec::with_capacity(self.nodes.len());
        for node in std::mem::take(&mut self.nodes) {
            match constant_value(&node)? {
                Some(value) if node.output.len() == 1 => {
                    self.constants.insert(node.output[0].clone(), value);
                }
                _ => kept.push(node),
            }
        }
        self.nodes = kept;
        Ok(())
    }

    /// No two nodes may have one name; those of inlined functions and branches may have.
    fn name_apart(&mut self) {
        let mut taken: HashSet<String> = HashSet::with_capacity(self.nodes.len());
        for (i, node) in self.nodes.iter_mut().enumerate() {
            if !node.name.is_empty() && !taken.insert(node.name.clone()) {
                node.name = format!("{}/{i}", node.name);
                taken.insert(node.name.clone());
            }
        }
    }

    /// Brings the nodes into an order in which they can run.
    ///
    /// # Errors
    /// A node reads what nothing makes, two nodes make the same, or nodes wait for each other in a circle.
    pub(super) fn sort(&mut self) -> Result<()> {
        self.name_apart();
        let mut known: HashSet<String> = self.constants.keys().cloned().collect();
        known.extend(self.inputs.iter().map(|p| p.name.clone()));
        known.insert(String::new());
        let mut maker: HashMap<&str, usize> = HashMap::new();
        for (i, node) in self.nodes.iter().enumerate() {
            for output in node.output.iter().filter(|o| !o.is_empty()) {
                if known.contains(output) || maker.insert(output, i).is_some() {
                    return Err(damaged(format!("\"{output}\" is made twice")));
                }
            }
        }
        let mut waits = vec![0_usize; self.nodes.len()];
        let mut readers: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for (i, node) in self.nodes.iter().enumerate() {
            for name in node::inputs_of(node) {
                if let Some(&from) = maker.get(name.as_str()) {
                    waits[i] += 1;
                    readers[from].push(i);
                } else if !known.contains(&name) {
                    let reader = node::label(node);
                    return Err(damaged(format!(
                        "\"{reader}\" reads \"{name}\", which nothing makes"
                    )));
                }
            }
        }
        // The file's own order wherever it will do: a heap of what is ready, lowest first.
        let ready = (0..waits.len()).filter(|&i| waits[i] == 0);
        let mut ready: std::collections::BinaryHeap<_> = ready.map(std::cmp::Reverse).collect();
        let mut order = Vec::with_capacity(self.nodes.len());
        while let Some(std::cmp::Reverse(i)) = ready.pop() {
            order.push(i);
            for &reader in &readers[i] {
                waits[reader] -= 1;
                if waits[reader] == 0 {
                    ready.push(std::cmp::Reverse(reader));
                }
            }
        }
        if order.len() < self.nodes.len() {
            return Err(damaged(
                "its operators wait for each other in a circle".into(),
            ));
        }
        for output in &self.outputs {
            if !known.contains(output) && !maker.contains_key(output.as_str()) {
                return Err(damaged(format!("nothing makes its output \"{output}\"")));
            }
        }
        let mut nodes: Vec<Option<NodeProto>> = std::mem::take(&mut self.nodes)
            .into_iter()
            .map(Some)
            .collect();
        self.nodes = order.into_iter().filter_map(|i| nodes[i].take()).collect();
        Ok(())
    }

    /// Drops nodes, constants and facts that no output needs.
    pub fn prune(&mut self) {
        let mut needed: HashSet<String> = self.outputs.iter().cloned().collect();
        let mut kept: Vec<NodeProto> = Vec::with_capacity(self.nodes.len());
        for node in std::mem::take(&mut self.nodes).into_iter().rev() {
            if node.output.iter().any(|o| needed.contains(o)) {
                needed.extend(node::inputs_of(&node));
                kept.push(node);
            }
        }
        kept.reverse();
        self.nodes = kept;
        self.constants.retain(|name, _| needed.contains(name));
    }

    /// Makes the output `name`, a vector of one row, `[1, length]`.
    pub fn add_rows(&mut self, name: &str) {
        let inner = format!("{name}/row");
        self.rename(name, &inner);
        let mut nodes = Vec::new();
        let mut make = super::NodeMaker::new(self, "nearmiss_row");
        let shape = make.constant(Tensor::ints(&[2], &[1, -1]));
        make.node(&mut nodes, "Reshape", &[&inner, &shape], &[]);
        for node in &mut nodes {
            node.output = vec![name.to_owned()];
        }
        self.nodes.append(&mut nodes);
        for output in self.outputs.iter_mut().filter(|o| **o == inner) {
            name.clone_into(output);
        }
        self.declared.clear();
    }

    /// Drops the inputs that no node reads.
    pub fn drop_unread_inputs(&mut self) {
        let read: HashSet<String> = self.nodes.iter().flat_map(node::inputs_of).collect();
        self.inputs.retain(|p| read.contains(&p.name));
    }

    /// Renames the value `from` to `to` wherever it is made or read.
    pub fn rename(&mut self, from: &str, to: &str) {
        self.rename_readers(from, to);
        for name in self.nodes.iter_mut().flat_map(|n| &mut n.output) {
            if name == from {
                to.clone_into(name);
            }
        }
        for name in self.outputs.iter_mut().filter(|n| *n == from) {
            to.clone_into(name);
        }
        if let Some(info) = self.infos.remove(from) {
            self.infos.insert(to.into(), info);
        }
    }

    /// Makes every node that reads `from` read `to`.
    pub fn rename_readers(&mut self, from: &str, to: &str) {
        for name in self.nodes.iter_mut().flat_map(|n| &mut n.input) {
            if name == from {
                to.clone_into(name);
            }
        }
    }

    /// What comes out, as far as it is known.
    pub fn ports_out(&self) -> Vec<Port> {
        self.outputs
            .iter()
            .map(|name| self.output_port(name))
            .collect()
    }

    pub(super) fn output_port(&self, name: &str) -> Port {
        let info = self.infos.get(name);
        if let (None, Some(port)) = (info, self.declared.get(name)) {
            return port.clone();
        }
        Port {
            name: name.into(),
            elem: info.map_or(Elem::Other(0), |i| i.elem),
            dims: info
                .map(|i| i.shape.iter().map(|&d| Dim::Fixed(d)).collect())
                .unwrap_or_default(),
            has_shape: info.is_some(),
        }
    }
}

/// The value of a `Constant` node; `None` for other nodes and for text.
fn constant_value(node: &NodeProto) -> Result<Option<Tensor>> {
    if node.op_type != "Constant" || !is_default(&node.domain) {
        return Ok(None);
    }
    let Some(value) = node.attribute.first() else {
        return Ok(None);
    };
    Ok(match value.name.as_str() {
        "value" => match &value.t {
            Some(tensor) if tensor.data_type != 8 => Some(Tensor::from_proto(tensor, None)?),
            _ => None,
        },
        "value_float" => Some(Tensor::floats(&[], &[value.f])),
        "value_floats" => Some(Tensor::floats(&[value.floats.len()], &value.floats)),
        "value_int" => Some(Tensor::ints(&[], &[value.i])),
        "value_ints" => node.ints("value_ints").map(|v| Tensor::ints(&[v.len()], v)),
        _ => None,
    })
}

pub(super) fn damaged(what: String) -> Error {
    Error::request(what, "The file is damaged: export or download it again.")
}
