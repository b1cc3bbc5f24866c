//! A whole set under attack: batch by batch, one or several radii, then recall of what is left.

mod keep;
mod report;
mod transfer;
mod universal;

pub use keep::{Done, LevelRow, RowDone};
pub use report::{LevelReport, RowReport, SetReport};
pub use transfer::{Transfer, TransferReport};

use super::arena::Unwatched;
use super::method::{Loss, Method, Settings};
use super::pictures::{pixels, quantised};
use super::threat::{Norm, Space};
use super::victim::{Goal, Pairs, Set, Uphill, Victim};
use super::white::SharedDelta;
use super::{Outcome, pick, put, run};
use crate::compute::{Direction, Grid};
use crate::dataset::{Dataset, open_picture};
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::retrieval::{EvalOptions, evaluate};
use crate::task::Task;
use rayon::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// What is to be attacked, and how.
#[derive(Clone)]
pub struct SetOrder {
    /// Model, captions and embeddings; every picture is ranked among all captions.
    pub set: Set,
    /// The encoder, for its preprocessing.
    pub encoder: Arc<Encoder>,
    /// Where the pictures lie.
    pub dataset: Arc<Dataset>,
    /// The pictures to attack, by their rows.
    pub images: Vec<usize>,
    /// What the attack wants; a picture's own hardest negative is the caption that is to win.
    pub goal: Goal,
    /// The attack; its radius is replaced by each of `eps`.
    pub settings: Settings,
    /// Radii, rising. A picture broken at one keeps that perturbation at the larger ones.
    pub eps: Vec<f32>,
    /// Pictures attacked together.
    pub batch: usize,
    /// Where to keep perturbed pictures and what is needed to go on after a cancel; `None` keeps nothing.
    pub save: Option<PathBuf>,
    /// A second encoder that sees the perturbed pictures.
    pub transfer: Option<Transfer>,
}

/// Attacks every picture of `order` that stands yet. `done` holds what earlier runs did, and what this one does even
/// where it is cancelled: the same call goes on from there.
///
/// # Errors
/// A picture cannot be read again; the attack needs gradients that the model does not have; the folder cannot be
/// written; the model fails; or `task` was cancelled.
pub fn attack_set(order: &SetOrder, done: &mut Done, task: &Task) -> Result<SetReport> {
    if order.eps.is_empty() || order.images.is_empty() {
        return Err(Error::request(
            "there is nothing to attack",
            "Give at least one picture and one epsilon.",
        ));
    }
    if order.eps.windows(2).any(|w| w[0] >= w[1]) {
        return Err(Error::request(
            "the epsilons do not rise",
            "Give them from the smallest to the largest, each once.",
        ));
    }
    let (set, begun) = (&order.set, Instant::now());
    let engine = set.engine.as_ref();
    let options = EvalOptions::default();
    let quiet = task.quiet();
    let clean = evaluate(
        engine,
        &set.images,
        &set.texts,
        &set.groups,
        &options,
        &quiet,
    )?;
    let targets = targets(order, &clean.ranking.i2t);
    done.begin(order)?;
    warm(order, &targets, task)?;
    let prepared = begun.elapsed().as_secs_f64();
    let learning = Instant::now();
    let shared = match order.settings.method {
        Method::Universal => universal::learn(order, &targets, task)?,
        _ => Vec::new(),
    };
    let learnt = learning.elapsed().as_secs_f64();
    let title = format!(
        "{} on {} pictures",
        order.settings.method.title(),
        order.images.len()
    );
    task.begin(title, order.images.len() as u64);
    let left: Vec<usize> = (0..order.images.len())
        .filter(|&at| !done.has(order.images[at]))
        .collect();
    task.add((order.images.len() - left.len()) as u64);
    for batch in left.chunks(order.batch.max(1)) {
        let images: Vec<usize> = batch.iter().map(|&at| order.images[at]).collect();
        let wanted: Vec<usize> = batch.iter().map(|&at| targets[at]).collect();
        let mut rows = attack_batch(order, &images, &wanted, &shared, task)?;
        for row in rows.iter_mut().filter(|_| !shared.is_empty()) {
            row.gradients += (order.settings.steps() * order.eps.len()) as u32;
            row.seconds += learnt / order.images.len() as f64;
        }
        done.add(order, rows)?;
        task.add(batch.len() as u64);
    }
    done.prepared += prepared;
    report::report(order, &clean, done, &quiet)
}

/// Builds the gradient graph of a full batch before the clock starts.
fn warm(order: &SetOrder, targets: &[usize], task: &Task) -> Result<()> {
    let count = order.batch.clamp(1, order.images.len());
    let (images, targets) = (&order.images[..count], &targets[..count]);
    let mut victim = Pairs::new(&order.set, order.goal, images, targets)?;
    if !order.settings.method.needs_gradient() || !victim.has_gradient() {
        return Ok(());
    }
    task.begin("Preparing the gradient", 0);
    let blank = vec![0.5; count * order.set.network.grid().len()];
    let rows: Vec<usize> = (0..count).collect();
    let uphill = match order.settings.loss {
        Loss::CrossEntropy => Uphill::CrossEntropy,
        Loss::Dlr => Uphill::Dlr,
        _ => Uphill::Margin,
    };
    victim.climb(&rows, &blank, uphill, task).map(|_| ())
}

/// What each picture is to be taken for: the caption that is hardest for it, or that caption's picture.
fn targets(order: &SetOrder, i2t: &Direction) -> Vec<usize> {
    let of = |&image: &usize| {
        let hardest = i2t.hardest.get(image).map_or(0, |h| h.index as usize);
        match order.goal {
            Goal::Match if hardest < order.set.texts.rows() => order.set.groups.owner(hardest),
            _ => hardest.min(order.set.texts.rows().saturating_sub(1)),
        }
    };
    order.images.iter().map(of).collect()
}

/// Pixels in [0, 1] of these pictures as the model sees them, one after the other.
fn load(order: &SetOrder, images: &[usize]) -> Result<Vec<f32>> {
    let one = |&image: &usize| {
        let entry = &order.dataset.images[image];
        let path = entry.path.as_ref().ok_or_else(|| {
            Error::request(
                format!("{} has no picture file", entry.name),
                "Attacks need the pictures, not only their embeddings.",
            )
        })?;
        pixels(order.encoder.preprocess(), &open_picture(path)?)
    };
    let all: Vec<Vec<f32>> = images.par_iter().map(one).collect::<Result<_>>()?;
    let len = order.set.network.grid().len();
    if let Some(at) = all.iter().position(|x| x.len() != len) {
        return Err(Error::request(
            format!(
                "{} has another size than the model takes",
                order.dataset.images[images[at]].name
            ),
            "Choose a preprocessing that brings every picture to one size.",
        ));
    }
    Ok(all.concat())
}

/// Attacks some pictures at every radius; with the perturbation that all share, where there is one.
fn attack_batch(
    order: &SetOrder,
    images: &[usize],
    targets: &[usize],
    shared: &[SharedDelta],
    task: &Task,
) -> Result<Vec<RowDone>> {
    let (set, engine) = (&order.set, order.set.engine.as_ref());
    let grid = set.network.grid().with_rows(images.len());
    let clean = load(order, images)?;
    let len = grid.len();
    let all: Vec<usize> = (0..images.len()).collect();
    let mut victim = Pairs::new(set, order.goal, images, targets)?;
    let before = victim.judge(&all, &clean, task)?;
    let begun = Instant::now();
    let mut rows: Vec<RowDone> = all
        .iter()
        .map(|&r| RowDone::new(images[r], before[r]))
        .collect();
    let mut x = clean.clone();
    let mut standing: Vec<usize> = all.iter().copied().filter(|&r| !before[r].fooled).collect();
    let radii = if order.settings.method.is_minimal() {
        // One search finds the smallest perturbation, which says all about the smaller radii.
        &order.eps[order.eps.len() - 1..]
    } else {
        &order.eps[..]
    };
    let mut found: Vec<(f32, Vec<f32>)> = Vec::new();
    for (at, &eps) in radii.iter().enumerate() {
        if let Some(delta) = shared.get(at) {
            let threat = order.settings.threat.with_eps(eps);
            let keys = images.iter().map(|&i| i as u32).collect();
            let space = Space::pictures(grid, clean.clone(), &threat, keys)?;
            x = delta.apply(engine, &space)?;
        } else if !standing.is_empty() {
            let outcome = attack_rows(order, eps, grid, &clean, images, targets, &standing, task)?;
            put(&mut x, &outcome.x, len, &standing);
            for (at, &r) in standing.iter().enumerate() {
                rows[r].gradients += outcome.gradients[at];
                rows[r].queries += outcome.queries[at];
            }
            let fooled = |at: &usize| outcome.verdicts[*at].fooled;
            let broken: Vec<usize> = (0..standing.len()).filter(fooled).collect();
            let broken: Vec<usize> = broken.into_iter().map(|at| standing[at]).collect();
            standing.retain(|r| !broken.contains(r));
        }
        found.push((eps, x.clone()));
    }
    let seconds = begun.elapsed().as_secs_f64();
    for row in &mut rows {
        row.seconds = seconds / images.len() as f64;
    }
    let size_of = |x: &[f32]| engine.measure(grid, &clean, x);
    if order.settings.method.is_minimal() {
        let (_, x) = found.remove(0);
        let sizes = size_of(&x)?;
        let norm = order.settings.threat.norm;
        for &eps in &order.eps {
            let mut kept = clean.clone();
            let fits = |&r: &usize| {
                report::norm_of(norm, &sizes[r]).is_none_or(|n| n <= eps * (1.0 + 1e-5))
            };
            let fitting: Vec<usize> = all.iter().copied().filter(fits).collect();
            put(&mut kept, &pick(&x, len, &fitting), len, &fitting);
            found.push((eps, kept));
        }
    }
    for (eps, x) in &found {
        let sizes = size_of(x)?;
        let verdicts = victim.judge(&all, x, task)?;
        let exact = victim.embed(x, task)?;
        let saved = quantised(x);
        let rounded = victim.embed(&saved, task)?;
        for &r in &all {
            rows[r].levels.push(LevelRow {
                eps: *eps,
                verdict: verdicts[r],
                size: sizes[r],
                embedding: exact.row(r).to_vec(),
                rounded: rounded.row(r).to_vec(),
                elsewhere: None,
            });
        }
        if let Some(transfer) = &order.transfer {
            let seen = transfer.look(&saved, grid, task)?;
            for (r, seen) in all.iter().zip(seen) {
                if let Some(level) = rows[*r].levels.last_mut() {
                    level.elsewhere = Some(seen);
                }
            }
        }
    }
    if let (Some(folder), Some((_, x))) = (&order.save, found.last()) {
        keep::save_pictures(folder, order, grid, images, x)?;
    }
    if let Some(transfer) = &order.transfer {
        for (row, seen) in rows.iter_mut().zip(transfer.look(&clean, grid, task)?) {
            row.elsewhere = Some(seen);
        }
    }
    Ok(rows)
}

/// Attacks the rows `standing` of a batch at one radius.
#[allow(clippy::too_many_arguments)]
fn attack_rows(
    order: &SetOrder,
    eps: f32,
    grid: Grid,
    clean: &[f32],
    images: &[usize],
    targets: &[usize],
    standing: &[usize],
    task: &Task,
) -> Result<Outcome> {
    let of = |values: &[usize]| -> Vec<usize> { standing.iter().map(|&r| values[r]).collect() };
    let (images, targets) = (of(images), of(targets));
    let mut victim = Pairs::new(&order.set, order.goal, &images, &targets)?;
    let threat = order.settings.threat.with_eps(eps);
    let space = Space::pictures(
        grid.with_rows(standing.len()),
        pick(clean, grid.len(), standing),
        &order.settings.method.natural(&threat),
        images.iter().map(|&i| i as u32).collect(),
    )?;
    let settings = Settings {
        threat,
        ..order.settings.clone()
    };
    let engine = order.set.engine.as_ref();
    run(&mut victim, &space, &settings, engine, &mut Unwatched, task)
}

impl Method {
    /// Does it look for the smallest perturbation, whatever the radius?
    pub fn is_minimal(self) -> bool {
        matches!(
            self,
            Self::Cw | Self::DeepFool | Self::Fab | Self::HopSkipJump
        )
    }
}

/// Is the radius of this norm a share of pixel values, to be shown as n/255?
pub fn is_in_pixels(norm: Norm) -> bool {
    matches!(norm, Norm::Linf | Norm::Fourier(_))
}
