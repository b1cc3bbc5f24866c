//! The gradient of an ONNX file as an ONNX file.
//!
//! ```text
//! cargo run -p nearmiss-grad --example gradient_as_file -- MODEL.onnx GRADIENT.onnx
//! ```
//!
//! What is written takes the model's inputs and `nearmiss_cotangent`, the weights of the output's values, and yields
//! the weighted sum of each row, the output, and the gradient of those sums with respect to the model's first input of
//! floats. It runs wherever the model runs.

pub mod engine;

use engine::Tract;
use nearmiss_grad::onnx::{Graph, sample_feeds};
use nearmiss_grad::{Error, Objective, Request, Result, Target, differentiate};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [model, out] = paths.as_slice() else {
        eprintln!("usage: gradient_as_file MODEL.onnx GRADIENT.onnx");
        return ExitCode::FAILURE;
    };
    match gradient_as_file(model, out) {
        Ok(graph) => {
            for port in &graph.inputs {
                println!("input    {port}");
            }
            for port in graph.ports_out() {
                println!("output   {port}");
            }
            println!("{} operators in {}", graph.nodes.len(), out.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}\n{}", error.remedy());
            ExitCode::FAILURE
        }
    }
}

/// Writes the gradient graph of `model` to `out`, and its weights beside it where they are too large for one file.
///
/// # Errors
/// The model cannot be read or differentiated; `out` cannot be written.
pub fn gradient_as_file(model: &Path, out: &Path) -> Result<Graph> {
    let graph = Graph::open(model)?;
    // Dimensions that the model leaves open become 1; a map of names to sizes says otherwise.
    let feeds = sample_feeds(&graph, &BTreeMap::new(), 0);
    let request = Request::new(feeds, Target::first_input(&graph)?, Objective::Vjp);
    let gradient = differentiate(&graph, &request, &Tract, &())?;

    let weights = out.with_extension("weights");
    let name = weights.file_name().unwrap_or_default().to_string_lossy();
    let file = gradient.graph.encode(&name);
    if let Some(bytes) = &file.data {
        std::fs::write(&weights, bytes).map_err(Error::io("write", &weights))?;
    }
    std::fs::write(out, &file.model).map_err(Error::io("write", out))?;
    Ok(gradient.graph)
}
