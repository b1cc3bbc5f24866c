//! Operators on quantised values, alone and in models that ONNX Runtime's own tools made.

mod tools;

use super::harness::{close, engine, spread};
use super::net::Net;
use super::quantise::{I8, gradient, noise, scalar, whole};
use nearmiss::grad::{COTANGENT, Objective, Request, Target, differentiate};
use nearmiss::onnx::node::{float, int};
use nearmiss::onnx::{Effort, Elem, Graph, GraphEngine, Tensor};
use nearmiss::task::Task;

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[test]
fn products_of_integers() {
    let net = Net::new(18)
        .input("x", &[2, 5])
        .constant("w", &noise(Elem::U8, &[5, 3], 256, 0))
        .constant("wz", &whole(Elem::U8, &[], &[120]))
        .constant("ws", &scalar(0.01))
        .node("DynamicQuantizeLinear", &["x"], &["q", "s", "z"], &[])
        .node("MatMulInteger", &["q", "w", "z", "wz"], &["p"], &[])
        .node("Cast", &["p"], &["f"], &[int("to", 1)])
        .node("Mul", &["s", "ws"], &["both"], &[])
        .node("Mul", &["f", "both"], &["y"], &[]);
    let weights = noise(Elem::U8, &[5, 3], 256, 0).to_floats().unwrap();
    let weights: Vec<f32> = weights.iter().map(|w| (w - 120.0) * 0.01).collect();
    let plain = Net::new(18)
        .feed("x", net.feeds()["x"].clone())
        .constant("w", &Tensor::floats(&[5, 3], &weights))
        .node("MatMul", &["x", "w"], &["y"], &[]);
    close(
        &gradient(&net).0,
        &gradient(&plain).0,
        1e-4,
        "as with floats",
    );
    let approximate = net.differentiate("x").unwrap().survey.approximate;
    assert!(
        approximate.contains(&"MatMulInteger".into()),
        "{approximate:?}"
    );
}

/// The gradient of `net` and its output are about those of `plain`, and its output is the engine's within a step.
fn alike(net: &Net, plain: &Net, step: f32) {
    let (output, found) = net.gradient("x");
    let own = net.run(net.feeds()).to_floats().unwrap();
    let output = output.to_floats().unwrap();
    for (a, b) in output.iter().zip(&own) {
        assert!((a - b).abs() <= step * 1.01, "{a} and the engine's {b}");
    }
    let (same, wanted) = plain.gradient("x");
    let alike = cosine(&output, &same.to_floats().unwrap());
    assert!(alike > 0.99, "output: {alike}");
    let alike = cosine(&found.to_floats().unwrap(), &wanted.to_floats().unwrap());
    assert!(alike > 0.99, "gradient: {alike}");
}

/// x quantised as `q`, and `of` made of it dequantised as `y`, whose scale is `t`.
fn within(of: impl Fn(Net) -> Net, t: f32) -> Net {
    let net = Net::new(18)
        .domain("com.microsoft", 1)
        .input("x", &[2, 4, 6])
        .constant("s", &scalar(0.008))
        .constant("z", &whole(Elem::U8, &[], &[127]))
        .constant("t", &scalar(t))
        .constant("u", &whole(Elem::U8, &[], &[128]))
        .node("QuantizeLinear", &["x", "s", "z"], &["q"], &[]);
    of(net).node("DequantizeLinear", &["r", "t", "u"], &["y"], &[])
}

fn plainly(of: impl Fn(Net) -> Net) -> Net {
    of(Net::new(18).input("x", &[2, 4, 6]))
}

#[test]
fn operators_on_quantised_values() {
    let ms = |op: &str| format!("com.microsoft.{op}");
    for (op, plain) in [("QLinearAdd", "Add"), ("QLinearMul", "Mul")] {
        let net = within(
            |n| {
                n.node(
                    &ms(op),
                    &["q", "s", "z", "q", "s", "z", "t", "u"],
                    &["r"],
                    &[],
                )
            },
            0.016,
        );
        alike(
            &net,
            &plainly(|n| n.node(plain, &["x", "x"], &["y"], &[])),
            0.016,
        );
    }
    let net = within(
        |n| {
            n.node(
                &ms("QLinearConcat"),
                &["t", "u", "q", "s", "z", "q", "s", "z"],
                &["r"],
                &[int("axis", 1)],
            )
        },
        0.009,
    );
    alike(
        &net,
        &plainly(|n| n.node("Concat", &["x", "x"], &["y"], &[int("axis", 1)])),
        0.009,
    );
    let mask = Tensor::bools(&[4, 1], &[true, false, true, true]);
    let net = within(
        |n| {
            n.constant("m", &mask)
                .constant("k", &noise(Elem::U8, &[6], 256, 0))
                .node(
                    &ms("QLinearWhere"),
                    &["m", "q", "s", "z", "k", "s", "z", "t", "u"],
                    &["r"],
                    &[],
                )
        },
        0.009,
    );
    let other: Vec<f32> = noise(Elem::U8, &[6], 256, 0)
        .to_floats()
        .unwrap()
        .iter()
        .map(|v| (v - 127.0) * 0.008)
        .collect();
    let plain = plainly(|n| {
        n.constant("m", &mask)
            .constant("k", &Tensor::floats(&[6], &other))
            .node("Where", &["m", "x", "k"], &["y"], &[])
    });
    alike(&net, &plain, 0.009);
}

/// Weights of eight bits that stay within seven: processors without VNNI add up pairs of products in 16 bits.
const SEVEN: (i64, i64) = (128, 64);

#[test]
fn products_of_quantised_values() {
    let weights = noise(I8, &[6, 3], SEVEN.0, SEVEN.1);
    let floats: Vec<f32> = weights
        .to_floats()
        .unwrap()
        .iter()
        .map(|w| w * 0.016)
        .collect();
    let net = within(
        |n| {
            n.constant("w", &weights)
                .constant("ws", &scalar(0.016))
                .constant("wz", &whole(I8, &[], &[0]))
                .node(
                    "QLinearMatMul",
                    &["q", "s", "z", "w", "ws", "wz", "t", "u"],
                    &["r"],
                    &[],
                )
        },
        0.04,
    );
    let plain = plainly(|n| {
        n.constant("w", &Tensor::floats(&[6, 3], &floats))
            .node("MatMul", &["x", "w"], &["y"], &[])
    });
    alike(&net, &plain, 0.04);

    // Weights the other way round, one scale per column, a bias.
    let flipped = noise(I8, &[3, 6], SEVEN.0, SEVEN.1);
    let scales = [0.016, 0.032, 0.008];
    let bias = [30_i64, -50, 70];
    let net = within(
        |n| {
            n.constant("rows", &Tensor::ints(&[2], &[8, 6]))
                .node("Reshape", &["q", "rows"], &["p"], &[])
                .constant("w", &flipped)
                .constant("ws", &Tensor::floats(&[3], &scales))
                .constant("wz", &whole(I8, &[3], &[0, 0, 0]))
                .constant("b", &whole(Elem::I32, &[3], &bias))
                .node(
                    "com.microsoft.QGemm",
                    &["p", "s", "z", "w", "ws", "wz", "b", "t", "u"],
                    &["r"],
                    &[int("transB", 1), float("alpha", 1.0)],
                )
        },
        0.05,
    );
    let floats: Vec<f32> = flipped
        .to_floats()
        .unwrap()
        .chunks(6)
        .zip(scales)
        .flat_map(|(row, s)| row.iter().map(move |w| w * s))
        .collect();
    let offsets: Vec<f32> = bias
        .iter()
        .zip(scales)
        .map(|(b, s)| *b as f32 * s * 0.008)
        .collect();
    let plain = plainly(|n| {
        n.constant("rows", &Tensor::ints(&[2], &[8, 6]))
            .node("Reshape", &["x", "rows"], &["p"], &[])
            .constant("w", &Tensor::floats(&[3, 6], &floats))
            .constant("b", &Tensor::floats(&[3], &offsets))
            .node("Gemm", &["p", "w", "b"], &["y"], &[int("transB", 1)])
    });
    alike(&net, &plain, 0.05);
}

#[test]
fn products_of_floats_and_quantised_weights() {
    let weights = noise(I8, &[6, 3], SEVEN.0, SEVEN.1);
    let floats: Vec<f32> = weights
        .to_floats()
        .unwrap()
        .iter()
        .map(|w| w * 0.016)
        .collect();
    let plain = || {
        plainly(|n| {
            n.constant("w", &Tensor::floats(&[6, 3], &floats))
                .weights("b", &[3])
                .node("MatMul", &["x", "w"], &["p"], &[])
                .node("Add", &["p", "b"], &["y"], &[])
        })
    };
    let net = || {
        Net::new(18)
            .domain("com.microsoft", 1)
            .input("x", &[2, 4, 6])
            .constant("w", &weights)
            .constant("ws", &scalar(0.016))
            .constant("wz", &whole(I8, &[], &[0]))
            .weights("b", &[3])
    };
    let dynamic = net().node(
        "com.microsoft.DynamicQuantizeMatMul",
        &["x", "w", "ws", "wz", "b"],
        &["y"],
        &[],
    );
    alike(&dynamic, &plain(), 0.02);
    let fixed = net()
        .node("DynamicQuantizeLinear", &["x"], &["q", "s", "z"], &[])
        .node(
            "com.microsoft.MatMulIntegerToFloat",
            &["q", "w", "s", "ws", "z", "wz", "b"],
            &["y"],
            &[],
        );
    alike(&fixed, &plain(), 0.02);
}

#[test]
fn weights_of_few_bits() {
    for (bits, zeros) in [(4, false), (4, true), (8, false), (8, true)] {
        let (rows, columns, block) = (3_usize, 40_usize, 16_usize);
        let blocks = columns.div_ceil(block);
        let bytes = block * bits / 8;
        let mut inputs = vec!["x", "w", "s"];
        let mut net = Net::new(18)
            .domain("com.microsoft", 1)
            .input("x", &[2, columns])
            .constant("w", &noise(Elem::U8, &[rows, blocks, bytes], 256, 0))
            .constant(
                "s",
                &Tensor::floats(
                    &[rows * blocks],
                    &[0.01, 0.02, 0.03, 0.015, 0.025, 0.005, 0.01, 0.04, 0.02],
                ),
            );
        if zeros {
            let count = rows * (blocks * bits).div_ceil(8);
            net = net.constant("z", &noise(Elem::U8, &[count], 256, 0));
            inputs.push("z");
        }
        let how = [
            ("N", rows),
            ("K", columns),
            ("bits", bits),
            ("block_size", block),
        ]
        .map(|(n, v)| int(n, v as i64));
        net.node("com.microsoft.MatMulNBits", &inputs, &["y"], &how)
            .check("x");
    }
}
