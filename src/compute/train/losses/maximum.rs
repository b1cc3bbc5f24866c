//! The maximum of hinges (VSE++ eq. 4): the hardest negative alone pulls.

use super::hinges::{add_one, hardest};
use super::{Cost, Description, Line, Scalars};
use crate::compute::gpu::Kernel;

/// MH.
pub const LOSS: Description = Description {
    name: "mh",
    title: "MH",
    about: "maximum of hinges: the hardest negative of the batch alone pulls (VSE++ eq. 4)",
    margin: Some(0.2),
    scalars: Scalars::None,
    by_order: false,
    warms: false,
    line,
    kernel: Kernel::LossMaximum,
};

fn line(line: &Line<'_>, gradient: &mut [f32]) -> Cost {
    gradient.fill(0.0);
    Cost {
        loss: add_one(line, hardest(line, f32::INFINITY), 1.0, gradient),
        ..Cost::default()
    }
}
