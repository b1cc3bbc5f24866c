//! One operator at a time: the gradient that the transform makes, run on ONNX Runtime and where possible on tract,
//! against central differences of the forward operator.

mod second;
mod tract;

pub use second::At;
use second::directions;
pub use tract::on_tract;

use nearmiss::grad::{COTANGENT, Gradient, Objective, Request, Target, differentiate};
use nearmiss::onnx::node::{int, label};
use nearmiss::onnx::proto::{AttributeProto, NodeProto};
use nearmiss::onnx::{Dim, Effort, Elem, Encoded, Graph, GraphEngine, Port, Tensor, elements};
use nearmiss::runtime::{Provider, RuntimeEngine};
use nearmiss::task::Task;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tract_onnx::prelude::{Framework, InferenceModelExt, IntoRunnable, TValue};

/// The inference engine of this process.
pub fn engine() -> RuntimeEngine {
    RuntimeEngine::new(&[Provider::Cpu])
}

enum Input {
    /// Fed, and differentiated.
    Active(Tensor),
    /// Fed only.
    Fed(Tensor),
    /// Part of the model.
    Constant(Tensor),
    Missing,
}

/// An operator with its attributes and inputs.
pub struct Case {
    node: NodeProto,
    opset: i64,
    inputs: Vec<Input>,
    outputs: Vec<Elem>,
    tract: bool,
    seed: u64,
}

impl Case {
    /// `op` of the default operator set, version 18, with one output.
    pub fn new(op: &str) -> Self {
        Self {
            node: NodeProto {
                op_type: op.into(),
                name: format!("the {op}"),
                ..NodeProto::default()
            },
            opset: 18,
            inputs: Vec::new(),
            outputs: vec![Elem::F32],
            tract: true,
            seed: 1,
        }
    }

    /// Of another operator set.
    pub fn domain(mut self, domain: &str) -> Self {
        self.node.domain = domain.into();
        self.tract = false;
        self
    }

    /// Of another version of the default operator set.
    pub fn opset(mut self, version: i64) -> Self {
        self.opset = version;
        self
    }

    pub fn attr(mut self, attribute: AttributeProto) -> Self {
        self.node.attribute.push(attribute);
        self
    }

    /// A fed input with seeded values in [-1, 1), no two of which are closer than a step of the differences.
    pub fn input(self, shape: &[usize]) -> Self {
        self.within(shape, -1.0, 1.0)
    }

    /// A fed input with seeded values in [low, high), evenly spread and shuffled: no two alike.
    pub fn within(mut self, shape: &[usize], low: f32, high: f32) -> Self {
        let count = elements(shape).unwrap();
        let mut random = fastrand::Rng::with_seed(self.seed);
        self.seed += 1;
        let mut values: Vec<f32> = (0..count)
            .map(|i| {
                low + (high - low) * (i as f32 + 0.5 + 0.2 * (random.f32() - 0.5)) / count as f32
            })
            .collect();
        random.shuffle(&mut values);
        self.values(shape, &values)
    }

    /// A fed input with these values.
    pub fn values(mut self, shape: &[usize], values: &[f32]) -> Self {
        self.inputs
            .push(Input::Active(Tensor::floats(shape, values)));
        self
    }

    /// A fed input that is not differentiated: lengths, token ids.
    pub fn fed(mut self, tensor: Tensor) -> Self {
        self.inputs.push(Input::Fed(tensor));
        self
    }

    /// An initializer.
    pub fn constant(mut self, tensor: Tensor) -> Self {
        self.inputs.push(Input::Constant(tensor));
        self
    }

    /// An initializer of int64.
    pub fn ints(self, shape: &[usize], values: &[i64]) -> Self {
        self.constant(Tensor::ints(shape, values))
    }

    /// An initializer of float32.
    pub fn floats(self, shape: &[usize], values: &[f32]) -> Self {
        self.constant(Tensor::floats(shape, values))
    }

    /// An optional input that is left out.
    pub fn missing(mut self) -> Self {
        self.inputs.push(Input::Missing);
        self
    }

    /// The types of all outputs; those of floats are looked at together.
    pub fn outputs(mut self, types: &[Elem]) -> Self {
        self.outputs = types.to_vec();
        self
    }

    /// tract does not run this operator, or not so; `why` is for the reader.
    pub fn not_on_tract(mut self, _why: &str) -> Self {
        self.tract = false;
        self
    }

    fn graph(&self) -> (Graph, BTreeMap<String, Tensor>) {
        let mut graph = Graph {
            opset: self.opset,
            ..Graph::default()
        };
        let mut feeds = BTreeMap::new();
        let mut node = self.node.clone();
        if !node.domain.is_empty() {
            graph.domains.insert(node.domain.clone(), 1);
        }
        for (i, input) in self.inputs.iter().enumerate() {
            let name = format!("x{i}");
            match input {
                Input::Active(tensor) | Input::Fed(tensor) => {
                    let elem = tensor.elem();
                    graph.inputs.push(Port {
                        elem,
                        ..port(&name, tensor.shape())
                    });
                    feeds.insert(name.clone(), tensor.clone());
                }
                Input::Constant(tensor) => {
                    graph.constants.insert(name.clone(), tensor.clone());
                }
                Input::Missing => {
                    node.input.push(String::new());
                    continue;
                }
            }
            node.input.push(name);
        }
        node.output = (0..self.outputs.len()).map(|i| format!("y{i}")).collect();
        graph.nodes.push(node);
        let floats: Vec<usize> = (0..self.outputs.len())
            .filter(|&i| self.outputs[i].is_float())
            .collect();
        if floats.len() == 1 {
            graph.outputs = vec![format!("y{}", floats[0])];
        } else {
            // Several outputs are looked at as one, flattened and put side by side.
            graph
                .constants
                .insert("flat".into(), Tensor::ints(&[1], &[-1]));
            for i in &floats {
                graph.nodes.push(NodeProto {
                    op_type: "Reshape".into(),
                    input: vec![format!("y{i}"), "flat".into()],
                    output: vec![format!("flat{i}")],
                    ..NodeProto::default()
                });
            }
            graph.nodes.push(NodeProto {
                op_type: "Concat".into(),
                input: floats.iter().map(|i| format!("flat{i}")).collect(),
                output: vec!["all".into()],
                attribute: vec![int("axis", 0)],
                ..NodeProto::default()
            });
            graph.outputs = vec!["all".into()];
        }
        (graph, feeds)
    }

    /// The graph with the gradient with respect to input `wrt`.
    pub fn transformed(&self, wrt: usize) -> Gradient {
        let (graph, feeds) = self.graph();
        let target = Target::Input(format!("x{wrt}"));
        let request = Request::new(feeds, target, Objective::Vjp);
        differentiate(&graph, &request, &engine(), &Task::detached())
            .unwrap_or_else(|e| panic!("{}: {e}", label(&self.node)))
    }

    /// Asserts that the forward output of the gradient graph is what the operator itself makes.
    pub fn agrees(&self) -> &Self {
        let (graph, feeds) = self.graph();
        let mut program = engine().load(&graph, Effort::Once).unwrap();
        let fed: Vec<(&str, &Tensor)> = feeds.iter().map(|(n, t)| (n.as_str(), t)).collect();
        let own = program.run(&fed, &Task::detached()).unwrap()[0]
            .to_floats()
            .unwrap();
        let wrt = self
            .inputs
            .iter()
            .position(|i| matches!(i, Input::Active(_)))
            .unwrap();
        let (output, _, _) = self.gradient(wrt);
        let what = format!("{} {:?}", label(&self.node), self.node.attribute);
        close(&output.to_floats().unwrap(), &own, 1e-5, &what);
        self
    }

    /// The forward output, and the gradient with respect to input `wrt` for the seeded cotangent.
    pub fn gradient(&self, wrt: usize) -> (Tensor, Tensor, Tensor) {
        let (graph, feeds) = self.graph();
        let task = Task::detached();
        let engine = engine();
        let made = self.transformed(wrt);
        assert!(
            made.graph.domains.is_empty(),
            "only standard operators come out"
        );
        let shape = made.graph.infos[&graph.outputs[0]].shape.clone();
        let cotangent = spread(&shape, 77);
        let mut fed: Vec<(&str, &Tensor)> = feeds.iter().map(|(n, t)| (n.as_str(), t)).collect();
        fed.push((COTANGENT, &cotangent));
        fed.retain(|(n, _)| made.graph.inputs.iter().any(|p| p.name == *n));
        let mut program = engine
            .load(&made.graph, Effort::Often)
            .unwrap_or_else(|e| panic!("{}: {e}", label(&self.node)));
        let results = program
            .run(&fed, &task)
            .unwrap_or_else(|e| panic!("{}: {e}", label(&self.node)));
        let [_, output, gradient] = <[Tensor; 3]>::try_from(results).unwrap();
        if self.tract {
            let forward: Vec<(&str, &Tensor)> =
                feeds.iter().map(|(n, t)| (n.as_str(), t)).collect();
            match on_tract(&graph, &forward) {
                Ok(_) => {
                    let results = on_tract(&made.graph, &fed).unwrap_or_else(|e| {
                        panic!(
                            "{}: tract runs it, but not its gradient: {e}",
                            label(&self.node)
                        )
                    });
                    close(
                        &results[2],
                        &gradient.to_floats().unwrap(),
                        1e-4,
                        "tract's gradient",
                    );
                }
                Err(why) => eprintln!(
                    "{} (opset {}): not on tract: {why}",
                    label(&self.node),
                    self.opset
                ),
            }
        }
        (output, cotangent, gradient)
    }

    /// Compares the gradient of every fed input with central differences: relative error under 1e-3; and so the products
    /// with its Jacobian and Hessian.
    pub fn check(&self) {
        let (graph, feeds) = self.graph();
        let engine = engine();
        let task = Task::detached();
        let mut program = engine.load(&graph, Effort::Once).unwrap();
        for (i, input) in self.inputs.iter().enumerate() {
            let Input::Active(base) = input else { continue };
            let (_, cotangent, gradient) = self.gradient(i);
            assert_eq!(gradient.shape(), base.shape());
            let what = format!("{} {:?}", label(&self.node), self.node.attribute);
            let at = At {
                graph: &graph,
                feeds: &feeds,
                target: Target::Input(format!("x{i}")),
                cotangent: &cotangent,
                gradient: &gradient,
                what: &what,
            };
            at.jacobian(true);
            at.hessian();
            let weights = cotangent.to_floats().unwrap();
            let name = format!("x{i}");
            let mut objective = |x: &[f32]| -> f64 {
                let moved = Tensor::floats(base.shape(), x);
                let fed: Vec<(&str, &Tensor)> = feeds
                    .iter()
                    .map(|(n, t)| (n.as_str(), if *n == name { &moved } else { t }))
                    .collect();
                let y = program.run(&fed, &task).unwrap()[0].to_floats().unwrap();
                y.iter()
                    .zip(&weights)
                    .map(|(y, w)| f64::from(*y) * f64::from(*w))
                    .sum()
            };
            let x = base.to_floats().unwrap();
            let slope = gradient.to_floats().unwrap();
            let directions = directions(x.len());
            // A step that is a power of two moves the input without rounding.
            let step = 1.0_f32 / 256.0;
            let (mut measured, mut said) = (Vec::new(), Vec::new());
            for direction in &directions {
                let mut at = |factor: f32| {
                    let moved: Vec<f32> = x
                        .iter()
                        .zip(direction)
                        .map(|(x, d)| x + factor * step * d)
                        .collect();
                    objective(&moved)
                };
                let (near, far) = (at(1.0) - at(-1.0), at(2.0) - at(-2.0));
                measured.push((8.0 * near - far) / (12.0 * f64::from(step)));
                said.push(
                    slope
                        .iter()
                        .zip(direction)
                        .map(|(g, d)| f64::from(*g) * f64::from(*d))
                        .sum::<f64>(),
                );
            }
            let scale = measured.iter().fold(0.05_f64, |m, v| m.max(v.abs()));
            for (k, (m, s)) in measured.iter().zip(&said).enumerate() {
                assert!(
                    (m - s).abs() <= 1e-3 * scale,
                    "{} {:?}: input {i}, direction {k}: slope {m}, gradient {s} (scale {scale})\n{measured:?}\n{said:?}",
                    label(&self.node),
                    self.node.attribute,
                );
            }
        }
    }
}

/// Seeded values in (-1, 1) away from zero.
pub fn spread(shape: &[usize], seed: u64) -> Tensor {
    let mut random = fastrand::Rng::with_seed(seed);
    let values: Vec<f32> = (0..elements(shape).unwrap())
        .map(|_| (0.2 + 0.8 * random.f32()) * if random.bool() { 1.0 } else { -1.0 })
        .collect();
    Tensor::floats(shape, &values)
}

pub fn port(name: &str, shape: &[usize]) -> Port {
    Port {
        name: name.into(),
        elem: Elem::F32,
        dims: shape.iter().map(|&d| Dim::Fixed(d)).collect(),
        has_shape: true,
    }
}

/// Asserts that `a` and `b` differ by at most `tolerance` of the largest of `b`.
pub fn close(a: &[f32], b: &[f32], tolerance: f32, what: &str) {
    assert_eq!(a.len(), b.len(), "{what}");
    let scale = b.iter().fold(0.1_f32, |m, v| m.max(v.abs()));
    for (i, (x, y)) in a.iter().zip(b).enumerate() {
        assert!(
            (x - y).abs() <= tolerance * scale,
            "{what}: element {i}: {x} and {y}"
        );
    }
}
