//! Patterns that exporters write out: the gathered graph says the same, and is shorter.

use super::harness::{close, engine, port, spread};
use nearmiss::grad::{COTANGENT, Gradient, Objective, Request, Target, differentiate};
use nearmiss::onnx::node::{float, int, ints};
use nearmiss::onnx::proto::{AttributeProto, NodeProto};
use nearmiss::onnx::{Effort, Graph, GraphEngine, Tensor};
use nearmiss::task::Task;
use std::collections::BTreeMap;

/// A graph of one input `x`, written node by node; the last node makes the output.
struct Written {
    graph: Graph,
    shape: Vec<usize>,
}

impl Written {
    fn new(shape: &[usize]) -> Self {
        let mut graph = Graph {
            opset: 18,
            ..Graph::default()
        };
        graph.inputs.push(port("x", shape));
        Self {
            graph,
            shape: shape.to_vec(),
        }
    }

    fn scalars(mut self, values: &[(&str, f32)]) -> Self {
        for (name, value) in values {
            self.graph
                .constants
                .insert((*name).into(), Tensor::floats(&[], &[*value]));
        }
        self
    }

    /// A constant of seeded values.
    fn weights(mut self, name: &str, shape: &[usize]) -> Self {
        let seed = self.graph.constants.len() as u64;
        self.graph
            .constants
            .insert(name.into(), spread(shape, seed));
        self
    }

    fn ints(mut self, name: &str, values: &[i64]) -> Self {
        self.graph
            .constants
            .insert(name.into(), Tensor::ints(&[values.len()], values));
        self
    }

    fn with(
        mut self,
        op: &str,
        inputs: &[&str],
        output: &str,
        attributes: &[AttributeProto],
    ) -> Self {
        self.graph.nodes.push(NodeProto {
            op_type: op.into(),
            input: inputs.iter().map(|&i| i.to_owned()).collect(),
            output: vec![output.into()],
            attribute: attributes.to_vec(),
            ..NodeProto::default()
        });
        self.graph.outputs = vec![output.into()];
        self
    }

    fn op(self, op: &str, inputs: &[&str], output: &str) -> Self {
        self.with(op, inputs, output, &[])
    }

    /// The transformed graph, once its output agrees with that of the graph as written, and its gradient with central
    /// differences of that.
    fn check(self) -> Gradient {
        let (engine, task) = (engine(), Task::detached());
        let x = spread(&self.shape, 9);
        let feeds: BTreeMap<String, Tensor> = [("x".to_owned(), x.clone())].into();
        let request = Request::new(feeds, Target::Input("x".into()), Objective::Vjp);
        let made = differentiate(&self.graph, &request, &engine, &task).unwrap();
        let mut program = engine.load(&self.graph, Effort::Once).unwrap();
        let mut forward = |x: &Tensor| {
            program.run(&[("x", x)], &task).unwrap()[0]
                .to_floats()
                .unwrap()
        };
        let cotangent = spread(&made.graph.infos[&self.graph.outputs[0]].shape, 77);
        let mut fed = vec![("x", &x), (COTANGENT, &cotangent)];
        fed.retain(|(name, _)| made.graph.inputs.iter().any(|p| p.name == *name));
        let results = engine
            .load(&made.graph, Effort::Often)
            .unwrap()
            .run(&fed, &task)
            .unwrap();
        close(
            &results[1].to_floats().unwrap(),
            &forward(&x),
            1e-5,
            "the output",
        );
        let weights = cotangent.to_floats().unwrap();
        let base = x.to_floats().unwrap();
        let step = 1.0 / 256.0;
        let measured: Vec<f32> = (0..base.len())
            .map(|i| {
                let mut at = |by: f32| -> f64 {
                    let mut moved = base.clone();
                    moved[i] += by * step;
                    let y = forward(&Tensor::floats(&self.shape, &moved));
                    y.iter()
                        .zip(&weights)
                        .map(|(y, w)| f64::from(*y) * f64::from(*w))
                        .sum()
                };
                let (near, far) = (at(1.0) - at(-1.0), at(2.0) - at(-2.0));
                ((8.0 * near - far) / (12.0 * f64::from(step))) as f32
            })
            .collect();
        close(
            &results[2].to_floats().unwrap(),
            &measured,
            2e-3,
            "the gradient",
        );
        made
    }
}

fn count(made: &Gradient, op: &str) -> usize {
    made.graph.nodes.iter().filter(|n| n.op_type == op).count()
}

fn constants() -> [(&'static str, f32); 9] {
    [
        ("half", 0.5),
        ("one", 1.0),
        ("two", 2.0),
        ("three", 3.0),
        ("six", 6.0),
        ("zero", 0.0),
        ("root2", std::f32::consts::SQRT_2),
        ("inverse", std::f32::consts::FRAC_1_SQRT_2),
        ("cubic", 0.044_715),
    ]
}

/// The exact GELU, from its gate `1 + erf` on, in the orders that exporters multiply in.
#[test]
fn gelu_in_every_order() {
    let start = |op: &str, by: &str| {
        let graph = Written::new(&[3, 5]).scalars(&constants());
        graph.op(op, &["x", by], "u").op("Erf", &["u"], "e")
    };
    let gated = || start("Div", "root2").op("Add", &["e", "one"], "gate");
    let all = [
        gated()
            .op("Mul", &["x", "gate"], "a")
            .op("Mul", &["a", "half"], "y"),
        gated()
            .op("Mul", &["x", "half"], "a")
            .op("Mul", &["a", "gate"], "y"),
        gated()
            .op("Mul", &["half", "gate"], "a")
            .op("Mul", &["x", "a"], "y"),
        gated()
            .op("Div", &["gate", "two"], "a")
            .op("Mul", &["a", "x"], "y"),
        start("Mul", "inverse")
            .op("Add", &["one", "e"], "gate")
            .op("Mul", &["gate", "x"], "a")
            .op("Mul", &["half", "a"], "y"),
        start("Mul", "inverse")
            .op("Mul", &["e", "half"], "h")
            .op("Add", &["h", "half"], "gate")
            .op("Mul", &["x", "gate"], "y"),
    ];
    for graph in all {
        let made = graph.check();
        assert_eq!(
            (
                count(&made, "Erf"),
                count(&made, "Exp"),
                count(&made, "HardSigmoid")
            ),
            (1, 1, 1)
        );
        assert!(made.graph.nodes.len() <= 12, "{}", made.graph.nodes.len());
    }
}

#[test]
fn what_looks_like_gelu_but_is_not() {
    let gated = || {
        let graph = Written::new(&[3, 5])
            .scalars(&constants())
            .scalars(&[("most", 0.6)]);
        graph
            .op("Div", &["x", "root2"], "u")
            .op("Erf", &["u"], "e")
            .op("Add", &["e", "one"], "gate")
    };
    let all = [
        gated()
            .op("Mul", &["x", "gate"], "a")
            .op("Mul", &["a", "most"], "y"),
        gated()
            .op("Mul", &["u", "gate"], "a")
            .op("Mul", &["a", "half"], "y"),
        gated()
            .op("Mul", &["gate", "gate"], "a")
            .op("Mul", &["a", "half"], "y"),
        gated()
            .weights("w", &[5])
            .op("Mul", &["x", "w"], "v")
            .op("Mul", &["v", "gate"], "a")
            .op("Mul", &["a", "half"], "y"),
    ];
    for graph in all {
        assert_eq!(count(&graph.check(), "HardSigmoid"), 0);
    }
}

#[test]
fn gelu_of_a_product_and_times_a_scale() {
    let made = Written::new(&[3, 5])
        .scalars(&constants())
        .weights("w", &[5])
        .op("Mul", &["x", "w"], "v")
        .op("Div", &["v", "root2"], "u")
        .op("Erf", &["u"], "e")
        .op("Add", &["e", "one"], "gate")
        .op("Mul", &["v", "gate"], "a")
        .op("Mul", &["a", "half"], "b")
        .op("Mul", &["b", "w"], "y")
        .check();
    assert_eq!(count(&made, "HardSigmoid"), 1);
}

#[test]
fn gelu_by_tanh() {
    let root = (2.0 / std::f32::consts::PI).sqrt();
    let start = || {
        Written::new(&[3, 5])
            .scalars(&constants())
            .scalars(&[("root", root)])
    };
    let cubes = [
        start().op("Pow", &["x", "three"], "cube"),
        start()
            .op("Mul", &["x", "x"], "square")
            .op("Mul", &["square", "x"], "cube"),
    ];
    for graph in cubes {
        let made = graph
            .op("Mul", &["cube", "cubic"], "c")
            .op("Add", &["x", "c"], "d")
            .op("Mul", &["d", "root"], "t")
            .op("Tanh", &["t"], "h")
            .op("Add", &["h", "one"], "gate")
            .op("Mul", &["x", "half"], "a")
            .op("Mul", &["a", "gate"], "y")
            .check();
        assert_eq!((count(&made, "Tanh"), count(&made, "Sigmoid")), (0, 1));
    }
    let factored = start()
        .op("Mul", &["x", "cubic"], "a")
        .op("Mul", &["a", "x"], "b")
        .op("Add", &["b", "one"], "c")
        .op("Mul", &["x", "root"], "d")
        .op("Mul", &["d", "c"], "t")
        .op("Tanh", &["t"], "h")
        .op("Add", &["one", "h"], "gate")
        .op("Mul", &["gate", "half"], "e")
        .op("Mul", &["x", "e"], "y");
    assert_eq!(count(&factored.check(), "Sigmoid"), 1);
}

#[test]
fn other_gates() {
    let start = || {
        Written::new(&[3, 5])
            .scalars(&constants())
            .scalars(&[("a", 1.702), ("sixth", 1.0 / 6.0)])
    };
    let silu = start()
        .op("Sigmoid", &["x"], "s")
        .op("Mul", &["x", "s"], "y")
        .check();
    assert_eq!(count(&silu, "Sigmoid"), 1);
    assert!(silu.graph.nodes.len() <= 8, "{}", silu.graph.nodes.len());
    let quick = start()
        .op("Mul", &["x", "a"], "u")
        .op("Sigmoid", &["u"], "s")
        .op("Mul", &["s", "x"], "y")
        .check();
    assert_eq!(count(&quick, "Sigmoid"), 1);
    let mish = start()
        .op("Softplus", &["x"], "s")
        .op("Tanh", &["s"], "t")
        .op("Mul", &["x", "t"], "y")
        .check();
    assert_eq!((count(&mish, "Softplus"), count(&mish, "Tanh")), (0, 0));
    let third = [float("alpha", 1.0 / 6.0), float("beta", 0.5)];
    let swish = start()
        .with("HardSigmoid", &["x"], "h", &third)
        .op("Mul", &["x", "h"], "y")
        .check();
    assert_eq!(count(&swish, "HardSwish"), 1);
    let clip = || {
        start()
            .op("Add", &["x", "three"], "u")
            .op("Clip", &["u", "zero", "six"], "c")
    };
    let swish = clip()
        .op("Mul", &["x", "c"], "d")
        .op("Div", &["d", "six"], "y")
        .check();
    assert_eq!(count(&swish, "HardSwish"), 1);
    let swish = clip()
        .op("Mul", &["c", "sixth"], "d")
        .op("Mul", &["d", "x"], "y")
        .check();
    assert_eq!(count(&swish, "HardSwish"), 1);
    let sigmoid = clip().op("Div", &["c", "six"], "y").check();
    assert_eq!(count(&sigmoid, "HardSigmoid"), 1);
    let gate = start()
        .weights("w", &[5])
        .op("Mul", &["x", "w"], "u")
        .op("Sigmoid", &["u"], "s")
        .op("Mul", &["s", "x"], "y");
    gate.check();
}

fn layer(twice: bool, root: &str) -> Written {
    let graph = Written::new(&[2, 3, 5])
        .scalars(&[
            ("epsilon", 1e-3),
            ("two", 2.0),
            ("one", 1.0),
            ("negative", -0.5),
        ])
        .ints("last", &[-1])
        .op("ReduceMean", &["x", "last"], "mean")
        .op("Sub", &["x", "mean"], "difference");
    let graph = if twice {
        graph
            .op("Sub", &["x", "mean"], "again")
            .op("Mul", &["again", "again"], "square")
    } else {
        graph.op("Pow", &["difference", "two"], "square")
    };
    let graph = graph.op("ReduceMean", &["square", "last"], "variance").op(
        "Add",
        &["variance", "epsilon"],
        "safe",
    );
    match root {
        "Div" => graph
            .op("Sqrt", &["safe"], "root")
            .op("Div", &["difference", "root"], "normal"),
        "Reciprocal" => {
            let graph = graph
                .op("Sqrt", &["safe"], "root")
                .op("Reciprocal", &["root"], "inverse");
            graph.op("Mul", &["difference", "inverse"], "normal")
        }
        _ => {
            let graph = graph
                .op("Sqrt", &["safe"], "root")
                .op("Div", &["one", "root"], "inverse");
            graph.op("Mul", &["inverse", "difference"], "normal")
        }
    }
}

#[test]
fn layer_normalization_written_out() {
    for twice in [false, true] {
        for root in ["Div", "Reciprocal", "Quotient"] {
            let made = layer(twice, root).check();
            assert_eq!(
                (count(&made, "LayerNormalization"), count(&made, "Sqrt")),
                (1, 0)
            );
            let made = layer(twice, root)
                .weights("w", &[5])
                .op("Mul", &["w", "normal"], "y")
                .check();
            assert_eq!(
                (count(&made, "LayerNormalization"), count(&made, "Sqrt")),
                (1, 0)
            );
            let made = layer(twice, root)
                .weights("w", &[5])
                .weights("b", &[1, 5])
                .op("Mul", &["normal", "w"], "scaled")
                .op("Add", &["scaled", "b"], "y")
                .check();
            assert_eq!(
                (count(&made, "LayerNormalization"), count(&made, "Sqrt")),
                (1, 0)
            );
            assert_eq!(
                made.graph
                    .nodes
                    .iter()
                    .find(|n| n.op_type == "LayerNormalization")
                    .unwrap()
                    .input
                    .len(),
                3
            );
        }
    }
}

#[test]
fn layer_normalization_through_casts_and_of_channels() {
    let made = Written::new(&[2, 6])
        .scalars(&[("epsilon", 1e-3), ("two", 2.0)])
        .with("Cast", &["x"], "wide", &[int("to", 1)])
        .op("Identity", &["wide"], "same")
        .with("ReduceMean", &["same"], "mean", &[])
        .ints("last", &[1])
        .op("Sub", &["same", "mean"], "difference")
        .op("Pow", &["difference", "two"], "square")
        .op("ReduceMean", &["square", "last"], "variance")
        .op("Add", &["variance", "epsilon"], "safe")
        .op("Sqrt", &["safe"], "root")
        .op("Div", &["difference", "root"], "y")
        .check();
    // The two means are over different dimensions.
    assert_eq!(count(&made, "LayerNormalization"), 0);
    let channels = Written::new(&[2, 3, 2, 2])
        .scalars(&[("epsilon", 1e-3)])
        .ints("first", &[1])
        .op("ReduceMean", &["x", "first"], "mean")
        .op("Sub", &["x", "mean"], "difference")
        .op("Mul", &["difference", "difference"], "square")
        .op("ReduceMean", &["square", "first"], "variance")
        .op("Add", &["variance", "epsilon"], "safe")
        .op("Sqrt", &["safe"], "root")
        .op("Div", &["difference", "root"], "y")
        .check();
    assert_eq!(count(&channels, "LayerNormalization"), 0);
}

#[test]
fn affine_maps_become_part_of_the_weights_before_them() {
    let positive = |graph: Written| {
        let mut graph = graph
            .weights("scale", &[4])
            .weights("bias", &[4])
            .weights("mean", &[4]);
        graph.graph.constants.insert(
            "variance".into(),
            Tensor::floats(&[4], &[0.5, 1.0, 2.0, 0.3]),
        );
        graph
    };
    let parameters = ["v", "scale", "bias", "mean", "variance"];
    let gemm = |transposed: i64| {
        let shape: &[usize] = if transposed == 1 { &[4, 3] } else { &[3, 4] };
        let graph = Written::new(&[2, 3]).weights("w", shape).weights("c", &[4]);
        graph.with(
            "Gemm",
            &["x", "w", "c"],
            "v",
            &[
                int("transB", transposed),
                float("alpha", 0.7),
                float("beta", 1.3),
            ],
        )
    };
    for graph in [
        gemm(0),
        gemm(1),
        Written::new(&[2, 3])
            .weights("w", &[3, 4])
            .op("MatMul", &["x", "w"], "v"),
    ] {
        let made = positive(graph)
            .op("BatchNormalization", &parameters, "y")
            .check();
        assert_eq!(count(&made, "BatchNormalization"), 0);
    }
    for bias in [&["x", "w"][..], &["x", "w", "c"]] {
        let conv = || {
            let graph = Written::new(&[2, 4, 5, 3])
                .weights("w", &[4, 2, 3, 3])
                .weights("c", &[4]);
            graph.with(
                "Conv",
                bias,
                "v",
                &[int("group", 2), ints("pads", &[1, 1, 1, 1])],
            )
        };
        let made = positive(conv())
            .op("BatchNormalization", &parameters, "y")
            .check();
        assert_eq!(
            (
                count(&made, "BatchNormalization"),
                made.graph.nodes.len() <= 4
            ),
            (0, true)
        );
        let scaled = conv()
            .weights("gamma", &[4, 1, 1])
            .weights("beta", &[1, 4, 1, 1]);
        let made = scaled
            .op("Mul", &["gamma", "v"], "u")
            .op("Add", &["u", "beta"], "y")
            .check();
        assert_eq!((count(&made, "Mul"), count(&made, "Add")), (1, 0));
        // Along the width, not the channels.
        conv()
            .weights("wide", &[3])
            .op("Mul", &["v", "wide"], "y")
            .check();
    }
    let linear = Written::new(&[2, 5, 3])
        .weights("w", &[3, 4])
        .weights("b", &[4])
        .weights("gamma", &[4])
        .op("MatMul", &["x", "w"], "u")
        .op("Add", &["b", "u"], "v")
        .op("Mul", &["v", "gamma"], "y");
    // One product is left: that of output and cotangent.
    assert_eq!(count(&linear.check(), "Mul"), 1);
    let shifted = gemm(1)
        .weights("more", &[4])
        .op("Sub", &["v", "more"], "y")
        .check();
    assert_eq!(count(&shifted, "Sub"), 0);
    // Where something else reads the product, it stays.
    let read = Written::new(&[2, 3])
        .weights("w", &[3, 4])
        .weights("gamma", &[4])
        .op("MatMul", &["x", "w"], "u")
        .op("Mul", &["u", "gamma"], "v")
        .op("Add", &["u", "v"], "y");
    assert_eq!(count(&read.check(), "MatMul"), 2);
}

#[test]
fn what_changes_nothing_goes() {
    let made = Written::new(&[2, 3, 4])
        .scalars(&[("zero", 0.0), ("one", 1.0)])
        .ints("flat", &[6, 4])
        .ints("back", &[2, 3, 4])
        .op("Identity", &["x"], "a")
        .op("Dropout", &["a"], "b")
        .op("Add", &["zero", "b"], "c")
        .op("Mul", &["c", "one"], "d")
        .op("Reshape", &["d", "flat"], "e")
        .op("Reshape", &["e", "back"], "f")
        .with("Transpose", &["f"], "g", &[ints("perm", &[1, 2, 0])])
        .with("Transpose", &["g"], "h", &[ints("perm", &[2, 0, 1])])
        .op("Expand", &["h", "back"], "i")
        .op("Tanh", &["i"], "y")
        .check();
    for op in [
        "Identity",
        "Dropout",
        "Reshape",
        "Transpose",
        "Expand",
        "Add",
    ] {
        assert_eq!(count(&made, op), 0, "{op}");
    }
}

/// Gates become operators that are newer than the graph: also where no gradient passes they must not stay so.
#[test]
fn gates_off_the_path_of_the_gradient() {
    let mut written = Written::new(&[3, 5])
        .scalars(&constants())
        .op("Sigmoid", &["z"], "s")
        .op("Mul", &["z", "s"], "gated")
        .op("Div", &["z", "root2"], "u")
        .op("Erf", &["u"], "e")
        .op("Add", &["e", "one"], "f")
        .op("Mul", &["z", "f"], "g")
        .op("Mul", &["g", "half"], "h")
        .op("Add", &["gated", "h"], "other")
        .op("Mul", &["x", "other"], "y");
    written.graph.inputs.push(port("z", &[3, 5]));
    let (engine, task) = (engine(), Task::detached());
    let (x, z) = (spread(&[3, 5], 1), spread(&[3, 5], 2));
    let feeds: BTreeMap<String, Tensor> =
        [("x".to_owned(), x.clone()), ("z".to_owned(), z.clone())].into();
    let request = Request::new(feeds, Target::Input("x".into()), Objective::Vjp);
    let made = differentiate(&written.graph, &request, &engine, &task).unwrap();
    assert_eq!(
        (
            made.graph.opset,
            count(&made, "Gelu"),
            count(&made, "Swish")
        ),
        (18, 0, 0)
    );
    let cotangent = Tensor::floats(&[3, 5], &[1.0; 15]);
    let fed = [("x", &x), ("z", &z), (COTANGENT, &cotangent)];
    let results = engine
        .load(&made.graph, Effort::Often)
        .unwrap()
        .run(&fed, &task)
        .unwrap();
    let mut program = engine.load(&written.graph, Effort::Once).unwrap();
    let output = program.run(&fed[..2], &task).unwrap();
    close(
        &results[1].to_floats().unwrap(),
        &output[0].to_floats().unwrap(),
        1e-5,
        "the output",
    );
    let slope: Vec<f32> = output[0]
        .to_floats()
        .unwrap()
        .iter()
        .zip(x.to_floats().unwrap())
        .map(|(y, x)| y / x)
        .collect();
    close(
        &results[2].to_floats().unwrap(),
        &slope,
        1e-4,
        "the gradient",
    );
}
