//! The sum of hinges (VSE++ eq. 3): every negative within the margin pulls.

use super::hinges::add_sum;
use super::{Cost, Description, Line, Scalars};
use crate::compute::gpu::Kernel;

/// SH.
pub const LOSS: Description = Description {
    name: "sh",
    title: "SH",
    about: "sum of hinges: every negative within the margin pulls (VSE++ eq. 3)",
    margin: Some(0.2),
    scalars: Scalars::None,
    by_order: false,
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
