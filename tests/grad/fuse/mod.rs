//! Patterns that exporters write out: the gathered graph says the same, and is shorter.

mod gates;
mod layer_norm;

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
