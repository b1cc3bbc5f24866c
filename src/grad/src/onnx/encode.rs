//! A graph as an ONNX file.

use super::graph::Graph;
use super::{Dim, Elem, Port};
use crate::onnx::proto::{
    GraphProto, ModelProto, OperatorSetIdProto, StringStringEntryProto, TensorShapeProto,
    TypeProto, ValueInfoProto, tensor_shape_proto::Dimension, tensor_shape_proto::dimension,
    type_proto,
};
use prost::Message as _;

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
                name: "nearmiss".into(),
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
