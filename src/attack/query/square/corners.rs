//! Squares whose values go to a corner of what is allowed: l-inf, boxes, and patterns of signs.

use super::Row;
use crate::compute::{Ball, Square};
use fastrand::Rng;

/// Draws until a block changes something, at most.
const DRAWS: usize = 10;

/// A square, and a sign for each channel: bit c, 1 for up.
pub(super) struct Block {
    pub square: Square,
    pub signs: u32,
}

/// The farthest that value `at` of the row may go up or down.
fn corner(row: &Row<'_>, at: usize, up: bool) -> f32 {
    let at = row.start + at;
    let (lower, upper) = (row.space.lower()[at], row.space.upper()[at]);
    match row.space.ball {
        Ball::Linf(eps) => {
            let clean = row.space.clean()[at];
            (if up { clean + eps } else { clean - eps }).clamp(lower, upper)
        }
        Ball::Fourier(..) if up => 1.0,
        Ball::Fourier(..) => -1.0,
        _ if up => upper,
        _ => lower,
    }
}

/// Is channel `c` of the block to go up?
fn is_up(signs: u32, c: usize) -> bool {
    signs.rotate_right((c % 32) as u32) & 1 == 1
}

/// The values of a block, with the corner that each goes to.
fn targets<'a>(row: &'a Row<'_>, block: &'a Block) -> impl Iterator<Item = (usize, f32)> + 'a {
    let Square {
        top,
        left,
        height,
        width,
    } = block.square;
    (0..row.frame.channels).flat_map(move |c| {
        (top..top + height).flat_map(move |y| {
            (left..left + width).map(move |x| {
                let at = row.frame.at(c, y as usize, x as usize);
                (at, corner(row, at, is_up(block.signs, c)))
            })
        })
    })
}

/// A block of `share` of the frame's pixels at a random place: as square as the frame allows. Drawn again while it
/// would leave `values` as they are.
pub(super) fn block(row: &Row<'_>, rng: &mut Rng, values: &[f32], share: f64) -> Block {
    let frame = &row.frame;
    let area = share * frame.area() as f64;
    let height = (area.sqrt().round() as usize).clamp(1, frame.rows);
    let width = ((area / height as f64).round() as usize).clamp(1, frame.columns);
    let mut draw = || Block {
        square: Square {
            top: (frame.top + rng.usize(0..=frame.rows - height)) as u32,
            left: (frame.left + rng.usize(0..=frame.columns - width)) as u32,
            height: height as u32,
            width: width as u32,
        },
        signs: rng.u32(..),
    };
    let mut block = draw();
    for _ in 1..DRAWS {
        if targets(row, &block).any(|(at, to)| values[at] != to) {
            break;
        }
        block = draw();
    }
    block
}

/// Takes a block of the row to its corners; of a line, as often the same share of its values, here and there.
pub(super) fn paint(row: &Row<'_>, rng: &mut Rng, values: &mut [f32], share: f64) {
    if row.frame.is_line && rng.bool() {
        let count = ((share * values.len() as f64).round() as usize).max(1);
        for _ in 0..count {
            let at = rng.usize(..values.len());
            values[at] = corner(row, at, rng.bool());
        }
        return;
    }
    let block = block(row, rng, values, share);
    for (at, to) in targets(row, &block) {
        values[at] = to;
    }
}

/// Vertical stripes of width 1, a random sign for each column and channel (the paper, section 4.2).
pub(super) fn stripes(row: &Row<'_>, rng: &mut Rng, values: &mut [f32]) {
    let frame = &row.frame;
    for c in 0..frame.channels {
        for x in 0..frame.width {
            let up = rng.bool();
            for y in 0..frame.height {
                let at = frame.at(c, y, x);
                values[at] = corner(row, at, up);
            }
        }
    }
}
