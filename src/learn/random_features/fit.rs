//! Random-feature heads fitted and measured.

use super::ridge::Normal;
use crate::compute::Engine;
use crate::compute::train::{Activation, HeadShape, Hidden, Learned, Loss, Plan, Tower};
use crate::error::{Error, Result};
use crate::learn::ground::Ground;
use crate::learn::normal::normal;
use crate::learn::recall::{Ranked, Recalls};
use crate::task::Task;
use nalgebra::DMatrix;
use std::time::Instant;

/// Pairs that are taken in at once.
const AT_ONCE: usize = 512;
/// Features at most: the equations grow with their square.
const MOST: usize = 4_096;

/// How random-feature heads are made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RandomFeatures {
    /// Features of each side, D.
    pub features: usize,
    /// What the squares of the read-out are weighed by against the mean square error.
    pub ridge: f64,
}

impl Default for RandomFeatures {
    fn default() -> Self {
        Self {
            features: 1_024,
            ridge: 1e-3,
        }
    }
}

impl RandomFeatures {
    /// Refuses what fits nothing.
    ///
    /// # Errors
    /// A number out of range.
    pub fn check(&self) -> Result<()> {
        if !(1..=MOST).contains(&self.features) {
            return Err(Error::request(
                format!("{} random features fit nothing here", self.features),
                format!("Choose from 1 to {MOST}."),
            ));
        }
        if !(1e-12..=1e6).contains(&self.ridge) {
            return Err(Error::request(
                format!("a ridge of {} leaves no single read-out", self.ridge),
                "Choose one above 0, such as 0.001.",
            ));
        }
        Ok(())
    }

    /// The heads: from embeddings of `dim` values to as many.
    fn shape(&self, dim: usize) -> HeadShape {
        HeadShape {
            hidden: Some(Hidden {
                width: self.features,
                activation: Activation::Relu,
            }),
            bias: true,
            ..HeadShape::linear(dim, dim)
        }
    }
}

/// Random-feature heads, fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// Seed of the random layer.
    pub seed: u64,
    /// The heads.
    pub shape: HeadShape,
    /// Their weights, as `Learned` has them.
    pub weights: Vec<f32>,
    /// Pairs that they were fitted to, each once.
    pub pairs: usize,
    /// Seconds that it took, without measuring.
    pub seconds: f64,
    /// Recall on the images held out.
    pub valid: Recalls,
}

/// Fits heads to the pairs of `ground` that are trained on, and measures their recall on the images held out.
///
/// # Errors
/// Settings that fit nothing; embeddings that are not finite, or all the same on one side; a lost device; cancellation.
pub fn fit(
    asked: &RandomFeatures,
    engine: &dyn Engine,
    ground: &Ground,
    seed: u64,
    task: &Task,
) -> Result<Fitted> {
    asked.check()?;
    let dim = ground.embedded.images.dim();
    let shape = asked.shape(dim);
    task.begin(
        format!("Fitting random features, seed {seed}"),
        2 * ground.pairs.len() as u64,
    );
    let begun = Instant::now();
    let weights = weights(asked, ground, seed, task)?;
    let seconds = begun.elapsed().as_secs_f64();
    let plan = Plan {
        shape,
        loss: Loss::default(),
        margin: 0.2,
        scalars: false,
        batch: 2,
    };
    let mut trainer = engine.trainer(plan, Learned::new(weights.clone()))?;
    let valid = Ranked::new(ground, &ground.split.valid);
    let ranks = valid.ranks(engine, &mut *trainer, dim, false, task)?;
    Ok(Fitted {
        seed,
        shape,
        weights,
        pairs: ground.pairs.len(),
        seconds,
        valid: Recalls::of(&ranks),
    })
}

/// The weights of both heads.
fn weights(asked: &RandomFeatures, ground: &Ground, seed: u64, task: &Task) -> Result<Vec<f32>> {
    let dim = ground.embedded.images.dim();
    let shape = asked.shape(dim);
    for tower in TOWERS {
        usable(ground, tower)?;
    }
    let mut all = vec![0.0; shape.count()];
    let mut random = fastrand::Rng::with_seed(seed ^ 0x7a6d_0f3a);
    for (part, tower) in shape.parts().into_iter().zip(TOWERS) {
        let first = part.first.of_mut(&mut all);
        for weight in first.iter_mut() {
            *weight = (normal(&mut random) / (asked.features as f64).sqrt()) as f32;
        }
        let entries = first.iter().map(|&weight| f64::from(weight));
        // Turned, so that rows are multiplied by it from the left.
        let layer = DMatrix::from_iterator(dim + 1, asked.features, entries);
        let mut equations = Normal::new(asked.features, dim);
        for captions in ground.pairs.chunks(AT_ONCE) {
            task.check()?;
            let rows = captions.iter().flat_map(|&caption| {
                let own = row(ground, tower, caption).iter();
                own.map(|&value| f64::from(value)).chain([1.0])
            });
            let rows = DMatrix::from_row_iterator(captions.len(), dim + 1, rows);
            let mut features = rows * &layer;
            features.apply(|value| *value = value.max(0.0));
            let targets = captions.iter().flat_map(|&caption| {
                let [images, texts] = TOWERS.map(|tower| row(ground, tower, caption));
                let pairs = images.iter().zip(texts);
                pairs.map(|(&x, &t)| 0.5 * (f64::from(x) + f64::from(t)))
            });
            let targets = DMatrix::from_row_iterator(captions.len(), dim, targets);
            equations.add(&features, &targets);
            task.add(captions.len() as u64);
        }
        let found = equations.solve(asked.ridge, task)?;
        let Some(second) = part.second else { continue };
        // Its columns, one an output, are the rows of the second layer.
        for (weight, &value) in second.of_mut(&mut all).iter_mut().zip(found.as_slice()) {
            *weight = value as f32;
        }
    }
    Ok(all)
}

/// Both sides, in the order of the heads.
const TOWERS: [Tower; 2] = [Tower::Image, Tower::Text];

/// The embedding of one side of the pair of `caption`.
fn row(ground: &Ground, tower: Tower, caption: u32) -> &[f32] {
    let embedded = &ground.embedded;
    match tower {
        Tower::Image => embedded
            .images
            .row(ground.owners[caption as usize] as usize),
        Tower::Text => embedded.texts.row(caption as usize),
    }
}

/// Refuses rows of the pairs that nothing can be regressed on.
///
/// # Errors
/// A value that is not finite; rows that are all the same.
fn usable(ground: &Ground, tower: Tower) -> Result<()> {
    let what = match tower {
        Tower::Image => "images",
        Tower::Text => "captions",
    };
    let refuse = |problem: String| {
        Err(Error::request(
            problem,
            "Look at the embeddings, or train heads by steps.",
        ))
    };
    let rows = || {
        ground
            .pairs
            .iter()
            .map(|&caption| row(ground, tower, caption))
    };
    if rows().flatten().any(|value| !value.is_finite()) {
        return refuse(format!(
            "the embeddings of the {what} that are trained on hold a value that is not finite"
        ));
    }
    let first = rows().next();
    if rows().all(|row| Some(row) == first) {
        return refuse(format!(
            "the {what} that are trained on all have one embedding: nothing can be regressed on it"
        ));
    }
    Ok(())
}
