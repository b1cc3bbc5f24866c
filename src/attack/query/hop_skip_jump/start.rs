//! Points far away that a walk along the boundary may start from.

use super::super::frame::Frame;
use crate::attack::space::Space;
use fastrand::Rng;

/// Most tiles along a side.
const TILES: usize = 8;

/// Attempt `attempt` at a point of row `row` that reaches the goal: uniform noise in the box, the picture
/// reflected in the box's middle, its darkest and its brightest, then tiles of random colours and noise in turn.
pub(super) fn point(space: &Space, row: usize, attempt: usize, rng: &mut Rng) -> Vec<f32> {
    let len = space.len();
    let values = row * len..(row + 1) * len;
    let (lower, upper) = (
        &space.lower()[values.clone()],
        &space.upper()[values.clone()],
    );
    let between = |at: usize, share: f32| {
        (lower[at] + (upper[at] - lower[at]) * share).clamp(lower[at], upper[at])
    };
    match attempt {
        1 => {
            let clean = &space.clean()[values];
            let reflected =
                |at: usize| (lower[at] + upper[at] - clean[at]).clamp(lower[at], upper[at]);
            (0..len).map(reflected).collect()
        }
        2 => lower.to_vec(),
        3 => upper.to_vec(),
        _ if attempt.is_multiple_of(2) => (0..len).map(|at| between(at, rng.f32())).collect(),
        _ => {
            let frame = Frame::of(space, row);
            let (high, wide) = (rng.usize(1..=TILES), rng.usize(1..=TILES));
            let colours: Vec<f32> = (0..frame.channels * high * wide)
                .map(|_| rng.f32())
                .collect();
            let colour = |at: usize| {
                let (c, y, x) = (
                    at / (frame.width * frame.height),
                    at / frame.width % frame.height,
                    at % frame.width,
                );
                colours[(c * high + y * high / frame.height) * wide + x * wide / frame.width]
            };
            (0..len).map(|at| between(at, colour(at))).collect()
        }
    }
}
