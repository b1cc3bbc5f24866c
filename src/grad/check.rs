//! The gradient against central differences of the forward model.

use super::Gradient;
use crate::error::{Error, Result};
use crate::onnx::node::inputs_of;
use crate::onnx::{Dim, Effort, Elem, Engine, Graph, Port, Tensor};
use crate::task::Task;
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

/// How far a gradient is from the slopes of the forward model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Check {
    /// Directions in which the slope was measured.
    pub samples: usize,
    /// The largest difference between slope and gradient, as a share of the largest slope measured.
    pub max_rel_error: f64,
    /// The cosine between the slopes measured and those that the gradient says, over all directions.
    pub cosine: f64,
}

/// Where a gradient was taken, and what it is.
pub struct Taken<'a> {
    /// The model's inputs.
    pub feeds: &'a BTreeMap<String, Tensor>,
    /// The cotangent of the output.
    pub cotangent: &'a Tensor,
    /// The gradient.
    pub gradient: &'a Tensor,
}

/// Compares a gradient with slopes of `forward`, the graph it was made from, in `samples` random directions (standard
/// normal per element). Slopes are fourth-order central differences of the output's product with the cotangent, summed
/// in float64; the step is 0.2 % of the input's root mean square.
///
/// # Errors
/// The engine failed, or the task was cancelled.
pub fn check(
    forward: &Graph,
    gradient: &Gradient,
    taken: &Taken<'_>,
    samples: usize,
    engine: &dyn Engine,
    task: &Task,
) -> Result<Check> {
    let wrt = gradient.wrt.as_str();
    let missing = || {
        Error::request(
            "there is nothing to compare",
            "Give input and cotangent of the gradient.",
        )
    };
    let base = match taken.feeds.get(wrt) {
        Some(fed) => fed.clone(),
        None => inner_value(forward, wrt, taken.feeds, engine, task)?,
    };
    let mut graph = forward.clone();
    cut(&mut graph, wrt, base.shape());
    let x = base.to_floats().ok_or_else(missing)?;
    let weights = taken.cotangent.to_floats().ok_or_else(missing)?;
    let slope = taken.gradient.to_floats().ok_or_else(missing)?;
    let mut program = engine.load(&graph, Effort::Often)?;
    let mut objective = |x: &[f32]| -> Result<f64> {
        let moved = Tensor::floats(base.shape(), x);
        let value = |name: &str| {
            if name == wrt {
                Some(&moved)
            } else {
                taken.feeds.get(name)
            }
        };
        let ports = graph.inputs.iter();
        let fed: Vec<_> = ports
            .filter_map(|p| Some((p.name.as_str(), value(&p.name)?)))
            .collect();
        let output = program
            .run(&fed, task)?
            .pop()
            .and_then(|t| t.to_floats())
            .ok_or_else(missing)?;
        let products = output
            .iter()
            .zip(&weights)
            .map(|(y, w)| f64::from(*y) * f64::from(*w));
        Ok(products.sum())
    };
    let mut random = fastrand::Rng::with_seed(7);
    let size = x.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / x.len().max(1) as f64;
    let step = (2e-3 * size.sqrt().max(1e-2)) as f32;
    let (mut measured, mut said) = (Vec::new(), Vec::new());
    task.begin("Checking the gradient", samples as u64);
    for _ in 0..samples {
        let direction: Vec<f32> = x.iter().map(|_| normal(&mut random)).collect();
        let mut at = |factor: f32| {
            let pairs = x.iter().zip(&direction);
            let moved: Vec<f32> = pairs.map(|(b, d)| b + factor * step * d).collect();
            objective(&moved)
        };
        let (near, far) = (at(1.0)? - at(-1.0)?, at(2.0)? - at(-2.0)?);
        measured.push((8.0 * near - far) / (12.0 * f64::from(step)));
        let products = slope
            .iter()
            .zip(&direction)
            .map(|(g, d)| f64::from(*g) * f64::from(*d));
        said.push(products.sum::<f64>());
        task.add(1);
    }
    let largest = measured
        .iter()
        .chain(&said)
        .fold(0.0_f64, |m, v| m.max(v.abs()));
    let worst = measured
        .iter()
        .zip(&said)
        .fold(0.0_f64, |m, (a, b)| m.max((a - b).abs()));
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let norms = (dot(&measured, &measured) * dot(&said, &said)).sqrt();
    Ok(Check {
        samples,
        max_rel_error: if largest > 0.0 { worst / largest } else { 0.0 },
        cosine: if norms > 0.0 {
            dot(&measured, &said) / norms
        } else {
            1.0
        },
    })
}

/// Makes `name`, a value inside of `graph`, one of its inputs.
fn cut(graph: &mut Graph, name: &str, shape: &[usize]) {
    if graph.inputs.iter().any(|p| p.name == name) {
        return;
    }
    for output in graph.nodes.iter_mut().flat_map(|n| &mut n.output) {
        if output == name {
            output.push_str("/before");
        }
    }
    graph.inputs.push(Port {
        name: name.into(),
        elem: Elem::F32,
        dims: shape.iter().map(|&d| Dim::Fixed(d)).collect(),
        has_shape: true,
    });
    graph.prune();
    let read: HashSet<String> = graph.nodes.iter().flat_map(inputs_of).collect();
    graph.inputs.retain(|p| read.contains(&p.name));
}

/// What `name`, a value inside of `graph`, is for `feeds`.
fn inner_value(
    graph: &Graph,
    name: &str,
    feeds: &BTreeMap<String, Tensor>,
    engine: &dyn Engine,
    task: &Task,
) -> Result<Tensor> {
    let mut graph = graph.clone();
    graph.outputs = vec![name.to_owned()];
    graph.declared.clear();
    graph.prune();
    let read: HashSet<String> = graph.nodes.iter().flat_map(inputs_of).collect();
    graph.inputs.retain(|p| read.contains(&p.name));
    let fed: Vec<_> = graph
        .inputs
        .iter()
        .filter_map(|p| Some((p.name.as_str(), feeds.get(&p.name)?)))
        .collect();
    let value = engine.load(&graph, Effort::Once)?.run(&fed, task)?.pop();
    value.ok_or_else(|| Error::request(format!("{name} has no value"), "Please report this model."))
}

/// The cotangent that is used where none is given: standard normal, seeded.
pub fn seeded_cotangent(shape: &[usize], seed: u64) -> Tensor {
    let mut random = fastrand::Rng::with_seed(seed);
    let count = crate::onnx::elements(shape).unwrap_or(0);
    let values: Vec<f32> = (0..count).map(|_| normal(&mut random)).collect();
    Tensor::floats(shape, &values)
}

/// A standard normal number (Box and Muller).
fn normal(random: &mut fastrand::Rng) -> f32 {
    let radius = (-2.0 * (1.0 - random.f64()).ln()).sqrt();
    (radius * (std::f64::consts::TAU * random.f64()).cos()) as f32
}
