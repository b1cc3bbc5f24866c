//! What is asked of an attack on a set: all that its figures depend on beside what was found.

use super::super::settings::AttackSettings;
use super::super::victim::{Goal, RankedGoal};
use super::figure::{Credit, Figure};
use crate::compute::Groups;
use crate::retrieval::Side;

/// What a [`super::SetRequest`] asks, without model, pictures and embeddings.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// What the attack wants.
    pub goal: Goal,
    /// The ranks to attack for.
    pub at: &'a [usize],
    /// The directions.
    pub sides: &'a [Side],
    /// The attack, with the threat model that it really keeps to.
    pub settings: &'a AttackSettings,
    /// Radii, rising.
    pub eps: &'a [f32],
    /// Ends the figures at the first radius at which nothing is left.
    pub adaptive: bool,
    /// The pictures to attack.
    pub images: &'a [usize],
    /// The captions of every picture of the set.
    pub groups: &'a Groups,
}

impl Asked<'_> {
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
            self.at.to_vec()
        } else {
            vec![1]
        }
    }

    /// Whose queries are attacked.
    pub(super) fn kinds(&self) -> Vec<Side> {
        if self.goal == Goal::Lose {
            self.sides.to_vec()
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
