//! Projected gradient ascent made for the Fourier-l-inf ball.

use super::pgd;
use crate::attack::description::Description;
use crate::attack::threat::Norm;
use crate::compute::Band;

/// The norms with a radius.
const NORMS: &[Norm] = &[
    Norm::Linf,
    Norm::L2,
    Norm::L1,
    Norm::L0,
    Norm::Fourier(Band::ALL),
];

/// What the attack says of itself.
pub const DESCRIPTION: Description = Description {
    name: "fourier",
    title: "Fourier ascent",
    about: "Steepest ascent on all frequencies alike, within the Fourier-l-inf ball.",
    source: "Faghri et al., arXiv 2102.08868",
    norms: NORMS,
    linf_becomes: Some(Norm::Fourier(Band::ALL)),
    steps: 50,
    ..pgd::DESCRIPTION
};
