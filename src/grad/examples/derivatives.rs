//! All derivatives of an ONNX file at one place, on tract.
//!
//! ```text
//! cargo run -p nearmiss-grad --example derivatives -- MODEL.onnx [NAME ..]
//! ```
//!
//! NAME is an input or an initializer of floats; without any the model's first input of floats is meant. Printed are the
//! gradients' lengths, and how the output and the gradient change along one direction: `J v` and `H v`.

pub mod engine;

use engine::Tract;
use nearmiss_grad::onnx::{Effort, Graph, GraphEngine, Tensor, sample_feeds};
use nearmiss_grad::{
    COTANGENT, Gradient, Objective, Request, Result, TANGENT, Target, differentiate,
    hessian_product, jacobian_product, named, seeded_cotangent,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((model, names)) = arguments.split_first() else {
        eprintln!("usage: derivatives MODEL.onnx [NAME ..]");
        return ExitCode::FAILURE;
    };
    match derivatives(Path::new(model), names) {
        Ok(found) => {
            for (name, values) in found {
                println!(
                    "{name:40} {:?}, of length {:.6}",
                    values.shape(),
                    length(&values)
                );
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}\n{}", error.remedy());
            ExitCode::FAILURE
        }
    }
}

/// What the graphs of the derivatives of `model` with respect to `names` yield at sample values, for seeded cotangents
/// and directions, by the names of their outputs.
///
/// # Errors
/// The model cannot be read or differentiated; one of `names` is no input and no initializer of floats.
pub fn derivatives(model: &Path, names: &[String]) -> Result<BTreeMap<String, Tensor>> {
    let graph = Graph::open(model)?;
    let feeds = sample_feeds(&graph, &BTreeMap::new(), 0);
    let mut targets = Vec::new();
    for name in names {
        targets.push(Target::by_name(&graph, name)?);
    }
    if targets.is_empty() {
        targets.push(Target::first_input(&graph)?);
    }
    let first = targets[0].clone();
    let request = Request {
        targets,
        ..Request::new(feeds.clone(), first, Objective::Vjp)
    };
    // One graph yields loss, output and all gradients; the other two a product each, with a direction for each target.
    let gradient = differentiate(&graph, &request, &Tract, &())?;
    let jacobian = jacobian_product(&graph, &request, &Tract, &())?;
    let hessian = hessian_product(&graph, &request, &Tract, &())?;

    let mut fed = feeds;
    let output = &gradient.graph.infos[&gradient.output].shape;
    fed.insert(COTANGENT.into(), seeded_cotangent(output, 1));
    let mut found = run(&gradient, &fed)?;
    for i in 0..gradient.wrt.len() {
        let like = &found[&named(nearmiss_grad::GRADIENT, &gradient.wrt, i)];
        let direction = seeded_cotangent(like.shape(), 2 + i as u64);
        fed.insert(named(TANGENT, &gradient.wrt, i), direction);
    }
    found.extend(run(&jacobian, &fed)?);
    found.extend(run(&hessian, &fed)?);
    Ok(found)
}

/// The outputs of a graph, by name.
fn run(made: &Gradient, feeds: &BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
    let ports = made.graph.inputs.iter();
    let fed: Vec<_> = ports
        .filter_map(|p| Some((p.name.as_str(), feeds.get(&p.name)?)))
        .collect();
    let results = Tract.load(&made.graph, Effort::Once)?.run(&fed, &())?;
    Ok(made.graph.outputs.iter().cloned().zip(results).collect())
}

/// The root of the sum of squares.
fn length(values: &Tensor) -> f32 {
    let values = values.to_floats().unwrap_or_default();
    values.iter().map(|v| v * v).sum::<f32>().sqrt()
}
