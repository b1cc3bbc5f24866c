//! Runs graphs that are in memory: the inference runtime as the transform of graphs asks for it.

use super::load::Runtime;
use super::provider::Provider;
use super::session::{self, contained, first_line};
use super::stop::Stop;
use super::tune;
use super::values::{tensor, value};
use crate::error::Error;
use crate::onnx::{Effort, Encoded, Graph, GraphEngine, Program, Tensor};
use crate::task::{Task, memory};
use nearmiss_grad::{Monitor, Result};
use ort::session::Session;
use ort::value::{DynValue, TensorElementType, ValueType};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The inference runtime of this process on the first of some providers that takes a graph, the CPU last.
#[derive(Debug, Clone)]
pub struct RuntimeEngine {
    providers: Vec<Provider>,
}

impl RuntimeEngine {
    /// On the first of `providers` that works.
    pub fn new(providers: &[Provider]) -> Self {
        Self {
            providers: providers.to_vec(),
        }
    }
}

impl GraphEngine for RuntimeEngine {
    fn name(&self) -> String {
        Runtime::get().map_or_else(
            |_| "none".into(),
            |runtime| format!("{} {}", runtime.info().engine, runtime.info().version),
        )
    }

    fn load(&self, graph: &Graph, effort: Effort) -> Result<Box<dyn Program>> {
        let encoded = graph.encode(Encoded::DATA);
        let providers = match effort {
            // What runs once is soonest done where it is.
            Effort::Once | Effort::Beside => &[Provider::Cpu][..],
            Effort::Often => &self.providers,
        };
        let keep = tune::keep(graph, effort);
        let file = keep.as_ref().map(|folder| folder.path().join(FILE));
        let opened = session::open_graph(graph, &encoded, providers, effort, file.as_deref())?;
        let mut plain = Loaded::new(graph, opened.session, opened.provider);
        if let Some(file) = file.filter(|_| plain.provider == Provider::Cpu.to_string())
            && let Some(model) = tune::rewritten(graph, &file)
            && let Ok(session) = session::open_tuned(&model, effort)
        {
            let mut other = Loaded::new(graph, session, plain.provider.clone());
            if tune::agree(graph, &mut plain, &mut other) {
                return Ok(Box::new(other));
            }
        }
        Ok(Box::new(plain))
    }
}

/// The name under which the engine's optimiser writes a graph.
const FILE: &str = "model.onnx";

/// A run this short is not stopped in its midst.
const QUICK: Duration = Duration::from_millis(100);

struct Loaded {
    session: Session,
    outputs: Vec<String>,
    provider: String,
    /// Bytes of the graph's constants.
    weights: u64,
    /// Did the last run end sooner than anyone could wish to stop it?
    quick: bool,
}

impl Loaded {
    fn new(graph: &Graph, session: Session, provider: String) -> Self {
        Self {
            session,
            outputs: graph.outputs.clone(),
            provider,
            weights: graph.constant_bytes() as u64,
            quick: false,
        }
    }
}

impl Program for Loaded {
    fn run(&mut self, feeds: &[(&str, &Tensor)], monitor: &dyn Monitor) -> Result<Vec<Tensor>> {
        monitor.check()?;
        // A watcher costs as much as a small model's run.
        let stop = if self.quick {
            Stop::never()
        } else {
            Stop::watch(&Task::cancelled_by(Arc::clone(monitor.cancelled())))
        };
        let begun = Instant::now();
        let session = &mut self.session;
        let names = &self.outputs;
        let fed: u64 = feeds.iter().map(|(_, t)| t.bytes().len() as u64).sum();
        let outcome = contained(|| {
            let inputs = feeds
                .iter()
                .map(|(name, tensor)| Ok((Cow::Borrowed(*name), value(tensor)?)))
                .collect::<ort::Result<Vec<_>>>()?;
            let outputs = match stop.options() {
                Some(options) => session.run_with_options(inputs, options)?,
                None => session.run(inputs)?,
            };
            // They are asked for by name once: the engine looks for a name among all of them.
            let made: Vec<_> = outputs.iter().collect();
            let values: HashMap<&str, &DynValue> =
                made.iter().map(|(name, value)| (*name, &**value)).collect();
            let found = |name: &String| {
                values
                    .get(name.as_str())
                    .copied()
                    .ok_or_else(|| ort::Error::new(format!("the output {name} is missing")))
            };
            let values = names.iter().map(found).collect::<ort::Result<Vec<_>>>()?;
            within(names, &values, fed + self.weights)?;
            values.into_iter().map(tensor).collect()
        });
        self.quick = begun.elapsed() < QUICK;
        monitor.check()?;
        let made = outcome.map_err(|why| {
            Error::runtime(
                format!("the model stopped in mid-run on {}: {}", self.provider, first_line(&why)),
                "`nearmiss doctor` shows the engine in use; try another with NEARMISS_ENGINE or ORT_DYLIB_PATH.",
            )
        })?;
        Ok(made)
    }

    fn provider(&self) -> &str {
        &self.provider
    }
}

/// The outputs may all be copied: a few bytes of a file can ask for gigabytes, and what cannot be had ends the process.
fn within(names: &[String], values: &[&DynValue], source: u64) -> ort::Result<()> {
    let bytes: Vec<u64> = values.iter().map(|value| size(value)).collect();
    let total = bytes.iter().fold(0, |n: u64, &b| n.saturating_add(b));
    memory::fits(total, source).map_err(|e| {
        let largest = (0..names.len()).max_by_key(|&i| bytes[i]);
        let name = largest.map_or("", |i| names[i].as_str());
        ort::Error::new(format!("what it makes, {name} most of all, {e}"))
    })
}

/// Bytes of a tensor's values, eight each where their type is none that is read.
fn size(value: &DynValue) -> u64 {
    let ValueType::Tensor { ty, shape, .. } = value.dtype() else {
        return 0;
    };
    let width = match ty {
        TensorElementType::Bool | TensorElementType::Int8 | TensorElementType::Uint8 => 1,
        TensorElementType::Float16 | TensorElementType::Int16 | TensorElementType::Uint16 => 2,
        TensorElementType::Float32 | TensorElementType::Int32 | TensorElementType::Uint32 => 4,
        _ => 8,
    };
    let count = |n: u64, &d: &i64| n.saturating_mul(d.max(0) as u64);
    shape.iter().fold(width, count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::read_all;
    use crate::onnx::proto::{ModelProto, NodeProto};
    use crate::onnx::{Dim, Elem, Info, Port, node, sample_feeds};
    use prost::Message as _;
    use std::collections::BTreeMap;
    use tempfile::TempDir;

    /// Convolutions with what a gradient has between them: a mask, a gate for each channel, a depthwise convolution with
    /// a stride that is taken back.
    fn sample(channels: usize) -> Graph {
        let mut random = fastrand::Rng::with_seed(3);
        let mut graph = Graph {
            opset: crate::onnx::OPSET,
            inputs: vec![Port {
                name: "x".into(),
                elem: Elem::F32,
                dims: [2, channels, 8, 8].map(Dim::Fixed).into(),
                has_shape: true,
            }],
            outputs: vec!["gated".into(), "spread".into()],
            ..Graph::default()
        };
        let mut draw = |shape: &[usize]| {
            let values: Vec<f32> = (0..shape.iter().product::<usize>())
                .map(|_| random.f32() - 0.5)
                .collect();
            Tensor::floats(shape, &values)
        };
        for (name, shape) in [
            ("w1", [channels, channels, 3, 3]),
            ("w2", [channels, channels, 1, 1]),
            ("w3", [channels, 1, 3, 3]),
        ] {
            graph.constants.insert(name.into(), draw(&shape));
        }
        graph
            .constants
            .insert("zero".into(), Tensor::floats(&[], &[0.0]));
        let [full, one, large] = [[8, 8], [1, 1], [16, 16]];
        let mut add =
            |op: &str, reads: &[&str], makes: &str, places: [usize; 2], attribute: Vec<_>| {
                graph.nodes.push(NodeProto {
                    op_type: op.into(),
                    name: makes.into(),
                    input: reads.iter().map(|&name| name.into()).collect(),
                    output: vec![makes.into()],
                    attribute,
                    ..NodeProto::default()
                });
                let elem = if op == "Greater" {
                    Elem::Bool
                } else {
                    Elem::F32
                };
                let shape = vec![2, channels, places[0], places[1]];
                graph.infos.insert(makes.into(), Info { elem, shape });
            };
        let conv = |kernel: i64, pad: i64| {
            let kernel = node::ints("kernel_shape", &[kernel; 2]);
            vec![kernel, node::ints("pads", &[pad; 4])]
        };
        add("Conv", &["x", "w1"], "made", full, conv(3, 1));
        add("Greater", &["made", "zero"], "is", full, vec![]);
        add("Cast", &["is"], "mask", full, vec![node::int("to", 1)]);
        add("Sigmoid", &["made"], "slope", full, vec![]);
        add("Mul", &["slope", "mask"], "masked", full, vec![]);
        add("GlobalAveragePool", &["masked"], "mean", one, vec![]);
        add("Conv", &["mean", "w2"], "gate", one, conv(1, 0));
        add("Mul", &["masked", "gate"], "gated", full, vec![]);
        add("Sub", &["gated", "made"], "less", full, vec![]);
        add("Conv", &["less", "w1"], "again", full, conv(3, 1));
        let back = vec![
            node::ints("kernel_shape", &[3, 3]),
            node::ints("strides", &[2, 2]),
            node::ints("pads", &[1, 1, 0, 0]),
            node::int("group", channels as i64),
        ];
        add("ConvTranspose", &["again", "w3"], "spread", large, back);
        graph
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

    fn operators(model: &[u8]) -> Vec<String> {
        let nodes = ModelProto::decode(model).unwrap().graph.unwrap().node;
        nodes.into_iter().map(|node| node.op_type).collect()
    }

    /// Channels that fill the lanes and channels that do not; what is rewritten yields what the engine's own graph does.
    #[test]
    fn a_graph_that_is_rewritten_yields_the_same() {
        for channels in [32, 20] {
            let graph = sample(channels);
            let (mut plain, folder) = optimised(&graph);
            let file = folder.path().join(FILE);
            let before = operators(&read_all(&file, 1 << 30).unwrap());
            let model = tune::rewritten(&graph, &file).expect("something is gained");
            let after = operators(&model);
            let count = |of: &[String], op: &str| of.iter().filter(|name| *name == op).count();
            assert!(count(&after, "Fused") > 0, "{after:?}");
            assert_eq!(
                count(&after, "Greater") + count(&after, "Cast"),
                0,
                "{after:?}"
            );
            // Where the engine lays channels beside each other: what comes out alone is brought into rows.
            if channels == 32 && count(&before, "ReorderOutput") > 0 {
                assert!(count(&before, "ReorderOutput") > 3, "{before:?}");
                assert_eq!(count(&after, "ReorderOutput"), 2, "{after:?}");
                assert_eq!(count(&after, "Spread"), 1, "{after:?}");
            }
            let feeds = sample_feeds(&graph, &BTreeMap::new(), 7);
            let feeds: Vec<(&str, &Tensor)> = feeds.iter().map(|(n, t)| (n.as_str(), t)).collect();
            let right = plain.run(&feeds, &()).unwrap();
            for effort in [Effort::Often, Effort::Beside] {
                let session = session::open_tuned(&model, effort).unwrap();
                let mut other = Loaded::new(&graph, session, plain.provider.clone());
                let made = other.run(&feeds, &()).unwrap();
                assert!(tune::alike(&right, &made), "{channels} channels");
                assert!(made[0].to_floats().unwrap().iter().any(|x| *x != 0.0));
            }
        }
    }
}
