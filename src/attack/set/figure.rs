//! The figures that an attack on a set is for, and what stands for each at each radius.

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
