//! The pairwise sigmoid loss of SigLIP (arXiv 2303.15343, algorithm 1).

use super::{Cost, Description, Line, Scalars};
use crate::compute::gpu::Kernel;

/// `SigLIP`.
pub const LOSS: Description = Description {
    name: "siglip",
    title: "SigLIP",
    about: "pairwise sigmoid: each pair of the batch is told right or wrong by itself; scale and offset are trained (SigLIP)",
    margin: None,
    scalars: Scalars::Trained {
        scale: 10.0,
        offset: -10.0,
    },
    by_order: false,
    warms: false,
    line,
    kernel: Kernel::LossSiglip,
};

fn line(line: &Line<'_>, gradient: &mut [f32]) -> Cost {
    let mut cost = Cost::default();
    for (j, (g, &score)) in gradient.iter_mut().zip(line.scores).enumerate() {
        let logit = line.scale * score + line.offset;
        // log(1 + exp(z)) with z the logit of being told wrong; half, since each pair stands in two lines.
        let sign = if j == line.own { -1.0 } else { 1.0 };
        let z = sign * logit;
        let small = (-z.abs()).exp();
        cost.loss += 0.5 * (z.max(0.0) + small.ln_1p());
        let wrong = if z > 0.0 { 1.0 } else { small } / (1.0 + small);
        let slope = 0.5 * sign * wrong;
        *g = slope * line.scale;
        cost.scale += *g * score;
        cost.offset += slope;
    }
    cost
}
