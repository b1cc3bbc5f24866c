//! Some pictures of a set, at every radius.

use super::super::arena::{Event, Outcome, Watch};
use super::super::pictures::{open, pixels, quantised};
use super::super::run;
use super::super::settings::Settings;
use super::super::space::{Space, pick, put};
use super::super::victim::{Pairs, Verdict, Victim as _};
use super::super::white::SharedDelta;
use super::keep::{self, LevelRow, RowDone};
use super::{SetOrder, is_in_pixels, report};
use crate::compute::{Grid, Size};
use crate::error::{Error, Result};
use crate::task::Task;
use rayon::prelude::*;
use std::time::Instant;

/// Pixels in [0, 1] of these pictures as the model sees them, one after the other.
pub(super) fn load(order: &SetOrder, images: &[usize]) -> Result<Vec<f32>> {
    let one = |&image: &usize| pixels(order.encoder.preprocess(), &open(&order.dataset, image)?);
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

/// Tells how far a batch is.
struct Telling<'a> {
    task: &'a Task,
    pictures: f64,
    /// Where the search at this radius begins and how long it lasts, as parts of all that is to be done.
    part: (f64, f64),
    radius: String,
    steps: usize,
}

impl Watch for Telling<'_> {
    fn step(&mut self, event: &Event<'_>) {
        let share = event.step as f64 / self.steps.max(1) as f64;
        let reached = self.part.0 + self.part.1 * share.min(1.0);
        let detail = format!(
            "epsilon {}, step {} of {}",
            self.radius, event.step, self.steps
        );
        self.task.within(self.pictures * reached, detail);
    }
}

/// Pictures that are attacked together.
struct Batch<'a> {
    order: &'a SetOrder,
    images: &'a [usize],
    targets: &'a [usize],
    grid: Grid,
    clean: Vec<f32>,
    victim: Pairs,
    rows: Vec<RowDone>,
    /// What is known of each row's newest picture.
    seen: Vec<LevelRow>,
    newest: Vec<f32>,
}

/// Attacks `images` at every radius; with the perturbation that all share, where there is one. `targets` has one entry
/// per picture.
pub(super) fn attack(
    order: &SetOrder,
    images: &[usize],
    targets: &[usize],
    shared: &[SharedDelta],
    task: &Task,
) -> Result<Vec<RowDone>> {
    let mut batch = Batch::open(order, images, targets, task)?;
    let begun = Instant::now();
    let mut found = batch.search(shared, task)?;
    let seconds = begun.elapsed().as_secs_f64();
    if order.settings.method.is_minimal() {
        found = batch.cut(&found, order)?;
    }
    for x in found {
        batch.level(x, task)?;
    }
    for row in &mut batch.rows {
        row.seconds = seconds / images.len() as f64;
    }
    if let Some(folder) = &order.save {
        keep::save_pictures(folder, order, batch.grid, images, &batch.newest)?;
    }
    Ok(batch.rows)
}

impl<'a> Batch<'a> {
    /// Reads the pictures and judges them as they are.
    fn open(
        order: &'a SetOrder,
        images: &'a [usize],
        targets: &'a [usize],
        task: &Task,
    ) -> Result<Self> {
        let grid = order.set.network.grid().with_rows(images.len());
        let clean = load(order, images)?;
        let all: Vec<usize> = (0..images.len()).collect();
        let mut victim = Pairs::new(&order.set, order.goal, images, targets)?;
        let (found, before) = victim.see(&all, &clean, task)?;
        let elsewhere = match &order.transfer {
            Some(transfer) => transfer
                .look(&clean, grid, task)?
                .into_iter()
                .map(Some)
                .collect(),
            None => vec![None; images.len()],
        };
        let mut rows = Vec::with_capacity(images.len());
        let mut seen = Vec::with_capacity(images.len());
        for (&r, elsewhere) in all.iter().zip(elsewhere) {
            let mut row = RowDone::new(images[r], before[r]);
            row.elsewhere.clone_from(&elsewhere);
            rows.push(row);
            seen.push(LevelRow {
                eps: 0.0,
                verdict: before[r],
                size: Size::default(),
                embedding: found.row(r).to_vec(),
                // As it comes from its file: in 8 bits already.
                rounded: found.row(r).to_vec(),
                elsewhere,
            });
        }
        Ok(Self {
            order,
            images,
            targets,
            grid,
            newest: clean.clone(),
            clean,
            victim,
            rows,
            seen,
        })
    }

    /// Perturbed pictures at each radius; at the largest alone for an attack that looks for the smallest perturbation.
    fn search(&mut self, shared: &[SharedDelta], task: &Task) -> Result<Vec<Vec<f32>>> {
        let order = self.order;
        let radii = if order.settings.method.is_minimal() {
            &order.eps[order.eps.len() - 1..]
        } else {
            &order.eps[..]
        };
        let mut x = self.clean.clone();
        let stands = |r: &usize| !self.seen[*r].verdict.fooled;
        let mut standing: Vec<usize> = (0..self.images.len()).filter(stands).collect();
        let mut broken = vec![false; self.images.len()];
        let mut found = Vec::with_capacity(radii.len());
        let last = radii.len() - 1;
        for (at, &eps) in radii.iter().enumerate() {
            if let Some(delta) = shared.get(at) {
                let threat = order.settings.threat.with_eps(eps);
                let keys = self.images.iter().map(|&i| i as u32).collect();
                let space = Space::pictures(self.grid, self.clean.clone(), &threat, keys)?;
                x = delta.apply(order.set.engine.as_ref(), &space)?;
            } else if !standing.is_empty() {
                let before = (at as f64 / radii.len() as f64, 1.0 / radii.len() as f64);
                let outcome = self.at_radius(eps, &standing, before, task)?;
                for (at, &r) in standing.iter().enumerate() {
                    self.rows[r].gradients += outcome.gradients[at];
                    self.rows[r].queries += outcome.queries[at];
                }
                let kept: Vec<usize> = (0..standing.len())
                    .filter(|&at| outcome.verdicts[at].fooled || !broken[standing[at]])
                    .collect();
                let rows: Vec<usize> = kept.iter().map(|&at| standing[at]).collect();
                let new = pick(&outcome.x, self.grid.len(), &kept);
                put(&mut x, &new, self.grid.len(), &rows);
                for &at in &kept {
                    broken[standing[at]] |= outcome.verdicts[at].fooled;
                }
                if at < last {
                    standing = self.left(&standing, &x, &broken, task)?;
                }
            }
            found.push(x.clone());
        }
        Ok(found)
    }

    /// Those of the rows `standing` that the next radius is for: not broken yet, or whole again once saved in 8 bits.
    fn left(
        &mut self,
        standing: &[usize],
        x: &[f32],
        broken: &[bool],
        task: &Task,
    ) -> Result<Vec<usize>> {
        let (new, mut left): (Vec<usize>, Vec<usize>) = standing.iter().partition(|&&r| broken[r]);
        if !new.is_empty() {
            let saved = quantised(&pick(x, self.grid.len(), &new));
            let verdicts = self.victim.judge(&new, &saved, task)?;
            let whole = new.iter().zip(verdicts).filter(|(_, v)| !v.fooled);
            left.extend(whole.map(|(&r, _)| r));
            left.sort_unstable();
        }
        Ok(left)
    }

    /// Attacks the rows `standing` at one radius, whose search begins and lasts `part` of all that is to be done.
    fn at_radius(
        &self,
        eps: f32,
        standing: &[usize],
        part: (f64, f64),
        task: &Task,
    ) -> Result<Outcome> {
        let order = self.order;
        let of = |values: &[usize]| -> Vec<usize> { standing.iter().map(|&r| values[r]).collect() };
        let (images, targets) = (of(self.images), of(self.targets));
        let mut victim = Pairs::new(&order.set, order.goal, &images, &targets)?;
        let threat = order.settings.threat.with_eps(eps);
        let space = Space::pictures(
            self.grid.with_rows(standing.len()),
            pick(&self.clean, self.grid.len(), standing),
            &order.settings.method.natural(&threat),
            images.iter().map(|&i| i as u32).collect(),
        )?;
        let settings = Settings {
            threat,
            ..order.settings.clone()
        };
        let engine = order.set.engine.as_ref();
        let radius = if is_in_pixels(order.settings.threat.norm) {
            format!("{:.3}/255", eps * 255.0)
        } else {
            format!("{eps:.3}")
        };
        let mut watch = Telling {
            task,
            pictures: self.images.len() as f64,
            part,
            radius,
            steps: settings.attack().steps(),
        };
        run(&mut victim, &space, &settings, engine, &mut watch, task)
    }

    /// What of the smallest perturbations fits each radius.
    fn cut(&self, found: &[Vec<f32>], order: &SetOrder) -> Result<Vec<Vec<f32>>> {
        let Some(x) = found.last() else {
            return Ok(Vec::new());
        };
        let engine = order.set.engine.as_ref();
        let sizes = engine.measure(self.grid, &self.clean, x)?;
        let (norm, len) = (order.settings.threat.norm, self.grid.len());
        let at = |&eps: &f32| {
            let fits = |&r: &usize| {
                report::norm_of(norm, &sizes[r]).is_none_or(|n| n <= eps * (1.0 + 1e-5))
            };
            let fitting: Vec<usize> = (0..self.images.len()).filter(fits).collect();
            let mut kept = self.clean.clone();
            put(&mut kept, &pick(x, len, &fitting), len, &fitting);
            kept
        };
        Ok(order.eps.iter().map(at).collect())
    }

    /// Judges the pictures `x` of the next radius, those that are new in it.
    fn level(&mut self, x: Vec<f32>, task: &Task) -> Result<()> {
        let order = self.order;
        let len = self.grid.len().max(1);
        let eps = order.eps[self.rows[0].levels.len()];
        let pairs = x.chunks_exact(len).zip(self.newest.chunks_exact(len));
        let changed: Vec<usize> = pairs
            .enumerate()
            .filter(|(_, (new, old))| new != old)
            .map(|(r, _)| r)
            .collect();
        if !changed.is_empty() {
            let grid = self.grid.with_rows(changed.len());
            let new = pick(&x, len, &changed);
            let saved = quantised(&new);
            let clean = pick(&self.clean, len, &changed);
            let sizes = order.set.engine.measure(grid, &clean, &new)?;
            let (exact, verdicts): (_, Vec<Verdict>) = self.victim.see(&changed, &new, task)?;
            let rounded = self.victim.embed(&saved, task)?;
            let elsewhere = match &order.transfer {
                Some(transfer) => transfer
                    .look(&saved, grid, task)?
                    .into_iter()
                    .map(Some)
                    .collect(),
                None => vec![None; changed.len()],
            };
            for (at, (&r, elsewhere)) in changed.iter().zip(elsewhere).enumerate() {
                self.seen[r] = LevelRow {
                    eps,
                    verdict: verdicts[at],
                    size: sizes[at],
                    embedding: exact.row(at).to_vec(),
                    rounded: rounded.row(at).to_vec(),
                    elsewhere,
                };
            }
            self.newest = x;
        }
        for (row, seen) in self.rows.iter_mut().zip(&self.seen) {
            row.levels.push(LevelRow {
                eps,
                ..seen.clone()
            });
        }
        Ok(())
    }
}
