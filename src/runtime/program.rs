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
    memory::fits_briefly(total, source).map_err(|e| {
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
mod tests;
