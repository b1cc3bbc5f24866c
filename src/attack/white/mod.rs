//! Attacks that follow gradients, and random noise, which they must beat.

mod apgd;
mod carlini_wagner;
mod deepfool;
mod fab;
mod fgsm;
mod active;
mod multi_eps;
mod pgd;
mod plane;
mod noise;
mod smallest;
mod universal;

pub use apgd::Apgd;
pub use carlini_wagner::CarliniWagner;
pub use deepfool::DeepFool;
pub use fab::Fab;
pub use fgsm::Fgsm;
pub use multi_eps::MultiEps;
pub use pgd::Pgd;
pub use noise::Random;
pub use universal::{SharedDelta, Universal};
