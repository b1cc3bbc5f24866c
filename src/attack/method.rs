//! The table of attacks: names, defaults, and how each is made from what the user chose.

use super::Attack;
use super::query::{HopSkipJump, Nes, Simba, Spsa, SquareAttack};
use super::threat::{Norm, Threat};
use super::white::{Apgd, CarliniWagner, DeepFool, Fab, Fgsm, Pgd, Random, Universal};
use super::worst_case::WorstCase;
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

    /// Does the loss of [`Settings`] matter to it?
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

/// Which loss a gradient attack climbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// The margin between wrong and right.
    #[default]
    Margin,
    /// Cross-entropy.
    CrossEntropy,
    /// Difference of logits ratio.
    Dlr,
    /// Targeted DLR, towards each of the strongest rivals in turn.
    TargetedDlr,
    /// The margin of one class, towards each of the strongest rivals in turn.
    TargetedMargin,
}

impl Loss {
    /// Every loss, with its name on the command line and in menus.
    pub const ALL: [(Self, &str, &str); 5] = [
        (Self::Margin, "margin", "margin"),
        (Self::CrossEntropy, "ce", "cross-entropy"),
        (Self::Dlr, "dlr", "DLR"),
        (Self::TargetedDlr, "targeted-dlr", "targeted DLR"),
        (Self::TargetedMargin, "targeted-margin", "targeted margin"),
    ];

    /// Does it go for one class at a time?
    pub fn is_targeted(self) -> bool {
        matches!(self, Self::TargetedDlr | Self::TargetedMargin)
    }
}

impl FromStr for Loss {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|(_, name, _)| *name == text);
        found.map(|(loss, _, _)| loss).ok_or_else(|| {
            Error::request(
                format!("there is no loss {text:?}"),
                "Choose margin, ce, dlr, targeted-dlr or targeted-margin.",
            )
        })
    }
}

/// All parameters of an attack: with the model and the pictures they reproduce a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Which attack.
    pub method: Method,
    /// What may be changed.
    pub threat: Threat,
    /// What gradient attacks climb; others have their own.
    pub loss: Loss,
    /// Steps (or queries); `None` for the attack's default.
    pub steps: Option<usize>,
    /// Size of a step as a share of epsilon, where the attack takes one; `None` for its default.
    pub step: Option<f32>,
    /// Independent starts, from 1.
    pub restarts: usize,
    /// Goes on to the last step though the goal is reached: the strongest perturbation, rather than the first that
    /// does. See [`Method::can_go_on`].
    pub full: bool,
    /// Seed of every random number.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            method: Method::default(),
            threat: Threat::default(),
            loss: Loss::default(),
            steps: None,
            step: None,
            restarts: 1,
            full: false,
            seed: 0,
        }
    }
}

impl Settings {
    /// Steps that will be done.
    pub fn steps(&self) -> usize {
        self.steps.unwrap_or(self.method.default_steps()).max(1)
    }

    /// The attack itself.
    pub fn attack(&self) -> Box<dyn Attack> {
        let (steps, loss) = (self.steps(), self.loss);
        let restarts = self.restarts.max(1);
        match self.method {
            Method::Noise => Box::new(Random { draws: steps }),
            Method::Fgsm => Box::new(Fgsm { loss }),
            Method::Pgd | Method::Fourier => Box::new(Pgd {
                loss,
                steps,
                restarts,
                step: self.step.unwrap_or(Pgd::STEP),
                decay: None,
            }),
            Method::MiFgsm => Box::new(Pgd {
                loss,
                steps,
                restarts,
                step: self.step.unwrap_or(Pgd::STEP),
                decay: Some(1.0),
            }),
            Method::Apgd => Box::new(Apgd {
                loss,
                steps,
                restarts,
                targets: Apgd::TARGETS,
            }),
            Method::Cw => Box::new(CarliniWagner {
                steps,
                ..CarliniWagner::default()
            }),
            Method::DeepFool => Box::new(DeepFool {
                steps,
                ..DeepFool::default()
            }),
            Method::Fab => Box::new(Fab {
                steps,
                restarts,
                ..Fab::default()
            }),
            Method::Square => Box::new(SquareAttack {
                queries: steps,
                restarts,
                ..SquareAttack::default()
            }),
            Method::Nes => Box::new(Nes {
                steps,
                step: self.step.unwrap_or(Pgd::STEP),
                ..Nes::default()
            }),
            Method::Spsa => Box::new(Spsa {
                steps,
                step: self.step.unwrap_or(Pgd::STEP),
                ..Spsa::default()
            }),
            Method::Simba => Box::new(Simba {
                queries: steps,
                ..Simba::default()
            }),
            Method::HopSkipJump => Box::new(HopSkipJump {
                queries: steps,
                ..HopSkipJump::default()
            }),
            Method::Universal => Box::new(Universal {
                loss,
                epochs: steps,
                step: self.step.unwrap_or(Pgd::STEP),
            }),
            Method::WorstCase => Box::new(WorstCase {
                steps,
                restarts,
                ..WorstCase::default()
            }),
        }
    }
}
