//! A model as a flat graph in memory, ready to be rewritten: [`Graph`].

use super::node::{self, Attributes, is_default};
use super::{Dim, Elem, Port, Tensor, external};
use crate::error::{Error, Result};
use prost::Message as _;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use tract_onnx::pb::{
    GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto,
    TensorShapeProto, TypeProto, ValueInfoProto, tensor_shape_proto::Dimension,
    tensor_shape_proto::dimension, type_proto,
};

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
    /// Values whose shape depends on the values of an input, filled by `bind`: what `infos` says of them holds for the
    /// values that were fed then.
    pub open: HashSet<String>,
    /// What the file says of its outputs.
    pub declared: HashMap<String, Port>,
}

/// A graph as bytes of an ONNX file.
pub struct Encoded {
    /// The protobuf.
    pub model: Vec<u8>,
    /// The tensor data that did not fit in, to lie beside it as [`Encoded::DATA`].
    pub data: Option<Vec<u8>>,
}

impl Encoded {
    /// The name under which the model refers to its outside data, where the caller gives no other.
    pub const DATA: &'static str = "weights.bin";
    /// Constants of more bytes in all than this go outside: protobuf ends at 2 GiB.
    const LIMIT: usize = 1 << 30;
}

impl Graph {
    /// Reads the model at `path` with all its weights; functions are inlined (see `inline`).
    ///
    /// # Errors
    /// As [`super::ModelInfo::open`]; also where a tensor is malformed, or functions call themselves.
    pub fn open(path: &Path) -> Result<Self> {
        let too_large = std::fs::metadata(path).is_ok_and(|m| m.len() >= 1 << 31);
        if too_large {
            return Err(Error::model(
                path,
                "is over 2 GB in one file, which the format does not allow",
                "Export it again with external data.",
            ));
        }
        let proto = super::decode(path)?;
        Self::from_proto(proto, path).map_err(|e| Error::model(path, e.to_string(), e.remedy()))
    }

    /// As [`Graph::open`], of bytes; tensor data outside them is refused unless `path` names the file they are from.
    ///
    /// # Errors
    /// As [`Graph::open`].
    pub fn decode(bytes: &[u8], path: &Path) -> Result<Self> {
        let proto = ModelProto::decode(bytes)
            .map_err(|_| super::not_a_model(path, "its contents do not parse"))?;
        Self::from_proto(proto, path)
    }

    fn from_proto(mut proto: ModelProto, path: &Path) -> Result<Self> {
        external::internalise(path, &mut proto)?;
        let functions = std::mem::take(&mut proto.functions);
        let mut source = proto
            .graph
            .take()
            .ok_or_else(|| super::not_a_model(path, "it holds no graph"))?;
        let mut graph = Self {
            path: path.to_path_buf(),
            ..Self::default()
        };
        for import in &proto.opset_import {
            if is_default(&import.domain) {
                graph.opset = import.version;
            } else {
                graph.domains.insert(import.domain.clone(), import.version);
            }
        }
        for tensor in std::mem::take(&mut source.initializer) {
            let value = Tensor::from_proto(&tensor, None)?;
            graph.constants.insert(tensor.name, value);
        }
        if !source.sparse_initializer.is_empty() {
            return Err(Error::request(
                "it holds sparse weights, which are not supported",
                "Export it again with dense weights.",
            ));
        }
        let fed = source.input.iter().map(Port::from);
        graph.inputs = fed
            .filter(|p| !graph.constants.contains_key(&p.name))
            .collect();
        graph.outputs = source.output.iter().map(|v| v.name.clone()).collect();
        graph.declared = source
            .output
            .iter()
            .map(|v| (v.name.clone(), Port::from(v)))
            .collect();
        if graph.outputs.is_empty() {
            return Err(super::not_a_model(path, "its graph has no output"));
        }
        graph.nodes = super::inline::functions(source.node, &functions, &mut graph)?;
        graph.take_constant_nodes()?;
        graph.sort()?;
        Ok(graph)
    }

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

    /// Bytes of all constants.
    pub fn constant_bytes(&self) -> usize {
        self.constants.values().map(|t| t.bytes().len()).sum()
    }

    /// The graph as an ONNX file; `data` is the name of the file beside it, used where the constants are too large
    /// for one.
    pub fn encode(&self, data: &str) -> Encoded {
        let outside = self.constant_bytes() > Encoded::LIMIT;
        let mut bytes = Vec::new();
        let mut initializer = Vec::with_capacity(self.constants.len());
        for (name, tensor) in &self.constants {
            let mut proto = tensor.to_proto(name);
            if outside && proto.raw_data.len() > 1024 {
                let entry = |key: &str, value: String| StringStringEntryProto {
                    key: key.into(),
                    value,
                };
                // Engines map such files: a page boundary is what they ask for.
                bytes.resize(usize::next_multiple_of(bytes.len(), 4096), 0);
                proto.external_data = vec![
                    entry("location", data.into()),
                    entry("offset", bytes.len().to_string()),
                    entry("length", proto.raw_data.len().to_string()),
                ];
                proto.data_location = Some(1);
                bytes.append(&mut proto.raw_data);
            }
            initializer.push(proto);
        }
        let outputs = self.outputs.iter().map(|name| self.output_port(name));
        let mut opset_import = vec![OperatorSetIdProto {
            domain: String::new(),
            version: self.opset,
        }];
        opset_import.extend(
            self.domains
                .iter()
                .map(|(domain, &version)| OperatorSetIdProto {
                    domain: domain.clone(),
                    version,
                }),
        );
        let model = ModelProto {
            ir_version: ir_version(self.opset),
            producer_name: "nearmiss".into(),
            producer_version: env!("CARGO_PKG_VERSION").into(),
            opset_import,
            graph: Some(GraphProto {
                name: "gradient".into(),
                node: self.nodes.clone(),
                initializer,
                input: self.inputs.iter().map(value_info).collect(),
                output: outputs.map(|p| value_info(&p)).collect(),
                ..GraphProto::default()
            }),
            ..ModelProto::default()
        };
        Encoded {
            model: model.encode_to_vec(),
            data: outside.then_some(bytes),
        }
    }

    /// What comes out, as far as it is known.
    pub fn ports_out(&self) -> Vec<Port> {
        self.outputs
            .iter()
            .map(|name| self.output_port(name))
            .collect()
    }

    fn output_port(&self, name: &str) -> Port {
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

fn value_info(port: &Port) -> ValueInfoProto {
    let dim = |dim: &Dim| Dimension {
        denotation: String::new(),
        value: match dim {
            Dim::Fixed(size) => Some(dimension::Value::DimValue(*size as i64)),
            Dim::Named(name) => Some(dimension::Value::DimParam(name.clone())),
            Dim::Unknown => None,
        },
    };
    let tensor = type_proto::Tensor {
        elem_type: port.elem.to_onnx(),
        shape: port.has_shape.then(|| TensorShapeProto {
            dim: port.dims.iter().map(dim).collect(),
        }),
    };
    ValueInfoProto {
        name: port.name.clone(),
        r#type: (port.elem != Elem::Other(0)).then(|| TypeProto {
            denotation: String::new(),
            value: Some(type_proto::Value::TensorType(tensor)),
        }),
        doc_string: String::new(),
    }
}

/// The oldest file format version that may hold this operator set (ONNX, "Versioning").
fn ir_version(opset: i64) -> i64 {
    match opset {
        ..=18 => 8,
        19..=20 => 9,
        21..=22 => 10,
        _ => 11,
    }
}

pub(super) fn damaged(what: String) -> Error {
    Error::request(what, "The file is damaged: export or download it again.")
}
