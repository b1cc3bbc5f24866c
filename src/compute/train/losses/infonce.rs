//! `InfoNCE` as in CLIP (arXiv 2103.00020, figure 3): cross entropy in both directions, averaged.

use super::{Cost, Description, Line, Scalars};
use crate::compute::gpu::Kernel;

/// `InfoNCE`.
pub const LOSS: Description = Description {
    name: "infonce",
    title: "InfoNCE",
    about: "cross entropy of the positive among all candidates, mean of both directions (CLIP)",
    margin: None,
    scalars: Scalars::Temperature(0.07),
    by_order: false,
    warms: false,
    line,
    kernel: Kernel::LossInfonce,
};

fn line(line: &Line<'_>, gradient: &mut [f32]) -> Cost {
    let most = line.scores.iter().copied().fold(f32::MIN, f32::max);
    let mut sum = 0.0;
    for (g, &score) in gradient.iter_mut().zip(line.scores) {
        *g = ((score - most) * line.scale).exp();
        sum += *g;
    }
    // Half, for the mean of both directions.
    let share = 0.5 * line.scale / sum;
    let mut expected = 0.0;
    for (g, &score) in gradient.iter_mut().zip(line.scores) {
        *g *= share;
        expected += *g * (score - most);
    }
    let positive = line.positive() - most;
    gradient[line.own] -= 0.5 * line.scale;
    Cost {
        loss: 0.5 * (sum.ln() - line.scale * positive),
        scale: expected - 0.5 * line.scale * positive,
        offset: 0.0,
    }
}
