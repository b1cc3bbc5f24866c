//! The figures that an attack on a set is for, and what stands for each at each radius.

use super::super::victim::{Goal, RankedGoal};
use super::SetRequest;
use super::checkpoint::{FoundPerturbation, UnitDone};
use crate::retrieval::Side;
use std::fmt;

/// Recall at `k` of one direction: what an attack takes away from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    /// Whose queries: images look for captions, or captions for images.
    pub side: Side,
    /// The rank, from 1.
    pub k: usize,
}

impl Figure {
    /// The direction's name in JSON and on the command line.
    pub fn direction(&self) -> &'static str {
        direction(self.side)
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrow = match self.side {
            Side::Image => "I\u{2192}T",
            Side::Text => "T\u{2192}I",
        };
        write!(f, "{arrow} R@{}", self.k)
    }
}

/// A direction of retrieval by its name: `i2t` or `t2i`.
pub fn direction(side: Side) -> &'static str {
    match side {
        Side::Image => "i2t",
        Side::Text => "t2i",
    }
}

impl SetRequest {
    /// The ranks attacked for where none are asked for: those of a retrieval paper.
    pub const AT: [usize; 3] = [1, 5, 10];
    /// Both directions.
    pub const SIDES: [Side; 2] = [Side::Image, Side::Text];

    /// The figures that are attacked for: one for each direction and rank where right ones are to be lost; none for
    /// other goals, which no recall follows from.
    pub fn figures(&self) -> Vec<Figure> {
        if self.goal != Goal::Lose {
            return Vec::new();
        }
        let of = |&side: &Side| self.at.iter().map(move |&k| Figure { side, k });
        self.sides.iter().flat_map(of).collect()
    }

    /// The ranks that a unit is attacked at; one for goals that know none.
    pub(super) fn ks(&self) -> Vec<usize> {
        if self.goal == Goal::Lose {
            self.at.clone()
        } else {
            vec![1]
        }
    }

    /// Whose queries are attacked.
    pub(super) fn kinds(&self) -> Vec<Side> {
        if self.goal == Goal::Lose {
            self.sides.clone()
        } else {
            vec![Side::Image]
        }
    }

    /// What an attack on a query of `side` at rank `k` wants.
    pub(super) fn aim(&self, side: Side, k: usize) -> RankedGoal {
        match (self.goal, side) {
            (Goal::Lose, Side::Image) => RankedGoal::Lose { k },
            (Goal::Lose, Side::Text) => RankedGoal::Hide { k },
            (other, _) => other.into(),
        }
    }

    /// Do the ranks of a direction share one search? The score of a caption with its picture is all that depends on the
    /// pixels in text to image: the gradient is the same for every rank, and the search for the deepest one goes
    /// through the points that those for the others end at. Not where the size of the perturbation is what counts.
    pub(super) fn shares_ranks(&self, side: Side) -> bool {
        side == Side::Text && !self.settings.method.is_minimal()
    }

    /// Which perturbations count at a radius.
    pub(super) fn credit(&self) -> Credit {
        if self.settings.method.is_shared() {
            Credit::Only
        } else if self.settings.method.is_minimal() {
            Credit::Within
        } else {
            Credit::UpTo
        }
    }
}

/// Which of the perturbations found count at a radius.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credit {
    /// Those made at it or at a smaller one.
    UpTo,
    /// Those whose size, measured in the norm, is within it.
    Within,
    /// The one made at it for this rank alone, whether it succeeds or not: one perturbation for all pictures.
    Only,
}

/// What may be off by rounding in a perturbation that fills its ball.
const ROUNDING: f32 = 1.0 + 1e-5;

impl Credit {
    /// Does `find` count at the radius `eps` for rank number `nth`?
    fn counts(self, find: &FoundPerturbation, nth: usize, eps: f32) -> bool {
        match self {
            Self::UpTo => find.eps <= eps,
            Self::Within => find.norm.is_none_or(|norm| norm <= eps * ROUNDING),
            Self::Only => find.eps == eps && find.made_for == Some(nth),
        }
    }
}

impl UnitDone {
    /// The perturbation that stands for rank number `nth` at radius `eps`: the first (the smallest, where size counts)
    /// of those that count and pass `is`.
    fn first(
        &self,
        credit: Credit,
        eps: f32,
        nth: usize,
        is: impl Fn(&FoundPerturbation) -> bool,
    ) -> Option<usize> {
        let counting = self.finds.iter().enumerate();
        let mut counting = counting.filter(|(_, f)| credit.counts(f, nth, eps) && is(f));
        let size = |f: &FoundPerturbation| f.norm.unwrap_or(f.size.l2);
        let found = if credit == Credit::Within {
            counting.min_by(|(_, a), (_, b)| size(a).total_cmp(&size(b)))
        } else {
            counting.next()
        };
        found.map(|(at, _)| at)
    }

    /// The perturbation that breaks rank number `nth` at radius `eps`.
    pub(super) fn exact(&self, credit: Credit, eps: f32, nth: usize) -> Option<usize> {
        self.first(credit, eps, nth, |f| f.reached[nth])
    }

    /// The same after rounding to 8 bits.
    pub(super) fn saved(&self, credit: Credit, eps: f32, nth: usize) -> Option<usize> {
        self.first(credit, eps, nth, |f| f.saved_reached[nth])
    }

    /// What is shown for rank number `nth` at radius `eps`: the perturbation that breaks it, else the last that was
    /// tried for it.
    pub(super) fn shown(&self, credit: Credit, eps: f32, nth: usize) -> Option<usize> {
        self.exact(credit, eps, nth).or_else(|| {
            let tried =
                |f: &FoundPerturbation| f.tried_for.contains(&nth) && credit.counts(f, nth, eps);
            self.finds.iter().rposition(tried)
        })
    }

    /// Is rank number `nth` lost at radius `eps`?
    pub(super) fn broken(&self, credit: Credit, eps: f32, nth: usize) -> bool {
        let found = self.exact(credit, eps, nth).is_some();
        found || (credit != Credit::Only && self.before.reached[nth])
    }

    /// The same after rounding to 8 bits.
    pub(super) fn broken_saved(&self, credit: Credit, eps: f32, nth: usize) -> bool {
        let found = self.saved(credit, eps, nth).is_some();
        found || (credit != Credit::Only && self.before.reached[nth])
    }
}
