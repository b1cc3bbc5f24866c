//! Steps up the loss of the forgotten pairs, off what is retained.

use super::asked::{Asked, can_forget};
use super::chosen::Chosen;
use super::state::{Half, held_out, mean, similarities};
use super::subspace::Subspace;
use crate::compute::Engine;
use crate::compute::train::{Block, Learned, Plan, Trainer};
use crate::error::{Error, Result};
use crate::learn::batches::Batches;
use crate::learn::{SameImage, Setup};
use crate::task::Task;
use serde::Serialize;

/// Pairs of a batch at least: of fewer, none would be a negative on both sides of the difference.
const LEAST: usize = 4;
/// Steps without a gradient after which none is looked for any more.
const STILL: usize = 32;

/// How the steps ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// The forgotten pairs are no more alike than pairs that were never seen.
    Reached,
    /// All steps were taken before that.
    Steps,
    /// No step went up: the loss has no gradient outside what is retained.
    NoGradient,
}

/// How far one head moved.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Moved {
    /// "image", "text" or "shared".
    pub head: &'static str,
    /// Directions of its inputs that are kept from changes.
    pub kept: usize,
    /// Directions in all.
    pub directions: usize,
    /// Share of the energy of the retained inputs outside them.
    pub left_out: f64,
    /// |dW|, the norm of the change.
    pub change: f64,
    /// Mean of |dW x|^2 over retained inputs x.
    pub mean_square: f64,
    /// What that is at most: |dW|^2 times the energy left out.
    pub bound: f64,
}

/// Heads that forgot.
#[derive(Debug, Clone, PartialEq)]
pub struct Forgot {
    /// Weights and scalars, as `Learned` has them.
    pub weights: Vec<f32>,
    /// Steps taken.
    pub steps: usize,
    /// How they ended.
    pub ended: Ended,
    /// Loss of the forgotten pairs in the first batch and in the last, each before its step; `None` without a step.
    pub losses: Option<[f64; 2]>,
    /// How far each head moved.
    pub moved: Vec<Moved>,
}

/// What forgets: a run's setup with its weights, on an engine.
#[derive(Clone, Copy)]
pub struct Ascent<'a> {
    /// What computes gradients.
    pub engine: &'a dyn Engine,
    /// How the heads were trained.
    pub setup: &'a Setup,
    /// Their weights and scalars.
    pub weights: &'a [f32],
    /// How pairs are forgotten.
    pub asked: &'a Asked,
    /// Seed of the batches.
    pub seed: u64,
}

/// The matrix of one head, its name, and what is retained of its inputs.
struct Head {
    name: &'static str,
    block: Block,
    space: Subspace,
}

/// Forgets `chosen`: up to `asked.steps` steps up the loss, each projected off the principal subspace of the retained
/// inputs. Of no forgotten captions the weights stay as they are, to the bit.
///
/// # Errors
/// Heads that are not linear, or compared by order; retained inputs that leave no direction; a lost device; cancellation.
pub fn forget(ascent: &Ascent<'_>, chosen: &Chosen, task: &Task) -> Result<Forgot> {
    let Ascent { setup, asked, .. } = *ascent;
    asked.check()?;
    can_forget(setup)?;
    let heads = heads(ascent, chosen, task)?;
    let mut under = Under::new(ascent, chosen, heads);
    task.begin(
        format!("Forgetting, seed {}", setup.seed),
        asked.steps as u64,
    );
    let mut steps = 0;
    let ended = if chosen.captions.is_empty() {
        Ended::Reached
    } else {
        loop {
            task.check()?;
            let mut trainer = under.trainer(0)?;
            if under.has_forgotten(&mut *trainer, chosen)? {
                break Ended::Reached;
            }
            if steps == asked.steps {
                break Ended::Steps;
            }
            if !under.step(&mut *trainer, chosen)? {
                break Ended::NoGradient;
            }
            steps += 1;
            task.add(1);
        }
    };
    Ok(under.end(steps, ended))
}

/// The heads with the subspaces of what they are given.
fn heads(ascent: &Ascent<'_>, chosen: &Chosen, task: &Task) -> Result<Vec<Head>> {
    let shape = ascent.setup.head;
    let embedded = &chosen.retained.embedded;
    let images = embedded.images.gather(&chosen.retained.split.train);
    let texts = embedded.texts.gather(&chosen.retained.pairs);
    let [image, text] = shape.parts().map(|part| part.first);
    let each: Vec<(&'static str, Block, Vec<&[f32]>)> = if shape.shared {
        vec![("shared", image, vec![images.data(), texts.data()])]
    } else {
        vec![
            ("image", image, vec![images.data()]),
            ("text", text, vec![texts.data()]),
        ]
    };
    task.begin("Finding the directions of what is retained", 0);
    let made = each.into_iter().map(|(name, block, rows)| {
        let space = Subspace::of(&rows, shape.inputs, shape.bias, ascent.asked.energy, task)?;
        Ok(Head { name, block, space })
    });
    let made: Vec<Head> = made.collect::<Result<_>>()?;
    if made.iter().any(|head| head.space.leaves_any()) {
        return Ok(made);
    }
    Err(Error::request(
        format!(
            "at an energy of {} what is retained lies in all {} directions of the embeddings, and no step is left",
            ascent.asked.energy, shape.inputs
        ),
        "Choose a smaller energy, such as 0.95.",
    ))
}

/// Steps under way.
struct Under<'a> {
    ascent: Ascent<'a>,
    heads: Vec<Head>,
    /// Weights in float64, so that rounding does not add up; the scalars are not moved.
    exact: Vec<f64>,
    /// The same as the engine takes them, with the scalars of the loss that goes up.
    weights: Vec<f32>,
    /// Norm of all weights at the start, what is added to a residual head included.
    size: f64,
    /// The batch of both: all pairs, and those of them that are retained.
    plans: [Plan; 2],
    /// Captions held out that say when to end.
    held_out: Vec<u32>,
    /// Batches of forgotten captions that are still to come.
    queue: Vec<Vec<u32>>,
    random: fastrand::Rng,
    losses: Option<[f64; 2]>,
}

impl<'a> Under<'a> {
    fn new(ascent: &Ascent<'a>, chosen: &Chosen, heads: Vec<Head>) -> Self {
        let setup = ascent.setup;
        let exact: Vec<f64> = ascent.weights.iter().map(|&w| f64::from(w)).collect();
        let loss = ascent.asked.loss.unwrap_or(setup.loss);
        let by = if loss == setup.loss {
            setup.clone()
        } else {
            Setup {
                head: setup.head,
                ..Setup::new(loss, setup.head.inputs, setup.head.outputs)
            }
        };
        let batch = setup.batch.max(LEAST);
        let forgotten = chosen.captions.len().clamp(1, batch / 2);
        let retained = (batch - forgotten).min(chosen.retained.pairs.len());
        let plan = |batch| Plan {
            scalars: false,
            batch,
            ..by.plan()
        };
        let mut weights = ascent.weights.to_vec();
        if loss != setup.loss {
            weights[setup.head.weights()..].copy_from_slice(&by.scalars());
        }
        let size = heads.iter().map(|head| size(head.block, setup, &exact));
        Self {
            ascent: *ascent,
            size: size.sum::<f64>().sqrt(),
            heads,
            exact,
            weights,
            plans: [plan(forgotten + retained), plan(retained)],
            held_out: held_out(&chosen.retained, Half::Ends),
            queue: Vec::new(),
            random: fastrand::Rng::with_seed(ascent.seed),
            losses: None,
        }
    }

    fn trainer(&self, which: usize) -> Result<Box<dyn Trainer + 'a>> {
        let start = Learned::new(self.weights.clone());
        self.ascent.engine.trainer(self.plans[which], start)
    }

    /// Are the forgotten pairs no more alike than those held out?
    fn has_forgotten(&self, trainer: &mut dyn Trainer, chosen: &Chosen) -> Result<bool> {
        let forgotten = similarities(trainer, &chosen.retained, &chosen.captions)?;
        let others = similarities(trainer, &chosen.retained, &self.held_out)?;
        Ok(mean(&forgotten) <= mean(&others))
    }

    /// A step up; false where there is none.
    fn step(&mut self, trainer: &mut dyn Trainer, chosen: &Chosen) -> Result<bool> {
        for _ in 0..STILL {
            let mut up = self.gradient(trainer, chosen)?;
            for head in &self.heads {
                head.space.project(part(head.block, &mut up));
            }
            let all = self.heads.iter();
            let norm = all.map(|head| square(part(head.block, &mut up)));
            let norm = norm.sum::<f64>().sqrt();
            if norm > 0.0 && norm.is_finite() {
                let length = self.ascent.asked.rate * self.size / norm;
                for head in &self.heads {
                    let (block, start) = (head.block, head.block.start);
                    for (n, up) in part(block, &mut up).iter().enumerate() {
                        self.exact[start + n] += length * up;
                        self.weights[start + n] = self.exact[start + n] as f32;
                    }
                }
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The gradient of what the forgotten pairs of the next batch add to its loss, for each of them.
    fn gradient(&mut self, trainer: &mut dyn Trainer, chosen: &Chosen) -> Result<Vec<f64>> {
        let setup = self.ascent.setup;
        let ground = &chosen.retained;
        let [all, retained] = self.plans.map(|plan| plan.batch);
        let forgotten = all - retained;
        if self.queue.is_empty() {
            let mut captions = chosen.captions.clone();
            self.random.shuffle(&mut captions);
            self.queue = Batches::new(captions, &ground.owners, forgotten).collect();
        }
        let mut batch = self.queue.pop().unwrap_or_default();
        // Enough for others in place of captions of one image.
        let pool = ground.pairs.iter().copied();
        let mut pool = self.random.choose_multiple(pool, 4 * retained);
        self.random.shuffle(&mut pool);
        let others = Batches::new(pool, &ground.owners, retained).next();
        batch.extend(others.unwrap_or_default());
        let left_out = setup.same_image == SameImage::LeftOut;
        let step = setup.step(1.0);
        let both = ground.batch(&batch, left_out);
        let alone = ground.batch(&batch[forgotten..], left_out);
        let (cost, whole) = trainer.gradient(&both, &step)?;
        let (_, rest) = self.trainer(1)?.gradient(&alone, &step)?;
        let own = cost
            .lines
            .chunks_exact(all)
            .flat_map(|way| &way[..forgotten]);
        let own = own.map(|&line| f64::from(line)).sum::<f64>() / forgotten as f64;
        self.losses = Some([self.losses.map_or(own, |[first, _]| first), own]);
        let share = |count: usize| count as f64 / forgotten as f64;
        let pairs = whole.iter().zip(&rest);
        Ok(pairs
            .map(|(&a, &b)| share(all) * f64::from(a) - share(retained) * f64::from(b))
            .collect())
    }

    fn end(self, steps: usize, ended: Ended) -> Forgot {
        let moved = self.heads.iter().map(|head| {
            let Head { name, block, space } = head;
            let range = block.start..block.start + block.count();
            let pairs = self.exact[range.clone()]
                .iter()
                .zip(&self.ascent.weights[range]);
            let change: Vec<f64> = pairs.map(|(now, &then)| now - f64::from(then)).collect();
            Moved {
                head: name,
                kept: space.kept,
                directions: space.width,
                left_out: space.left_out / space.energy.max(f64::MIN_POSITIVE),
                change: square(&change).sqrt(),
                mean_square: space.mean_square(&change),
                bound: square(&change) * space.left_out,
            }
        });
        let moved = moved.collect();
        let end = self.ascent.setup.head.weights();
        let mut weights = self.weights;
        weights[end..].copy_from_slice(&self.ascent.weights[end..]);
        Forgot {
            weights,
            steps,
            ended,
            losses: self.losses,
            moved,
        }
    }
}

fn part(block: Block, all: &mut [f64]) -> &mut [f64] {
    &mut all[block.start..block.start + block.count()]
}

fn square(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum()
}

/// Square of the norm of what a head multiplies its inputs by.
fn size(block: Block, setup: &Setup, weights: &[f64]) -> f64 {
    let own = &weights[block.start..block.start + block.count()];
    let diagonal = (0..block.rows).map(|n| own[n * block.columns + n.min(block.columns - 1)]);
    let added = if setup.head.residual {
        // |W + 1|^2 = |W|^2 + 2 tr W + rows.
        2.0 * diagonal.sum::<f64>() + block.rows as f64
    } else {
        0.0
    };
    square(own) + added
}
