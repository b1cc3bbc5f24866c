//! Projected gradient ascent made for the Fourier-l-inf ball.

use super::pgd::Pgd;
use crate::attack::description::{Description, Needs, Parameter, Seeks, StepCost, Unit};
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
    needs: Needs::Gradient,
    seeks: Seeks::Strongest,
    norms: NORMS,
    linf_becomes: Some(Norm::Fourier(Band::ALL)),
    takes: &[Parameter::Loss, Parameter::Step, Parameter::Restarts],
    steps: 50,
    unit: Unit::Steps,
    step: Pgd::STEP,
    cost: Some(StepCost {
        gradients: 1,
        queries: 0,
    }),
    build: |p| {
        Box::new(Pgd {
            loss: p.loss,
            steps: p.steps,
            restarts: p.restarts,
            step: p.step,
            decay: None,
        })
    },
};
