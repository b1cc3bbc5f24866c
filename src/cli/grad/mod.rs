//! `nearmiss grad`: the gradient of a model with respect to its input, and products with its Jacobian and Hessian.

mod report;

use self::report::{Report, describe, faults};
use super::common::{or_all, positive};
use super::output::{emit, warn};
use super::progress::watched;
use crate::dataset::npy::{read_array, write_array, write_arrays};
use crate::error::{Error, Result};
use crate::files::{put_together, replace};
use crate::grad::{JACOBIAN_PRODUCT, Sample, Second, Target, examine, main_input};
use crate::onnx::{Encoded, Graph, Tensor, elements, integers_as, sample_feeds};
use crate::runtime::{Provider, RuntimeEngine};
use crate::task::Task;
use clap::{ArgGroup, Args};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Arguments of `grad`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("product").args(["forward", "hessian"])))]
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
    /// What to take the gradient with respect to: an input or an initializer of floats (default: the first input of
    /// floats, else the token embeddings); may be repeated
    #[arg(long, value_name = "NAME")]
    wrt: Vec<String>,
    /// Also the Jacobian's product with a direction: forward mode
    #[arg(long)]
    forward: bool,
    /// Also the Hessian's product with a direction: second derivatives of the output's product with the cotangent
    #[arg(long, conflicts_with = "forward")]
    hessian: bool,
    /// The direction of that (default: seeded standard normal); may be repeated, once for each --wrt
    #[arg(long, value_name = "V.npy", requires = "product")]
    tangent: Vec<PathBuf>,
    /// A dimension that the model leaves open, by its name or as INPUT.AXIS; may be repeated
    #[arg(long, value_name = "NAME=SIZE", value_parser = dimension)]
    dim: Vec<(String, usize)>,
    /// Rows of the made-up input
    #[arg(long, value_name = "N", default_value = "1", value_parser = positive)]
    batch: usize,
    /// Writes the gradient; of several --wrt as OUT.npz, each under its name
    #[arg(long = "save-grad", value_name = "OUT.npy")]
    gradient_file: Option<PathBuf>,
    /// Writes what --forward or --hessian makes; the latter of several --wrt as OUT.npz
    #[arg(long = "save-product", value_name = "OUT.npy", requires = "product")]
    product_file: Option<PathBuf>,
    /// Writes the graph that yields loss, output and gradients; with --forward or --hessian the one that yields their
    /// product
    #[arg(long = "save-graph", value_name = "GRAD.onnx")]
    graph_file: Option<PathBuf>,
    /// Compares with central differences in this many random directions
    #[arg(long, value_name = "N", default_value = "0")]
    check: usize,
    /// Execution providers in order of preference: cuda, directml, coreml, cpu
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    provider: Vec<Provider>,
}

impl Grad {
    /// Runs the command.
    pub fn run(&self, json: bool) -> Result<()> {
        let graph = Graph::open(&self.model)?;
        let engine = RuntimeEngine::new(&or_all(&self.provider));
        let sample = self.sample(&graph)?;
        let card =
            watched(|task: &Task| examine(&graph, &sample, &engine, task)).map_err(with_sizes)?;
        let report = Report::new(&card, &engine);
        let saves = [&self.gradient_file, &self.product_file, &self.graph_file];
        if !report.supported && saves.iter().any(|file| file.is_some()) {
            return Err(Error::NoGradient {
                path: self.model.clone(),
                blocking: report.blocking,
            });
        }
        if let Some(measured) = &card.measured {
            if let Some(path) = &self.gradient_file {
                let named = measured.targets.iter();
                let named: Vec<_> = named.map(|t| (t.name.as_str(), &t.gradient)).collect();
                save(path, &named)?;
            }
            if let (Some(path), Some(product)) = (&self.product_file, &measured.product) {
                let named: Vec<_> = match product.of {
                    Second::Jacobian => product
                        .values
                        .iter()
                        .map(|v| (JACOBIAN_PRODUCT, v))
                        .collect(),
                    Second::Hessian => {
                        let names = measured.targets.iter().map(|t| t.name.as_str());
                        names.zip(&product.values).collect()
                    }
                };
                save(path, &named)?;
            }
            if let Some(path) = &self.graph_file {
                save_graph(path, &measured.graph)?;
            }
        }
        for fault in faults(&card) {
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
        let cotangent = self.cotangent.as_deref().map(floats).transpose()?;
        let tangents = self.tangent.iter().map(|path| floats(path));
        let tangents = tangents.collect::<Result<_>>()?;
        let targets = self.wrt.iter().map(|name| Target::by_name(graph, name));
        let targets = targets.collect::<Result<_, crate::grad::Error>>()?;
        let product = match (self.forward, self.hessian) {
            (true, _) => Some(Second::Jacobian),
            (_, true) => Some(Second::Hessian),
            _ => None,
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
            targets,
            product,
            tangents,
        })
    }
}

/// The array in a file, as float32.
fn floats(path: &Path) -> Result<Tensor> {
    let (values, shape) = read_array(path)?;
    Ok(Tensor::floats(&shape, &values))
}

/// Writes tensors with their names: as `.npz`, or a single one as `.npy`.
fn save(path: &Path, named: &[(&str, &Tensor)]) -> Result<()> {
    let floats = |t: &Tensor| t.to_floats().unwrap_or_default();
    if path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("npz"))
    {
        let arrays: Vec<_> = named
            .iter()
            .map(|(n, t)| (*n, floats(t), t.shape()))
            .collect();
        return write_arrays(path, &arrays);
    }
    match named {
        [(_, tensor)] => write_array(path, &floats(tensor), tensor.shape()),
        _ => Err(Error::dataset(
            path,
            format!("is to hold {} arrays", named.len()),
            "Name it OUT.npz: that holds one array for each --wrt.",
        )),
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

/// `name=size`.
fn dimension(text: &str) -> Result<(String, usize), String> {
    let (name, size) = text.split_once('=').ok_or("expected NAME=SIZE")?;
    Ok((name.to_owned(), positive(size)?))
}
