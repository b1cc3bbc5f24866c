//! What heads do with what is forgotten, retained and held out.

use super::auc::auc;
use super::chosen::Chosen;
use super::figures::State;
use super::overlap::overlap;
use crate::compute::train::{Learned, Plan, Tower, Trainer};
use crate::compute::{Engine, TopK};
use crate::error::{Error, Result};
use crate::learn::recall::Ranked;
use crate::learn::{Ground, Recalls, Setup};
use crate::task::Task;

/// Places of a ranking that are compared.
const BEST: usize = 10;
/// Retained images that recall is measured on, at most.
const RANKED: usize = 5_000;

/// Every second image held out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// Those that say when forgetting ends.
    Ends,
    /// Those that membership is tested against.
    Tests,
}

/// The captions of every second image that `ground` holds out.
pub fn held_out(ground: &Ground, half: Half) -> Vec<u32> {
    let from = usize::from(half == Half::Tests);
    let images = ground.split.valid.iter().skip(from).step_by(2);
    let images: Vec<u32> = images.copied().collect();
    ground.captions(&images).collect()
}

/// Cosine of each of `captions` with its own image, under the heads as they are.
///
/// # Errors
/// A lost device; rows of another width.
pub fn similarities(
    trainer: &mut dyn Trainer,
    ground: &Ground,
    captions: &[u32],
) -> Result<Vec<f64>> {
    if captions.is_empty() {
        return Ok(Vec::new());
    }
    let batch = ground.batch(captions, false);
    let images = trainer.embed(Tower::Image, &batch.images)?;
    let texts = trainer.embed(Tower::Text, &batch.texts)?;
    let width = images.len() / captions.len();
    let pairs = images.chunks_exact(width).zip(texts.chunks_exact(width));
    let dot = |(a, b): (&[f32], &[f32])| -> f64 {
        let products = a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b));
        products.sum()
    };
    Ok(pairs.map(dot).collect())
}

/// Their mean; 0 of none.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// What is measured again and again: the images that are ranked.
pub struct Bench {
    /// Forgotten images and retained ones, candidates of each other, rising.
    trained: Ranked,
    /// Of each image that is ranked, and of each caption: is it forgotten?
    forgotten: [Vec<bool>; 2],
    valid: Ranked,
    /// Captions held out that membership is tested against.
    tests: Vec<u32>,
    /// Retained images that are ranked.
    pub retained: usize,
}

/// What was measured, but for how like the heads trained without them it is.
pub struct Measured {
    recalls: [Recalls; 3],
    membership: f64,
    cosines: [f64; 2],
    lists: [TopK; 2],
}

impl Bench {
    /// Of `chosen`; of more than 5,000 retained images so many are drawn, the same each time.
    pub fn new(chosen: &Chosen) -> Self {
        let ground = &chosen.retained;
        let mut images = ground.split.train.to_vec();
        if images.len() > RANKED {
            fastrand::Rng::with_seed(RANKED as u64).shuffle(&mut images);
            images.truncate(RANKED);
        }
        let retained = images.len();
        images.extend(&chosen.images);
        images.sort_unstable();
        let gone = |image: &u32| chosen.images.binary_search(image).is_ok();
        let owners = ground.captions(&images);
        let owners = owners.map(|caption| ground.owners[caption as usize]);
        Self {
            forgotten: [
                images.iter().map(gone).collect(),
                owners.map(|image| gone(&image)).collect(),
            ],
            trained: Ranked::new(ground, &images),
            valid: Ranked::new(ground, &ground.split.valid),
            tests: held_out(ground, Half::Tests),
            retained,
        }
    }

    /// Measures heads.
    ///
    /// # Errors
    /// A lost device; cancellation; cosines that are no numbers.
    pub fn measure(
        &self,
        engine: &dyn Engine,
        (setup, weights): (&Setup, &[f32]),
        chosen: &Chosen,
        task: &Task,
    ) -> Result<Measured> {
        let plan = Plan {
            batch: 2,
            ..setup.plan()
        };
        let mut trainer = engine.trainer(plan, Learned::new(weights.to_vec()))?;
        let trainer = &mut *trainer;
        let outputs = setup.head.outputs;
        let ranks = self.trained.ranks(engine, trainer, outputs, false, task)?;
        let of = |forgotten: bool| {
            let kept = |way: usize| {
                let all = ranks[way].iter().zip(&self.forgotten[way]);
                let own = all.filter(|(_, gone)| **gone == forgotten);
                own.map(|(&rank, _)| rank).collect::<Vec<u32>>()
            };
            Recalls::of(&[kept(0), kept(1)])
        };
        let recalls = [of(true), of(false)];
        let valid = self.valid.ranks(engine, trainer, outputs, false, task)?;
        let lists = self.trained.best(engine, trainer, outputs, BEST, task)?;
        let members = similarities(trainer, &chosen.retained, &chosen.captions)?;
        let others = similarities(trainer, &chosen.retained, &self.tests)?;
        let membership = auc(&members, &others).ok_or_else(|| {
            Error::request(
                "membership cannot be tested: there are no cosines of forgotten or of held-out pairs",
                "Look for embeddings that are zero, and hold out images with captions.",
            )
        })?;
        let [forgotten, retained] = recalls;
        Ok(Measured {
            recalls: [forgotten, retained, Recalls::of(&valid)],
            membership,
            cosines: [mean(&members), mean(&others)],
            lists,
        })
    }

    /// The figures of `measured`, with how like `without` its rankings are.
    pub fn state(&self, measured: &Measured, without: &Measured) -> State {
        let alike = |forgotten: bool| {
            [0, 1].map(|way| {
                let queries = self.forgotten[way].iter().enumerate();
                let own = queries.filter(|(_, gone)| **gone == forgotten);
                let [a, b] = [measured, without].map(|of| &of.lists[way]);
                let each = own.map(|(query, _)| overlap(&places(a, query), &places(b, query)));
                mean(&each.collect::<Vec<f64>>())
            })
        };
        State::of(
            &measured.recalls,
            measured.membership,
            measured.cosines,
            [alike(true), alike(false)],
        )
    }
}

/// The rows in the first places of a query.
fn places(lists: &TopK, query: usize) -> Vec<u32> {
    let hits = lists.hits[query * lists.k..].iter().take(lists.k);
    let there = hits.filter(|hit| hit.index != u32::MAX);
    there.map(|hit| hit.index).collect()
}
