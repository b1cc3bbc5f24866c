//! Some pictures of a set, at every radius and for every figure.

mod found;
mod opening;
mod progress;
mod share;
mod write;

use super::super::run;
use super::super::settings::AttackSettings;
use super::super::space::{Space, pick};
use super::super::victim::{Goal, Pairs};
use super::checkpoint::{BatchDone, Cost, FoundPerturbation, RowDone, UnitDone};
use super::field::{Field, Place};
use super::figure::Credit;
use super::universal::Shared;
use super::{Figure, SetRequest};
use crate::compute::{Grid, Ranking};
use crate::error::Result;
use crate::retrieval::Side;
use crate::task::Task;
use progress::SearchProgress;
use std::sync::Arc;
use std::time::Instant;

/// One query of the batch.
struct Unit {
    /// Its picture's place in the batch.
    at: usize,
    done: UnitDone,
    /// For a caption: its scores with all other pictures, highest first; for the second encoder too.
    others: [Vec<f32>; 2],
    /// The values of each of `done.finds`, where pictures are saved.
    x: Vec<Arc<Vec<f32>>>,
}

impl Unit {
    /// Keeps a perturbation; its values where pictures are saved.
    fn add(&mut self, find: FoundPerturbation, x: Option<Arc<Vec<f32>>>) {
        self.done.finds.push(find);
        self.x.extend(x);
    }
}

/// A search: queries of one side, for one rank, at one radius.
#[derive(Clone, Copy)]
struct Search {
    side: Side,
    /// Which of the ranks.
    nth: usize,
    eps: f32,
    /// Begin and length, as parts of all that is to be done.
    part: (f64, f64),
}

/// Pictures that are attacked together.
struct Batch<'a> {
    request: &'a SetRequest,
    images: &'a [usize],
    targets: &'a [usize],
    ks: Vec<usize>,
    grid: Grid,
    clean: Vec<f32>,
    units: Vec<Unit>,
    rows: Vec<RowDone>,
    costs: Vec<Cost>,
}

/// Attacks `images` at every radius; with the perturbations that all share, where there are such. `targets` has one
/// entry per picture.
pub(super) fn attack(
    request: &SetRequest,
    (images, targets): (&[usize], &[usize]),
    clean: &Ranking,
    shared: &[Shared],
    task: &Task,
) -> Result<BatchDone> {
    let begun = Instant::now();
    let mut batch = Batch::open(request, images, targets, clean, task)?;
    let (sides, ranks) = (request.asked().kinds(), batch.ks.len());
    let minimal = request.asked().credit() == Credit::Within;
    // An attack for the smallest perturbation searches once, in the largest ball.
    let radii = if minimal {
        &request.eps[request.eps.len() - 1..]
    } else {
        &request.eps[..]
    };
    if shared.is_empty() {
        let all = (radii.len() * sides.len() * ranks) as f64;
        let mut before = 0;
        for &eps in radii {
            for &side in &sides {
                // The deepest rank first: what it finds breaks the others too.
                for nth in (0..ranks).rev() {
                    let part = (f64::from(before) / all, 1.0 / all);
                    let search = Search {
                        side,
                        nth,
                        eps,
                        part,
                    };
                    batch.search(search, task)?;
                    before += 1;
                }
            }
        }
    } else {
        for shared in shared {
            batch.share(shared, task)?;
        }
    }
    let files = batch.save()?;
    let seconds = begun.elapsed().as_secs_f64() / images.len().max(1) as f64;
    for unit in batch.units {
        batch.rows[unit.at].units.push(unit.done);
    }
    for row in &mut batch.rows {
        row.seconds = seconds;
    }
    Ok(BatchDone {
        rows: batch.rows,
        costs: batch.costs,
        files,
    })
}

impl Batch<'_> {
    /// Where a query stands if its picture has the embedding `e`.
    fn place(&self, unit: &Unit, e: &[f32], there: bool) -> Place {
        let own = field(self.request);
        let field = if there {
            elsewhere(self.request).unwrap_or(own)
        } else {
            own
        };
        match unit.done.caption {
            None => field.of_image(e, self.images[unit.at], &self.ks),
            Some(j) => field.of_caption(e, j, &unit.others[usize::from(there)], &self.ks),
        }
    }

    fn values<'b>(&self, x: &'b [f32], at: usize) -> &'b [f32] {
        &x[at * self.grid.len()..(at + 1) * self.grid.len()]
    }

    /// Are there enough wrong candidates for this rank to be lost at all?
    fn can_be_lost(&self, unit: &Unit, nth: usize) -> bool {
        self.request.goal != Goal::Lose || unit.done.before.margins[nth].is_some()
    }

    /// The queries that a search is for: those not lost yet, exactly or after rounding to 8 bits.
    fn open_queries(&self, search: Search) -> Vec<usize> {
        let (credit, Search { nth, eps, .. }) = (self.request.asked().credit(), search);
        let shares = self.request.asked().shares_ranks(search.side);
        let stands = |unit: &Unit| {
            let done = &unit.done;
            let searched =
                |f: &FoundPerturbation| shares && f.eps == eps && f.tried_for.contains(&nth);
            done.side() == search.side
                && !done.before.reached[nth]
                && self.can_be_lost(unit, nth)
                && !done.finds.iter().any(searched)
                // The smallest perturbation for one rank is not that for another.
                && (credit == Credit::Within
                    || done.exact(credit, eps, nth).is_none()
                    || done.saved(credit, eps, nth).is_none())
        };
        let all = self.units.iter().enumerate();
        all.filter(|(_, unit)| stands(unit))
            .map(|(u, _)| u)
            .collect()
    }

    /// One search over the queries that it is for.
    fn search(&mut self, search: Search, task: &Task) -> Result<()> {
        let open = self.open_queries(search);
        let count = open.len().max(1) as f64;
        for (nth, chunk) in open.chunks(self.request.batch.max(1)).enumerate() {
            let done = (nth * self.request.batch.max(1)) as f64 / count;
            let part = (
                search.part.0 + search.part.1 * done,
                search.part.1 * chunk.len() as f64 / count,
            );
            self.run(Search { part, ..search }, chunk, task)?;
        }
        Ok(())
    }

    /// Searches for perturbations of the queries `units`.
    fn run(&mut self, search: Search, units: &[usize], task: &Task) -> Result<()> {
        let begun = Instant::now();
        let (request, k) = (self.request, self.ks[search.nth]);
        let places: Vec<usize> = units.iter().map(|&u| self.units[u].at).collect();
        let images: Vec<usize> = places.iter().map(|&at| self.images[at]).collect();
        let wanted =
            |(&u, &at): (&usize, &usize)| self.units[u].done.caption.unwrap_or(self.targets[at]);
        let targets: Vec<usize> = units.iter().zip(&places).map(wanted).collect();
        let mut victim = Pairs::new(
            &request.set,
            request.asked().aim(search.side, k),
            &images,
            &targets,
        )?;
        // Each query draws its own random numbers.
        let key =
            |(&u, &image): (&usize, &usize)| request.set.draws(image, self.units[u].done.caption);
        let threat = request.settings.threat.with_eps(search.eps);
        let space = Space::pictures(
            self.grid.with_rows(units.len()),
            pick(&self.clean, self.grid.len(), &places),
            &threat,
            units.iter().zip(&images).map(key).collect(),
        )?;
        let settings = AttackSettings {
            threat,
            ..request.settings.clone()
        };
        let mut watch = SearchProgress {
            task,
            pictures: self.images.len() as f64,
            part: search.part,
            what: self.title(search),
            steps: settings.attack().steps(),
        };
        let engine = request.set.engine.as_ref();
        let outcome = run(&mut victim, &space, &settings, engine, &mut watch, task)?;
        self.keep(search, units, &mut victim, &outcome, task)?;
        let cost = Cost {
            searches: units.len() as u32,
            gradients: outcome.gradients.iter().map(|&n| u64::from(n)).sum(),
            queries: outcome.queries.iter().map(|&n| u64::from(n)).sum(),
            seconds: begun.elapsed().as_secs_f64(),
        };
        let sides = request.asked().kinds();
        let side = sides.iter().position(|&s| s == search.side).unwrap_or(0);
        self.costs[side * self.ks.len() + search.nth].add(&cost);
        for (r, &at) in places.iter().enumerate() {
            self.rows[at].gradients += outcome.gradients[r];
            self.rows[at].queries += outcome.queries[r];
            self.rows[at].blind.add(outcome.blind[r]);
        }
        Ok(())
    }

    /// What is under way, in words.
    fn title(&self, search: Search) -> String {
        let norm = self.request.settings.threat.norm;
        let radius = format!("epsilon {}", norm.radius(search.eps));
        if self.request.goal != Goal::Lose {
            return radius;
        }
        let figure = Figure {
            side: search.side,
            k: self.ks[search.nth],
        };
        format!("{radius}, {figure}")
    }
}

/// The set as the encoder under attack sees it.
fn field(request: &SetRequest) -> Field<'_> {
    Field {
        images: &request.set.embedded.images,
        texts: &request.set.embedded.texts,
        groups: &request.set.embedded.groups,
    }
}

/// The set as the second encoder sees it.
fn elsewhere(request: &SetRequest) -> Option<Field<'_>> {
    request.transfer.as_ref().map(|there| Field {
        images: &there.embedded.images,
        texts: &there.embedded.texts,
        groups: &request.set.embedded.groups,
    })
}
