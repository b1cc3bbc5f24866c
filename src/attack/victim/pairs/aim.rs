//! What an attack on pictures wants, and where each picture stands by it.

use super::{OWN, Set, no_such};
use crate::attack::loss::Loss;
use crate::compute::{Embeddings, cosine};
use crate::error::{Error, Result};
use crate::names::named;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// What an attack on a picture wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Goal {
    /// Some wrong caption ranks before every right one: right is the best of the picture's own captions, wrong the
    /// hardest of all others.
    #[default]
    Lose,
    /// A chosen caption ranks first: wrong is that one, right the best of all others.
    Win,
    /// The embedding comes nearer to that of another picture than to its own: wrong is the cosine to the other, right
    /// that to its own without perturbation.
    Match,
    /// The embedding leaves its place: right is the cosine to its own without perturbation, wrong is 0.5.
    Away,
}

/// Each goal with its name on the command line, its name in menus, and when it is reached.
const GOALS: [(Goal, &str, &str, &str); 4] = [
    (
        Goal::Lose,
        "lose",
        "lose the right caption",
        "Some wrong caption ranks before every right one; the hardest of all is found anew in each step",
    ),
    (
        Goal::Win,
        "win",
        "make a caption win",
        "The target ranks first among all captions",
    ),
    (
        Goal::Match,
        "match",
        "match another picture",
        "The embedding comes nearer to another picture's than to its own",
    ),
    (
        Goal::Away,
        "away",
        "push the embedding away",
        "The embedding leaves its place: cosine to itself below 0.5",
    ),
];

named!(
    Goal,
    "goal",
    GOALS,
    |a, b| a == b,
    "When it is reached, in one sentence without its full stop."
);

/// A [`Goal`] with the rank at which it counts as reached, for either direction of retrieval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RankedGoal {
    /// Image to text: the best right caption falls below the `k`-th best wrong one. Right is the score of that, wrong
    /// the score of this; a tie counts as reached.
    Lose {
        /// The rank, from 1.
        k: usize,
    },
    /// Text to image: a caption of the picture's own no longer finds it among its first `k`. Right is the score of
    /// caption and picture, wrong the `k`-th best of the caption with the other pictures, unperturbed.
    Hide {
        /// The rank, from 1.
        k: usize,
    },
    /// As [`Goal::Win`].
    Win,
    /// As [`Goal::Match`].
    Match,
    /// As [`Goal::Away`].
    Away,
}

impl From<Goal> for RankedGoal {
    fn from(goal: Goal) -> Self {
        match goal {
            Goal::Lose => Self::Lose { k: 1 },
            Goal::Win => Self::Win,
            Goal::Match => Self::Match,
            Goal::Away => Self::Away,
        }
    }
}

impl RankedGoal {
    /// The wrong captions that outrank the right ones already where the goal is nearly reached: those above the one
    /// that is compared.
    pub(super) fn passed_over(self) -> usize {
        match self {
            Self::Lose { k } => k.saturating_sub(1),
            _ => 0,
        }
    }

    /// Captions that a gradient looks at: the picture's own, and the hardest of the rest, found anew in each step.
    pub(super) fn candidates(self) -> usize {
        (OWN + self.passed_over() + 15).next_power_of_two().max(32)
    }

    /// Why `loss` means nothing for a set with so many captions; `None` where it does.
    pub(super) fn refuses(self, loss: Loss, captions: usize) -> Option<String> {
        let compared = match self {
            Self::Lose { .. } | Self::Win => captions,
            // Of all scores only one depends on the pixels: every loss has its gradient's direction.
            Self::Hide { .. } => return None,
            Self::Match => 2,
            Self::Away => 1,
        };
        let title = loss.title();
        if loss.is_targeted() && !matches!(self, Self::Lose { .. }) {
            return Some(format!(
                "the loss {title} goes for one wrong caption after the other; this goal knows none"
            ));
        }
        (compared < loss.compares()).then(|| {
            format!(
                "the loss {title} compares {} scores, there {} {compared}",
                loss.compares(),
                if compared == 1 { "is" } else { "are" },
            )
        })
    }
}

/// One picture's part of the aim.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Row {
    /// The captions that are right; may be empty unless they are to be lost.
    pub own: Range<usize>,
    /// The caption that is to win or that is not to find the picture, or the row of `images` to match.
    pub target: usize,
    /// The score to fall below, for [`RankedGoal::Hide`].
    pub bar: f32,
}

impl Row {
    /// Picture `image` of `set`.
    pub fn new(set: &Set, aim: RankedGoal, image: usize, target: usize) -> Result<Self> {
        if image >= set.embedded.groups.images() {
            return Err(no_such("picture", image, set.embedded.groups.images()));
        }
        let own = set.embedded.groups.range(image);
        let (what, limit) = match aim {
            RankedGoal::Win | RankedGoal::Hide { .. } => ("caption", set.embedded.texts.rows()),
            _ => ("picture", set.embedded.images.rows()),
        };
        let aimed = matches!(
            aim,
            RankedGoal::Win | RankedGoal::Match | RankedGoal::Hide { .. }
        );
        if aimed && target >= limit {
            return Err(no_such(what, target, limit));
        }
        if matches!(aim, RankedGoal::Lose { .. })
            && (own.is_empty() || own.len() >= set.embedded.texts.rows())
        {
            return Err(Error::request(
                format!("picture {image} has no right caption to lose, or no wrong one"),
                "Choose another goal for it: make a caption win, or push the embedding away.",
            ));
        }
        let bar = match aim {
            RankedGoal::Hide { k } => kth(
                other_scores(&set.embedded.images, set.embedded.texts.row(target), image),
                k,
            ),
            _ => 0.0,
        };
        Ok(Self { own, target, bar })
    }
}

/// Scores of the caption `text` with every row of `images` but `own`, in their order.
pub(in crate::attack) fn other_scores(images: &Embeddings, text: &[f32], own: usize) -> Vec<f32> {
    let rows = (0..images.rows()).into_par_iter();
    let others = rows.filter(|&i| i != own);
    others.map(|i| cosine(images.row(i), text)).collect()
}

/// The `k`-th largest of `scores`, from 1; negative infinity where there are not so many.
fn kth(mut scores: Vec<f32>, k: usize) -> f32 {
    if k == 0 || k > scores.len() {
        return f32::NEG_INFINITY;
    }
    *scores
        .select_nth_unstable_by(k - 1, |a, b| b.total_cmp(a))
        .1
}
