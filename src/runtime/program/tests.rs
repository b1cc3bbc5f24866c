//! Graphs that are rewritten yield what the engine's own do.

mod drawn;

use super::*;
use crate::files::read_all;
use crate::onnx::proto::ModelProto;
use crate::onnx::{Dim, Elem, node};
use drawn::{Drawn, ROWS, windows};
use prost::Message as _;
use std::collections::BTreeMap;
use tempfile::TempDir;

/// Convolutions with what a gradient has between them: a mask, a gate for each channel, a depthwise convolution with
/// a stride that is taken back.
fn gated(channels: usize) -> Graph {
    let mut drawn = Drawn::new(channels, 8, &["gated", "spread"]);
    drawn.weights("w1", &[channels, channels, 3, 3]);
    drawn.weights("w2", &[channels, channels, 1, 1]);
    drawn.weights("w3", &[channels, 1, 3, 3]);
    let [full, one, large] = [8, 1, 16].map(|n| [ROWS, channels, n, n]);
    let conv = || windows(3, 1, [1; 4]);
    drawn.node("Conv", &["x", "w1"], &[("made", &full)], conv());
    drawn.mask("made", "is", "mask", &full);
    drawn.node("Sigmoid", &["made"], &[("slope", &full)], vec![]);
    drawn.node("Mul", &["slope", "mask"], &[("masked", &full)], vec![]);
    drawn.node("GlobalAveragePool", &["masked"], &[("mean", &one)], vec![]);
    drawn.node(
        "Conv",
        &["mean", "w2"],
        &[("gate", &one)],
        windows(1, 1, [0; 4]),
    );
    drawn.node("Mul", &["masked", "gate"], &[("gated", &full)], vec![]);
    drawn.node("Sub", &["gated", "made"], &[("less", &full)], vec![]);
    drawn.node("Conv", &["less", "w1"], &[("again", &full)], conv());
    let mut back = windows(3, 2, [1, 1, 0, 0]);
    back.push(node::int("group", channels as i64));
    drawn.node(
        "ConvTranspose",
        &["again", "w3"],
        &[("spread", &large)],
        back,
    );
    drawn.graph
}

/// A network's first layers and their gradient: a stem with a stride, a maximum over windows, a normalisation, channels that are
/// put after each other; all of it taken back.
fn dense(channels: usize) -> Graph {
    let mut drawn = Drawn::new(3, 33, &["back", "y"]);
    let all = [ROWS, channels, 17, 17];
    let few = &[ROWS, channels, 9, 9];
    let twice = [ROWS, 2 * channels, 9, 9];
    drawn.weights("stem", &[channels, 3, 7, 7]);
    drawn.weights("w1", &[channels, channels, 3, 3]);
    drawn.weights("w2", &[channels, 2 * channels, 1, 1]);
    for name in ["scale", "bias", "mean"] {
        drawn.weights(name, &[2 * channels]);
    }
    let variance: Vec<f32> = (0..2 * channels).map(|n| 0.5 + n as f32 / 40.0).collect();
    drawn.constant("variance", Tensor::floats(&[2 * channels], &variance));
    drawn.node(
        "Conv",
        &["x", "stem"],
        &[("first", &all)],
        windows(7, 2, [3; 4]),
    );
    drawn.node("Relu", &["first"], &[("open", &all)], vec![]);
    let pool = windows(3, 2, [1; 4]);
    drawn.node(
        "MaxPool",
        &["open"],
        &[("most", few), ("places", few)],
        pool,
    );
    drawn.node(
        "Conv",
        &["most", "w1"],
        &[("more", few)],
        windows(3, 1, [1; 4]),
    );
    let axis = || vec![node::int("axis", 1)];
    drawn.node("Concat", &["most", "more"], &[("both", &twice)], axis());
    let norm = ["both", "scale", "bias", "mean", "variance"];
    drawn.node("BatchNormalization", &norm, &[("even", &twice)], vec![]);
    drawn.node("Relu", &["even"], &[("on", &twice)], vec![]);
    drawn.node("Conv", &["on", "w2"], &[("y", few)], windows(1, 1, [0; 4]));
    dense_back(&mut drawn, channels);
    drawn.graph
}

/// Its gradient, with `y` as the cotangent.
fn dense_back(drawn: &mut Drawn, channels: usize) {
    let all = [ROWS, channels, 17, 17];
    let few = &[ROWS, channels, 9, 9];
    let twice = [ROWS, 2 * channels, 9, 9];
    let axis = || vec![node::int("axis", 1)];
    drawn.mask("on", "is on", "mask on", &twice);
    drawn.weights("w2 turned", &[2 * channels, channels, 1, 1]);
    drawn.node(
        "Conv",
        &["y", "w2 turned"],
        &[("g on", &twice)],
        windows(1, 1, [0; 4]),
    );
    drawn.node("Mul", &["g on", "mask on"], &[("g even", &twice)], vec![]);
    drawn.constant("sizes", Tensor::ints(&[2], &[channels as i64; 2]));
    drawn.node(
        "Split",
        &["g even", "sizes"],
        &[("g one", few), ("g other", few)],
        axis(),
    );
    drawn.node(
        "Conv",
        &["g other", "w1"],
        &[("g more", few)],
        windows(3, 1, [1; 4]),
    );
    drawn.node("Add", &["g one", "g more"], &[("g most", few)], vec![]);
    let [large, small] = [&all, few].map(|shape| shape.iter().product::<usize>());
    drawn.constant("row", Tensor::ints(&[1], &[-1]));
    drawn.constant("large", Tensor::ints(&[1], &[large as i64]));
    drawn.node(
        "Reshape",
        &["places", "row"],
        &[("places in a row", &[small])],
        vec![],
    );
    drawn.graph.infos.get_mut("places in a row").unwrap().elem = Elem::I64;
    drawn.node(
        "Reshape",
        &["g most", "row"],
        &[("g in a row", &[small])],
        vec![],
    );
    drawn.node(
        "ConstantOfShape",
        &["large"],
        &[("nothing", &[large])],
        vec![],
    );
    let scattered = vec![node::int("axis", 0), node::text("reduction", "add")];
    let reads = ["nothing", "places in a row", "g in a row"];
    drawn.node("ScatterElements", &reads, &[("g row", &[large])], scattered);
    let shape = all.map(|n| n as i64);
    drawn.constant("shape", Tensor::ints(&[4], &shape));
    drawn.node("Reshape", &["g row", "shape"], &[("g open", &all)], vec![]);
    drawn.mask("open", "is open", "mask open", &all);
    drawn.node(
        "Mul",
        &["g open", "mask open"],
        &[("g first", &all)],
        vec![],
    );
    // A step further, with a stride that takes the channels along, before the picture.
    let wider = [ROWS, channels, 33, 33];
    drawn.node(
        "ConvTranspose",
        &["g first", "w1"],
        &[("wide", &wider)],
        windows(3, 2, [1; 4]),
    );
    drawn.node(
        "Conv",
        &["wide", "w1"],
        &[("g again", &[ROWS, channels, 17, 17])],
        windows(3, 2, [1; 4]),
    );
    drawn.node("Add", &["g again", "g first"], &[("g all", &all)], vec![]);
    let picture = [ROWS, 3, 33, 33];
    drawn.node(
        "ConvTranspose",
        &["g all", "stem"],
        &[("back", &picture)],
        windows(7, 2, [3; 4]),
    );
}

/// The graph as the engine runs it, and what its optimiser made of it, in a file of the folder.
fn optimised(graph: &Graph) -> (Loaded, TempDir) {
    let folder = tune::keep(graph, Effort::Often).expect("ONNX Runtime, and a place to write");
    let file = folder.path().join(FILE);
    let encoded = graph.encode(Encoded::DATA);
    let providers = [Provider::Cpu];
    let opened = session::open_graph(graph, &encoded, &providers, Effort::Often, Some(&file));
    let opened = opened.unwrap();
    (Loaded::new(graph, opened.session, opened.provider), folder)
}

/// How often each operator is there, before and after the graph is rewritten, once both yield the same for so many rows.
fn rewritten(graph: &Graph, rows: &[usize]) -> [BTreeMap<String, usize>; 2] {
    let (mut plain, folder) = optimised(graph);
    let file = folder.path().join(FILE);
    let count = |model: &[u8]| {
        let nodes = ModelProto::decode(model).unwrap().graph.unwrap().node;
        let mut counts = BTreeMap::new();
        for node in nodes {
            *counts.entry(node.op_type).or_insert(0) += 1;
        }
        counts
    };
    let before = count(&read_all(&file, 1 << 30).unwrap());
    let model = tune::rewritten(graph, &file).expect("something is gained");
    for effort in [Effort::Often, Effort::Beside] {
        let session = session::open_tuned(&model, effort).unwrap();
        let mut other = Loaded::new(graph, session, plain.provider.clone());
        assert!(
            tune::agree(graph, &mut plain, &mut other),
            "{:?}",
            count(&model)
        );
        for &rows in rows {
            let mut shape: Vec<usize> = graph.inputs[0]
                .dims
                .iter()
                .map(|dim| match dim {
                    Dim::Fixed(size) => *size,
                    _ => rows,
                })
                .collect();
            shape[0] = rows;
            let mut random = fastrand::Rng::with_seed(rows as u64);
            let values: Vec<f32> = (0..shape.iter().product::<usize>())
                .map(|_| random.f32() - 0.4)
                .collect();
            let x = Tensor::floats(&shape, &values);
            let right = plain.run(&[("x", &x)], &()).unwrap();
            let made = other.run(&[("x", &x)], &()).unwrap();
            assert!(
                tune::alike(&right, &made),
                "{rows} rows: {:?}",
                count(&model)
            );
            assert!(made[0].to_floats().unwrap().iter().any(|v| *v != 0.0));
        }
    }
    [before, count(&model)]
}

/// The graph for any number of rows.
fn free(mut graph: Graph) -> Graph {
    graph.inputs[0].dims[0] = Dim::Named("rows".into());
    graph.sizes = std::mem::take(&mut graph.infos);
    graph
}

fn of(counts: &BTreeMap<String, usize>, op: &str) -> usize {
    counts.get(op).copied().unwrap_or(0)
}

/// Channels that fill the lanes, that nearly do, and that do not.
#[test]
fn a_gate_that_is_rewritten_yields_the_same() {
    for channels in [32, 24, 20] {
        let [before, after] = rewritten(&gated(channels), &[ROWS]);
        assert!(of(&after, "Fused") > 0, "{after:?}");
        assert_eq!(of(&after, "Greater") + of(&after, "Cast"), 0, "{after:?}");
        // Where the engine lays channels beside each other: what comes out alone is brought into rows.
        if channels > 20 && of(&before, "ReorderOutput") > 0 {
            assert!(of(&before, "ReorderOutput") > 3, "{before:?}");
            assert_eq!(of(&after, "ReorderOutput"), 2, "{after:?}");
            assert_eq!(of(&after, "Spread"), 1, "{after:?}");
        }
    }
}

/// A normalisation and a stride that is taken back, of channels and of a picture; the graph says how many rows it has been
/// planned for, and takes any.
#[test]
fn a_graph_for_any_batch_yields_the_same() {
    for channels in [32, 24, 20] {
        let mut drawn = Drawn::new(channels, 17, &["back", "picture"]);
        let (full, half) = ([ROWS, channels, 17, 17], [ROWS, channels, 9, 9]);
        drawn.weights("w", &[channels, channels, 3, 3]);
        drawn.weights("few", &[channels, 3, 3, 3]);
        for name in ["scale", "bias", "mean"] {
            drawn.weights(name, &[channels]);
        }
        drawn.constant(
            "variance",
            Tensor::floats(&[channels], &vec![0.7; channels]),
        );
        let conv = || windows(3, 1, [1; 4]);
        drawn.node("Conv", &["x", "w"], &[("made", &full)], conv());
        // What comes between keeps the engine from taking the normalisation into the convolution.
        drawn.mask("made", "is", "mask", &full);
        drawn.node("Mul", &["made", "mask"], &[("open", &full)], vec![]);
        let norm = ["open", "scale", "bias", "mean", "variance"];
        drawn.node("BatchNormalization", &norm, &[("even", &full)], vec![]);
        drawn.node("Mul", &["even", "mask"], &[("masked", &full)], vec![]);
        drawn.node(
            "Conv",
            &["masked", "w"],
            &[("half", &half)],
            windows(3, 2, [1; 4]),
        );
        drawn.node(
            "ConvTranspose",
            &["half", "w"],
            &[("back", &full)],
            windows(3, 2, [1; 4]),
        );
        let picture = [ROWS, 3, 17, 17];
        drawn.node(
            "ConvTranspose",
            &["half", "few"],
            &[("picture", &picture)],
            windows(3, 2, [1; 4]),
        );
        let [before, after] = rewritten(&free(drawn.graph), &[1, 2, 3, 4]);
        assert_eq!(of(&after, "BatchNormalization"), 0, "{after:?}");
        if channels > 20 && of(&before, "ReorderOutput") > 0 {
            assert_eq!(of(&after, "Weave"), 2, "{after:?}");
        }
    }
}

#[test]
fn first_layers_that_are_rewritten_yield_the_same() {
    for channels in [32, 24] {
        let [before, after] = rewritten(&dense(channels), &[ROWS]);
        assert!(of(&after, "Fused") > 0, "{after:?}");
        if of(&before, "ReorderOutput") > 0 {
            assert_eq!(of(&after, "Unpool"), 1, "{after:?}");
            assert_eq!(of(&after, "ScatterElements"), 0, "{after:?}");
            assert_eq!(of(&after, "Weave"), 2, "{after:?}");
            assert_eq!(of(&after, "ConvTranspose"), 0, "{after:?}");
            if channels == 32 {
                // The cotangent `y` comes out too; the picture's gradient is made in rows.
                assert_eq!(of(&after, "ReorderOutput"), 1, "{before:?} {after:?}");
            }
        }
    }
}

/// What a transformer's gradient has: curves, one value for each token, one for each feature, one table for all rows.
#[test]
fn what_is_broadcast_and_curved_yields_the_same() {
    let mut drawn = Drawn::new(12, 12, &["out", "table out"]);
    let (whole, last) = ([ROWS, 12, 12, 12], [ROWS, 12, 12, 1]);
    drawn.weights("features", &[12]);
    drawn.weights("table", &[1, 12, 12, 12]);
    drawn.weights("w", &[12, 12]);
    drawn.constant("half", Tensor::floats(&[], &[0.5]));
    drawn.constant("axis", Tensor::ints(&[1], &[-1]));
    let one = |drawn: &mut Drawn, op: &str, reads: &[&str], makes: &str| {
        drawn.node(op, reads, &[(makes, &whole)], vec![]);
    };
    drawn.node("ReduceMean", &["x", "axis"], &[("mean", &last)], vec![]);
    one(&mut drawn, "Sub", &["x", "mean"], "even");
    one(&mut drawn, "Mul", &["even", "features"], "scaled");
    one(&mut drawn, "Mul", &["scaled", "half"], "inner");
    one(&mut drawn, "Erf", &["inner"], "erf");
    one(&mut drawn, "Exp", &["inner"], "exp");
    one(&mut drawn, "Mul", &["scaled", "erf"], "gelu");
    one(&mut drawn, "MatMul", &["gelu", "w"], "mixed");
    one(&mut drawn, "Tanh", &["mixed"], "tanh");
    one(&mut drawn, "Sigmoid", &["mixed"], "sigmoid");
    one(&mut drawn, "Mul", &["tanh", "sigmoid"], "both");
    // And back: the same curves again, which are not kept.
    one(&mut drawn, "Mul", &["exp", "erf"], "slope");
    one(&mut drawn, "Mul", &["both", "slope"], "out");
    one(&mut drawn, "Add", &["both", "table"], "with");
    one(&mut drawn, "Mul", &["with", "half"], "table out");
    let [before, after] = rewritten(&drawn.graph, &[ROWS]);
    for op in ["Sub", "Erf", "Exp", "Tanh", "Sigmoid"] {
        assert_eq!(
            (of(&before, op), of(&after, op)),
            (1, 0),
            "{op}: {before:?} {after:?}"
        );
    }
    assert_eq!(of(&after, "Mul"), 0, "{after:?}");
}
