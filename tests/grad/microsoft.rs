//! The operators of ONNX Runtime's own set, as its optimiser and its tools write them.

mod attention;
mod embed;

use super::harness::{Case, engine, port, spread};
use nearmiss::grad::{Objective, Request, Target, differentiate};
use nearmiss::onnx::node::{float, int, ints, text};
use nearmiss::onnx::proto::{AttributeProto, NodeProto};
use nearmiss::onnx::{Elem, Graph, Tensor, integers_as};
use nearmiss::task::Task;

fn case(op: &str) -> Case {
    Case::new(op).domain("com.microsoft")
}

fn floats(name: &str, values: &[f32]) -> AttributeProto {
    AttributeProto {
        floats: values.to_vec(),
        r#type: 6,
        ..ints(name, &[])
    }
}

fn integers(shape: &[usize], values: &[i64]) -> Tensor {
    integers_as(Elem::I32, shape, values)
}

#[test]
fn gelus() {
    case("Gelu").input(&[2, 3, 5]).agrees().check();
    case("BiasGelu")
        .input(&[2, 3, 5])
        .input(&[5])
        .agrees()
        .check();
    case("FastGelu").input(&[2, 3, 5]).agrees().check();
    case("FastGelu")
        .input(&[2, 3, 5])
        .input(&[5])
        .agrees()
        .check();
    case("QuickGelu").input(&[2, 3, 5]).agrees().check();
    case("QuickGelu")
        .attr(float("alpha", 1.0))
        .input(&[2, 3, 5])
        .agrees()
        .check();
}

#[test]
fn skip_layer_normalization() {
    for skip in [&[2, 3, 5][..], &[1, 3, 5], &[3, 5]] {
        case("SkipLayerNormalization")
            .input(&[2, 3, 5])
            .input(skip)
            .input(&[5])
            .input(&[5])
            .agrees()
            .check();
    }
    case("SkipLayerNormalization")
        .attr(float("epsilon", 0.1))
        .input(&[2, 3, 5])
        .input(&[2, 3, 5])
        .input(&[5])
        .missing()
        .input(&[5])
        .agrees()
        .check();
    for op in ["SkipLayerNormalization", "SkipSimplifiedLayerNormalization"] {
        let mut with = case(op).input(&[2, 3, 5]).input(&[2, 3, 5]).input(&[5]);
        if op == "SkipLayerNormalization" {
            with = with.input(&[5]);
        }
        with.input(&[5])
            .outputs(&[Elem::F32, Elem::Other(0), Elem::Other(0), Elem::F32])
            .agrees()
            .check();
    }
}

#[test]
fn simplified_layer_normalization() {
    Case::new("SimplifiedLayerNormalization")
        .attr(float("epsilon", 0.01))
        .not_on_tract("it is of ONNX Runtime")
        .input(&[2, 3, 5])
        .input(&[5])
        .agrees()
        .check();
    case("SkipSimplifiedLayerNormalization")
        .input(&[2, 3, 5])
        .input(&[2, 3, 5])
        .input(&[5])
        .agrees()
        .check();
}

#[test]
fn fused_matmul_with_every_transposition() {
    let flips = [(0, 0), (0, 1), (1, 0), (1, 1)];
    for (ta, tb) in flips {
        for (batch_a, batch_b) in flips {
            // Before: [2, 3, m, k] and [2, 3, k, n].
            let shape = |flip: i64, batch: i64, rows: usize, columns: usize| -> Vec<usize> {
                let (rows, columns) = if flip == 0 {
                    (rows, columns)
                } else {
                    (columns, rows)
                };
                if batch == 0 {
                    vec![2, 3, rows, columns]
                } else {
                    vec![rows, 2, 3, columns]
                }
            };
            case("FusedMatMul")
                .attr(int("transA", ta))
                .attr(int("transB", tb))
                .attr(int("transBatchA", batch_a))
                .attr(int("transBatchB", batch_b))
                .attr(float("alpha", 0.3))
                .input(&shape(ta, batch_a, 4, 5))
                .input(&shape(tb, batch_b, 5, 6))
                .agrees()
                .check();
        }
        let a: &[usize] = if ta == 0 { &[2, 4, 5] } else { &[2, 5, 4] };
        let b: &[usize] = if tb == 0 { &[5, 6] } else { &[6, 5] };
        for op in ["FusedMatMul", "TransposeMatMul"] {
            case(op)
                .attr(int("transA", ta))
                .attr(int("transB", tb))
                .input(a)
                .input(b)
                .agrees()
                .check();
        }
    }
    case("FusedMatMul")
        .attr(float("alpha", 2.0))
        .input(&[40, 2])
        .input(&[2, 50])
        .agrees()
        .check();
    case("FusedMatMul")
        .attr(float("alpha", 2.0))
        .input(&[3, 50])
        .input(&[50, 3])
        .agrees()
        .check();
}

#[test]
fn fused_gemm_and_conv() {
    for (name, alpha) in [("Relu", None), ("Tanh", None), ("LeakyRelu", Some(0.2))] {
        let mut case = case("FusedGemm")
            .attr(text("activation", name))
            .attr(int("transB", 1))
            .attr(float("alpha", 0.5));
        if let Some(alpha) = alpha {
            case = case.attr(float("activation_alpha", alpha));
        }
        case.input(&[3, 5]).input(&[4, 5]).input(&[4]).agrees();
    }
    case("FusedGemm")
        .attr(text("activation", "Sigmoid"))
        .input(&[3, 5])
        .input(&[5, 4])
        .input(&[4])
        .check();
    let conv = |name: &str, parameters: &[f32]| {
        case("FusedConv")
            .attr(text("activation", name))
            .attr(floats("activation_params", parameters))
            .attr(ints("pads", &[1, 1, 1, 1]))
            .attr(ints("kernel_shape", &[3, 3]))
            .input(&[1, 2, 5, 6])
            .input(&[3, 2, 3, 3])
            .input(&[3])
    };
    conv("Relu", &[]).agrees();
    conv("LeakyRelu", &[0.3]).agrees();
    conv("Clip", &[-0.4, 0.6]).agrees();
    conv("HardSigmoid", &[0.3, 0.4]).agrees();
    conv("Tanh", &[]).agrees().check();
    conv("Sigmoid", &[]).agrees().check();
    conv("Relu", &[]).input(&[1, 3, 5, 6]).agrees();
}

#[test]
fn distances() {
    for metric in ["sqeuclidean", "euclidean"] {
        case("CDist")
            .attr(text("metric", metric))
            .input(&[4, 3])
            .input(&[5, 3])
            .agrees()
            .check();
    }
}

#[test]
fn weights_of_a_few_bits() {
    for bits in [2_i64, 4, 8] {
        let (rows, columns, block) = (40_usize, 3_usize, 16_usize);
        let blocks = rows.div_ceil(block);
        let blob = block * bits as usize / 8;
        let mut random = fastrand::Rng::with_seed(3);
        let mut bytes = |count: usize| -> Vec<u8> { (0..count).map(|_| random.u8(..)).collect() };
        let packed = Tensor::new(
            Elem::U8,
            vec![columns, blocks, blob],
            bytes(columns * blocks * blob),
        )
        .unwrap();
        let width = (blocks * bits as usize).div_ceil(8);
        let zeros = Tensor::new(Elem::U8, vec![columns * width], bytes(columns * width)).unwrap();
        let with = || {
            case("MatMulNBits")
                .attr(int("K", rows as i64))
                .attr(int("N", columns as i64))
                .attr(int("bits", bits))
                .attr(int("block_size", block as i64))
                .input(&[2, 3, rows])
                .constant(packed.clone())
                .constant(spread(&[columns * blocks], 9))
        };
        with().agrees().check();
        with().constant(zeros).agrees().check();
    }
}

#[test]
fn what_is_refused_says_why() {
    let mut graph = Graph {
        opset: 18,
        inputs: vec![port("x", &[1, 8, 4, 4])],
        outputs: vec!["y".into()],
        ..Graph::default()
    };
    graph.domains.insert("com.microsoft.nchwc".into(), 1);
    graph.nodes.push(NodeProto {
        op_type: "ReorderInput".into(),
        domain: "com.microsoft.nchwc".into(),
        input: vec!["x".into()],
        output: vec!["y".into()],
        ..NodeProto::default()
    });
    let feeds = [("x".to_owned(), spread(&[1, 8, 4, 4], 1))].into();
    let request = Request::new(feeds, Target::Input("x".into()), Objective::Vjp);
    let error = differentiate(&graph, &request, &engine(), &Task::detached())
        .unwrap_err()
        .to_string();
    assert!(error.contains("extended level"), "{error}");
}
