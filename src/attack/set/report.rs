//! Figures of an attacked set.

use super::super::settings::AttackSettings;
use super::super::victim::Goal;
use super::checkpoint::{Checkpoint, Cost, RowDone, UnitDone};
use super::figure::direction;
use super::recalls::{Recalls, Success, recalls, success};
use super::table::{RowReport, table};
use super::transfer::TransferReport;
use super::{SetRequest, transfer};
use crate::compute::Size;
use crate::error::Result;
use crate::retrieval::{Evaluation, Report, part};
use crate::task::Task;
use serde::Serialize;

/// The set at one radius, over the attacked pictures and their captions, ranked among all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LevelReport {
    /// The radius.
    pub eps: f32,
    /// Each recall after an attack on that recall.
    pub robust: Recalls,
    /// The same after rounding to 8 bits.
    pub quantized: Recalls,
    /// For each figure, how much the attack took from it.
    pub success: Vec<Success>,
    /// Share of the pictures that stood before (were right at rank 1, or had not reached another goal) and do no longer,
    /// 0 to 1; `None` where that was not attacked for, or where none stood.
    pub success_rate: Option<f64>,
    /// Mean over all perturbations that stand for a figure (or were tried last for it) of the largest change.
    pub mean_linf: f64,
    /// Mean of the Euclidean norm.
    pub mean_l2: f64,
}

/// A figure with what it cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FigureReport {
    /// `i2t` or `t2i`.
    pub direction: &'static str,
    /// The rank.
    pub k: usize,
    /// What it cost beyond the figures before it that it shares perturbations with: deeper ranks come first.
    #[serde(flatten)]
    pub cost: Cost,
}

/// How far the gradients of a run can be trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct GradientReport {
    /// Operators that round, which the gradient passes as if they did not: what stands proves nothing.
    pub approximate: Vec<String>,
    /// Pictures of which half or more of the gradients were zero: no step was possible there.
    pub zero: usize,
    /// Pictures that met a gradient with a value that is NaN or infinite.
    pub not_finite: usize,
}

impl GradientReport {
    /// What a reader must know of them, in sentences, where `count` `things` were attacked; nothing where they are exact.
    pub fn warnings(&self, count: usize, things: &str) -> Vec<String> {
        let mut all = Vec::new();
        let blind =
            "what stands there is not shown to be robust; confirm it with a query attack (Square)";
        if self.zero > 0 {
            all.push(format!(
                "The gradient was zero, at half of the steps or more, for {} of {count} {things}: {blind}.",
                self.zero
            ));
        }
        if self.not_finite > 0 {
            all.push(format!(
                "The gradient was not finite for {} of {count} {things}: {blind}.",
                self.not_finite
            ));
        }
        if !self.approximate.is_empty() {
            all.push(format!(
                "The gradient is approximate: {} round and are passed straight through; {}.",
                self.approximate.join(", "),
                blind.replace("there ", "")
            ));
        }
        all
    }
}

/// The figures of a set; with model and data, `settings`, `goal`, `at` and `directions` reproduce them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SetReport {
    /// What the attack wanted.
    pub goal: Goal,
    /// The ranks that were attacked for; empty for goals without.
    pub at: Vec<usize>,
    /// The directions, `i2t` and `t2i`; empty for goals without.
    pub directions: Vec<&'static str>,
    /// The attack and its parameters, with the threat model that was really used.
    pub settings: AttackSettings,
    /// Pictures attacked.
    pub images: usize,
    /// Queries of the first figure that stood before.
    pub stood_before: usize,
    /// Without perturbation.
    pub clean: Report,
    /// Without perturbation: the recalls that were attacked for.
    pub clean_at: Recalls,
    /// One per radius.
    pub levels: Vec<LevelReport>,
    /// One per figure.
    pub figures: Vec<FigureReport>,
    /// How far the gradients can be trusted; `None` for an attack without.
    pub gradient: Option<GradientReport>,
    /// One per query of the first figure, the most easily broken first.
    pub rows: Vec<RowReport>,
    /// What a second encoder makes of the same pictures.
    pub transfer: Option<TransferReport>,
    /// Seconds of attacking.
    pub seconds: f64,
    /// Seconds before the first step: graphs built, the clean set ranked.
    pub prepare_seconds: f64,
    /// Gradients of single pictures per second; forward runs for an attack without gradients.
    pub steps_per_second: f64,
}

/// Was the goal reached before any perturbation, at the `nth` rank?
fn stood(unit: &UnitDone, nth: usize) -> bool {
    unit.before.reached[nth]
}

/// The figures at each radius; where radii are chosen on the way, up to the first at which nothing is left.
fn levels(request: &SetRequest, units: &[&UnitDone]) -> Vec<LevelReport> {
    let credit = request.credit();
    let mut levels = Vec::with_capacity(request.eps.len());
    for &eps in &request.eps {
        let lost = |unit: &UnitDone, nth: usize| unit.broken(credit, eps, nth);
        let (success, success_rate) = success(request, units, stood, lost);
        let shown = units.iter().flat_map(|unit| {
            let finds = (0..request.ks().len()).filter_map(|nth| unit.shown(credit, eps, nth));
            finds.map(|at| unit.finds[at].size)
        });
        let sizes: Vec<Size> = shown.collect();
        let mean = |of: fn(&Size) -> f32| {
            sizes.iter().map(|s| f64::from(of(s))).sum::<f64>() / sizes.len().max(1) as f64
        };
        levels.push(LevelReport {
            eps,
            robust: recalls(request, units, lost),
            quantized: recalls(request, units, |u, nth| u.broken_saved(credit, eps, nth)),
            success,
            success_rate,
            mean_linf: mean(|s| s.linf),
            mean_l2: mean(|s| s.l2),
        });
    }
    if request.adaptive {
        // Beyond the radius at which nothing is left every figure is the same.
        let nothing_left = |eps: f32| {
            let lost =
                |unit: &&&UnitDone| (0..request.ks().len()).all(|n| unit.broken(credit, eps, n));
            units.iter().filter(lost).count() == units.len()
        };
        let end = request.eps.iter().position(|&eps| nothing_left(eps));
        levels.truncate(end.map_or(levels.len(), |at| at + 1));
    }
    levels
}

/// The figures of what is done.
pub(super) fn report(
    request: &SetRequest,
    clean: &Evaluation,
    checkpoint: &Checkpoint,
    task: &Task,
) -> Result<SetReport> {
    let asked = |r: &&RowDone| request.images.contains(&r.image);
    let rows: Vec<&RowDone> = checkpoint.rows().filter(asked).collect();
    let units: Vec<&UnitDone> = rows.iter().flat_map(|r| &r.units).collect();
    let set = &request.set;
    let before = stood;
    let levels = levels(request, &units);
    let eps: Vec<f32> = levels.iter().map(|l| l.eps).collect();
    let first = request.kinds().first().copied().unwrap_or_default();
    let leading = units.iter().filter(|u| u.side() == first);
    let seconds: f64 = rows.iter().map(|r| r.seconds).sum();
    let total = |of: fn(&RowDone) -> u32| rows.iter().map(|r| f64::from(of(r))).sum::<f64>();
    // Gradients where there are any: the few forward runs beside them are no steps.
    let steps = match total(|r| r.gradients) {
        0.0 => total(|r| r.queries),
        gradients => gradients,
    };
    let figures = request.figures();
    let directions = request.sides.iter().map(|&s| direction(s));
    let lossy = figures.is_empty();
    Ok(SetReport {
        goal: request.goal,
        at: if lossy {
            Vec::new()
        } else {
            request.at.clone()
        },
        directions: if lossy {
            Vec::new()
        } else {
            directions.collect()
        },
        settings: request.settings.clone(),
        images: rows.len(),
        stood_before: leading.filter(|u| !u.before.reached[0]).count(),
        clean: part(
            clean,
            (
                &set.embedded.images,
                &set.embedded.texts,
                &set.embedded.groups,
            ),
            &request.images,
            task,
        )?,
        clean_at: Recalls {
            protocol: "without perturbation".into(),
            ..recalls(request, &units, before)
        },
        figures: figures
            .iter()
            .zip(checkpoint.costs())
            .map(|(figure, &cost)| FigureReport {
                direction: figure.direction(),
                k: figure.k,
                cost,
            })
            .collect(),
        gradient: (total(|r| r.gradients) > 0.0).then(|| GradientReport {
            approximate: set.network.approximate().to_vec(),
            zero: rows
                .iter()
                .filter(|r| r.blind.is_mostly_zero(r.gradients))
                .count(),
            not_finite: rows.iter().filter(|r| r.blind.not_finite > 0).count(),
        }),
        rows: table(request, &rows, first, &eps),
        transfer: transfer::report(request, &units, &eps, task)?,
        levels,
        seconds,
        prepare_seconds: checkpoint.prepared,
        steps_per_second: steps / seconds.max(1e-9),
    })
}
