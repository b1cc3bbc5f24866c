//! Which captions the gradient of a picture looks at, and what is right and wrong among them.

use super::super::AscentLoss;
use super::{OWN, Pairs, RankedGoal};
use crate::grad::{Form, Objective};

/// Divisor of cosines in the cross-entropy, as CLIP learns it.
const TEMPERATURE: f32 = 0.01;

/// Vectors `[K, dim]` of some captions and the marks of [`Objective::Contest`].
pub(super) struct CandidateSet {
    pub vectors: Vec<f32>,
    pub right: Vec<f32>,
    pub wrong: Vec<f32>,
}

impl Pairs {
    /// The captions that the gradient of a row looks at, `count` of them, with what is right and wrong among them.
    pub(super) fn candidate_set(
        &self,
        row: usize,
        count: usize,
        only: Option<u32>,
    ) -> CandidateSet {
        let (own, target) = (&self.rows[row].own, self.rows[row].target);
        let is_own = |j: usize| own.contains(&j);
        let chosen = match self.aim {
            RankedGoal::Win => Some(target),
            _ => only.map(|j| j as usize),
        };
        let mut captions: Vec<usize> = chosen.into_iter().collect();
        let near = || self.near[row].iter().map(|h| h.index as usize);
        // Equal captions would make a ratio of differences meaningless.
        let alike = |a: usize, b: usize| {
            a == b || (is_own(a) == is_own(b) && self.texts.row(a) == self.texts.row(b))
        };
        let mut add = |j: usize| {
            if captions.len() < count && !captions.iter().any(|&c| alike(c, j)) {
                captions.push(j);
            }
        };
        if let RankedGoal::Lose { .. } = self.aim {
            // The best of its own, then the rest of them where none is near.
            near()
                .filter(|&j| is_own(j))
                .chain(own.clone())
                .take(OWN)
                .for_each(&mut add);
            near().filter(|&j| !is_own(j)).for_each(&mut add);
        } else {
            near().for_each(&mut add);
        }
        (0..self.texts.rows()).for_each(&mut add);
        // Every row needs as many: where there are not, the first once more.
        let short = count.min(self.texts.rows()).saturating_sub(captions.len());
        captions.extend(std::iter::repeat_n(captions[0], short));
        let mark = |is: &dyn Fn(usize) -> bool| -> Vec<f32> {
            let value = |&j: &usize| if is(j) { 0.0 } else { Objective::UNMARKED };
            captions.iter().map(value).collect()
        };
        // The best of what is left without the wrong ones above it is the one that is compared.
        let above: Vec<usize> = near()
            .filter(|&j| !is_own(j))
            .take(self.aim.passed_over())
            .collect();
        let (right, wrong) = match (self.aim, chosen) {
            (RankedGoal::Win, _) => (mark(&|j| j != target), mark(&|j| j == target)),
            (_, Some(k)) => (mark(&is_own), mark(&|j| j == k)),
            _ => (mark(&is_own), mark(&|j| !is_own(j) && !above.contains(&j))),
        };
        CandidateSet {
            vectors: captions
                .iter()
                .flat_map(|&j| self.texts.row(j))
                .copied()
                .collect(),
            right,
            wrong,
        }
    }

    /// The candidate set of a row that is to match another picture: its own embedding and the other one.
    pub(super) fn two_pictures(&self, row: usize) -> CandidateSet {
        CandidateSet {
            vectors: [self.clean[row].as_slice(), &self.wanted[row]].concat(),
            right: vec![0.0, Objective::UNMARKED],
            wrong: vec![Objective::UNMARKED, 0.0],
        }
    }

    /// The candidate set of a picture that a caption is not to find: the scores of the other pictures do not depend on it, so
    /// that its own is compared with 0. Filled up with zeros, so that the graph is that of the other direction.
    pub(super) fn own_score_alone(&self, caption: usize) -> CandidateSet {
        let count = self.aim.candidates();
        let text = self.texts.row(caption);
        let mut vectors = vec![0.0; count * text.len()];
        vectors[..text.len()].copy_from_slice(text);
        let mut right = vec![Objective::UNMARKED; count];
        right[0] = 0.0;
        let mut wrong = vec![0.0; count];
        wrong[0] = Objective::UNMARKED;
        CandidateSet {
            vectors,
            right,
            wrong,
        }
    }

    pub(super) fn form(&self, ascent: AscentLoss<'_>, count: usize) -> Form {
        match (self.aim, ascent) {
            (RankedGoal::Hide { .. }, _) => Form::Gap,
            (aim, AscentLoss::CrossEntropy) => Form::Entropy {
                temperature: TEMPERATURE,
                towards: !matches!(aim, RankedGoal::Lose { .. }),
            },
            (_, AscentLoss::Dlr) if count >= 3 => Form::Ratio,
            (_, AscentLoss::TargetedDlr(_)) if count >= 4 => Form::RatioTo,
            _ => Form::Gap,
        }
    }
}
