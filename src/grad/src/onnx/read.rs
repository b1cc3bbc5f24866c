//! A model's file as a [`Graph`].

use super::graph::Graph;
use super::node::is_default;
use super::{Port, Tensor, external, inline};
use crate::error::{Error, Result};
use crate::onnx::proto::ModelProto;
use prost::Message as _;
use std::path::Path;

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
        Self::from_proto(proto, path).map_err(|error| error.of_model(path))
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
        graph.nodes = inline::functions(source.node, &functions, &mut graph)?;
        graph.take_constant_nodes()?;
        graph.sort()?;
        Ok(graph)
    }
}
