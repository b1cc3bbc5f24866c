//! One gradient graph for batches of every size, on whole architectures: against the graph made for that very size.

use super::harness::engine;
use super::models::{agreement, stored_models};
use nearmiss::grad::{COTANGENT, Differentiator, Objective, Request, Target};
use nearmiss::onnx::{Dim, Effort, Graph, GraphEngine, Tensor, free_batch};
use nearmiss::task::Task;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// A model that takes pictures alone, with its batch open; `None` for any other.
fn of_pictures(name: &str, bytes: &[u8]) -> Option<Graph> {
    let graph = Graph::decode(bytes, Path::new(name)).ok()?;
    let [port] = graph.inputs.as_slice() else {
        return None;
    };
    let pictures = port.elem.is_float() && port.dims.len() == 4;
    let main = port.name.clone();
    let graph = pictures.then(|| free_batch(&graph, &main).unwrap_or(graph))?;
    let sizes = graph.inputs[0].dims[1..].iter();
    let known = |d: &Dim| matches!(d, Dim::Fixed(_));
    sizes.clone().all(known).then_some(graph)
}

/// Whether one graph serves every batch, and is right at a batch that it was not made from.
fn serves(graph: &Graph) -> Result<bool, String> {
    let task = Task::detached();
    let port = &graph.inputs[0];
    let rows = |n: usize| {
        let mut random = fastrand::Rng::with_seed(3);
        let size = |d: &Dim| match d {
            Dim::Fixed(size) => *size,
            _ => n,
        };
        let shape: Vec<usize> = port.dims.iter().map(size).collect();
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| random.f32()).collect();
        Tensor::floats(&shape, &values)
    };
    let request = |n: usize| {
        let feeds = BTreeMap::from([(port.name.clone(), rows(n))]);
        Request::new(feeds, Target::Input(port.name.clone()), Objective::Vjp)
    };
    let model = Differentiator::new(graph.clone(), Arc::new(engine()));
    let said = |e: nearmiss::grad::Error| e.to_string();
    // Some files say the batch in more places than can be seen; `Network` tries them so too.
    let runs = engine()
        .load(graph, Effort::Often)
        .and_then(|mut program| program.run(&[(port.name.as_str(), &rows(5))], &task));
    if runs.is_err() {
        return Ok(false);
    }
    let Some(free) = model
        .prepare_free(&request, &port.name, &task)
        .map_err(said)?
    else {
        return Ok(false);
    };
    let fixed = model.prepare(&request(5), &task).map_err(said)?;
    let x = rows(5);
    let shape = fixed
        .gradient()
        .graph
        .inputs
        .iter()
        .find(|p| p.name == COTANGENT);
    let shape: Vec<usize> = shape
        .expect("there")
        .dims
        .iter()
        .map(|d| match d {
            Dim::Fixed(size) => *size,
            _ => 5,
        })
        .collect();
    let values: Vec<f32> = (0..shape.iter().product())
        .map(|i| ((i * 7) % 11) as f32 - 5.0)
        .collect();
    let cotangent = Tensor::floats(&shape, &values);
    let feeds = [(port.name.as_str(), &x), (COTANGENT, &cotangent)];
    let (a, b) = (
        free.run(&feeds, &task).map_err(said)?,
        fixed.run(&feeds, &task).map_err(said)?,
    );
    let c = free.run_beside(&feeds, &task).map_err(said)?;
    for (a, b) in [
        (&a.gradient, &b.gradient),
        (&c.gradient, &b.gradient),
        (&a.output, &b.output),
    ] {
        let (a, b) = (
            a.to_floats().expect("floats"),
            b.to_floats().expect("floats"),
        );
        let (cosine, error) = agreement(&a, &b);
        if cosine < 0.9999 || error > 5e-3 {
            return Err(format!("cosine {cosine}, error {error}"));
        }
    }
    Ok(true)
}

#[test]
fn one_graph_serves_every_batch() {
    let (mut served, mut not, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    for (name, bytes) in stored_models() {
        let Some(graph) = of_pictures(&name, &bytes) else {
            continue;
        };
        match serves(&graph) {
            Ok(true) => served.push(name),
            Ok(false) => not.push(name),
            Err(why) => wrong.push(format!("{name}: {why}")),
        }
    }
    println!("{} served; one graph for each size: {not:?}", served.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(served.len() >= 30, "{served:?} and not {not:?}");
}
