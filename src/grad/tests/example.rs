//! The example writes a gradient that is the right one.

#![allow(clippy::unwrap_used)]

#[allow(dead_code)]
#[path = "../examples/gradient_as_file.rs"]
mod gradient_as_file;

use gradient_as_file::engine::Tract;
use gradient_as_file::gradient_as_file;
use nearmiss_grad::onnx::proto::{
    GraphProto, Message, ModelProto, NodeProto, OperatorSetIdProto, TensorShapeProto, TypeProto,
    ValueInfoProto, tensor_shape_proto, type_proto,
};
use nearmiss_grad::onnx::{Effort, Graph, GraphEngine, Tensor};
use nearmiss_grad::{COTANGENT, Error, GRADIENT};

fn value(name: &str, shape: [i64; 2]) -> ValueInfoProto {
    let dim = |size| tensor_shape_proto::Dimension {
        value: Some(tensor_shape_proto::dimension::Value::DimValue(size)),
        ..Default::default()
    };
    ValueInfoProto {
        name: name.into(),
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(type_proto::Tensor {
                elem_type: 1,
                shape: Some(TensorShapeProto {
                    dim: shape.map(dim).to_vec(),
                }),
            })),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn node(op: &str, input: &[&str], output: &str) -> NodeProto {
    NodeProto {
        op_type: op.into(),
        input: input.iter().map(ToString::to_string).collect(),
        output: vec![output.into()],
        ..Default::default()
    }
}

/// `y = op(x W)`, `x` of `[1, 2]`, `W` of `[2, 3]`.
fn model(op: &str) -> Vec<u8> {
    let weights = Tensor::floats(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, -6.0]);
    ModelProto {
        ir_version: 8,
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: 17,
        }],
        graph: Some(GraphProto {
            name: "small".into(),
            node: vec![node("MatMul", &["x", "w"], "z"), node(op, &["z"], "y")],
            initializer: vec![weights.to_proto("w")],
            input: vec![value("x", [1, 2])],
            output: vec![value("y", [1, 3])],
            ..Default::default()
        }),
        ..Default::default()
    }
    .encode_to_vec()
}

#[test]
fn the_file_yields_the_gradient() {
    let folder = tempfile::tempdir().unwrap();
    let (forward, backward) = (folder.path().join("m.onnx"), folder.path().join("g.onnx"));
    std::fs::write(&forward, model("Relu")).unwrap();
    gradient_as_file(&forward, &backward).unwrap();

    let graph = Graph::open(&backward).unwrap();
    assert_eq!(graph.outputs.last().map(String::as_str), Some(GRADIENT));
    let x = Tensor::floats(&[1, 2], &[1.0, 1.0]);
    let cotangent = Tensor::floats(&[1, 3], &[10.0, 20.0, 40.0]);
    let mut program = Tract.load(&graph, Effort::Often).unwrap();
    let made = program.run(&[("x", &x), (COTANGENT, &cotangent)], &());
    let floats: Vec<_> = made
        .unwrap()
        .iter()
        .map(|t| t.to_floats().unwrap())
        .collect();
    // x W = [5, 7, -3]: the rectifier is shut at the last.
    assert_eq!(floats[1], [5.0, 7.0, 0.0]);
    assert_eq!(floats[0], [5.0 * 10.0 + 7.0 * 20.0]);
    assert_eq!(floats[2], [10.0 + 2.0 * 20.0, 4.0 * 10.0 + 5.0 * 20.0]);
}

#[test]
fn what_blocks_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let forward = folder.path().join("m.onnx");
    std::fs::write(&forward, model("Sign")).unwrap();
    let refused = gradient_as_file(&forward, &folder.path().join("g.onnx")).unwrap_err();
    let Error::NoGradient { path, blocking } = refused else {
        panic!("{refused}");
    };
    assert_eq!((path, blocking[0].op.as_str()), (forward, "Sign"));
}
