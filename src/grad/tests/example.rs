//! The examples make derivatives that are the right ones.

// The examples share their engine.
#![allow(clippy::unwrap_used, clippy::duplicate_mod)]

#[allow(dead_code)]
#[path = "../examples/gradient_as_file.rs"]
mod gradient_as_file;

#[allow(dead_code)]
#[path = "../examples/derivatives.rs"]
mod derivatives;

use derivatives::derivatives;
use gradient_as_file::engine::Tract;
use gradient_as_file::gradient_as_file;
use nearmiss_grad::onnx::proto::{
    GraphProto, Message, ModelProto, NodeProto, OperatorSetIdProto, TensorShapeProto, TypeProto,
    ValueInfoProto, tensor_shape_proto, type_proto,
};
use nearmiss_grad::onnx::{Effort, Graph, GraphEngine, Tensor};
use nearmiss_grad::{
    COTANGENT, Error, GRADIENT, HESSIAN_PRODUCT, JACOBIAN_PRODUCT, seeded_cotangent,
};

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

/// `y = exp(x W)` by x and W at once: all is known in closed form.
#[test]
fn all_derivatives_fit_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.onnx");
    std::fs::write(&path, model("Exp")).unwrap();
    let found = derivatives(&path, &["x".into(), "w".into()]).unwrap();
    let floats = |name: &str| found[name].to_floats().unwrap();
    let y = floats("y");
    let u = seeded_cotangent(&[1, 3], 1).to_floats().unwrap();
    let (dx, dw) = (seeded_cotangent(&[1, 2], 2), seeded_cotangent(&[2, 3], 3));
    let (dx, dw) = (dx.to_floats().unwrap(), dw.to_floats().unwrap());
    let w = [1.0, 2.0, 3.0, 4.0, 5.0, -6.0];
    let (of_x, of_w) = (floats("nearmiss_gradient/x"), floats("nearmiss_gradient/w"));
    // x from the gradient by W: that is x^T (u y).
    let x = [of_w[0] / (u[0] * y[0]), of_w[3] / (u[0] * y[0])];
    let near = |a: f32, b: f32| assert!((a - b).abs() <= 1e-3 * b.abs().max(1.0), "{a} and {b}");
    let product = floats(JACOBIAN_PRODUCT);
    // z = x W moves by dx W + x dW, y by y times that; the gradient by x is (u y) W^T.
    let dz: Vec<f32> = (0..3)
        .map(|j| dx[0] * w[j] + dx[1] * w[3 + j] + x[0] * dw[j] + x[1] * dw[3 + j])
        .collect();
    for j in 0..3 {
        near(product[j], y[j] * dz[j]);
    }
    let second = floats(&format!("{HESSIAN_PRODUCT}/x"));
    for i in 0..2 {
        let row = |j: usize| u[j] * y[j] * (dz[j] * w[3 * i + j] + dw[3 * i + j]);
        near(second[i], row(0) + row(1) + row(2));
        let row = |j: usize| u[j] * y[j] * w[3 * i + j];
        near(of_x[i], row(0) + row(1) + row(2));
    }
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
