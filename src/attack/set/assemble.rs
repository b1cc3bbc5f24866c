//! The figures of an attacked set out of what was found for each picture.

use super::SetRequest;
use super::asked::Asked;
use super::checkpoint::{Checkpoint, Cost, RowDone, UnitDone};
use super::figure::direction;
use super::recalls::{Recalls, recalls, success};
use super::report::{FigureReport, GradientReport, LevelReport, SetReport};
use super::table::table;
use super::transfer;
use crate::compute::Size;
use crate::error::Result;
use crate::retrieval::{Evaluation, Report, part};
use crate::task::Task;
use std::collections::BTreeSet;

/// Was the goal reached before any perturbation, at the `nth` rank?
fn stood(unit: &UnitDone, nth: usize) -> bool {
    unit.before.reached[nth]
}

/// The figures at each radius; where radii are chosen on the way, up to the first at which nothing is left.
fn levels(asked: &Asked<'_>, units: &[&UnitDone]) -> Vec<LevelReport> {
    let credit = asked.credit();
    let mut levels = Vec::with_capacity(asked.eps.len());
    for &eps in asked.eps {
        let lost = |unit: &UnitDone, nth: usize| unit.broken(credit, eps, nth);
        let (success, success_rate) = success(asked, units, stood, lost);
        let shown = units.iter().flat_map(|unit| {
            let finds = (0..asked.ks().len()).filter_map(|nth| unit.shown(credit, eps, nth));
            finds.map(|at| unit.finds[at].size)
        });
        let sizes: Vec<Size> = shown.collect();
        let mean = |of: fn(&Size) -> f32| {
            sizes.iter().map(|s| f64::from(of(s))).sum::<f64>() / sizes.len().max(1) as f64
        };
        levels.push(LevelReport {
            eps,
            robust: recalls(asked, units, lost),
            quantized: recalls(asked, units, |u, nth| u.broken_saved(credit, eps, nth)),
            success,
            success_rate,
            mean_linf: mean(|s| s.linf),
            mean_l2: mean(|s| s.l2),
        });
    }
    if asked.adaptive {
        // Beyond the radius at which nothing is left every figure is the same.
        let nothing_left = |eps: f32| {
            let lost =
                |unit: &&&UnitDone| (0..asked.ks().len()).all(|n| unit.broken(credit, eps, n));
            units.iter().filter(lost).count() == units.len()
        };
        let end = asked.eps.iter().position(|&eps| nothing_left(eps));
        levels.truncate(end.map_or(levels.len(), |at| at + 1));
    }
    levels
}

/// What was found for the pictures of a set.
pub struct FoundOfSet<'a> {
    /// One per picture that was attacked, by their rows.
    pub rows: Vec<&'a RowDone>,
    /// What each figure cost.
    pub costs: &'a [Cost],
    /// The pictures and their captions without perturbation.
    pub clean: Report,
    /// The operators that gradients pass straight through although they round.
    pub approximate: Vec<String>,
    /// Seconds before the first step.
    pub prepared: f64,
}

/// The figures of what was found; `name` calls a picture by its row.
pub fn report_found(
    asked: &Asked<'_>,
    found: FoundOfSet<'_>,
    name: &dyn Fn(usize) -> String,
) -> SetReport {
    let rows = found.rows;
    let units: Vec<&UnitDone> = rows.iter().flat_map(|r| &r.units).collect();
    let levels = levels(asked, &units);
    let eps: Vec<f32> = levels.iter().map(|l| l.eps).collect();
    let first = asked.kinds().first().copied().unwrap_or_default();
    let leading = units.iter().filter(|u| u.side() == first);
    let seconds: f64 = rows.iter().map(|r| r.seconds).sum();
    let total = |of: fn(&RowDone) -> u32| rows.iter().map(|r| f64::from(of(r))).sum::<f64>();
    // Gradients where there are any: the few forward runs beside them are no steps.
    let steps = match total(|r| r.gradients) {
        0.0 => total(|r| r.queries),
        gradients => gradients,
    };
    let figures = asked.figures();
    let directions = asked.sides.iter().map(|&s| direction(s));
    let lossy = figures.is_empty();
    SetReport {
        goal: asked.goal,
        at: if lossy { Vec::new() } else { asked.at.to_vec() },
        directions: if lossy {
            Vec::new()
        } else {
            directions.collect()
        },
        settings: asked.settings.clone(),
        images: rows.len(),
        stood_before: leading.filter(|u| !u.before.reached[0]).count(),
        clean: found.clean,
        clean_at: Recalls {
            protocol: "without perturbation".into(),
            ..recalls(asked, &units, stood)
        },
        figures: figures
            .iter()
            .zip(found.costs)
            .map(|(figure, &cost)| FigureReport {
                direction: figure.direction(),
                k: figure.k,
                cost,
            })
            .collect(),
        gradient: (total(|r| r.gradients) > 0.0).then(|| GradientReport {
            approximate: found.approximate,
            zero: rows
                .iter()
                .filter(|r| r.blind.is_mostly_zero(r.gradients))
                .count(),
            not_finite: rows.iter().filter(|r| r.blind.not_finite > 0).count(),
        }),
        rows: table(asked, &rows, (first, &eps), name),
        transfer: None,
        levels,
        seconds,
        prepare_seconds: found.prepared,
        steps_per_second: steps / seconds.max(1e-9),
    }
}

/// The figures of what is done of `request`, whose set stands as `clean` without perturbation.
pub(super) fn report(
    request: &SetRequest,
    clean: &Evaluation,
    checkpoint: &Checkpoint,
    task: &Task,
) -> Result<SetReport> {
    let wanted: BTreeSet<usize> = request.images.iter().copied().collect();
    let rows: Vec<&RowDone> = checkpoint
        .rows()
        .filter(|row| wanted.contains(&row.image))
        .collect();
    let units: Vec<&UnitDone> = rows.iter().flat_map(|r| &r.units).collect();
    let set = &request.set.embedded;
    let found = FoundOfSet {
        rows,
        costs: checkpoint.costs(),
        clean: part(
            clean,
            (&set.images, &set.texts, &set.groups),
            &request.images,
            task,
        )?,
        approximate: request.set.network.approximate().to_vec(),
        prepared: checkpoint.prepared,
    };
    let name = |image: usize| request.dataset.images[image].name.clone();
    let mut report = report_found(&request.asked(), found, &name);
    let eps: Vec<f32> = report.levels.iter().map(|l| l.eps).collect();
    report.transfer = transfer::report(request, &units, &eps, task)?;
    Ok(report)
}
