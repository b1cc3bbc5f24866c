//! The sum of hinges of some images alone, against all candidates.

use super::cpu::over_tiles;
use super::hinge_steps::{Steps, Thresholds, of_row};
use super::{Embeddings, Groups, pairs};
use crate::error::Result;
use crate::task::Task;

/// The sum over the pairs of the images `part` of their hinges in both directions (VSE++ eq. 3), each against all other
/// images and captions: `sum_(i, c) sum_c' [margin + s(i, c') - s(i, c)]+ + sum_i' [margin + s(i', c) - s(i, c)]+`. On
/// the processor, whatever the engine.
///
/// # Errors
/// Shapes that do not fit, or cancellation.
pub fn sum_of_hinges(
    images: &Embeddings,
    texts: &Embeddings,
    groups: &Groups,
    part: &[usize],
    margin: f32,
    task: &Task,
) -> Result<f64> {
    let sum = steps_of_hinges(images, texts, groups, part, margin, task)?;
    let factor = images.factor(texts);
    Ok(Steps::new(margin / factor).value(sum) * f64::from(factor))
}

/// [`sum_of_hinges`] in the steps of [`Steps`]: sums of parts add up to that of the whole, to the last one.
///
/// # Errors
/// As there.
pub fn steps_of_hinges(
    images: &Embeddings,
    texts: &Embeddings,
    groups: &Groups,
    part: &[usize],
    margin: f32,
    task: &Task,
) -> Result<i128> {
    pairs::check(images, texts, groups)?;
    let rows: Vec<u32> = part.iter().map(|&i| i as u32).collect();
    let captions: Vec<u32> = part
        .iter()
        .flat_map(|&i| groups.range(i))
        .map(|j| j as u32)
        .collect();
    if captions.is_empty() {
        return Ok(0);
    }
    let factor = images.factor(texts);
    let steps = Steps::new(margin / factor);
    let score = |j: usize| images.stored_dot(groups.owner(j), texts, j);
    let add = |a: &mut i128, b: &i128| *a += b;
    let of_images = over_tiles(
        &images.gather(&rows),
        texts,
        task,
        || 0,
        add,
        |sum: &mut i128, tile, rows, columns| {
            let mut positives = Thresholds::default();
            for (at, scores) in rows.zip(tile.chunks_exact_mut(columns.len())) {
                let own = groups.range(part[at]);
                for j in own.start.max(columns.start)..own.end.min(columns.end) {
                    scores[j - columns.start] = f32::NEG_INFINITY;
                }
                positives.fill(steps, own.map(score));
                *sum += i128::from(of_row(steps, scores, Some(&positives), None));
            }
        },
    )?;
    let of_captions = over_tiles(
        &texts.gather(&captions),
        images,
        task,
        || 0,
        add,
        |sum: &mut i128, tile, rows, columns| {
            let mut positive = Thresholds::default();
            for (at, scores) in rows.zip(tile.chunks_exact_mut(columns.len())) {
                let j = captions[at] as usize;
                let owner = groups.owner(j);
                if columns.contains(&owner) {
                    scores[owner - columns.start] = f32::NEG_INFINITY;
                }
                positive.fill(steps, std::iter::once(score(j)));
                *sum += i128::from(of_row(steps, scores, Some(&positive), None));
            }
        },
    )?;
    Ok(of_images + of_captions)
}
