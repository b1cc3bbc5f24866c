//! Attacks that follow gradients, and random noise, which they must beat.

mod apgd;
mod carlini_wagner;
mod deepfool;
mod fab;
mod fgsm;
mod front;
mod multi_eps;
mod pgd;
mod plane;
mod random;
mod smallest;
mod universal;

pub use apgd::Apgd;
pub use carlini_wagner::CarliniWagner;
pub use deepfool::DeepFool;
pub use fab::Fab;
pub use fgsm::Fgsm;
pub use multi_eps::MultiEps;
pub use pgd::Pgd;
pub use random::Random;
pub use universal::{SharedDelta, Universal};
