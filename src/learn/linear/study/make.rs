//! Making a study.

use super::asked::Asked;
use super::found::{Classifier, Ran, Shrunk, Study};
use crate::error::{Result, thousands};
use crate::learn::linear::{
    MaxMargin, Method, Moment, Norm, Problem, RobustCurve, Separability, max_margin, penalised,
    separability, soft_margin, train,
};
use crate::task::Task;
use std::sync::Arc;
use std::time::Instant;

/// Bounds that are less than this share apart count as one.
const CLOSED: f64 = 1e-5;
/// Bounds that are more than this share apart say too little to compare with.
const UNKNOWN: f64 = 1e-3;

/// Studies `problem`. `watch` sees each moment of each training.
///
/// A norm whose maximal margin cannot be found (the groups are too large for it) has none, and a note says so; fractions in
/// it are left out. Where no classifier tells the groups apart there are no maximal margins; methods are trained all the
/// same, for what they withstand.
///
/// # Errors
/// As [`Asked::check`]; a training that leaves the range of numbers; cancellation.
pub fn study(
    problem: Arc<Problem>,
    asked: &Asked,
    watch: &mut dyn FnMut(Method, &Moment),
    task: &Task,
) -> Result<Study> {
    let began = Instant::now();
    asked.check()?;
    task.begin("Deciding whether the groups can be told apart", 0);
    let separability = separability(&problem, task)?;
    let is_separable = matches!(separability, Separability::Apart { .. });
    let mut notes = Vec::new();
    let mut best = [const { None }; 4];
    let mut best_seconds = [0.0; 4];
    for norm in Norm::ALL.into_iter().filter(|_| is_separable) {
        task.begin(format!("Maximal margin, {}", norm.title()), 0);
        let began = Instant::now();
        let found = max_margin(&problem, norm, task);
        best_seconds[norm.index()] = began.elapsed().as_secs_f64();
        match found {
            Ok(Some(found)) if found.gap > UNKNOWN * found.value => notes.push(format!(
                "The maximal margin in {} is only known to lie between {:.4e} and {:.4e}: nothing is compared with it.",
                norm.title(),
                found.lower,
                found.upper
            )),
            Ok(found) => {
                notes.extend(found.as_ref().and_then(open_gap));
                best[norm.index()] = found;
            }
            Err(error) if error.is_cancelled() => return Err(error),
            Err(error) => notes.push(format!(
                "There is no maximal margin in {} to compare with: {error}.",
                norm.title()
            )),
        }
    }
    let soft = if is_separable {
        None
    } else {
        let soft = soft_margin(&problem, task)?;
        let classifier = classifier_of(&problem, soft.weights.clone(), &best)?;
        Some((soft, classifier))
    };
    let mut runs = Vec::with_capacity(asked.methods.len());
    for &method in &asked.methods {
        let began = Instant::now();
        let training = asked.training(method);
        let trained = train(
            &problem,
            &training,
            &mut |moment, _| watch(method, moment),
            task,
        )?;
        runs.push(Ran {
            method,
            classifier: classifier_of(&problem, trained.weights.clone(), &best)?,
            trained,
            seconds: began.elapsed().as_secs_f64(),
        });
    }
    notes.extend(runs.iter().filter_map(|ran| ended_early(ran, asked.steps)));
    notes.extend(unsettled(&runs));
    let shrunk = shrunk(&problem, asked, &best, task)?;
    if !asked.penalties.is_empty() && !is_separable {
        notes.push(
            "Penalties are multiples of the maximal margin, and there is none: they were left out."
                .into(),
        );
    }
    Ok(Study {
        asked: asked.clone(),
        problem,
        separability,
        soft,
        best,
        best_seconds,
        runs,
        shrunk,
        notes,
        seconds: began.elapsed().as_secs_f64(),
    })
}

/// What `weights` withstand, compared with the maximal margins `best`.
///
/// # Errors
/// Weights that do not fit the problem.
pub fn classifier_of(
    problem: &Problem,
    weights: Vec<f64>,
    best: &[Option<MaxMargin>; 4],
) -> Result<Classifier> {
    let curve = |norm: Norm| RobustCurve::new(problem, &weights, norm);
    let [l2, linf, l1, fourier] = Norm::ALL.map(curve);
    let curves = [l2?, linf?, l1?, fourier?];
    let margins =
        Norm::ALL.map(|norm| curves[norm.index()].radii().first().copied().unwrap_or(0.0));
    let fraction = Norm::ALL.map(|norm| {
        let best = best[norm.index()].as_ref()?;
        Some(margins[norm.index()] / best.value)
    });
    Ok(Classifier {
        margins,
        fraction,
        right: curves[0].accuracy(0.0),
        curves,
        weights,
    })
}

/// The minimisers of every penalty, those of large ones first: each begins at the one before.
fn shrunk(
    problem: &Problem,
    asked: &Asked,
    best: &[Option<MaxMargin>; 4],
    task: &Task,
) -> Result<Vec<Shrunk>> {
    let mut multiples = asked.penalties.clone();
    multiples.sort_by(|a, b| b.total_cmp(a));
    multiples.dedup();
    let mut all: Vec<Shrunk> = Vec::new();
    for norm in Norm::ALL {
        let Some(margin) = &best[norm.index()] else {
            continue;
        };
        let mut start: Option<Vec<f64>> = None;
        for &multiple in &multiples {
            let penalty = multiple * margin.value;
            task.begin(format!("Penalty {multiple} in {}", norm.title()), 0);
            let found = penalised(problem, norm, penalty, start.as_deref(), task)?;
            start = Some(found.weights.clone());
            all.push(Shrunk {
                norm,
                multiple,
                classifier: classifier_of(problem, found.weights.clone(), best)?,
                penalised: found,
            });
        }
    }
    Ok(all)
}

/// Says where the bounds of a maximal margin did not meet.
fn open_gap(found: &MaxMargin) -> Option<String> {
    let share = found.gap / found.value;
    (share > CLOSED).then(|| {
        format!(
            "The bounds of the maximal margin in {} are {:.1e} of it apart: fractions in it are as uncertain.",
            found.norm.title(),
            share
        )
    })
}

/// Says where a training ended before its steps.
fn ended_early(ran: &Ran, steps: u64) -> Option<String> {
    let last = ran.trained.last()?.step;
    (last < steps).then(|| {
        format!(
            "{}: its weights left the range of numbers after step {}, and its figures are of that step.",
            ran.method.title(),
            thousands(last)
        )
    })
}

/// Says which trainings have not come close to where they go.
fn unsettled(runs: &[Ran]) -> Option<String> {
    let far = runs.iter().filter_map(|ran| {
        let fraction = ran.classifier.fraction[ran.method.norm().index()]?;
        let told = match fraction {
            right if right > 0.0 => format!("{} %", super::words::percent(right)),
            _ => "a row still wrong".into(),
        };
        (fraction < 0.95).then(|| format!("{} ({told})", ran.method.title()))
    });
    let far: Vec<String> = far.collect();
    let steps = runs.first()?.trained.last()?.step;
    (!far.is_empty()).then(|| {
        format!(
            "After {} steps these are not near the maximal margin in their own norm: {}. They go on towards it with more steps.",
            thousands(steps),
            far.join(", ")
        )
    })
}
