//! The gradient of a model with respect to its input, in one run of ONNX Runtime.
//!
//! ```text
//! cargo run --release --example gradient_through_onnx_runtime -- MODEL.onnx
//! ```
//!
//! The library is found as the program finds it (see `nearmiss doctor`); without one the built-in engine runs.

use nearmiss::error::Result;
use nearmiss::grad::{
    COTANGENT, Differentiator, Objective, Request, Step, Target, seeded_cotangent,
};
use nearmiss::onnx::{Graph, Tensor, sample_feeds};
use nearmiss::runtime::{Provider, RuntimeEngine};
use nearmiss::task::Task;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        eprintln!("usage: gradient_through_onnx_runtime MODEL.onnx");
        return ExitCode::FAILURE;
    };
    match gradient(path.as_ref()) {
        Ok(step) => {
            let values = step.gradient.to_floats().unwrap_or_default();
            let largest = values.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
            println!("loss      {:?}", step.loss);
            println!("output    {:?}", step.output);
            println!("gradient  {:?}, largest value {largest:e}", step.gradient);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}\n{}", error.remedy());
            ExitCode::FAILURE
        }
    }
}

/// Loss, output and gradient of the model at `path` for made-up values of its inputs and weights of its output.
///
/// # Errors
/// The model cannot be read, differentiated or run.
pub fn gradient(path: &Path) -> Result<Step> {
    let graph = Graph::open(path)?;
    let task = Task::detached();
    let mut feeds = sample_feeds(&graph, &BTreeMap::new(), 0);
    let request = Request::new(feeds.clone(), Target::first_input(&graph)?, Objective::Vjp);
    let engine = Arc::new(RuntimeEngine::new(&Provider::ALL));
    // Graphs that were asked for once are kept loaded.
    let model = Differentiator::new(graph, engine);
    let prepared = model.prepare(&request, &task)?;
    let gradient = prepared.gradient();
    let shape = &gradient.graph.infos[&gradient.output].shape;
    feeds.insert(COTANGENT.into(), seeded_cotangent(shape, 1));
    let feeds: Vec<(&str, &Tensor)> = feeds.iter().map(|(n, t)| (n.as_str(), t)).collect();
    Ok(prepared.run(&feeds, &task)?)
}
