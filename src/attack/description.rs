//! The table of attacks: names, defaults, what each needs and can do.

use super::threat::{Norm, Threat};
use crate::compute::Band;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// An attack by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Random perturbations of the full size: the baseline.
    Noise,
    /// One step (Goodfellow et al., arXiv 1412.6572).
    Fgsm,
    /// Projected gradient ascent (Madry et al., arXiv 1706.06083).
    #[default]
    Pgd,
    /// PGD with momentum (Dong et al., arXiv 1710.06081).
    MiFgsm,
    /// Auto-PGD (Croce & Hein, arXiv 2003.01690).
    Apgd,
    /// Smallest l2 perturbation by Adam (Carlini & Wagner, arXiv 1608.04644).
    Cw,
    /// Smallest perturbation by linearisation (Moosavi-Dezfooli et al., arXiv 1511.04599).
    #[serde(rename = "deepfool")]
    DeepFool,
    /// Smallest perturbation on the boundary (Croce & Hein, arXiv 1907.02044).
    Fab,
    /// Steepest ascent in the Fourier-l-inf norm (Faghri et al., arXiv 2102.08868).
    Fourier,
    /// Random search with squares, by queries (Andriushchenko et al., arXiv 1912.00049).
    Square,
    /// Gradients estimated from antithetic normal noise, by queries (Ilyas et al., arXiv 1804.08598).
    Nes,
    /// Gradients estimated from random signs, by queries (Uesato et al., arXiv 1802.05666).
    Spsa,
    /// Random walk over DCT directions, by queries (Guo et al., arXiv 1905.07121).
    Simba,
    /// Walk along the boundary, by decisions alone (Chen et al., arXiv 1904.02144).
    HopSkipJump,
    /// One perturbation for all pictures (Moosavi-Dezfooli et al., arXiv 1610.08401).
    Universal,
    /// APGD on cross-entropy, targeted APGD, targeted FAB and Square, in `AutoAttack`'s order (arXiv 2003.01690).
    WorstCase,
}

impl Method {
    /// Every attack, in the order of menus.
    pub const ALL: [Self; 16] = [
        Self::Noise,
        Self::Fgsm,
        Self::Pgd,
        Self::MiFgsm,
        Self::Apgd,
        Self::Cw,
        Self::DeepFool,
        Self::Fab,
        Self::Fourier,
        Self::Square,
        Self::Nes,
        Self::Spsa,
        Self::Simba,
        Self::HopSkipJump,
        Self::Universal,
        Self::WorstCase,
    ];

    /// The name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Noise => "noise",
            Self::Fgsm => "fgsm",
            Self::Pgd => "pgd",
            Self::MiFgsm => "mi-fgsm",
            Self::Apgd => "apgd",
            Self::Cw => "cw",
            Self::DeepFool => "deepfool",
            Self::Fab => "fab",
            Self::Fourier => "fourier",
            Self::Square => "square",
            Self::Nes => "nes",
            Self::Spsa => "spsa",
            Self::Simba => "simba",
            Self::HopSkipJump => "hop-skip-jump",
            Self::Universal => "universal",
            Self::WorstCase => "worst-case",
        }
    }

    /// The name in menus.
    pub fn title(self) -> &'static str {
        match self {
            Self::Noise => "Random noise",
            Self::Fgsm => "FGSM",
            Self::Pgd => "PGD",
            Self::MiFgsm => "MI-FGSM",
            Self::Apgd => "APGD",
            Self::Cw => "Carlini & Wagner",
            Self::DeepFool => "DeepFool",
            Self::Fab => "FAB",
            Self::Fourier => "Fourier ascent",
            Self::Square => "Square",
            Self::Nes => "NES",
            Self::Spsa => "SPSA",
            Self::Simba => "SimBA-DCT",
            Self::HopSkipJump => "HopSkipJump",
            Self::Universal => "Universal",
            Self::WorstCase => "Worst case",
        }
    }

    /// One sentence for tooltips.
    pub fn about(self) -> &'static str {
        match self {
            Self::Noise => {
                "Random perturbations of the full size: what no adversary is needed for."
            }
            Self::Fgsm => "One step along the sign of the gradient.",
            Self::Pgd => "Steps uphill, each brought back into the ball.",
            Self::MiFgsm => "PGD along an average of gradients; transfers better to other models.",
            Self::Apgd => "PGD with momentum that halves its own step; needs no tuning.",
            Self::Cw => {
                "The smallest l2 perturbation by optimisation; counts where it fits the ball."
            }
            Self::DeepFool => {
                "The smallest perturbation by crossing the nearest linearised boundary."
            }
            Self::Fab => {
                "The smallest perturbation by projecting onto the linearised boundary, with restarts."
            }
            Self::Fourier => {
                "Steepest ascent on all frequencies alike, within the Fourier-l-inf ball."
            }
            Self::Square => "Random squares, kept where the score rises; needs no gradient.",
            Self::Nes => "Gradient estimated from pairs of noisy queries; needs no gradient.",
            Self::Spsa => "Gradient estimated from random signs; needs no gradient.",
            Self::Simba => {
                "One DCT direction after another, kept where the score rises; needs no gradient."
            }
            Self::HopSkipJump => {
                "Walks along the decision boundary; needs no scores, only decisions."
            }
            Self::Universal => "One perturbation for all pictures together.",
            Self::WorstCase => {
                "APGD, targeted APGD, multi-eps, FAB and Square in turn, stopping where one succeeds."
            }
        }
    }

    /// Does it need gradients? The others work on any model.
    pub fn needs_gradient(self) -> bool {
        !matches!(
            self,
            Self::Noise
                | Self::Square
                | Self::Nes
                | Self::Spsa
                | Self::Simba
                | Self::HopSkipJump
                | Self::WorstCase
        )
    }

    /// Does the loss of [`AttackSettings`] matter to it?
    pub fn takes_loss(self) -> bool {
        matches!(
            self,
            Self::Fgsm | Self::Pgd | Self::MiFgsm | Self::Apgd | Self::Fourier | Self::Universal
        )
    }

    /// Steps where none are asked for: gradient steps, or queries for those that have no gradient.
    pub fn default_steps(self) -> usize {
        match self {
            Self::Fgsm => 1,
            Self::Noise | Self::Pgd | Self::MiFgsm | Self::Universal => 10,
            Self::Apgd | Self::Fab | Self::WorstCase => 100,
            Self::Cw | Self::DeepFool | Self::Fourier => 50,
            Self::Square | Self::Simba | Self::HopSkipJump => 5_000,
            Self::Nes | Self::Spsa => 40,
        }
    }

    /// Does it look for the smallest perturbation, whatever the radius?
    pub fn is_minimal(self) -> bool {
        matches!(
            self,
            Self::Cw | Self::DeepFool | Self::Fab | Self::HopSkipJump
        )
    }

    /// Can it go on after its goal is reached, towards the strongest perturbation? Those that look for the smallest
    /// one or for the first success cannot.
    pub fn can_go_on(self) -> bool {
        matches!(
            self,
            Self::Noise
                | Self::Fgsm
                | Self::Pgd
                | Self::MiFgsm
                | Self::Apgd
                | Self::Fourier
                | Self::Nes
                | Self::Spsa
        )
    }

    /// The threat model it is made for, where it is made for one: `l-inf` becomes that.
    pub fn natural(self, threat: &Threat) -> Threat {
        match (self, threat.norm) {
            (Self::Fourier, Norm::Linf) => Threat {
                norm: Norm::Fourier(Band::ALL),
                ..threat.clone()
            },
            _ => threat.clone(),
        }
    }
}

impl FromStr for Method {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|m| m.name() == text);
        found.ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|m| m.name()).collect();
            Error::request(
                format!("there is no attack {text:?}"),
                format!("Choose one of {}.", names.join(", ")),
            )
        })
    }
}
