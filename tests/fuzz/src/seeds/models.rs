//! Seeds that are models.

use super::texts::tiny;
use crate::{folder, put};
use nearmiss::onnx::proto::tensor_shape_proto::{Dimension, dimension::Value};
use nearmiss::onnx::proto::{
    AttributeProto, GraphProto, Message as _, ModelProto, NodeProto, OperatorSetIdProto,
    StringStringEntryProto, TensorProto, TensorShapeProto, TypeProto, ValueInfoProto, type_proto,
};

const FLOAT: i32 = 1;
const INT64: i32 = 7;

/// An input or output; a dimension of 0 is open.
fn port(name: &str, elem_type: i32, dims: &[i64]) -> ValueInfoProto {
    let dim = dims.iter().enumerate().map(|(axis, &size)| Dimension {
        value: Some(match size {
            0 => Value::DimParam(format!("d{axis}")),
            size => Value::DimValue(size),
        }),
        ..Dimension::default()
    });
    let tensor = type_proto::Tensor {
        elem_type,
        shape: Some(TensorShapeProto { dim: dim.collect() }),
    };
    ValueInfoProto {
        name: name.into(),
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(tensor)),
            ..TypeProto::default()
        }),
        ..ValueInfoProto::default()
    }
}

fn node(op: &str, inputs: &[&str], output: &str) -> NodeProto {
    let (domain, op) = op.rsplit_once('.').unwrap_or(("", op));
    NodeProto {
        domain: domain.into(),
        op_type: op.into(),
        input: inputs.iter().map(ToString::to_string).collect(),
        output: vec![output.into()],
        ..NodeProto::default()
    }
}

fn integers(mut node: NodeProto, name: &str, values: &[i64]) -> NodeProto {
    node.attribute.push(AttributeProto {
        name: name.into(),
        ints: values.to_vec(),
        r#type: 7,
        ..AttributeProto::default()
    });
    node
}

fn integer(mut node: NodeProto, name: &str, value: i64) -> NodeProto {
    node.attribute.push(AttributeProto {
        name: name.into(),
        i: value,
        r#type: 2,
        ..AttributeProto::default()
    });
    node
}

fn weights(name: &str, dims: &[i64], values: &[f32]) -> TensorProto {
    TensorProto {
        name: name.into(),
        dims: dims.to_vec(),
        data_type: FLOAT,
        raw_data: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        ..TensorProto::default()
    }
}

fn sizes(name: &str, values: &[i64]) -> TensorProto {
    TensorProto {
        name: name.into(),
        dims: vec![values.len() as i64],
        data_type: INT64,
        int64_data: values.to_vec(),
        ..TensorProto::default()
    }
}

fn model(graph: GraphProto, version: i64) -> Vec<u8> {
    let import = |domain: &str, version| OperatorSetIdProto {
        domain: domain.into(),
        version,
    };
    let model = ModelProto {
        ir_version: 8,
        opset_import: vec![import("", version), import("com.microsoft", 1)],
        graph: Some(graph),
        ..ModelProto::default()
    };
    model.encode_to_vec()
}

/// One model for each operator that a gradient passes, alone between two others, and a few of several operators.
pub fn onnx() -> Vec<Vec<u8>> {
    let graph = |nodes: Vec<NodeProto>, constants: Vec<TensorProto>| GraphProto {
        name: "g".into(),
        node: nodes,
        input: vec![port("x", FLOAT, &[0, 4])],
        output: vec![port("y", FLOAT, &[0, 4])],
        initializer: constants,
        ..GraphProto::default()
    };
    let values = [0.5, -1.0, 2.0, 0.25];
    let each = nearmiss::grad::operators().into_iter().map(|op| {
        let nodes = vec![
            node("Tanh", &["x"], "a"),
            node(op, &["a", "w", "s"], "b"),
            node("Mul", &["b", "x"], "y"),
        ];
        model(
            graph(nodes, vec![weights("w", &[4], &values), sizes("s", &[1])]),
            17,
        )
    });
    let mut seeds: Vec<Vec<u8>> = each.collect();
    let reduce = integer(
        integers(node("ReduceMean", &["c"], "p"), "axes", &[2, 3]),
        "keepdims",
        0,
    );
    let vision = GraphProto {
        name: "vision".into(),
        node: vec![
            integers(
                integers(node("Conv", &["pixels", "k"], "c"), "kernel_shape", &[1, 1]),
                "pads",
                &[0; 4],
            ),
            reduce,
            node("MatMul", &["p", "m"], "embeds"),
        ],
        input: vec![port("pixels", FLOAT, &[0, 3, 4, 4])],
        output: vec![port("embeds", FLOAT, &[0, 2])],
        initializer: vec![
            weights("k", &[2, 3, 1, 1], &[0.1; 6]),
            weights("m", &[2, 2], &[0.3, 0.1, -0.2, 0.5]),
        ],
        ..GraphProto::default()
    };
    seeds.push(model(vision, 13));
    let text = GraphProto {
        name: "text".into(),
        node: vec![
            node("Gather", &["table", "ids"], "t"),
            integer(
                integers(node("ReduceMean", &["t"], "embeds"), "axes", &[1]),
                "keepdims",
                0,
            ),
        ],
        input: vec![port("ids", INT64, &[0, 0])],
        output: vec![port("embeds", FLOAT, &[0, 2])],
        initializer: vec![weights(
            "table",
            &[4, 2],
            &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
        )],
        ..GraphProto::default()
    };
    seeds.push(model(text, 11));
    let branch = |op: &str| GraphProto {
        name: op.into(),
        node: vec![node(op, &["x"], "r")],
        output: vec![port("r", FLOAT, &[0, 4])],
        ..GraphProto::default()
    };
    let mut choose = node("If", &["c"], "y");
    for (name, op) in [("then_branch", "Relu"), ("else_branch", "Neg")] {
        choose.attribute.push(AttributeProto {
            name: name.into(),
            g: Some(branch(op)),
            r#type: 5,
            ..AttributeProto::default()
        });
    }
    let condition = TensorProto {
        name: "c".into(),
        data_type: 9,
        raw_data: vec![1],
        ..TensorProto::default()
    };
    seeds.push(model(graph(vec![choose], vec![condition]), 16));
    let outside = TensorProto {
        name: "w".into(),
        dims: vec![4],
        data_type: FLOAT,
        data_location: Some(1),
        external_data: vec![StringStringEntryProto {
            key: "location".into(),
            value: "weights.data".into(),
        }],
        ..TensorProto::default()
    };
    seeds.push(model(
        graph(vec![node("Add", &["x", "w"], "y")], vec![outside]),
        18,
    ));
    seeds
}

/// Puts an encoder of two tiny models and a tokenizer into the folder: its files of settings are the target's.
pub fn encoder() {
    let mean = |from: &str, to: &str, axes: &[i64]| {
        integer(
            integers(node("ReduceMean", &[from], to), "axes", axes),
            "keepdims",
            0,
        )
    };
    let vision = GraphProto {
        name: "vision".into(),
        node: vec![mean("pixel_values", "image_embeds", &[2, 3])],
        input: vec![port("pixel_values", FLOAT, &[0, 3, 0, 0])],
        output: vec![port("image_embeds", FLOAT, &[0, 3])],
        ..GraphProto::default()
    };
    let table: Vec<f32> = (0..18).map(|i| (i as f32).cos()).collect();
    let text = GraphProto {
        name: "text".into(),
        node: vec![
            node("Gather", &["table", "input_ids"], "t"),
            mean("t", "text_embeds", &[1]),
        ],
        input: vec![port("input_ids", INT64, &[0, 0])],
        output: vec![port("text_embeds", FLOAT, &[0, 3])],
        initializer: vec![weights("table", &[6, 3], &table)],
        ..GraphProto::default()
    };
    put("vision_model.onnx", Some(&model(vision, 13)));
    put("text_model.onnx", Some(&model(text, 13)));
    put("tokenizer.json", Some(tiny().as_bytes()));
    let _ = std::fs::create_dir(folder().join("1_Pooling"));
}
