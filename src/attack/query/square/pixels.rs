//! Pixels that move to random places: l0.

use super::Row;
use crate::compute::Ball;
use fastrand::Rng;

/// Where the values of a pixel lie in its row, one per channel. Pixels are the grid's own, not the frame's.
fn channels(row: &Row<'_>, pixel: usize) -> impl Iterator<Item = usize> + use<> {
    let grid = row.space.grid;
    (0..grid.channels).map(move |c| c * grid.plane() + pixel)
}

/// The pixels that may change, those first that `values` has changed, and how many these are.
fn sorted(row: &Row<'_>, values: &[f32]) -> (Vec<usize>, usize) {
    let free = |p: &usize| {
        channels(row, *p)
            .any(|at| row.space.lower()[row.start + at] < row.space.upper()[row.start + at])
    };
    let changed =
        |p: &usize| channels(row, *p).any(|at| values[at] != row.space.clean()[row.start + at]);
    let all = (0..row.space.grid.plane()).filter(free);
    let (mut first, rest): (Vec<usize>, Vec<usize>) = all.partition(changed);
    let count = first.len();
    first.extend(rest);
    (first, count)
}

/// Takes a pixel to a random corner of the box.
fn paint(row: &Row<'_>, rng: &mut Rng, values: &mut [f32], pixel: usize) {
    for at in channels(row, pixel) {
        let side = if rng.bool() {
            row.space.upper()
        } else {
            row.space.lower()
        };
        values[at] = side[row.start + at];
    }
}

/// Pixels that may change.
fn budget(row: &Row<'_>) -> usize {
    match row.space.ball {
        Ball::L0(k) => k as usize,
        _ => 0,
    }
}

/// Random pixels at random corners, as many as may change.
pub(super) fn scatter(row: &Row<'_>, rng: &mut Rng, values: &mut [f32]) {
    let (mut pixels, _) = sorted(row, values);
    rng.shuffle(&mut pixels);
    for pixel in pixels.into_iter().take(budget(row)) {
        paint(row, rng, values, pixel);
    }
}

/// Takes `share` of the changed pixels back and changes as many others, and what the budget has left.
pub(super) fn swap(row: &Row<'_>, rng: &mut Rng, values: &mut [f32], share: f64) {
    let (mut pixels, changed) = sorted(row, values);
    let budget = budget(row).min(pixels.len());
    let moved = ((share * budget as f64).round() as usize).clamp(1, budget.max(1));
    let back = moved
        .saturating_sub(budget.saturating_sub(changed))
        .min(changed);
    rng.shuffle(&mut pixels[..changed]);
    for &pixel in &pixels[..back] {
        for at in channels(row, pixel) {
            values[at] = row.space.clean()[row.start + at];
        }
    }
    // What was taken back may be drawn again, at other corners.
    pixels.drain(back..changed);
    rng.shuffle(&mut pixels);
    for &pixel in pixels.iter().take(moved) {
        paint(row, rng, values, pixel);
    }
}
