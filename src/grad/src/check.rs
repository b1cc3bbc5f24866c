//! The gradient against central differences of the forward model.

use super::Gradient;
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::onnx::{Effort, Elem, Graph, GraphEngine, Port, Tensor};
use serde::Serialize;
use std::collections::BTreeMap;

/// How far a gradient is from the slopes of the forward model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Check {
    /// Is nothing wrong with the gradient? It is finite and not zero everywhere; where it is `compared`, each slope is
    /// within 25 % of the largest (and the rounding of float32), and the cosine is 0.99 at least.
    pub passed: bool,
    /// Directions that were asked for.
    pub samples: usize,
    /// Was the slope measured in these? Not where the gradient is not finite, and not where it passes roundings as if
    /// they were the identity: the differences of a model that rounds are steps, not slopes.
    pub compared: bool,
    /// The largest difference between slope and gradient, as a share of the largest slope, measured or said: 0 to 2.
    /// `None` where nothing was compared, all slopes are zero, or one that was measured is not finite.
    pub max_rel_error: Option<f64>,
    /// The cosine between the slopes measured and those that the gradient says, over all directions, -1 to 1: 0 where
    /// one side is zero throughout. `None` as `max_rel_error`.
    pub cosine: Option<f64>,
    /// Values of the gradient that are not finite.
    pub not_finite: usize,
    /// Is every value of the gradient zero?
    pub zero: bool,
}

impl Check {
    /// What can be said of a gradient without running the model.
    fn of(values: &[f32], samples: usize) -> Self {
        let (not_finite, zero) = defects(values);
        Self {
            passed: not_finite == 0 && !zero,
            samples,
            compared: false,
            max_rel_error: None,
            cosine: None,
            not_finite,
            zero,
        }
    }

    /// The same after comparing slopes.
    fn compared(mut self, slopes: &[Slope]) -> Self {
        self.compared = true;
        let sum = |f: fn(&Slope) -> f64| slopes.iter().map(f).sum::<f64>();
        let largest = slopes
            .iter()
            .fold(0.0_f64, |m, s| m.max(s.measured.abs()).max(s.said.abs()));
        let sizes = (sum(|s| s.measured.powi(2)), sum(|s| s.said.powi(2)));
        // A largest of infinity would make the shares of all others vanish, and the fold passes NaN over.
        let finite = slopes.iter().all(|s| s.measured.is_finite());
        if !finite || largest <= 0.0 {
            self.passed = false;
            return self;
        }
        let worst = slopes.iter().fold(0.0_f64, |m, s| m.max(s.error()));
        let norms = (sizes.0 * sizes.1).sqrt();
        let cosine = if norms > 0.0 {
            (sum(|s| s.measured * s.said) / norms).clamp(-1.0, 1.0)
        } else {
            0.0
        };
        self.max_rel_error = Some(worst / largest);
        self.cosine = Some(cosine);
        let near = |s: &Slope| s.error() <= LARGEST_ERROR * largest + NOISE * s.rounding;
        let gap = sum(|s| s.error().powi(2));
        let noise = sum(|s| (NOISE * s.rounding).powi(2));
        let aligned = cosine >= LEAST_COSINE || gap <= noise;
        self.passed &= slopes.iter().all(near) && aligned;
        self
    }
}

/// How many of `values` are not finite, and whether all are zero.
pub(super) fn defects(values: &[f32]) -> (usize, bool) {
    let not_finite = values.iter().filter(|v| !v.is_finite()).count();
    (not_finite, values.iter().all(|&v| v == 0.0))
}

/// What a slope may differ from the gradient, as a share of the largest slope. A rectifier that opens or shuts closer
/// than the shortest step makes the two differ where both are right: of 60 models whose gradient is `PyTorch`'s within
/// 1e-3, 56 stay below 0.05 and all below 0.14.
pub const LARGEST_ERROR: f64 = 0.25;
/// The least cosine between slopes and gradient; the same 60 models reach 0.997.
pub const LEAST_COSINE: f64 = 0.99;
/// So many times the expected rounding error are no disagreement.
const NOISE: f64 = 4.0;

/// Where a gradient was taken, and what it is.
pub struct Taken<'a> {
    /// The model's inputs.
    pub feeds: &'a BTreeMap<String, Tensor>,
    /// The cotangent of the output.
    pub cotangent: &'a Tensor,
    /// What the gradient is taken with respect to: one of [`Gradient::wrt`].
    pub wrt: &'a str,
    /// The gradient.
    pub gradient: &'a Tensor,
}

/// Compares a gradient with slopes of `forward`, the graph it was made from, in `samples` random directions (standard
/// normal per element). Slopes are central differences of the output's product with the cotangent, summed in float64,
/// at the step out of four where they are steadiest. A gradient that is not finite, or zero everywhere, fails.
///
/// # Errors
/// The engine failed, or `monitor` stopped it.
pub fn check(
    forward: &Graph,
    gradient: &Gradient,
    taken: &Taken<'_>,
    samples: usize,
    engine: &dyn GraphEngine,
    monitor: &dyn Monitor,
) -> Result<Check> {
    let missing = || {
        Error::request(
            "there is nothing to compare",
            "Give input and cotangent of the gradient.",
        )
    };
    let slope = taken.gradient.to_floats().ok_or_else(missing)?;
    let found = Check::of(&slope, samples);
    let wrt = taken.wrt;
    let apart = gradient.apart.iter().any(|name| name == wrt);
    if found.not_finite > 0 || !gradient.survey.approximate.is_empty() || apart {
        return Ok(found);
    }
    let known = taken.feeds.get(wrt).or(forward.constants.get(wrt));
    let base = match known {
        Some(value) => value.clone(),
        None => inner_value(forward, wrt, taken.feeds, engine, monitor)?,
    };
    let mut graph = forward.clone();
    cut(&mut graph, wrt, base.shape());
    let x = base.to_floats().ok_or_else(missing)?;
    let weights = taken.cotangent.to_floats().ok_or_else(missing)?;
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
            .run(&fed, monitor)?
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
    let mut compared = Vec::with_capacity(samples);
    monitor.begin("Checking the gradient", samples as u64);
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
        compared.extend(steadiest(&slopes));
        monitor.add(1);
    }
    Ok(found.compared(&compared))
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

impl Slope {
    /// How far the gradient is from what was measured.
    fn error(&self) -> f64 {
        (self.measured - self.said).abs()
    }
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
    graph.constants.remove(name);
    graph.inputs.push(Port::fixed(name, Elem::F32, shape));
    graph.prune();
    graph.drop_unread_inputs();
}

/// What `name`, a value inside of `graph`, is for `feeds`.
fn inner_value(
    graph: &Graph,
    name: &str,
    feeds: &BTreeMap<String, Tensor>,
    engine: &dyn GraphEngine,
    monitor: &dyn Monitor,
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
    let value = engine.load(&graph, Effort::Once)?.run(&fed, monitor)?.pop();
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
