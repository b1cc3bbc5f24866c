//! A training from its start to its last step.

use super::choices::{Method, Step, Training};
use super::convolution::Convolution;
use super::dense::TwoLayers;
use super::direct::{Coordinate, Descent, Gradient, Signs};
use crate::error::{Error, Result};
use crate::learn::linear::loss::LogLoss;
use crate::learn::linear::norm::{Norm, largest, length};
use crate::learn::linear::problem::{Problem, least};
use crate::task::Task;

/// Moments that are noted while the number of steps grows tenfold.
const PER_DECADE: f64 = 16.0;

/// Where a training stood after some steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// Steps done.
    pub step: u64,
    /// The natural logarithm of the loss, which itself may be too small for a number.
    pub log_loss: f64,
    /// The margin of the classifier in each norm, as [`Norm::ALL`]; below 0 where a row is still wrong. Over the maximal
    /// margin of the norm it is at most 1.
    pub margins: [f64; 4],
}

/// A classifier with its history.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// The weights `w`, as long as a row; of a network what its layers are together.
    pub weights: Vec<f64>,
    /// Moments after 1 step, then at equal distances in the logarithm of the steps, and after the last.
    pub history: Vec<Moment>,
}

impl Trained {
    /// Where it ended.
    pub fn last(&self) -> Option<&Moment> {
        self.history.last()
    }
}

/// Trains a classifier on `problem`; `watch` sees every [`Moment`] with the weights of the classifier then.
///
/// # Errors
/// A number of `training` out of its range; steps so long that the weights leave the range of float64 before all rows are right;
/// where they leave it later, the history ends at the last moment before. Cancellation.
pub fn train(
    problem: &Problem,
    training: &Training,
    watch: &mut dyn FnMut(&Moment, &[f64]),
    task: &Task,
) -> Result<Trained> {
    training.check(problem.width())?;
    task.begin(training.method.title(), training.steps);
    let mut descent = start(problem, training);
    let first_rate = training
        .rate
        .unwrap_or_else(|| usual_rate(problem, training.method));
    let mut loss = LogLoss::new(problem.count());
    let mut history = Vec::new();
    let mut weights = Vec::new();
    let mut noted = 1;
    for step in 1..=training.steps {
        task.check()?;
        let mut rate = first_rate;
        if training.method.is_network() {
            rate /= (1.0 + (step - 1) as f64 / training.decay).sqrt();
        }
        if training.step == Step::Fixed {
            rate *= loss.log.exp();
        }
        descent.step(&loss.weights, rate);
        loss.set(descent.margins());
        let finite = descent.margins().iter().all(|m| m.is_finite());
        if !(finite && loss.log.is_finite()) {
            // Weights of groups that are told apart grow without end; the direction at the last moment stands.
            let apart = |moment: &Moment| moment.margins.iter().all(|margin| *margin > 0.0);
            if history.last().is_some_and(apart) {
                break;
            }
            return Err(Error::request(
                format!("the training left the range of numbers at step {step}"),
                "Choose a smaller rate.",
            ));
        }
        if step == noted || step == training.steps {
            weights = descent.classifier();
            let moment = Moment {
                step,
                log_loss: loss.log,
                margins: margins(problem, descent.margins(), &weights),
            };
            watch(&moment, &weights);
            history.push(moment);
            let next = (step as f64 * 10_f64.powf(1.0 / PER_DECADE)).round() as u64;
            noted = next.max(step + 1);
        }
        task.add(1);
    }
    Ok(Trained { weights, history })
}

fn start<'a>(problem: &'a Problem, training: &Training) -> Box<dyn Descent + 'a> {
    match training.method {
        Method::Gd => Box::new(Gradient::new(problem)),
        Method::Sign => Box::new(Signs::new(problem)),
        Method::Cd => Box::new(Coordinate::new(problem)),
        Method::Fc2 => Box::new(TwoLayers::new(problem, training)),
        Method::Conv2 => Box::new(Convolution::new(problem, training)),
    }
}

/// What [`Training::rate`] is where nothing is given.
fn usual_rate(problem: &Problem, method: Method) -> f64 {
    let size = |row: &[f64]| match method {
        Method::Sign => row.iter().map(|v| v.abs()).sum(),
        Method::Cd => largest(row),
        Method::Gd | Method::Fc2 | Method::Conv2 => length(row),
    };
    let size = problem.rows().iter().map(size).fold(0.0, f64::max);
    let part = match method {
        Method::Fc2 => 0.05,
        Method::Conv2 => 0.7,
        _ => 1.0,
    };
    part / (size * size)
}

fn margins(problem: &Problem, scores: &[f64], w: &[f64]) -> [f64; 4] {
    let least = least(scores);
    Norm::ALL.map(|norm| {
        let dual = norm.dual(w, problem.fourier());
        if dual > 0.0 { least / dual } else { 0.0 }
    })
}
