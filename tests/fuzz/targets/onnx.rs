//! ONNX files: read, brought to one operator set, typed, surveyed, written, and differentiated with an engine that
//! answers with shapes and values of its own making, as a model that hides what it does might make one do.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use nearmiss::grad::{Error, Monitor, Objective, Request, Result, Target, differentiate};
use nearmiss::onnx::{Effort, Graph, GraphEngine, ModelInfo, Program, Tensor};
use nearmiss::onnx::{elements, free_batch, infer_types, sample_feeds, upgrade};
use nearmiss_fuzz::{protobuf, put, seeds, start};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

fuzz_target!(
    init: { start(seeds::onnx); put("weights.data", Some(&[0; 64])) },
    |data: &[u8]| {
        let path = put("model.onnx", Some(data));
        let info = ModelInfo::open(&path);
        let Ok(graph) = Graph::open(&path) else { return };
        if let Ok(info) = info {
            assert_eq!(info.outputs.len(), graph.outputs.len());
        }
        let encoded = graph.encode("out.data");
        if encoded.data.is_none() {
            let _ = Graph::decode(&encoded.model, Path::new(""));
        }
        for port in &graph.inputs {
            let _ = (port.to_string(), free_batch(&graph, &port.name));
        }
        let mut newest = graph.clone();
        if upgrade(&mut newest).is_ok() {
            infer_types(&mut newest);
        }
        gradient(&graph, data);
    }
);

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut random = fastrand::Rng::with_seed(u64::from(seed));
    let made = (random.u8(..5) > 0)
        .then(|| protobuf::mutated(&data[..size], &mut random))
        .flatten();
    match made {
        Some(made) if made.len() <= max_size => {
            data[..made.len()].copy_from_slice(&made);
            made.len()
        }
        _ => fuzzer_mutate(data, size, max_size),
    }
});

fn gradient(graph: &Graph, data: &[u8]) {
    let Ok(target) = Target::first_input(graph) else {
        return;
    };
    let feeds = sample_feeds(graph, &BTreeMap::new(), 1);
    for (name, tensor) in &feeds {
        assert_eq!(elements(tensor.shape()), Some(tensor.len()), "{name}");
    }
    let small = feeds.into_iter().map(|(name, tensor)| {
        let large = tensor.len() > 1 << 12;
        (
            name,
            if large {
                Tensor::floats(&[1], &[0.0])
            } else {
                tensor
            },
        )
    });
    let request = Request::new(small.collect(), target, Objective::Vjp);
    let seed = data.iter().fold(7, |hash: u64, &b| {
        (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    });
    let engine = Chaos(Mutex::new(fastrand::Rng::with_seed(seed)));
    let made = differentiate(graph, &request, &engine, &());
    assert!(
        !matches!(made, Err(Error::Panic { .. })),
        "{:?}",
        made.err()
    );
}

/// An engine that answers with any shapes and values.
struct Chaos(Mutex<fastrand::Rng>);

struct Answers {
    outputs: Vec<String>,
    random: fastrand::Rng,
    /// Does it answer as if every value had the shape of the input?
    plain: bool,
    graph: Graph,
}

impl GraphEngine for Chaos {
    fn name(&self) -> String {
        "chaos".into()
    }

    fn load(&self, graph: &Graph, _: Effort) -> Result<Box<dyn Program>> {
        let mut random = self.0.lock().expect("one thread").fork();
        let plain = random.u8(..3) > 0;
        Ok(Box::new(Answers {
            outputs: graph.outputs.clone(),
            random,
            plain,
            graph: graph.clone(),
        }))
    }
}

impl Answers {
    /// How many values the output `name` gathers.
    fn gathered(&self, name: &str) -> usize {
        let made = self
            .graph
            .nodes
            .iter()
            .find(|n| n.output.iter().any(|o| o == name));
        made.map_or(1, |node| match node.op_type.as_str() {
            // Integers come out as floats.
            "Cast" => node.input.first().map_or(1, |from| self.gathered(from)),
            _ => node.input.len(),
        })
    }
}

impl Program for Answers {
    fn run(&mut self, feeds: &[(&str, &Tensor)], _: &dyn Monitor) -> Result<Vec<Tensor>> {
        let shape: Vec<i64> = feeds.first().map_or(vec![1, 4], |(_, t)| {
            t.shape().iter().map(|&d| d as i64).collect()
        });
        let names = self.outputs.clone();
        let mut one = |name: &String| {
            let count = self.gathered(name);
            if self.plain && name.contains("nearmiss/ranks") {
                return Tensor::ints(&[count], &vec![shape.len() as i64; count]);
            }
            if self.plain && name.contains("nearmiss/sizes") {
                return Tensor::ints(&[count * shape.len()], &shape.repeat(count));
            }
            let n = self.random.usize(0..5);
            if name.contains("nearmiss/") || self.random.bool() {
                let sizes: Vec<i64> = (0..n)
                    .map(|_| [0, 1, 1, 2, 2, 3, 7][self.random.usize(..7)])
                    .collect();
                Tensor::ints(&[n], &sizes)
            } else {
                let values: Vec<f32> = (0..n).map(|_| self.random.f32() * 4.0 - 2.0).collect();
                Tensor::floats(&[n], &values)
            }
        };
        Ok(names.iter().map(&mut one).collect())
    }

    fn provider(&self) -> &'static str {
        "chaos"
    }
}
