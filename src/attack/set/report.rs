//! Figures of an attacked set.

use super::super::settings::Settings;
use super::super::threat::Norm;
use super::super::victim::Goal;
use super::keep::Done;
use super::transfer::TransferReport;
use super::{SetOrder, transfer};
use crate::compute::{Embeddings, Size};
use crate::error::{Error, Result};
use crate::retrieval::{EvalOptions, Evaluation, Metrics, Report, evaluate};
use crate::task::Task;
use serde::Serialize;

/// The set at one radius. `robust` and `quantized` are as in `eval`, over the attacked pictures and their captions,
/// ranked among all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LevelReport {
    /// The radius.
    pub eps: f32,
    /// With the perturbed pictures.
    pub robust: Report,
    /// The same after rounding to 8 bits.
    pub quantized: Report,
    /// Share of the pictures that stood before and are broken, 0 to 1.
    pub success_rate: f64,
    /// Mean over all perturbed pictures of the largest change.
    pub mean_linf: f64,
    /// Mean of the Euclidean norm.
    pub mean_l2: f64,
}

/// One picture of the table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowReport {
    /// Its row in the dataset.
    pub image: usize,
    /// Its name.
    pub name: String,
    /// Rank of the best right caption before.
    pub rank_before: u32,
    /// The same at the largest radius.
    pub rank_after: u32,
    /// Margin `wrong - right` before.
    pub margin_before: f32,
    /// The same at the largest radius.
    pub margin_after: f32,
    /// The smallest radius tried at which it breaks: 0 where it was wrong before, `None` where it stands.
    pub smallest_eps: Option<f32>,
    /// Largest change at that radius (at the largest one where it stands).
    pub linf: f32,
    /// Euclidean norm of that change.
    pub l2: f32,
    /// Gradients computed.
    pub gradients: u32,
    /// Forward runs besides.
    pub queries: u32,
}

/// The figures of a set; with model and data, `settings` and `goal` reproduce them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SetReport {
    /// What the attack wanted.
    pub goal: Goal,
    /// The attack and its parameters.
    pub settings: Settings,
    /// Pictures attacked.
    pub images: usize,
    /// Pictures that stood before.
    pub stood_before: usize,
    /// Without perturbation.
    pub clean: Report,
    /// One per radius.
    pub levels: Vec<LevelReport>,
    /// One per picture, the most easily broken first.
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

/// A perturbation's size in `norm`; `None` where the norm has none that is measured.
pub(super) fn norm_of(norm: Norm, size: &Size) -> Option<f32> {
    match norm {
        Norm::Linf => Some(size.linf),
        Norm::L2 => Some(size.l2),
        Norm::L1 => Some(size.l1),
        Norm::L0 => Some(size.l0 as f32),
        Norm::Fourier(_) | Norm::Free => None,
    }
}

/// The figures of what is done.
pub(super) fn report(
    order: &SetOrder,
    clean: &Evaluation,
    done: &Done,
    task: &Task,
) -> Result<SetReport> {
    let rows: Vec<_> = done
        .rows()
        .filter(|r| order.images.contains(&r.image))
        .collect();
    let stood = rows.iter().filter(|r| !r.before.fooled).count();
    let mut levels = Vec::with_capacity(order.eps.len());
    let mut last = clean.clone();
    for (at, &eps) in order.eps.iter().enumerate() {
        let level = |of: fn(&super::LevelRow) -> &[f32]| -> Result<Evaluation> {
            let changed = rows.iter().map(|r| (r.image, of(&r.levels[at])));
            with_rows(order, &order.set.images, &order.set.texts, changed, task)
        };
        let exact = level(|l| &l.embedding)?;
        let rounded = level(|l| &l.rounded)?;
        let broken = |r: &&&super::RowDone| !r.before.fooled && r.levels[at].verdict.fooled;
        let mean = |of: fn(&Size) -> f32| {
            let attacked: Vec<f64> = rows
                .iter()
                .filter(|r| !r.before.fooled)
                .map(|r| f64::from(of(&r.levels[at].size)))
                .collect();
            attacked.iter().sum::<f64>() / attacked.len().max(1) as f64
        };
        levels.push(LevelReport {
            eps,
            robust: restricted(order, &exact),
            quantized: restricted(order, &rounded),
            success_rate: rows.iter().filter(broken).count() as f64 / stood.max(1) as f64,
            mean_linf: mean(|s| s.linf),
            mean_l2: mean(|s| s.l2),
        });
        last = exact;
    }
    let mut table: Vec<RowReport> = rows
        .iter()
        .map(|r| {
            let breaks = r.levels.iter().find(|l| l.verdict.fooled);
            let shown = breaks.or(r.levels.last());
            let size = shown.map(|l| l.size).unwrap_or_default();
            RowReport {
                image: r.image,
                name: order.dataset.images[r.image].name.clone(),
                rank_before: clean.ranking.i2t.ranks[r.image],
                rank_after: last.ranking.i2t.ranks[r.image],
                margin_before: r.before.margin(),
                margin_after: r.levels.last().map_or(0.0, |l| l.verdict.margin()),
                smallest_eps: if r.before.fooled {
                    Some(0.0)
                } else {
                    breaks.map(|l| norm_of_minimal(order, l))
                },
                linf: size.linf,
                l2: size.l2,
                gradients: r.gradients,
                queries: r.queries,
            }
        })
        .collect();
    table.sort_by(|a, b| {
        let eps = |r: &RowReport| r.smallest_eps.unwrap_or(f32::INFINITY);
        let gap = |r: &RowReport| -r.margin_after;
        eps(a)
            .total_cmp(&eps(b))
            .then(gap(a).total_cmp(&gap(b)))
            .then(a.image.cmp(&b.image))
    });
    let seconds: f64 = rows.iter().map(|r| r.seconds).sum();
    let total = |of: fn(&super::RowDone) -> u32| rows.iter().map(|r| f64::from(of(r))).sum::<f64>();
    // Gradients where there are any: the few forward runs beside them are no steps.
    let steps = match total(|r| r.gradients) {
        0.0 => total(|r| r.queries),
        gradients => gradients,
    };
    Ok(SetReport {
        goal: order.goal,
        settings: order.settings.clone(),
        images: rows.len(),
        stood_before: stood,
        clean: restricted(order, clean),
        levels,
        rows: table,
        transfer: transfer::report(order, &rows, task)?,
        seconds,
        prepare_seconds: done.prepared,
        steps_per_second: steps / seconds.max(1e-9),
    })
}

/// The radius at which a picture broke: what an attack for the smallest perturbation found, else the one tried.
fn norm_of_minimal(order: &SetOrder, level: &super::LevelRow) -> f32 {
    let minimal = order.settings.method.is_minimal();
    norm_of(order.settings.threat.norm, &level.size)
        .filter(|_| minimal)
        .unwrap_or(level.eps)
}

/// The evaluation of the whole set with some pictures' embeddings replaced.
pub(super) fn with_rows<'a>(
    order: &SetOrder,
    images: &Embeddings,
    texts: &Embeddings,
    changed: impl Iterator<Item = (usize, &'a [f32])>,
    task: &Task,
) -> Result<Evaluation> {
    let dim = images.dim();
    let mut data = images.data().to_vec();
    for (image, row) in changed {
        let place = data.get_mut(image * dim..(image + 1) * dim);
        let place = place.filter(|p| p.len() == row.len()).ok_or_else(|| {
            Error::request(
                format!("picture {image} has no place among the embeddings"),
                "Embed the set again.",
            )
        })?;
        place.copy_from_slice(row);
    }
    let (set, options) = (&order.set, EvalOptions::default());
    let images = Embeddings::new(data, dim)?;
    evaluate(
        set.engine.as_ref(),
        &images,
        texts,
        &set.groups,
        &options,
        task,
    )
}

/// The figures of the attacked pictures and their captions, ranked among all.
pub(super) fn restricted(order: &SetOrder, full: &Evaluation) -> Report {
    let groups = &order.set.groups;
    let i2t: Vec<u32> = order
        .images
        .iter()
        .map(|&i| full.ranking.i2t.ranks[i])
        .collect();
    let t2i: Vec<u32> = order
        .images
        .iter()
        .flat_map(|&i| groups.range(i))
        .map(|j| full.ranking.t2i.ranks[j])
        .collect();
    let (a, b) = (Metrics::from_ranks(&i2t), Metrics::from_ranks(&t2i));
    let mut report = full.report.clone();
    if order.images.len() < groups.images() {
        report.protocol = format!(
            "{} of {} images ranked among all, ties count against the positive",
            order.images.len(),
            groups.images()
        );
    }
    report.images = i2t.len();
    report.captions = t2i.len();
    report.rsum = a.sum() + b.sum();
    report.i2t = a;
    report.t2i = b;
    report
}
