//! The gradient against central differences of the forward model.

use super::Gradient;
use crate::error::{Error, Result};
use crate::onnx::{Dim, Effort, Elem, Engine, Graph, Port, Tensor};
use crate::task::Task;
use serde::Serialize;
use std::collections::BTreeMap;

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
/// normal per element). Slopes are central differences of the output's product with the cotangent, summed in float64,
/// at the step out of four where they are steadiest.
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
    // The value, and the root of the sum of its terms' squares: what rounding errors grow with.
    let mut objective = |x: &[f32]| -> Result<(f64, f64)> {
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
        let terms = output.iter().zip(&weights);
        let terms = terms.map(|(y, w)| f64::from(*y) * f64::from(*w));
        let (sum, squares) = terms.fold((0.0, 0.0), |(sum, squares), t| (sum + t, squares + t * t));
        Ok((sum, squares.sqrt()))
    };
    let mut random = fastrand::Rng::with_seed(7);
    let size = x.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / x.len().max(1) as f64;
    let size = size.sqrt().max(1e-2);
    let (mut measured, mut said) = (Vec::new(), Vec::new());
    task.begin("Checking the gradient", samples as u64);
    for _ in 0..samples {
        let direction: Vec<f32> = x.iter().map(|_| normal(&mut random)).collect();
        let mut slopes = Vec::with_capacity(STEPS.len());
        for step in STEPS {
            let step = (step * size) as f32;
            let moved = |by: f32| -> Vec<f32> {
                x.iter().zip(&direction).map(|(b, d)| b + by * d).collect()
            };
            let (after, before) = (moved(step), moved(-step));
            let ((high, size_of_terms), (low, _)) = (objective(&after)?, objective(&before)?);
            // The way that was really gone: a small step is rounded in each element.
            let ways = after
                .iter()
                .zip(&before)
                .map(|(a, b)| f64::from(*a) - f64::from(*b));
            let foretold: f64 = slope
                .iter()
                .zip(ways)
                .map(|(g, way)| f64::from(*g) * way)
                .sum();
            let length = 2.0 * f64::from(step);
            slopes.push(Slope {
                measured: (high - low) / length,
                said: foretold / length,
                rounding: ROUNDING * size_of_terms / length,
            });
        }
        if let Some(slope) = steadiest(&slopes) {
            measured.push(slope.measured);
            said.push(slope.said);
        }
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

/// Steps of the differences, as shares of the input's root mean square: long ones step over the kinks of rectifiers,
/// short ones drown in the rounding of float32.
const STEPS: [f64; 4] = [5e-4, 1.25e-4, 3e-5, 8e-6];
/// The relative error of an output: two units in the last place of float32.
const ROUNDING: f64 = 2e-7;

/// The slope in one direction, at one step.
#[derive(Debug, Clone, Copy)]
struct Slope {
    measured: f64,
    /// What the gradient says of it.
    said: f64,
    /// How far rounding may have moved what was measured.
    rounding: f64,
}

/// The slope that changed least from the step before, rounding allowed for.
fn steadiest(slopes: &[Slope]) -> Option<Slope> {
    let doubt = |pair: &&[Slope]| (pair[0].measured - pair[1].measured).abs() + pair[1].rounding;
    let pairs = slopes.windows(2);
    let best = pairs.min_by(|a, b| doubt(a).total_cmp(&doubt(b)));
    best.map(|pair| pair[1])
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
    graph.drop_unread_inputs();
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
    graph.drop_unread_inputs();
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
