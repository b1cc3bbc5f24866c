//! How a candidate stands to the right ones, as signs in words: colour alone says nothing.

use crate::compute::Hit;
use crate::desktop::core::{Above, AnswerView};
use crate::desktop::shell::theme::Tokens;
use crate::retrieval::Side;
use egui::Color32;

/// How a candidate stands to the right ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// Is it right? `None` where no answer is known to be right.
    right: Option<bool>,
    /// Is it the first of the wrong ones?
    hardest: bool,
    above: Option<Above>,
    same_text: bool,
    of: Side,
}

/// A sign: what it says, whether that is good, and what it means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sign {
    /// A word or a few.
    pub text: &'static str,
    /// Is it of a right one?
    pub good: bool,
    /// What it means; empty where it needs no explanation.
    pub hint: &'static str,
}

impl Sign {
    const fn bad(text: &'static str, hint: &'static str) -> Self {
        Self {
            text,
            good: false,
            hint,
        }
    }
}

impl Standing {
    /// Of a candidate of `answer`; `hardest`: it is the first of the wrong ones.
    pub fn of(answer: &AnswerView, hit: Hit, hardest: bool) -> Self {
        let known = !answer.positives.is_empty();
        let right = known.then(|| answer.is_right(&hit));
        let wrong = right == Some(false);
        Self {
            right,
            hardest: hardest && wrong,
            above: answer.above(&hit),
            same_text: wrong && answer.says_the_same(&hit),
            of: answer.of,
        }
    }

    /// Is it right?
    pub fn is_right(self) -> bool {
        self.right == Some(true)
    }

    /// Is it wrong, with nothing else to say of it?
    pub fn is_plainly_wrong(self) -> bool {
        self.right == Some(false) && self.signs().is_empty()
    }

    /// Its signs, the most important first.
    pub fn signs(self) -> Vec<Sign> {
        const HIGHER: &str = "It is wrong and scores higher than the best right one, so it moves the rank down by one.";
        const TIED: &str = "It is wrong and scores as good as the same as the best right one. A tie counts against the right one, so it moves the rank down by one wherever it is listed.";
        const CAPTION: &str = "It has the same words as a right caption but belongs to another image: in ranks and recall it counts as wrong all the same.";
        const IMAGE: &str = "A caption of this image has the same words as the query, which belongs to another image: in ranks and recall it counts as wrong all the same.";
        let above = self.above.map(|above| match above {
            Above::Higher => Sign::bad("above the right one", HIGHER),
            Above::Tied => Sign::bad("tied, counts as above", TIED),
        });
        let hint = "The wrong candidate that scores highest.";
        let hardest = self.hardest.then_some(Sign::bad("hardest negative", hint));
        let same = self.same_text.then_some(match self.of {
            Side::Text => Sign::bad("same text as a right one", CAPTION),
            Side::Image => Sign::bad("has the query's text", IMAGE),
        });
        let right = self.is_right().then_some(Sign {
            text: "right",
            good: true,
            hint: "",
        });
        let all = [right, hardest, above, same];
        all.into_iter().flatten().collect()
    }

    /// What its signs mean, a sentence or two on each line; `None` where nothing needs an explanation.
    pub fn hints(self) -> Option<String> {
        let signs = self.signs();
        let said: Vec<&str> = signs.iter().map(|sign| sign.hint).collect();
        let text = said.join("\n");
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Its signs, as what follows its name.
    pub fn said(self) -> String {
        let signs = self.signs();
        let mut words: Vec<&str> = signs.iter().map(|sign| sign.text).collect();
        // What follows the name begins with a comma.
        words.insert(0, "");
        words.join(", ")
    }

    /// Its ink, and its ground where it has one: that of the near miss is weaker while it is below the right one.
    pub fn colours(self, t: &Tokens) -> (Color32, Option<Color32>) {
        match self {
            Self {
                right: Some(true), ..
            } => (t.good, Some(t.good_back)),
            Self { above: Some(_), .. } => (t.bad, Some(t.bad_back)),
            Self { hardest: true, .. } => (t.bad, Some(t.bad_back.gamma_multiply(0.45))),
            _ => (t.bar, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desktop::core::{Bar, Query};

    fn answer() -> AnswerView {
        let scores = [0.9, 0.8, 0.8 - 5e-7, 0.7];
        let hit = |(index, score): (usize, f32)| Hit {
            index: index as u32,
            score,
        };
        AnswerView {
            query: Query::Row(Side::Image, 0),
            of: Side::Text,
            hits: scores.into_iter().enumerate().map(hit).collect(),
            candidates: 4,
            positives: 1..2,
            rank: Some(3),
            margin: None,
            below: Vec::new(),
            bar: Some(Bar {
                best: 0.8,
                tie: 1e-6,
            }),
            same_text: vec![3],
            unread: None,
        }
    }

    #[test]
    fn ties_count_as_above_and_as_many_are_above_as_the_rank_says() {
        let mut answer = answer();
        let said =
            |answer: &AnswerView, at: usize| Standing::of(answer, answer.hits[at], at == 0).said();
        assert_eq!(said(&answer, 0), ", hardest negative, above the right one");
        assert_eq!(said(&answer, 1), ", right");
        assert_eq!(said(&answer, 2), ", tied, counts as above");
        assert_eq!(said(&answer, 3), ", same text as a right one");
        let above = answer.hits.iter().filter(|hit| answer.above(hit).is_some());
        assert_eq!(above.count() as u32 + 1, answer.rank.expect("ranked"));
        // Without a right one nothing is right, wrong or above.
        answer.positives = 0..0;
        answer.bar = None;
        for at in 0..4 {
            assert_eq!(said(&answer, at), "");
        }
    }
}
