//! One inference session: opened on the first provider that works, and run so that nothing of it escapes.

use super::load::Runtime;
use super::provider::Provider;
use super::stop::Stop;
use super::tuned;
use crate::error::{Error, Result};
use crate::onnx::{Effort, Elem, Encoded, Graph, Tensor, integers_as};
use crate::task::memory;
use half::f16;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use ort::session::{Session, SessionInputValue};
use ort::value::{DynValue, TensorRef};
use std::borrow::Cow;
use std::path::Path;

/// A session and what it runs on.
pub(crate) struct Opened {
    pub session: Session,
    pub provider: String,
    /// What was asked for and failed, as "CUDA unavailable: ...".
    pub notes: Vec<String>,
}

/// Values of one input, row-major.
pub(crate) enum Data<'a> {
    F32(Cow<'a, [f32]>),
    F16(Vec<f16>),
    I64(Vec<i64>),
    I32(Vec<i32>),
    Bool(Vec<bool>),
    U8(Vec<u8>),
}

/// A named input with its shape.
pub(crate) struct Feed<'a> {
    pub name: &'a str,
    pub shape: Vec<usize>,
    pub data: Data<'a>,
}

/// How a model is opened.
struct How<'a> {
    /// What messages call it.
    path: &'a Path,
    providers: &'a [Provider],
    effort: Effort,
    waiting: Waiting,
    nodes: usize,
    /// Where the engine is to write what its optimiser makes of it for the CPU.
    keep: Option<&'a Path>,
}

/// Opens `path` on the first of `providers` that works; the CPU is always tried last.
pub(crate) fn open(path: &Path, providers: &[Provider]) -> Result<Opened> {
    let how = How {
        path,
        providers,
        effort: Effort::Often,
        waiting: Waiting::Asleep,
        nodes: 0,
        keep: None,
    };
    open_model(&how, &|mut builder| builder.commit_from_file(path))
}

/// Opens a graph in memory as [`open`] does a file; `encoded` is the graph. Where there is a `keep`, what the engine's
/// optimiser makes of it is written there, if it runs on the CPU.
pub(crate) fn open_graph(
    graph: &Graph,
    encoded: &Encoded,
    providers: &[Provider],
    effort: Effort,
    keep: Option<&Path>,
) -> Result<Opened> {
    let how = How {
        path: &graph.path,
        providers,
        effort,
        waiting: Waiting::of(effort),
        nodes: graph.nodes.len(),
        keep,
    };
    open_model(&how, &|mut builder| {
        if let Some(data) = &encoded.data {
            builder = builder.with_external_initializer_file_in_memory(
                Encoded::DATA,
                Cow::Owned(data.clone()),
            )?;
        }
        builder.commit_from_memory(&encoded.model)
    })
}

/// Opens a model that the engine's optimiser and [`tuned`] have rewritten, on the CPU.
pub(crate) fn open_tuned(model: &[u8], effort: Effort) -> Result<Session, String> {
    let commit: Commit<'_> = &|mut builder| builder.commit_from_memory(model);
    open_with(commit, Waiting::of(effort), |b| {
        let b = b.with_optimization_level(GraphOptimizationLevel::Disable)?;
        let b = match std::env::var_os(PROFILE) {
            Some(prefix) => b.with_profiling(prefix)?,
            None => b,
        };
        threads(b.with_operators(tuned::domain()?)?, effort)
    })
}

/// A developer's: where the engine writes how long each operator of rewritten graphs takes.
const PROFILE: &str = "NEARMISS_PROFILE";

/// Threads for this effort.
fn threads(builder: SessionBuilder, effort: Effort) -> ort::Result<SessionBuilder> {
    Ok(match effort {
        Effort::Beside => builder.with_intra_threads(1)?,
        Effort::Once | Effort::Often => builder,
    })
}

/// Nodes from which on ONNX Runtime takes longer to plan a graph's memory than to do without, and to rewrite the graph
/// than to run it: both take the square of their number.
const MOST_PLANNED: usize = 5_000;
const MOST_REWRITTEN: usize = 10_000;

/// How the threads of a session wait for each other within a run; between runs they sleep.
#[derive(Debug, Clone, Copy)]
enum Waiting {
    /// For a model that shares the cores with decoding.
    Asleep,
    /// Busily, for a graph that has the cores for itself: to wake a thread takes longer than many an operator.
    Awake,
}

impl Waiting {
    fn of(effort: Effort) -> Self {
        match effort {
            Effort::Often => Self::Awake,
            Effort::Once | Effort::Beside => Self::Asleep,
        }
    }
}

/// ONNX Runtime's entry for threads that wait busily within a run alone (`onnxruntime_session_options_config_keys.h`).
const STOPS_SPINNING: &str = "session.force_spinning_stop";

/// How a configured builder becomes a session.
type Commit<'a> = &'a dyn Fn(SessionBuilder) -> ort::Result<Session>;

fn open_model(how: &How<'_>, commit: Commit<'_>) -> Result<Opened> {
    let &How {
        path,
        providers,
        effort,
        waiting,
        nodes,
        keep,
    } = how;
    let runtime = Runtime::get()?;
    let at = |level| {
        open_with(commit, waiting, move |b: SessionBuilder| {
            let b = b.with_optimization_level(level)?;
            // Planning the memory of a run takes the square of the nodes, and serves the runs after the first.
            let b = if effort == Effort::Once || nodes > MOST_PLANNED {
                b.with_memory_pattern(false)?
            } else {
                b
            };
            let b = match keep {
                Some(file) => b.with_optimized_model_path(file)?,
                None => b,
            };
            threads(b, effort)
        })
    };
    let levels = match effort {
        Effort::Once => [GraphOptimizationLevel::Disable; 2],
        _ if nodes > MOST_REWRITTEN => [GraphOptimizationLevel::Disable; 2],
        Effort::Often | Effort::Beside => {
            [GraphOptimizationLevel::All, GraphOptimizationLevel::Disable]
        }
    };
    if runtime.is_tract() {
        let session = at(levels[0])
            .or_else(|_| at(levels[1]))
            .map_err(|why| cannot_open(path, &why))?;
        return Ok(Opened {
            session,
            provider: "CPU (tract)".into(),
            notes: Vec::new(),
        });
    }
    let mut notes = Vec::new();
    // The default order names every provider there is; only a user who chose wants to hear that one cannot exist.
    let chosen = providers != Provider::ALL;
    for &provider in providers.iter().take_while(|p| **p != Provider::Cpu) {
        if !provider.fits_system() && !chosen {
            continue;
        }
        let opened = if provider.is_offered() {
            open_with(commit, waiting, |builder| on_provider(builder, provider))
        } else {
            Err("the ONNX Runtime library was built without it".into())
        };
        match opened {
            Ok(session) => {
                return Ok(Opened {
                    session,
                    provider: provider.to_string(),
                    notes,
                });
            }
            Err(why) => notes.push(format!("{provider} unavailable: {}", first_line(&why))),
        }
    }
    let session = at(levels[0]).map_err(|why| cannot_open(path, &why))?;
    Ok(Opened {
        session,
        provider: Provider::Cpu.to_string(),
        notes,
    })
}

fn on_provider(builder: SessionBuilder, provider: Provider) -> ort::Result<SessionBuilder> {
    let builder = match provider {
        // DirectML refuses sessions that reuse memory by pattern.
        Provider::DirectMl => builder.with_memory_pattern(false)?,
        _ => builder,
    };
    Ok(builder.with_execution_providers(provider.registration().as_slice())?)
}

fn open_with(
    commit: Commit<'_>,
    waiting: Waiting,
    configure: impl FnOnce(SessionBuilder) -> ort::Result<SessionBuilder>,
) -> Result<Session, String> {
    let environment = Runtime::get().map_err(|e| e.to_string())?.environment();
    contained(|| {
        let builder = Session::builder(environment)?;
        let builder = match waiting {
            Waiting::Asleep => builder.with_intra_op_spinning(false),
            Waiting::Awake => builder.with_config_entry(STOPS_SPINNING, "1"),
        };
        let builder = builder.unwrap_or_else(ort::Error::recover);
        commit(configure(builder)?)
    })
}

/// Runs `session`; yields the output called `output` as float32, row-major, and its shape.
pub(crate) fn run(
    session: &mut Session,
    feeds: &[Feed<'_>],
    output: &str,
    stop: &Stop,
) -> Result<(Vec<f32>, Vec<usize>), String> {
    contained(|| {
        let inputs = feeds
            .iter()
            .map(Feed::value)
            .collect::<ort::Result<Vec<_>>>()?;
        let outputs = match stop.options() {
            Some(options) => session.run_with_options(inputs, options)?,
            None => session.run(inputs)?,
        };
        let value = outputs.get(output);
        read_floats(
            value.ok_or_else(|| ort::Error::new(format!("the output {output} is missing")))?,
        )
    })
}

/// Turns an error or a panic of the runtime into its message.
pub(crate) fn contained<T>(work: impl FnOnce() -> ort::Result<T>) -> Result<T, String> {
    match crate::task::contained(work) {
        Ok(result) => result.map_err(|e| e.to_string()),
        Err(why) => Err(format!("the engine stopped on an internal fault: {why}")),
    }
}

impl Feed<'_> {
    /// A copy; floats as float32.
    pub fn tensor(&self) -> Tensor {
        let shape = self.shape.as_slice();
        match &self.data {
            Data::F32(v) => Tensor::floats(shape, v),
            Data::F16(v) => {
                let values: Vec<f32> = v.iter().map(|v| v.to_f32()).collect();
                Tensor::floats(shape, &values)
            }
            Data::I64(v) => Tensor::ints(shape, v),
            Data::I32(v) => {
                let values: Vec<i64> = v.iter().map(|&v| i64::from(v)).collect();
                integers_as(Elem::I32, shape, &values)
            }
            Data::Bool(v) => Tensor::bools(shape, v),
            Data::U8(v) => {
                let values: Vec<f32> = v.iter().map(|&v| f32::from(v)).collect();
                Tensor::floats(shape, &values)
            }
        }
    }

    fn value(&self) -> ort::Result<(Cow<'_, str>, SessionInputValue<'_>)> {
        let shape = self.shape.as_slice();
        let value = match &self.data {
            Data::F32(v) => TensorRef::from_array_view((shape, v.as_ref()))?.into(),
            Data::F16(v) => TensorRef::from_array_view((shape, v.as_slice()))?.into(),
            Data::I64(v) => TensorRef::from_array_view((shape, v.as_slice()))?.into(),
            Data::I32(v) => TensorRef::from_array_view((shape, v.as_slice()))?.into(),
            Data::Bool(v) => TensorRef::from_array_view((shape, v.as_slice()))?.into(),
            Data::U8(v) => TensorRef::from_array_view((shape, v.as_slice()))?.into(),
        };
        Ok((Cow::Borrowed(self.name), value))
    }
}

fn cannot_open(path: &Path, why: &str) -> Error {
    Error::model(
        path,
        format!("the engine cannot open it: {}", first_line(why)),
        "Check that the export is complete; `nearmiss doctor` shows the engine in use.",
    )
}

/// The first line of a runtime's message, without the trailing dot.
pub(crate) fn first_line(text: &str) -> &str {
    text.lines()
        .next()
        .unwrap_or_default()
        .trim()
        .trim_end_matches('.')
}

/// The values of a float tensor as float32, and its shape.
fn read_floats(value: &DynValue) -> ort::Result<(Vec<f32>, Vec<usize>)> {
    let count = |n: u64, &d: &i64| n.saturating_mul(d.max(0) as u64);
    let bytes = value.shape().iter().fold(4, count);
    memory::fits_briefly(bytes, 0).map_err(ort::Error::wrap)?;
    let sizes = |shape: &[i64]| shape.iter().map(|&d| d as usize).collect();
    if let Ok((shape, values)) = value.try_extract_tensor::<f32>() {
        return Ok((values.to_vec(), sizes(shape)));
    }
    if let Ok((shape, values)) = value.try_extract_tensor::<f16>() {
        return Ok((values.iter().map(|v| v.to_f32()).collect(), sizes(shape)));
    }
    let (shape, values) = value.try_extract_tensor::<f64>()?;
    Ok((values.iter().map(|&v| v as f32).collect(), sizes(shape)))
}
