//! What averaging is worth: recall on images that neither level saw, beside the plain encoder's.

use super::asked::Asked;
use super::change::{Changes, Magnitudes};
use super::draws::{DRAWS, kept_draws};
use super::ground::Ground;
use super::layer::Layer;
use super::levels::averaged;
use super::parts::Parts;
use crate::compute::TIE;
use crate::error::Result;
use crate::learn::Recalls;
use crate::learn::random_features::Normal;
use crate::task::Task;
use nalgebra::DMatrix;
use std::collections::BTreeMap;

/// Rows taken into the equations of a read-out at once.
const AT_ONCE: usize = 512;

/// Recalls of one parting, in per cent, on the images that neither level saw.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Judged {
    /// The encoder as it is, then with the read-out.
    pub plain: [Recalls; 2],
    /// The averaged embedding as it is, then with the read-out.
    pub averaged: [Recalls; 2],
    /// Captions that are told apart by their words.
    pub wordings: usize,
}

/// Measures recall on the judged images of `parts`. Both read-outs are fitted in one way to the training images: one to plain
/// embeddings, one to the averages over the draws of [`kept_draws`].
///
/// # Errors
/// As [`averaged`]; equations that cannot be solved.
pub fn judge(
    (ground, layer): (&Ground, &Layer),
    asked: &Asked,
    magnitudes: &Magnitudes,
    (parts, seed): (&Parts, u64),
    task: &Task,
) -> Result<Judged> {
    let plain = Layer::new(ground.grid(), Changes::default(), &[], task)?;
    let both = 2 * (parts.train.len() + parts.judged.len()) as u64;
    task.begin(asked.stage("Measuring recall", seed), both);
    let kept = kept_draws(asked.draws);
    let mut judged = Judged::default();
    let ways = [(&plain, vec![0.0; DRAWS]), (layer, kept)];
    let results = [&mut judged.plain, &mut judged.averaged];
    for ((layer, draws), result) in ways.into_iter().zip(results) {
        let rows = |images: &[u32]| -> Result<DMatrix<f64>> {
            let rows = averaged((ground, layer), magnitudes, images, &draws, task)?;
            let values = rows.data().iter().map(|&value| f64::from(value));
            Ok(DMatrix::from_row_iterator(rows.rows(), rows.dim(), values))
        };
        let (train, others) = (rows(&parts.train)?, rows(&parts.judged)?);
        let targets = ground.targets(&parts.train);
        let moved = change(&train, &targets, asked.weighing.ridge, task)?;
        let read = &others + &others * moved;
        for (result, rows) in result.iter_mut().zip([others, read]) {
            *result = Recalls::of(&ranks(ground, &parts.judged, rows, task)?);
        }
    }
    judged.wordings = candidates(ground, &parts.judged).len();
    Ok(judged)
}

/// The read-out of [`super::levels::ReadOut`] less the identity, by the equations among values instead of rows.
fn change(
    rows: &DMatrix<f64>,
    targets: &DMatrix<f64>,
    ridge: f64,
    task: &Task,
) -> Result<DMatrix<f64>> {
    let dim = rows.ncols();
    let mut equations = Normal::new(dim, dim);
    for start in (0..rows.nrows()).step_by(AT_ONCE) {
        task.check()?;
        let count = AT_ONCE.min(rows.nrows() - start);
        let some = rows.rows(start, count).into_owned();
        let apart = targets.rows(start, count) - &some;
        equations.add(&some, &apart);
    }
    equations.solve(ridge, task)
}

/// The captions of `images` by their wording: each once, with the images that have it (places in `images`) and one embedding.
fn candidates<'a>(ground: &'a Ground, images: &[u32]) -> BTreeMap<u32, (Vec<usize>, &'a [f32])> {
    let mut all: BTreeMap<u32, (Vec<usize>, &[f32])> = BTreeMap::new();
    for (place, &image) in images.iter().enumerate() {
        for (row, wording) in ground.captions(image as usize) {
            let (places, _) = all.entry(wording).or_insert_with(|| (Vec::new(), row));
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
    }
    all
}

/// Ranks from 1 of each image's best caption among the captions of all `images`, and of each caption's best image. Captions of
/// the same words are one candidate, right for each image that has it; where no two images share one these are the usual
/// ranks. Scores that are equal count against what is right.
fn ranks(
    ground: &Ground,
    images: &[u32],
    mut rows: DMatrix<f64>,
    task: &Task,
) -> Result<[Vec<u32>; 2]> {
    task.check()?;
    for mut row in rows.row_iter_mut() {
        let norm = row.norm();
        if norm > 0.0 {
            row /= norm;
        }
    }
    let candidates = candidates(ground, images);
    let texts = candidates.values();
    let texts = texts.flat_map(|(_, row)| row.iter().map(|&value| f64::from(value)));
    let texts = DMatrix::from_row_iterator(candidates.len(), ground.dim(), texts);
    let texts = texts.transpose();
    let mut scores = DMatrix::zeros(rows.nrows(), texts.ncols());
    for start in (0..rows.nrows()).step_by(AT_ONCE / 4) {
        task.check()?;
        let count = (AT_ONCE / 4).min(rows.nrows() - start);
        let some = rows.rows(start, count) * &texts;
        scores.rows_mut(start, count).copy_from(&some);
    }
    let owners: Vec<&Vec<usize>> = candidates.values().map(|(places, _)| places).collect();
    let mut own = vec![Vec::new(); images.len()];
    for (caption, places) in owners.iter().enumerate() {
        for &place in *places {
            own[place].push(caption);
        }
    }
    let rank = |score: &dyn Fn(usize) -> f64, right: &[usize], count: usize| {
        let best = right
            .iter()
            .map(|&at| score(at))
            .fold(f64::NEG_INFINITY, f64::max);
        let as_high = |at: &usize| score(*at) >= best - f64::from(TIE) && !right.contains(at);
        1 + (0..count).filter(as_high).count() as u32
    };
    let of_images = own.iter().enumerate();
    let of_images = of_images
        .map(|(place, right)| rank(&|at| scores[(place, at)], right, owners.len()))
        .collect();
    task.check()?;
    let of_texts = owners.iter().enumerate();
    let of_texts = of_texts
        .map(|(caption, right)| rank(&|at| scores[(at, caption)], right, images.len()))
        .collect();
    Ok([of_images, of_texts])
}
