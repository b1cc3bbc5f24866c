//! Batches made easier: embeddings of pairs that are still too hard, moved down the loss.

use super::setup::Setup;
use crate::compute::train::{Batch, LEFT_OUT, Step, Trainer};
use crate::error::Result;

/// `batch` as the policy of `setup` gives it to the heads where `done` of the run is done, 0 to 1.
///
/// # Errors
/// As [`ease`].
pub fn eased(trainer: &mut dyn Trainer, batch: Batch, setup: &Setup, done: f64) -> Result<Batch> {
    if !setup.policy.description().eases {
        return Ok(batch);
    }
    let radius = setup.friendly.radius_at(done);
    ease(
        trainer,
        batch,
        (radius, setup.friendly.steps),
        &setup.step(done),
    )
}

/// Moves both embeddings of every pair that is still too hard: whose own score is not the best of its row and of its column,
/// ties counting against it. Each of `steps` steps moves an embedding by a part of the radius, `radius / steps`, straight down
/// the batch's loss, and back into its ball where it left it; a pair that has become easy stays where it is. The heads stay as
/// they are.
///
/// # Errors
/// A batch of another size than planned, a lost device.
pub fn ease(
    trainer: &mut dyn Trainer,
    batch: Batch,
    (radius, steps): (f32, usize),
    step: &Step,
) -> Result<Batch> {
    if radius == 0.0 {
        return Ok(batch);
    }
    let start = batch.clone();
    let mut moved = batch;
    let far = radius / steps as f32;
    for _ in 0..steps {
        let found = trainer.by_rows(&moved, step)?;
        let pairs = found.scores.len().isqrt();
        let hard: Vec<usize> = (0..pairs)
            .filter(|&own| is_hard(&found.scores, pairs, own))
            .collect();
        if hard.is_empty() {
            break;
        }
        let [by_image, by_text] = &found.slopes;
        let sides = [
            (&mut moved.images, &start.images, by_image),
            (&mut moved.texts, &start.texts, by_text),
        ];
        for (rows, start, slopes) in sides {
            let width = rows.len() / pairs;
            for &pair in &hard {
                let of = pair * width..(pair + 1) * width;
                descend(
                    &mut rows[of.clone()],
                    &start[of.clone()],
                    &slopes[of],
                    (far, radius),
                );
            }
        }
    }
    Ok(moved)
}

/// Does another candidate of the row or of the column of pair `own` score as well as its positive, or better?
fn is_hard(scores: &[f32], pairs: usize, own: usize) -> bool {
    let positive = scores[own * pairs + own];
    (0..pairs).filter(|&other| other != own).any(|other| {
        let beside = [scores[own * pairs + other], scores[other * pairs + own]];
        beside
            .iter()
            .any(|&score| score > LEFT_OUT && score >= positive)
    })
}

/// One row: down its slope by `far`, within `radius` of `start`.
fn descend(row: &mut [f32], start: &[f32], slope: &[f32], (far, radius): (f32, f32)) {
    let steep = length(slope.iter().copied());
    if !(steep > 0.0 && steep.is_finite()) {
        return;
    }
    for (v, g) in row.iter_mut().zip(slope) {
        *v -= far * g / steep;
    }
    let away = length(row.iter().zip(start).map(|(v, s)| v - s));
    if away > radius {
        for (v, s) in row.iter_mut().zip(start) {
            *v = s + (*v - s) * (radius / away);
        }
    }
}

fn length(values: impl Iterator<Item = f32>) -> f32 {
    values.map(|v| v * v).sum::<f32>().sqrt()
}
