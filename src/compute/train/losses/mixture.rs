//! The mixture that warms the sum of hinges up into their maximum.

use super::hinges::{add_one, add_sum, hardest};
use super::{Cost, Description, Line, Scalars};
use crate::compute::gpu::Kernel;

/// SH to MH.
pub const LOSS: Description = Description {
    name: "mixture",
    title: "SH to MH",
    about: "(1 - w) SH + w MH, where w rises from 0 to 1 while the loss warms up (VSE++ eq. 3 and 4)",
    margin: Some(0.2),
    scalars: Scalars::None,
    by_order: false,
    warms: true,
    line,
    kernel: Kernel::LossMixture,
};

fn line(line: &Line<'_>, gradient: &mut [f32]) -> Cost {
    gradient.fill(0.0);
    let sum = add_sum(line, 1.0 - line.warmth, gradient);
    let most = add_one(line, hardest(line, f32::INFINITY), line.warmth, gradient);
    Cost {
        loss: sum + most,
        ..Cost::default()
    }
}
