//! The semi-hard hinge (`FaceNet`, arXiv 1503.03832, section 3.2).

use super::hinges::{add_one, hardest};
use super::{Cost, Description, Line, Scalars};
use crate::compute::gpu::Kernel;

/// Semi-hard.
pub const LOSS: Description = Description {
    name: "semi-hard",
    title: "Semi-hard",
    about: "hinge of the hardest negative that scores below the positive; 0 where none does (FaceNet, section 3.2)",
    margin: Some(0.2),
    scalars: Scalars::None,
    by_order: false,
    warms: false,
    line,
    kernel: Kernel::LossSemiHard,
};

fn line(line: &Line<'_>, gradient: &mut [f32]) -> Cost {
    gradient.fill(0.0);
    Cost {
        loss: add_one(line, hardest(line, line.positive()), 1.0, gradient),
        ..Cost::default()
    }
}
