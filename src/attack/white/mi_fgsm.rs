//! MI-FGSM: projected gradient ascent with momentum.

use super::pgd::{self, Pgd};
use crate::attack::description::Description;

/// What the attack says of itself.
pub const DESCRIPTION: Description = Description {
    name: "mi-fgsm",
    title: "MI-FGSM",
    about: "PGD along an average of gradients; transfers better to other models.",
    source: "Dong et al., arXiv 1710.06081",
    build: |p| {
        Box::new(Pgd {
            decay: Some(1.0),
            ..Pgd::of(p)
        })
    },
    ..pgd::DESCRIPTION
};
