//! The losses that gradient attacks maximise: names, and how many scores each compares.

use crate::names::named;
use serde::{Deserialize, Serialize};

/// Which loss a gradient attack maximises.
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
    /// Targeted DLR, towards each of the strongest runner-up classes in turn.
    TargetedDlr,
    /// The margin of one class, towards each of the strongest runner-up classes in turn.
    TargetedMargin,
}

/// Each loss with its name on the command line, its name in menus, and what it is.
const LOSSES: [(Loss, &str, &str, &str); 5] = [
    (
        Loss::Margin,
        "margin",
        "margin",
        "The score of what is wrong less that of what is right",
    ),
    (
        Loss::CrossEntropy,
        "ce",
        "cross-entropy",
        "Minus the logarithm of the softmax of what is right",
    ),
    (
        Loss::Dlr,
        "dlr",
        "DLR",
        "The margin over the spread of the highest scores",
    ),
    (
        Loss::TargetedDlr,
        "targeted-dlr",
        "targeted DLR",
        "DLR towards each of the strongest wrong classes in turn",
    ),
    (
        Loss::TargetedMargin,
        "targeted-margin",
        "targeted margin",
        "The margin of each of the strongest wrong classes in turn",
    ),
];

named!(
    Loss,
    "loss",
    LOSSES,
    |a, b| a == b,
    "What it is, in a few words."
);

impl Loss {
    /// Scores that it compares, at least.
    pub fn compares(self) -> usize {
        match self {
            Self::Margin => 1,
            Self::CrossEntropy | Self::TargetedMargin => 2,
            Self::Dlr => 3,
            Self::TargetedDlr => 4,
        }
    }

    /// Is it taken towards one class at a time?
    pub fn is_targeted(self) -> bool {
        matches!(self, Self::TargetedDlr | Self::TargetedMargin)
    }
}
