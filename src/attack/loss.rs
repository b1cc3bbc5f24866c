//! The losses that gradient attacks climb: names, and how many scores each compares.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

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
    /// Targeted DLR, towards each of the strongest runner-ups in turn.
    TargetedDlr,
    /// The margin of one class, towards each of the strongest runner-ups in turn.
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

    /// Its name in menus.
    pub fn title(self) -> &'static str {
        let found = Self::ALL.iter().find(|l| l.0 == self);
        found.map_or("", |l| l.2)
    }

    /// Scores that it compares, at least.
    pub fn compares(self) -> usize {
        match self {
            Self::Margin => 1,
            Self::CrossEntropy | Self::TargetedMargin => 2,
            Self::Dlr => 3,
            Self::TargetedDlr => 4,
        }
    }

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
