//! Runs graphs that are in memory: the inference runtime as the transform of graphs asks for it.

use super::load::Runtime;
use super::provider::Provider;
use super::session::{self, contained, first_line};
use super::stop::Stop;
use crate::error::Error;
use crate::onnx::{Effort, Elem, Encoded, Graph, GraphEngine, Program, Tensor};
use crate::task::{Task, memory};
use half::f16;
use nearmiss_grad::{Monitor, Result};
use ort::session::{Session, SessionInputValue};
use ort::value::{DynValue, TensorElementType, TensorRef, ValueType};
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
        let opened =
            session::open_graph(&encoded, graph.nodes.len(), &graph.path, providers, effort)?;
        Ok(Box::new(Loaded {
            session: opened.session,
            outputs: graph.outputs.clone(),
            provider: opened.provider,
            weights: graph
                .constants
                .values()
                .map(|t| t.bytes().len() as u64)
                .sum(),
            quick: false,
        }))
    }
}

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

/// A view of `tensor` where its bytes are aligned for its type, else a copy.
fn value(tensor: &Tensor) -> ort::Result<SessionInputValue<'_>> {
    let shape = tensor.shape();
    macro_rules! view {
        ($t:ty) => {
            match bytemuck::try_cast_slice::<u8, $t>(tensor.bytes()) {
                Ok(values) => TensorRef::from_array_view((shape, values))?.into(),
                Err(_) => {
                    let mut values = vec![<$t>::default(); tensor.len()];
                    bytemuck::cast_slice_mut(&mut values).copy_from_slice(tensor.bytes());
                    ort::value::Tensor::from_array((shape, values))?.into()
                }
            }
        };
    }
    Ok(match tensor.elem() {
        Elem::F32 => view!(f32),
        Elem::F64 => view!(f64),
        Elem::F16 => view!(f16),
        Elem::I64 => view!(i64),
        Elem::I32 => view!(i32),
        Elem::U8 => view!(u8),
        Elem::Other(3) => view!(i8),
        Elem::Other(4) => view!(u16),
        Elem::Other(5) => view!(i16),
        Elem::Other(12) => view!(u32),
        Elem::Other(13) => view!(u64),
        Elem::Bool => {
            let values: Vec<bool> = tensor.bytes().iter().map(|&b| b != 0).collect();
            ort::value::Tensor::from_array((shape, values))?.into()
        }
        other => return Err(ort::Error::new(format!("{other} cannot be fed"))),
    })
}

fn tensor(value: &DynValue) -> ort::Result<Tensor> {
    let ValueType::Tensor { ty, shape, .. } = value.dtype() else {
        return Err(ort::Error::new("an output is no tensor"));
    };
    // The engine may give no address for no values.
    let empty = shape.contains(&0);
    macro_rules! read {
        ($t:ty, $elem:expr) => {{
            if empty {
                return Tensor::new($elem, sizes(shape), Vec::new())
                    .map_err(|e| ort::Error::new(e.to_string()));
            }
            let (shape, values) = value.try_extract_tensor::<$t>()?;
            ($elem, sizes(shape), copied(bytemuck::cast_slice(values))?)
        }};
    }
    let (elem, shape, bytes) = match ty {
        TensorElementType::Float32 => read!(f32, Elem::F32),
        TensorElementType::Float64 => read!(f64, Elem::F64),
        TensorElementType::Float16 => read!(f16, Elem::F16),
        TensorElementType::Int64 => read!(i64, Elem::I64),
        TensorElementType::Int32 => read!(i32, Elem::I32),
        TensorElementType::Uint8 => read!(u8, Elem::U8),
        TensorElementType::Int8 => read!(i8, Elem::Other(3)),
        TensorElementType::Uint16 => read!(u16, Elem::Other(4)),
        TensorElementType::Int16 => read!(i16, Elem::Other(5)),
        TensorElementType::Uint32 => read!(u32, Elem::Other(12)),
        TensorElementType::Uint64 => read!(u64, Elem::Other(13)),
        TensorElementType::Bool => {
            let (shape, values) = value.try_extract_tensor::<bool>()?;
            let mut bytes = memory::room(values.len()).map_err(ort::Error::wrap)?;
            bytes.extend(values.iter().map(|&v| u8::from(v)));
            (Elem::Bool, sizes(shape), bytes)
        }
        other => {
            return Err(ort::Error::new(format!(
                "an output of type {other} cannot be read"
            )));
        }
    };
    Tensor::new(elem, shape, bytes).map_err(|e| ort::Error::new(e.to_string()))
}

fn copied(bytes: &[u8]) -> ort::Result<Vec<u8>> {
    let mut copy = memory::room(bytes.len()).map_err(ort::Error::wrap)?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}

fn sizes(shape: &[i64]) -> Vec<usize> {
    shape.iter().map(|&d| d.max(0) as usize).collect()
}
