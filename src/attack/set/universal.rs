//! One perturbation for a whole set, learnt over all its pictures: one for each figure and radius.

use super::super::space::Space;
use super::super::victim::{AscentLoss, GradientDefects, Pairs, Victim};
use super::super::white::SharedDelta;
use super::SetRequest;
use super::load::load;
use crate::dataset::npy::write_array;
use crate::error::{Error, Result};
use crate::retrieval::Side;
use crate::task::Task;
use std::borrow::Cow;

/// What all pictures share for one figure.
pub(super) struct Shared {
    pub side: Side,
    /// Which of the ranks.
    pub nth: usize,
    /// One per radius.
    pub deltas: Vec<SharedDelta>,
}

/// What was learnt.
#[derive(Default)]
pub(super) struct Learnt {
    /// One per figure; none where nothing is shared.
    pub shared: Vec<Shared>,
    /// Each picture's part in it, in the order of the request.
    pub met: Vec<Met>,
}

/// A picture's part in learning.
#[derive(Clone, Copy, Default)]
pub(super) struct Met {
    /// Gradients computed.
    pub gradients: u32,
    /// What was wrong with them.
    pub blind: GradientDefects,
}

/// Values of all pictures that are kept in memory while learning; more are read again in each pass.
const KEPT: usize = 128 << 20;

/// A query of the set: a picture with what it looks for or what looks for it.
#[derive(Clone, Copy)]
struct Query {
    /// Its picture's place among those of the request.
    at: usize,
    target: usize,
}

/// The shared perturbations of `request`, for every figure. `targets` has one entry per picture.
pub(super) fn learn(request: &SetRequest, targets: &[usize], task: &Task) -> Result<Learnt> {
    let passes = request.settings.steps();
    let kinds = request.asked().kinds();
    let queries = |side: Side| -> Vec<Query> {
        let of = |(at, &image): (usize, &usize)| match side {
            Side::Image => vec![Query {
                at,
                target: targets[at],
            }],
            Side::Text => {
                let captions = request.set.embedded.groups.range(image);
                captions.map(|target| Query { at, target }).collect()
            }
        };
        request.images.iter().enumerate().flat_map(of).collect()
    };
    let total: usize = kinds.iter().map(|&side| queries(side).len()).sum();
    let all = total * request.asked().ks().len() * request.eps.len() * passes;
    task.begin("Learning the shared perturbations", all as u64);
    let len = request.set.network.grid().len();
    let pixels = if request.images.len() * len <= KEPT {
        Some(load(request, &request.images)?)
    } else {
        None
    };
    let mut learnt = Learnt {
        shared: Vec::new(),
        met: vec![Met::default(); request.images.len()],
    };
    for side in kinds {
        let queries = queries(side);
        for (nth, k) in request.asked().ks().into_iter().enumerate() {
            let mut deltas = Vec::with_capacity(request.eps.len());
            for &eps in &request.eps {
                let learner = Learner {
                    request,
                    side,
                    k,
                    eps,
                    pixels: pixels.as_deref(),
                };
                let delta = learner.learn(&queries, passes, &mut learnt.met, task)?;
                learner.save(&delta)?;
                deltas.push(delta);
            }
            learnt.shared.push(Shared { side, nth, deltas });
        }
    }
    Ok(learnt)
}

/// Learns for one figure at one radius.
struct Learner<'a> {
    request: &'a SetRequest,
    side: Side,
    k: usize,
    eps: f32,
    pixels: Option<&'a [f32]>,
}

impl Learner<'_> {
    /// Steps along the mean gradient over all queries, one step a pass: how the set is parted into batches does not
    /// matter.
    fn learn(
        &self,
        queries: &[Query],
        passes: usize,
        met: &mut [Met],
        task: &Task,
    ) -> Result<SharedDelta> {
        let request = self.request;
        let engine = request.set.engine.as_ref();
        let share = request.settings.parameters().step;
        let mut delta: Option<SharedDelta> = None;
        for _ in 0..passes {
            let mut sum: Vec<f64> = Vec::new();
            for part in queries.chunks(request.batch.max(1)) {
                let space = self.space(part)?;
                let shared = delta.get_or_insert_with(|| SharedDelta::new(&space));
                shared.meet(&space);
                let x = shared.apply(engine, &space)?;
                let rows: Vec<usize> = (0..part.len()).collect();
                let mut victim = self.victim(part)?;
                let to = self.runner_ups(&mut victim, &rows, space.clean(), task)?;
                let ascent = AscentLoss::of(request.settings.loss, &to);
                let mut slope = victim.value_and_gradient(&rows, &x, ascent, task)?;
                for (query, blind) in part.iter().zip(slope.sanitize(space.len())) {
                    met[query.at].gradients += 1;
                    met[query.at].blind.add(blind);
                }
                shared.gather(&mut sum, &slope);
                task.add(part.len() as u64);
            }
            if let Some(delta) = &mut delta {
                delta.value_and_gradient(engine, &sum, share)?;
            }
        }
        delta.ok_or_else(|| {
            Error::request("there is nothing to attack", "Give at least one picture.")
        })
    }

    fn victim(&self, part: &[Query]) -> Result<Pairs> {
        let request = self.request;
        let images: Vec<usize> = part.iter().map(|q| request.images[q.at]).collect();
        let targets: Vec<usize> = part.iter().map(|q| q.target).collect();
        Pairs::new(
            &request.set,
            request.asked().aim(self.side, self.k),
            &images,
            &targets,
        )
    }

    /// The strongest wrong caption of each row, for targeted losses; none where there are none.
    fn runner_ups(
        &self,
        victim: &mut Pairs,
        rows: &[usize],
        clean: &[f32],
        task: &Task,
    ) -> Result<Vec<u32>> {
        if !self.request.settings.loss.is_targeted() || self.side == Side::Text {
            return Ok(Vec::new());
        }
        let runner_ups = victim.runner_ups(rows, clean, 1, task)?;
        let first: Vec<u32> = runner_ups
            .iter()
            .filter_map(|r| r.first().copied())
            .collect();
        Ok(if first.len() == rows.len() {
            first
        } else {
            Vec::new()
        })
    }

    fn space(&self, part: &[Query]) -> Result<Space> {
        let request = self.request;
        let grid = request.set.network.grid().with_rows(part.len());
        let places: Vec<usize> = part.iter().map(|q| q.at).collect();
        let images: Vec<usize> = places.iter().map(|&at| request.images[at]).collect();
        let clean = match self.pixels {
            Some(pixels) => super::super::space::pick(pixels, grid.len(), &places),
            None => load(request, &images)?,
        };
        Space::pictures(
            grid,
            clean,
            &request.settings.threat.with_eps(self.eps),
            images.iter().map(|&i| i as u32).collect(),
        )
    }

    fn save(&self, delta: &SharedDelta) -> Result<()> {
        let Some(folder) = &self.request.save else {
            return Ok(());
        };
        let grid = self.request.set.network.grid();
        let figure: Cow<'_, str> = if self.request.asked().figures().is_empty() {
            "".into()
        } else {
            format!("{}-at-{}-", super::figure::direction(self.side), self.k).into()
        };
        let path = folder.join(format!("universal-{figure}{:.6}.npy", self.eps));
        let shape = [grid.channels, grid.height, grid.width];
        write_array(&path, delta.values(), &shape)
    }
}
