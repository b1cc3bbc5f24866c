//! Broken and hostile models: no panic, no endless loop, and a clear word where there is one to say.
//!
//! `mutated_models_never_panic` is the fuzz target: it mutates the stored models, their protobuf bytes and their
//! structure, for `NEARMISS_FUZZ_SECONDS` (3 unless set), from the seed `NEARMISS_FUZZ_SEED` (1 unless set).

use super::models::stored_models;
use nearmiss::grad::{
    Error, Monitor, Objective, Request, Result, Target, differentiate, operators,
};
use nearmiss::onnx::node::{int, ints};
use nearmiss::onnx::proto::Message;
use nearmiss::onnx::proto::{
    FunctionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    ValueInfoProto,
};
use nearmiss::onnx::{Effort, Graph, GraphEngine, Program, Tensor, sample_feeds};
use nearmiss::task::Task;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

fn node(op: &str, inputs: &[&str], outputs: &[&str]) -> NodeProto {
    NodeProto {
        op_type: op.into(),
        input: inputs.iter().map(|&n| n.into()).collect(),
        output: outputs.iter().map(|&n| n.into()).collect(),
        ..NodeProto::default()
    }
}

fn value(name: &str) -> ValueInfoProto {
    ValueInfoProto {
        name: name.into(),
        ..ValueInfoProto::default()
    }
}

fn model(nodes: Vec<NodeProto>) -> ModelProto {
    ModelProto {
        ir_version: 8,
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: 18,
        }],
        graph: Some(GraphProto {
            node: nodes,
            input: vec![value("x")],
            output: vec![value("y")],
            ..GraphProto::default()
        }),
        ..ModelProto::default()
    }
}

fn refused(model: &ModelProto) -> String {
    let made = Graph::decode(&model.encode_to_vec(), Path::new("broken.onnx"));
    let error = made.err().unwrap_or_else(|| panic!("it was taken"));
    error.to_string()
}

#[test]
fn broken_structures_are_refused_with_a_reason() {
    assert!(refused(&model(vec![node("Relu", &["nothing"], &["y"])])).contains("\"nothing\""));
    assert!(refused(&model(vec![node("Relu", &["x"], &["z"])])).contains("output \"y\""));
    assert!(
        refused(&model(vec![
            node("Relu", &["x"], &["y"]),
            node("Neg", &["x"], &["y"])
        ]))
        .contains("twice")
    );
    assert!(
        refused(&model(vec![
            node("Add", &["x", "b"], &["y"]),
            node("Neg", &["y"], &["b"])
        ]))
        .contains("circle")
    );
    assert!(refused(&ModelProto::default()).contains("no graph"));
    let mut negative = model(vec![node("Add", &["x", "w"], &["y"])]);
    let weights = TensorProto {
        name: "w".into(),
        dims: vec![-3],
        data_type: 1,
        ..TensorProto::default()
    };
    negative.graph.as_mut().unwrap().initializer = vec![weights.clone()];
    assert!(refused(&negative).contains("negative"));
    let huge = TensorProto {
        dims: vec![1 << 40, 1 << 40],
        ..weights.clone()
    };
    negative.graph.as_mut().unwrap().initializer = vec![huge];
    assert!(refused(&negative).contains("\"w\""));
    let short = TensorProto {
        dims: vec![100],
        raw_data: vec![0; 7],
        ..weights.clone()
    };
    negative.graph.as_mut().unwrap().initializer = vec![short];
    assert!(refused(&negative).contains("7 bytes"));
    let outside = TensorProto {
        dims: vec![1],
        external_data: vec![nearmiss::onnx::proto::StringStringEntryProto {
            key: "location".into(),
            value: "../../etc/passwd".into(),
        }],
        ..weights
    };
    negative.graph.as_mut().unwrap().initializer = vec![outside];
    assert!(refused(&negative).contains("outside its own folder"));
}

#[test]
fn functions_that_never_end_are_refused() {
    let function = |name: &str, calls: &[&str]| FunctionProto {
        name: Some(name.into()),
        domain: Some("own".into()),
        input: vec!["a".into()],
        output: vec!["b".into()],
        node: calls
            .iter()
            .enumerate()
            .map(|(i, callee)| {
                let from = if i == 0 {
                    "a".to_owned()
                } else {
                    format!("t{i}")
                };
                let to = if i + 1 == calls.len() {
                    "b".to_owned()
                } else {
                    format!("t{}", i + 1)
                };
                NodeProto {
                    domain: "own".into(),
                    ..node(callee, &[&from], &[&to])
                }
            })
            .collect(),
        ..FunctionProto::default()
    };
    let mut endless = model(vec![NodeProto {
        domain: "own".into(),
        ..node("F", &["x"], &["y"])
    }]);
    endless.functions = vec![function("F", &["F"])];
    assert!(refused(&endless).contains("without end"));
    // 2^40 copies of the innermost.
    let names: Vec<String> = (0..40).map(|i| format!("F{i}")).collect();
    endless.functions = (0..40)
        .map(|i| {
            let callee = names.get(i + 1).map_or("G", String::as_str);
            function(&names[i], &[callee, callee])
        })
        .collect();
    endless.graph.as_mut().unwrap().node[0].op_type = "F0".into();
    assert!(refused(&endless).contains("unfold"));
}

/// An engine that answers with any shapes and values, as a hostile model might make one do.
struct Chaos(std::sync::Mutex<fastrand::Rng>);

struct Answers(Vec<String>, fastrand::Rng);

impl GraphEngine for Chaos {
    fn name(&self) -> String {
        "chaos".into()
    }

    fn load(&self, graph: &Graph, _: Effort) -> Result<Box<dyn Program>> {
        let seed = self.0.lock().unwrap().u64(..);
        Ok(Box::new(Answers(
            graph.outputs.clone(),
            fastrand::Rng::with_seed(seed),
        )))
    }
}

impl Program for Answers {
    fn run(&mut self, _: &[(&str, &Tensor)], _: &dyn Monitor) -> Result<Vec<Tensor>> {
        let random = &mut self.1;
        Ok(self
            .0
            .iter()
            .map(|name| {
                let n = random.usize(0..5);
                if name.contains("shape_of") || random.bool() {
                    let sizes: Vec<i64> = (0..n)
                        .map(|_| random.choice([0, 1, 1, 2, 2, 3, 7]).unwrap_or(1))
                        .collect();
                    Tensor::ints(&[n], &sizes)
                } else {
                    let values: Vec<f32> = (0..n).map(|_| random.f32() * 4.0 - 2.0).collect();
                    Tensor::floats(&[n], &values)
                }
            })
            .collect())
    }

    fn provider(&self) -> &'static str {
        "chaos"
    }
}

/// Everything that is done with a model before an engine sees it, with an engine that helps nothing.
fn digest(bytes: &[u8], random: &mut fastrand::Rng) {
    let Ok(graph) = Graph::decode(bytes, Path::new("")) else {
        return;
    };
    let feeds: BTreeMap<String, Tensor> = sample_feeds(&graph, &BTreeMap::new(), 1)
        .into_iter()
        .map(|(name, tensor)| {
            (
                name,
                if tensor.len() > 1 << 16 {
                    Tensor::floats(&[1], &[0.0])
                } else {
                    tensor
                },
            )
        })
        .collect();
    let Ok(target) = Target::first_input(&graph) else {
        return;
    };
    let request = Request::new(feeds, target, Objective::Vjp);
    let engine = Chaos(std::sync::Mutex::new(random.fork()));
    let made = differentiate(&graph, &request, &engine, &Task::detached());
    assert!(!matches!(made, Err(Error::Panic { .. })), "{made:?}");
}

fn mutate(bytes: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    if random.u8(..4) == 0 {
        return mutate_bytes(bytes, random);
    }
    let Ok(mut model) = ModelProto::decode(bytes) else {
        return mutate_bytes(bytes, random);
    };
    for _ in 0..random.usize(1..6) {
        mutate_model(&mut model, random);
    }
    model.encode_to_vec()
}

fn mutate_bytes(bytes: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..random.usize(1..8) {
        let at = random.usize(..bytes.len().max(1));
        match random.u8(..3) {
            0 if !bytes.is_empty() => bytes[at] = random.u8(..),
            1 => bytes.truncate(at),
            _ => bytes.insert(at, random.u8(..)),
        }
    }
    bytes
}

fn mutate_model(model: &mut ModelProto, random: &mut fastrand::Rng) {
    let operators = operators();
    if random.u8(..20) == 0 {
        for import in &mut model.opset_import {
            import.version = random.i64(-1..30);
        }
    }
    let Some(graph) = &mut model.graph else {
        return;
    };
    if graph.node.is_empty() {
        return;
    }
    let odd = [i64::MIN, i64::MAX, -1, 0, 1, 2, 3, 1 << 40, -(1 << 33)];
    let n = random.usize(..graph.node.len());
    let other = graph.node[random.usize(..graph.node.len())].clone();
    let node = &mut graph.node[n];
    match random.u8(..10) {
        0 => {
            graph.node.remove(n);
        }
        1 => {
            let op = operators[random.usize(..operators.len())];
            let (domain, name) = op.rsplit_once('.').unwrap_or(("", op));
            node.op_type = name.into();
            node.domain = domain.into();
        }
        2 => node.input.clear(),
        3 => node
            .input
            .push(other.output.first().cloned().unwrap_or_default()),
        4 => {
            if let Some(name) = node.input.first_mut() {
                *name = other.input.first().cloned().unwrap_or_default();
            }
        }
        5 => {
            node.output.pop();
        }
        6 => node.attribute.clear(),
        7 => {
            for attribute in &mut node.attribute {
                attribute.i = *random.choice(odd.iter()).unwrap();
                for v in &mut attribute.ints {
                    *v = *random.choice(odd.iter()).unwrap();
                }
            }
        }
        8 => {
            let name = [
                "axis",
                "group",
                "perm",
                "axes",
                "kernel_shape",
                "strides",
                "pads",
                "dilations",
                "blocksize",
            ];
            let name = *random.choice(name.iter()).unwrap();
            let length = random.usize(..5);
            let values: Vec<i64> = (0..length)
                .map(|_| *random.choice(odd.iter()).unwrap())
                .collect();
            node.attribute.push(if random.bool() {
                ints(name, &values)
            } else {
                int(name, odd[random.usize(..odd.len())])
            });
        }
        _ => {
            if !graph.initializer.is_empty() {
                let i = random.usize(..graph.initializer.len());
                let tensor = &mut graph.initializer[i];
                match random.u8(..4) {
                    0 => tensor.dims.clear(),
                    1 => tensor.dims.push(*random.choice(odd.iter()).unwrap()),
                    2 => tensor.data_type = random.i32(..20),
                    _ => {
                        for byte in tensor.raw_data.iter_mut().take(16) {
                            *byte = random.u8(..);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn mutated_models_never_panic() {
    let number = |name: &str| std::env::var(name).ok().and_then(|v| v.parse::<u64>().ok());
    let seconds = number("NEARMISS_FUZZ_SECONDS").unwrap_or(3);
    let mut seed = number("NEARMISS_FUZZ_SEED").unwrap_or(1);
    let corpus = stored_models();
    let begun = Instant::now();
    let mut runs = 0;
    while begun.elapsed() < Duration::from_secs(seconds) {
        let mut random = fastrand::Rng::with_seed(seed);
        let (name, bytes) = &corpus[random.usize(..corpus.len())];
        let bytes = mutate(bytes, &mut random);
        let start = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| digest(&bytes, &mut random)));
        assert!(outcome.is_ok(), "NEARMISS_FUZZ_SEED={seed} ({name}) panics");
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "NEARMISS_FUZZ_SEED={seed} ({name}) takes very long"
        );
        seed = seed.wrapping_add(1);
        runs += 1;
    }
    println!("{runs} mutated models");
}

#[test]
fn noise_is_no_model() {
    let mut random = fastrand::Rng::with_seed(3);
    for length in [0, 1, 2, 17, 500, 5000] {
        let bytes: Vec<u8> = (0..length).map(|_| random.u8(..)).collect();
        assert!(Graph::decode(&bytes, Path::new("noise.onnx")).is_err());
    }
}
