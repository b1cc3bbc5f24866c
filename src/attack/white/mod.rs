//! Attacks that follow gradients, and random noise, which they must beat.

mod active;
mod apgd;
mod carlini_wagner;
mod deepfool;
mod fab;
mod fgsm;
mod fourier;
mod mi_fgsm;
mod multi_eps;
mod noise;
mod pgd;
mod plane;
mod smallest;
mod universal;

pub use apgd::Apgd;
pub use carlini_wagner::CarliniWagner;
pub use deepfool::DeepFool;
pub use fab::Fab;
pub use fgsm::Fgsm;
pub use multi_eps::MultiEps;
pub use noise::Random;
pub use pgd::Pgd;
pub use universal::{SharedDelta, Universal};

pub(super) use pgd::DESCRIPTION as PGD;
pub(super) use universal::DESCRIPTION as UNIVERSAL;

use super::description::Description;

/// The attacks of this folder, in the order of menus; [`UNIVERSAL`] comes after those by queries.
pub(super) const LIST: &[&Description] = &[
    &noise::DESCRIPTION,
    &fgsm::DESCRIPTION,
    &pgd::DESCRIPTION,
    &mi_fgsm::DESCRIPTION,
    &apgd::DESCRIPTION,
    &carlini_wagner::DESCRIPTION,
    &deepfool::DESCRIPTION,
    &fab::DESCRIPTION,
    &fourier::DESCRIPTION,
];
