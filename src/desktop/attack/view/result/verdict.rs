//! What became of a picture, in words.

use crate::attack::{AttackResult, Goal};
use crate::desktop::shell::widgets::grouped;

/// How a verdict is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// The model holds.
    Good,
    /// The attack took something away.
    Bad,
    /// Neither.
    Doubtful,
}

/// What became of the picture, in one sentence that is true whatever it was before.
pub(super) fn verdict(result: &AttackResult) -> (String, Tone) {
    let (before, after) = (&result.before, &result.after);
    let (was, is) = (before.verdict.fooled, after.verdict.fooled);
    let rank = |r: u32| grouped(r as usize);
    let place = match (before.rank, after.rank) {
        (0, _) | (_, 0) => String::new(),
        (1, 1) => "right caption still first".to_owned(),
        (b, a) if a == b => format!("right caption still at rank {}", rank(b)),
        (b, a) => format!("right caption {} → {}", rank(b), rank(a)),
    };
    let outcome = match (result.goal, was, is) {
        (Goal::Lose, false, true) => "a wrong caption wins".to_owned(),
        (Goal::Lose, true, true) => "it was not first before either".to_owned(),
        (Goal::Lose, true, false) => "it was not first before".to_owned(),
        (Goal::Lose, false, false) => String::new(),
        (Goal::Win, false, true) => "the target wins".to_owned(),
        (Goal::Win, true, true) => "the target was first before, too".to_owned(),
        (Goal::Win, _, false) => match after.target {
            Some((_, r)) => format!("the target is at rank {}", rank(r)),
            None => "the target does not win".to_owned(),
        },
        (Goal::Match, _, true) => "nearer to the other picture than to its own place".to_owned(),
        (Goal::Match, _, false) => "still nearer to its own place".to_owned(),
        (Goal::Away, _, true) => format!("away from its place: cosine {:.2}", after.verdict.right),
        (Goal::Away, _, false) => {
            format!("still near its place: cosine {:.2}", after.verdict.right)
        }
    };
    let fell = after.rank > before.rank;
    let tone = if (is && !was) || fell {
        Tone::Bad
    } else if !is && !was && after.rank == before.rank {
        Tone::Good
    } else {
        Tone::Doubtful
    };
    let parts: Vec<String> = [place, outcome]
        .into_iter()
        .filter(|p| !p.is_empty())
        .collect();
    (parts.join("; "), tone)
}

/// Why what stands may not be shown to stand.
pub(super) fn gradient_notes(result: &AttackResult) -> Vec<String> {
    let mut notes = Vec::new();
    let of = |n: u32, what: &str| {
        format!(
            "The gradient was {what} at {} of {} steps; confirm with a query attack.",
            grouped(n as usize),
            grouped(result.gradients as usize)
        )
    };
    if result.blind.zero > 0 {
        notes.push(of(result.blind.zero, "zero"));
    }
    if result.blind.not_finite > 0 {
        notes.push(of(result.blind.not_finite, "not finite"));
    }
    if !result.approximate.is_empty() {
        notes.push(format!(
            "The gradient is approximate through {}.",
            result.approximate.join(", ")
        ));
    }
    notes
}

/// Results for tests.
#[cfg(test)]
mod samples {
    use super::super::*;
    use crate::attack::{AttackSettings, CaptionRanking, Verdict};
    use crate::compute::{Grid, Hit, Size};
    use std::sync::Arc;

    fn standing(rank: u32, fooled: bool, target: u32) -> CaptionRanking {
        let hit = Hit {
            score: 0.2,
            index: 3,
        };
        CaptionRanking {
            rank,
            target: Some((hit, target)),
            verdict: Verdict {
                right: 0.3,
                wrong: 0.2,
                fooled,
            },
            ..CaptionRanking::default()
        }
    }

    fn result(goal: Goal, before: CaptionRanking, after: CaptionRanking) -> AttackResult {
        AttackResult {
            image: 0,
            grid: Grid {
                rows: 1,
                channels: 1,
                height: 1,
                width: 1,
            },
            clean: Arc::new(vec![0.0]),
            adversarial: Arc::new(vec![0.0]),
            goal,
            target: 0,
            own_size: false,
            settings: AttackSettings::default(),
            points: Vec::new(),
            rounded: after.clone(),
            before,
            after,
            size: Size::default(),
            gradients: 10,
            queries: 1,
            blind: crate::attack::GradientDefects::default(),
            approximate: Vec::new(),
            seconds: 0.0,
        }
    }

    /// A result by rank, whether the goal was reached and the target's rank, before and after.
    pub fn sample(goal: Goal, before: (u32, bool, u32), after: (u32, bool, u32)) -> AttackResult {
        let standing = |(rank, fooled, target)| standing(rank, fooled, target);
        result(goal, standing(before), standing(after))
    }
}

#[cfg(test)]
pub(super) use samples::sample;

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn the_verdict_is_true_whatever_was_before() {
        let said = |goal, before: (u32, bool, u32), after: (u32, bool, u32)| {
            verdict(&sample(goal, before, after))
        };
        let lose = |before, after| said(Goal::Lose, before, after);
        assert_eq!(
            lose((1, false, 9), (27, true, 9)),
            (
                "right caption 1 → 27; a wrong caption wins".into(),
                Tone::Bad
            )
        );
        assert_eq!(
            lose((1, false, 9), (1, false, 9)),
            ("right caption still first".into(), Tone::Good)
        );
        // At the goal before, and worse after: a change is a change, and a fall is never green.
        assert_eq!(
            lose((4, true, 9), (90, true, 9)),
            (
                "right caption 4 → 90; it was not first before either".into(),
                Tone::Bad
            )
        );
        assert_eq!(
            lose((4, true, 9), (4, true, 9)).1,
            Tone::Doubtful,
            "wrong before, wrong after"
        );
        let win = |before, after| said(Goal::Win, before, after);
        assert_eq!(
            win((1, false, 9), (27, true, 1)),
            ("right caption 1 → 27; the target wins".into(), Tone::Bad)
        );
        let (text, tone) = win((1, false, 9), (3, false, 4));
        assert_eq!(text, "right caption 1 → 3; the target is at rank 4");
        assert_eq!(tone, Tone::Bad, "the rank fell");
        let (text, tone) = win((1, false, 9), (1, false, 2));
        assert_eq!(text, "right caption still first; the target is at rank 2");
        assert_eq!(tone, Tone::Good);
        assert_eq!(said(Goal::Match, (2, false, 0), (2, true, 0)).1, Tone::Bad);
    }
}
