//! MI-FGSM: projected gradient ascent with momentum.

use super::pgd::Pgd;
use crate::attack::description::{Description, Needs, Parameter, Seeks, StepCost, Unit};
use crate::attack::threat::Norm;

/// What the attack says of itself.
pub const DESCRIPTION: Description = Description {
    name: "mi-fgsm",
    title: "MI-FGSM",
    about: "PGD along an average of gradients; transfers better to other models.",
    source: "Dong et al., arXiv 1710.06081",
    needs: Needs::Gradient,
    seeks: Seeks::Strongest,
    norms: &Norm::ALL,
    linf_becomes: None,
    takes: &[Parameter::Loss, Parameter::Step, Parameter::Restarts],
    steps: 10,
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
            decay: Some(1.0),
        })
    },
};
