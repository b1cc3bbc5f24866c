//! `nearmiss grad`: the gradient of a model with respect to its input.

use super::common::{or_all, positive};
use super::output::{counted, emit, warn, watched};
use crate::attack::{gradient_fault, possible};
use crate::dataset::npy::{read_array, write_array};
use crate::error::{Blocking, Error, Result, thousands};
use crate::files::{put_together, replace};
use crate::grad::{Card, Check, Measured, Sample, Standing, examine, main_input};
use crate::onnx::{Encoded, Graph, GraphEngine, Tensor, elements, integers_as, sample_feeds};
use crate::runtime::{Provider, RuntimeEngine};
use crate::task::Task;
use clap::Args;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Arguments of `grad`.
#[derive(Debug, Args)]
pub struct Grad {
    /// The model
    #[arg(value_name = "MODEL.onnx")]
    model: PathBuf,
    /// Where to take the gradient: the main input's values (default: seeded uniform noise in [0, 1); ones for ids)
    #[arg(long, value_name = "X.npy")]
    input: Option<PathBuf>,
    /// The cotangent of the output (default: seeded standard normal)
    #[arg(long, value_name = "G.npy")]
    cotangent: Option<PathBuf>,
    /// The output to differentiate (default: the first)
    #[arg(long, value_name = "NAME")]
    output: Option<String>,
    /// A dimension that the model leaves open, by its name or as INPUT.AXIS; may be repeated
    #[arg(long, value_name = "NAME=SIZE", value_parser = dimension)]
    dim: Vec<(String, usize)>,
    /// Rows of the made-up input
    #[arg(long, value_name = "N", default_value = "1", value_parser = positive)]
    batch: usize,
    /// Writes the gradient
    #[arg(long = "save-grad", value_name = "OUT.npy")]
    gradient_file: Option<PathBuf>,
    /// Writes the graph that yields loss, output and gradient
    #[arg(long = "save-graph", value_name = "GRAD.onnx")]
    graph_file: Option<PathBuf>,
    /// Compares with central differences in this many random directions
    #[arg(long, value_name = "N", default_value = "0")]
    check: usize,
    /// Execution providers in order of preference: cuda, directml, coreml, cpu
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    provider: Vec<Provider>,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    supported: bool,
    blocking: Vec<Blocking>,
    approximate: Vec<String>,
    ops: BTreeMap<String, usize>,
    /// What was computed; none where it is blocked.
    gradient: Option<Found>,
    check: Option<Check>,
    forward_ms: Option<f64>,
    gradient_ms: Option<f64>,
    engine: String,
}

/// What a gradient was found to be.
#[derive(Serialize)]
struct Found {
    /// How many values it has.
    values: usize,
    /// How many of them are not finite.
    not_finite: usize,
    /// Is every one zero?
    zero: bool,
}

impl From<&Measured> for Found {
    fn from(m: &Measured) -> Self {
        Self {
            values: m.gradient.len(),
            not_finite: m.not_finite,
            zero: m.zero,
        }
    }
}

impl Grad {
    /// Runs the command.
    pub fn run(&self, json: bool) -> Result<()> {
        let graph = Graph::open(&self.model)?;
        let engine = RuntimeEngine::new(&or_all(&self.provider));
        let sample = self.sample(&graph)?;
        let card =
            watched(|task: &Task| examine(&graph, &sample, &engine, task)).map_err(with_sizes)?;
        let provider = card.measured.as_ref().map(|m| m.provider.as_str());
        let report = Report {
            supported: card.supported(),
            blocking: card.survey.blocking.clone(),
            approximate: card.survey.approximate.clone(),
            ops: card
                .survey
                .ops
                .iter()
                .map(|(name, (n, _))| (name.clone(), *n))
                .collect(),
            gradient: card.measured.as_ref().map(Found::from),
            check: card.measured.as_ref().and_then(|m| m.check),
            forward_ms: card.measured.as_ref().map(|m| m.forward_ms),
            gradient_ms: card.measured.as_ref().map(|m| m.gradient_ms),
            engine: provider.map_or_else(|| engine.name(), |p| format!("{}, {p}", engine.name())),
        };
        if !report.supported && (self.gradient_file.is_some() || self.graph_file.is_some()) {
            return Err(Error::NoGradient {
                path: self.model.clone(),
                blocking: report.blocking,
            });
        }
        if let Some(measured) = &card.measured {
            if let Some(path) = &self.gradient_file {
                let values = measured.gradient.to_floats().unwrap_or_default();
                write_array(path, &values, measured.gradient.shape())?;
            }
            if let Some(path) = &self.graph_file {
                save_graph(path, &measured.graph)?;
            }
        }
        if let Some(fault) = gradient_fault(&card) {
            warn(fault);
        }
        emit(&report, json, || describe(&card, &report))
    }

    fn sample(&self, graph: &Graph) -> Result<Sample> {
        let mut open: BTreeMap<String, usize> = self.dim.iter().cloned().collect();
        open.entry("batch".into()).or_insert(self.batch);
        let mut feeds = sample_feeds(graph, &open, 0);
        if let (Some(path), Some(port)) = (&self.input, main_input(graph)) {
            let (values, shape) = read_array(path)?;
            if port.has_shape && !port.accepts(&shape) {
                return Err(Error::dataset(
                    path,
                    format!("has the shape {shape:?}, the model takes {port}"),
                    "Give an array of the model's shape.",
                ));
            }
            let rows = shape.first().copied().unwrap_or(1);
            open.insert("batch".into(), rows);
            open.extend(port.bound(&shape));
            feeds = sample_feeds(graph, &open, 0);
            let tensor = if port.elem.is_float() {
                Tensor::floats(&shape, &values)
            } else {
                let values: Vec<i64> = values.iter().map(|&v| v as i64).collect();
                integers_as(port.elem, &shape, &values)
            };
            feeds.insert(port.name.clone(), tensor);
        }
        let cotangent = match &self.cotangent {
            Some(path) => {
                let (values, shape) = read_array(path)?;
                Some(Tensor::floats(&shape, &values))
            }
            None => None,
        };
        if let Some((name, _)) = feeds.iter().find(|(_, t)| elements(t.shape()) == Some(0)) {
            return Err(Error::model(
                &self.model,
                format!("its input {name} would be empty or too large"),
                "Set its open dimensions with --dim NAME=SIZE.",
            ));
        }
        Ok(Sample {
            feeds,
            cotangent,
            output: self.output.clone(),
            check: self.check,
        })
    }
}

/// As an error of this program; where the model does not run at the sizes of the sample, with the flag that sets them.
fn with_sizes(error: crate::grad::Error) -> Error {
    let sizes = matches!(error, crate::grad::Error::DoesNotRun { .. });
    match Error::from(error) {
        Error::Model { path, what, .. } if sizes => Error::model(
            &path,
            what,
            "Give the sizes that the model expects; on the command line with --dim NAME=SIZE.",
        ),
        other => other,
    }
}

/// Writes the graph, and its weights beside it where they are too large for one file.
fn save_graph(path: &Path, graph: &Graph) -> Result<()> {
    let name = path
        .file_name()
        .map_or_else(|| Encoded::DATA.into(), |n| n.to_string_lossy());
    let data = format!("{name}.data");
    let encoded = graph.encode(&data);
    let model = |path: &Path| replace(path, |out| out.write_all(&encoded.model));
    let Some(bytes) = &encoded.data else {
        return model(path);
    };
    // The model last: without its weights, or beside those of another, it is of no use.
    let beside = path.with_file_name(&data);
    put_together(&[beside.as_path(), path], |[data, path]| {
        replace(data, |out| out.write_all(bytes))?;
        model(path)
    })
}

fn describe(card: &Card, report: &Report) -> String {
    let mut text = String::new();
    let mut line = |parts: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{parts}");
    };
    line(format_args!("{}", possible(card)));
    line(format_args!(""));
    for port in &card.inputs {
        line(format_args!("input    {port}"));
    }
    for port in &card.outputs {
        line(format_args!("output   {port}"));
    }
    line(format_args!(
        "weights  {}",
        thousands(card.parameters as u64)
    ));
    let kinds = [
        (Standing::Exact, "exact"),
        (Standing::Approximate, "approximate"),
        (Standing::Blocking, "blocking"),
        (Standing::Idle, "off the path"),
    ];
    for (standing, word) in kinds {
        let names: Vec<String> = card
            .survey
            .ops
            .iter()
            .filter(|(_, (_, s))| *s == standing)
            .map(|(name, (n, _))| format!("{name} {n}"))
            .collect();
        if !names.is_empty() {
            line(format_args!("{word}: {}", names.join(", ")));
        }
    }
    for (op, why, nodes) in Blocking::grouped(&card.survey.blocking) {
        line(format_args!("blocked by {op}: {why}: {}", nodes.join(", ")));
    }
    if let Some(m) = &card.measured {
        line(format_args!(""));
        line(format_args!(
            "forward {:.2} ms, loss and gradient {:.2} ms ({:.2} times), {}",
            m.forward_ms,
            m.gradient_ms,
            m.gradient_ms / m.forward_ms.max(1e-9),
            report.engine
        ));
        line(format_args!(
            "gradient of {}: {}",
            counted(m.gradient.len(), "value"),
            match (m.not_finite, m.zero) {
                (0, false) => "finite, not all zero".to_owned(),
                (0, true) => "all zero".to_owned(),
                (bad, _) => format!("{} not finite", thousands(bad as u64)),
            }
        ));
        if let Some(check) = &m.check {
            line(format_args!(
                "self-check in {}: {}",
                counted(check.samples, "direction"),
                verdict(check)
            ));
        }
    }
    text
}

/// What the self-check found, in words.
fn verdict(check: &Check) -> String {
    let passed = if check.passed { "passed" } else { "failed" };
    match (check.max_rel_error, check.cosine) {
        (Some(error), Some(cosine)) => {
            format!("{passed}, largest relative error {error:.1e}, cosine {cosine:.7}")
        }
        _ if check.not_finite > 0 => "failed: the gradient is not finite".into(),
        _ if check.zero => "failed: the gradient is zero".into(),
        _ if !check.compared => {
            "not comparable: the differences of a model that rounds are steps, not slopes".into()
        }
        _ => "failed: the slopes of the model are not finite".into(),
    }
}

/// `name=size`.
fn dimension(text: &str) -> Result<(String, usize), String> {
    let (name, size) = text.split_once('=').ok_or("expected NAME=SIZE")?;
    Ok((name.to_owned(), positive(size)?))
}
