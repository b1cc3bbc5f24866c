//! Order embeddings (arXiv 1511.06361): the sum of hinges of how far a caption is from lying below its image.

use super::hinges::add_sum;
use super::{Cost, Description, Line, Scalars};
use crate::compute::gpu::Kernel;

/// Order embeddings.
pub const LOSS: Description = Description {
    name: "order",
    title: "Order",
    about: "sum of hinges of order violations, score = -|max(0, caption - image)|^2 of the sizes of unit entries (order embeddings, eq. 2 and 5)",
    margin: Some(0.05),
    scalars: Scalars::None,
    by_order: true,
    warms: false,
    line,
    kernel: Kernel::LossSum,
};

fn line(line: &Line<'_>, gradient: &mut [f32]) -> Cost {
    gradient.fill(0.0);
    Cost {
        loss: add_sum(line, 1.0, gradient),
        ..Cost::default()
    }
}
