//! Older operator sets, and half precision.

use super::harness::{close, spread};
use super::net::{Net, graph, node, run, subgraph};
use nearmiss::onnx::node::{float, int, ints, text};
use nearmiss::onnx::proto::AttributeProto;
use nearmiss::onnx::{Elem, OPSET, Tensor, upgrade};

/// What an older model makes, and its gradient, are those of the engine on the file as it is.
fn upgraded(net: &Net) {
    let before = net.run(net.feeds());
    let mut graph = net.read().unwrap();
    upgrade(&mut graph).unwrap();
    assert_eq!(graph.opset, OPSET);
    let after = run(&graph, net.feeds());
    assert_eq!(after.shape(), before.shape());
    close(
        &after.to_floats().unwrap(),
        &before.to_floats().unwrap(),
        1e-6,
        "the output",
    );
}

#[test]
fn softmax_over_several_axes() {
    for opset in [7, 11, 12] {
        for op in ["Softmax", "LogSoftmax", "Hardmax"] {
            for axis in [None, Some(0), Some(1), Some(2), Some(3), Some(-1), Some(-2)] {
                let how: Vec<_> = axis.map(|a| int("axis", a)).into_iter().collect();
                if opset < 11 && axis.is_some_and(|a| a < 0) {
                    continue;
                }
                upgraded(
                    &Net::new(opset)
                        .input("x", &[2, 3, 4, 5])
                        .node(op, &["x"], &["y"], &how),
                );
            }
        }
    }
}

#[test]
fn attributes_that_became_inputs() {
    let x = |opset| Net::new(opset).input("x", &[2, 3, 1, 5]);
    for opset in [7, 9, 11, 12] {
        upgraded(&x(opset).node("Squeeze", &["x"], &["y"], &[ints("axes", &[2])]));
        upgraded(&x(opset).node("Squeeze", &["x"], &["y"], &[]));
        upgraded(&x(opset).node("Unsqueeze", &["x"], &["y"], &[ints("axes", &[0, 5])]));
        for op in [
            "ReduceSum",
            "ReduceMean",
            "ReduceMax",
            "ReduceMin",
            "ReduceL2",
            "ReduceLogSumExp",
            "ReduceProd",
        ] {
            upgraded(&x(opset).node(
                op,
                &["x"],
                &["y"],
                &[ints("axes", &[1, 3]), int("keepdims", 0)],
            ));
            upgraded(&x(opset).node(op, &["x"], &["y"], &[]));
        }
        let split = [int("axis", 3), ints("split", &[2, 3])];
        upgraded(&x(opset).node("Split", &["x"], &["y", "z"], &split));
        upgraded(&x(opset).node("Split", &["x"], &["y", "z", "w"], &[int("axis", 1)]));
        upgraded(&x(opset).node(
            "Split",
            &["x"],
            &["y", "z", "w"],
            &[int("axis", 1), ints("split", &[1, 1, 1])],
        ));
    }
    for opset in [13, 15, 17] {
        upgraded(&x(opset).node("ReduceMean", &["x"], &["y"], &[ints("axes", &[-1])]));
        upgraded(&x(opset).node("Split", &["x"], &["y", "z", "w"], &[int("axis", 1)]));
        let parts = Tensor::ints(&[2], &[4, 1]);
        let net = x(opset).constant("parts", &parts);
        upgraded(&net.node("Split", &["x", "parts"], &["y", "z"], &[int("axis", -1)]));
    }
    for opset in [7, 9, 10] {
        upgraded(&x(opset).node(
            "Clip",
            &["x"],
            &["y"],
            &[float("min", -0.5), float("max", 0.4)],
        ));
        upgraded(&x(opset).node("Clip", &["x"], &["y"], &[float("max", 0.4)]));
        upgraded(&x(opset).node("Clip", &["x"], &["y"], &[]));
        let pads = ints("pads", &[0, 0, 1, 2, 0, 1, 0, 0]);
        upgraded(&x(opset).node("Pad", &["x"], &["y"], &[pads.clone(), float("value", 0.3)]));
        upgraded(&x(opset).node("Pad", &["x"], &["y"], &[pads, text("mode", "edge")]));
    }
    for opset in [7, 9] {
        let part = [
            ints("starts", &[1, -3]),
            ints("ends", &[9, -1]),
            ints("axes", &[1, 3]),
        ];
        upgraded(&x(opset).node("Slice", &["x"], &["y"], &part));
        upgraded(&x(opset).node("Slice", &["x"], &["y"], &part[..2]));
        upgraded(&x(opset).node("TopK", &["x"], &["y", "i"], &[int("k", 2)]));
        upgraded(&x(opset).node("TopK", &["x"], &["y", "i"], &[int("k", 2), int("axis", 1)]));
    }
}

#[test]
fn resizing_before_version_11() {
    let factors = AttributeProto {
        floats: vec![1.0, 1.0, 2.0, 3.0],
        r#type: 6,
        ..text("scales", "")
    };
    for mode in ["nearest", "linear"] {
        let x = |opset| Net::new(opset).input("x", &[1, 2, 3, 4]);
        upgraded(&x(7).node(
            "Upsample",
            &["x"],
            &["y"],
            &[text("mode", mode), factors.clone()],
        ));
        let scales = Tensor::floats(&[4], &[1.0, 1.0, 2.0, 2.0]);
        let net = x(9).constant("scales", &scales);
        upgraded(&net.node("Upsample", &["x", "scales"], &["y"], &[text("mode", mode)]));
        for by in [
            [1.0, 1.0, 2.0, 2.0],
            [1.0, 1.0, 0.7, 0.5],
            [1.0, 1.0, 1.5, 2.3],
        ] {
            let net = x(10).constant("scales", &Tensor::floats(&[4], &by));
            upgraded(&net.node("Resize", &["x", "scales"], &["y"], &[text("mode", mode)]));
        }
    }
}

#[test]
fn other_older_forms() {
    let x = |opset| Net::new(opset).input("x", &[2, 3, 4]);
    upgraded(&x(7).node("Dropout", &["x"], &["y"], &[float("ratio", 0.4)]));
    upgraded(&x(10).node("Dropout", &["x"], &["y", "mask"], &[float("ratio", 0.4)]));
    upgraded(&x(7).node("Flatten", &["x"], &["y"], &[int("axis", 2)]));
    for opset in [7, 8, 9, 13] {
        let net = x(opset)
            .weights("a", &[3])
            .weights("b", &[3])
            .weights("c", &[3]);
        let net = net.constant("d", &Tensor::floats(&[3], &[0.5, 1.5, 1.0]));
        upgraded(&net.node(
            "BatchNormalization",
            &["x", "a", "b", "c", "d"],
            &["y"],
            &[float("epsilon", 0.01)],
        ));
    }
    let net = x(9).constant(
        "at",
        &Tensor::ints(&[1, 3, 4], &[1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]),
    );
    upgraded(
        &net.weights("u", &[1, 3, 4])
            .node("Scatter", &["x", "at", "u"], &["y"], &[]),
    );
    upgraded(
        &Net::new(7)
            .input("x", &[2, 3])
            .weights("w", &[4, 3])
            .weights("c", &[4])
            .node(
                "Gemm",
                &["x", "w", "c"],
                &["y"],
                &[int("transB", 1), float("beta", 0.5)],
            ),
    );
    upgraded(
        &Net::new(9)
            .input("x", &[2, 3])
            .node("ConstantOfShape", &["s"], &["y"], &[])
            .constant("s", &Tensor::ints(&[2], &[2, 3])),
    );
    for op in ["Neg", "Abs", "Sigmoid", "Relu"] {
        upgraded(&x(7).node(op, &["x"], &["y"], &[]));
    }
}

#[test]
fn older_forms_within_a_branch() {
    let part = [ints("axes", &[1])];
    let then = subgraph(
        &[],
        &[
            node("Unsqueeze", &["x"], &["u"], &part),
            node("Softmax", &["u"], &["m"], &[]),
        ],
        &["m"],
    );
    let other = subgraph(&[], &[node("Unsqueeze", &["x"], &["m"], &part)], &["m"]);
    let net = Net::new(11)
        .input("x", &[2, 3])
        .constant("zero", &Tensor::floats(&[], &[0.0]))
        .node("ReduceSum", &["x"], &["sum"], &[int("keepdims", 0)])
        .node("Greater", &["sum", "zero"], &["c"], &[])
        .node(
            "If",
            &["c"],
            &["y"],
            &[graph("then_branch", then), graph("else_branch", other)],
        );
    upgraded(&net);
}

#[test]
fn too_old_is_refused() {
    let net = Net::new(6)
        .input("x", &[2])
        .node("Neg", &["x"], &["y"], &[]);
    assert!(net.refusal("x").contains("version 6"));
}

#[test]
fn half_precision_is_differentiated_in_float32() {
    let half = |tensor: &Tensor| -> Tensor {
        let values = tensor.to_floats().unwrap();
        let bytes = values
            .iter()
            .flat_map(|&v| half::f16::from_f32(v).to_le_bytes());
        Tensor::new(Elem::F16, tensor.shape().to_vec(), bytes.collect()).unwrap()
    };
    let single = |tensor: Tensor| half(&tensor).in_float32();
    let x = single(spread(&[2, 3], 4));
    let (w, v) = (single(spread(&[3, 4], 5)), single(spread(&[4], 6)));
    let model = |low: bool| {
        let tensor = |t: &Tensor| if low { half(t) } else { t.clone() };
        let to = |elem: Elem| {
            [int(
                "to",
                i64::from(if low { elem } else { Elem::F32 }.to_onnx()),
            )]
        };
        Net::new(18)
            .feed("x", tensor(&x))
            .constant("w", &tensor(&w))
            .constant("v", &tensor(&v))
            .node("MatMul", &["x", "w"], &["a"], &[])
            .node("Cast", &["a"], &["b"], &to(Elem::F32))
            .node("Erf", &["b"], &["c"], &[])
            .node("Cast", &["c"], &["d"], &to(Elem::F16))
            .node("Mul", &["d", "v"], &["y"], &[])
            .makes(if low { Elem::F16 } else { Elem::F32 })
    };
    let (output, gradient) = model(false).gradient("x");
    // The inputs stay what they are; what is fed may be float32 or half.
    let low = model(true);
    let (halved, of_half) = low.gradient_of(&x);
    assert_eq!((halved.elem(), of_half.elem()), (Elem::F32, Elem::F32));
    close(
        &halved.to_floats().unwrap(),
        &output.to_floats().unwrap(),
        1e-6,
        "the output",
    );
    close(
        &of_half.to_floats().unwrap(),
        &gradient.to_floats().unwrap(),
        1e-6,
        "the gradient",
    );
    let plain = low.run(low.feeds()).to_floats().unwrap();
    close(
        &output.to_floats().unwrap(),
        &plain,
        1e-2,
        "the engine's own",
    );
}
