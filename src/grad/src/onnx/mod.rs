//! A model as a graph: the protobuf view ([`ModelInfo`]), its inputs and outputs ([`Port`]), the files it stands on;
//! and the graph in memory that can be rewritten ([`Graph`]), with static shapes ([`bind`]), constant folding
//! ([`fold`]), one operator set ([`upgrade`]) and the [`Builder`] of new nodes.
//!
//! [`ModelInfo::open`] is the gate every ONNX file passes first: it refuses what is empty, not a model, cut short, or
//! reaches for tensor data outside its own folder. Nothing here runs a model but through the trait [`GraphEngine`].

mod batch;
mod bind;
mod builder;
mod claims;
mod encode;
mod engine;
mod external;
mod fold;
mod graph;
mod inline;
mod maker;
pub mod node;
mod port;
pub mod proto;
mod read;
mod sample;
mod source;
mod tensor;
mod types;
mod unroll;
mod upgrade;

pub use batch::free_batch;
pub use bind::bind;
pub(crate) use builder::Walk;
pub use builder::{Builder, Node, Value, broadcast, wrong};
pub use encode::Encoded;
pub use engine::{Effort, GraphEngine, Program};
pub use fold::fold;
pub use graph::{Graph, Info};
pub use maker::NodeMaker;
pub use port::{Dim, Elem, Port};
pub use sample::{integers_as, sample_feeds};
pub use source::Source;
pub use tensor::{Tensor, elements};
pub use types::infer_types;
pub(crate) use unroll::trips;
pub use upgrade::{OPSET, upgrade};

use node::is_default;

use crate::error::{Error, Result};
use crate::guard::{MODEL, read_all};
use crate::onnx::proto::{GraphProto, ModelProto, NodeProto, TensorProto};
use prost::Message as _;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What an ONNX file says about itself, without its weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelInfo {
    /// The file.
    pub path: PathBuf,
    /// What must be fed, in the model's order; initializers that older exporters list as inputs are left out.
    pub inputs: Vec<Port>,
    /// What comes out, in the model's order.
    pub outputs: Vec<Port>,
    /// Version of the default operator set; 0 where the file imports none.
    pub opset: i64,
    /// The exporter and its version, as "pytorch 2.9.0"; empty where not given.
    pub producer: String,
    /// Files with tensor data, absolute and sorted: each exists, is long enough and lies in the model's folder.
    pub external: Vec<PathBuf>,
    /// How often each operator occurs, subgraphs and functions included; operators outside the default set carry
    /// their domain, as "com.microsoft.FusedGelu".
    pub ops: BTreeMap<String, usize>,
    /// The bytes it was read from.
    pub source: Source,
}

impl ModelInfo {
    /// Reads the model at `path` (format: onnx.proto3 of the ONNX project).
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be read; [`Error::Model`] where it is empty, no ONNX model, cut short, or where
    /// its external tensor data is missing, too short or outside the model's folder.
    pub fn open(path: &Path) -> Result<Self> {
        let stamp = source::Stamp::of(path)?;
        let bytes = read(path)?;
        let model = parse(path, &bytes)?;
        let Some(graph) = &model.graph else {
            return Err(not_a_model(path, "it holds no graph"));
        };
        if graph.output.is_empty() {
            return Err(not_a_model(path, "its graph has no output"));
        }
        let mut survey = Survey::default();
        survey.graph(graph);
        for function in &model.functions {
            survey.nodes(&function.node);
        }
        let external = external::files(path, &survey.external)?;
        let initial: BTreeSet<&str> = graph
            .initializer
            .iter()
            .map(|t| t.name.as_str())
            .chain(
                graph
                    .sparse_initializer
                    .iter()
                    .filter_map(|t| Some(t.values.as_ref()?.name.as_str())),
            )
            .collect();
        let inputs = graph
            .input
            .iter()
            .filter(|v| !initial.contains(v.name.as_str()));
        let source = Source::of(path, stamp, &bytes, &external)?;
        Ok(Self {
            source,
            path: path.to_path_buf(),
            inputs: inputs.map(Port::from).collect(),
            outputs: graph.output.iter().map(Port::from).collect(),
            opset: model
                .opset_import
                .iter()
                .find(|o| is_default(&o.domain))
                .map_or(0, |o| o.version),
            producer: format!("{} {}", model.producer_name, model.producer_version)
                .trim()
                .to_owned(),
            external,
            ops: survey.ops,
        })
    }
}

/// Operators and external tensors of a graph, collected in one walk.
#[derive(Default)]
struct Survey<'a> {
    ops: BTreeMap<String, usize>,
    external: Vec<&'a TensorProto>,
}

impl<'a> Survey<'a> {
    fn graph(&mut self, graph: &'a GraphProto) {
        for tensor in &graph.initializer {
            self.tensor(tensor);
        }
        for sparse in &graph.sparse_initializer {
            self.tensors(sparse.values.iter().chain(&sparse.indices));
        }
        self.nodes(&graph.node);
    }

    fn nodes(&mut self, nodes: &'a [NodeProto]) {
        for node in nodes {
            let name = if is_default(&node.domain) {
                node.op_type.clone()
            } else {
                format!("{}.{}", node.domain, node.op_type)
            };
            *self.ops.entry(name).or_default() += 1;
            for attribute in &node.attribute {
                self.tensors(attribute.t.iter().chain(&attribute.tensors));
                for sparse in attribute
                    .sparse_tensor
                    .iter()
                    .chain(&attribute.sparse_tensors)
                {
                    self.tensors(sparse.values.iter().chain(&sparse.indices));
                }
                for graph in attribute.g.iter().chain(&attribute.graphs) {
                    self.graph(graph);
                }
            }
        }
    }

    fn tensors(&mut self, tensors: impl Iterator<Item = &'a TensorProto>) {
        for tensor in tensors {
            self.tensor(tensor);
        }
    }

    fn tensor(&mut self, tensor: &'a TensorProto) {
        if !tensor.external_data.is_empty() {
            self.external.push(tensor);
        }
    }
}

fn decode(path: &Path) -> Result<ModelProto> {
    parse(path, &read(path)?)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let bytes = read_all(path, MODEL).map_err(Error::io("read", path))?;
    if bytes.is_empty() {
        return Err(Error::model(
            path,
            "is empty (0 bytes)",
            "Export or download the model again; an interrupted download leaves such a file.",
        ));
    }
    if bytes.starts_with(b"version https://git-lfs") {
        return Err(Error::model(
            path,
            "is a Git LFS pointer, not the model itself",
            "Run \"git lfs pull\" in that folder, or download the file itself.",
        ));
    }
    Ok(bytes)
}

fn parse(path: &Path, bytes: &[u8]) -> Result<ModelProto> {
    ModelProto::decode(bytes)
        .map_err(|_| not_a_model(path, "its contents do not parse, or the file is cut short"))
}

fn not_a_model(path: &Path, why: &str) -> Error {
    Error::model(
        path,
        format!("is not an ONNX model: {why}"),
        "Choose an .onnx file; if it is one, export or download it again.",
    )
}
