//! What is asked of the miner.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// From which of a query's positives its negatives' margins are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    /// From the best-scoring positive, as recall at k is: one line of negatives per query.
    #[default]
    Best,
    /// From the lowest-scoring positive, as `mine_hard_negatives` of sentence-transformers does: the safe side.
    Lowest,
    /// From each positive on its own, as the ranking losses are: one line of negatives per pair.
    Each,
}

/// Which of the negatives that pass are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampling {
    /// The hardest.
    #[default]
    Top,
    /// Drawn without replacement; the same seed draws the same, whatever the engine.
    Random {
        /// Seed of the draw.
        seed: u64,
    },
}

/// Which captions count as the same negative.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distinct {
    /// None: every row counts for itself.
    All,
    /// Those with the same words in the same order, whatever case and punctuation.
    #[default]
    Equal,
    /// Those that share at least this part of their content words (Jaccard), in (0, 1], too.
    Near(f32),
}

/// What is mined. The filters follow `mine_hard_negatives` of sentence-transformers: a window of the hardest
/// negatives, of these the ones that pass by score and margin, of these without the first few.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MineOptions {
    /// Negatives taken per query (or pair), from 1.
    pub k: usize,
    /// From which positive margins are measured.
    pub measured: Measured,
    /// Of the negatives that pass, this many of the hardest are passed over.
    pub range_min: usize,
    /// Only the hardest this many negatives are looked at; `None` for all (for [`Sampling::Random`]:
    /// `range_min + 10 k`). Positives do not count, however many a query has.
    pub range_max: Option<usize>,
    /// Least score.
    pub min_score: Option<f32>,
    /// Highest score.
    pub max_score: Option<f32>,
    /// Margin (score of the positive less that of the negative) at least this.
    pub absolute_margin: Option<f32>,
    /// Margin at least this part of the positive's score in magnitude, in [0, 1]: right for scores below 0 too.
    pub relative_margin: Option<f32>,
    /// Margin below this: 0 for negatives that win, a small one for near misses too.
    pub margin_below: Option<f32>,
    /// Margin above 0 and below this (`FaceNet`, arXiv 1503.03832, section 3.2).
    pub semi_hard: Option<f32>,
    /// Which of those that pass.
    pub sampling: Sampling,
    /// Which captions count as the same; those of the query's own image are never negatives of it.
    pub distinct: Distinct,
    /// No negative is used by more than this many queries (or pairs): where more want it, those with the smallest
    /// margin get it and the others go on to their next.
    pub most_uses: Option<usize>,
    /// Leave out negatives that may fit after all.
    pub drop_doubtful: bool,
}

impl Default for MineOptions {
    fn default() -> Self {
        Self {
            k: 1,
            measured: Measured::Best,
            range_min: 0,
            range_max: None,
            min_score: None,
            max_score: None,
            absolute_margin: None,
            relative_margin: None,
            margin_below: None,
            semi_hard: None,
            sampling: Sampling::Top,
            distinct: Distinct::Equal,
            most_uses: None,
            drop_doubtful: false,
        }
    }
}

impl MineOptions {
    /// Refuses options that nothing can satisfy.
    ///
    /// # Errors
    /// The option that is wrong, with the remedy.
    pub fn check(&self) -> Result<()> {
        let wrong = |what: String, remedy: &str| Err(Error::request(what, remedy));
        if self.k == 0 {
            return wrong("no negatives are asked for".into(), "Ask for one or more.");
        }
        if let Some(max) = self.range_max
            && max < self.range_min.saturating_add(self.k)
        {
            return wrong(
                format!(
                    "{} negatives do not fit between ranks {} and {max}",
                    self.k, self.range_min
                ),
                "Raise the end of the range, lower its start, or take fewer negatives.",
            );
        }
        let numbers = [
            ("least score", self.min_score),
            ("highest score", self.max_score),
            ("absolute margin", self.absolute_margin),
            ("relative margin", self.relative_margin),
            ("margin", self.margin_below),
            ("semi-hard margin", self.semi_hard),
        ];
        if let Some((name, Some(value))) = numbers
            .iter()
            .find(|(_, v)| v.is_some_and(|v| !v.is_finite()))
        {
            return wrong(
                format!("a {name} of {value} is no number"),
                "Give a number.",
            );
        }
        if let Some(part) = self.relative_margin
            && !(0.0..=1.0).contains(&part)
        {
            return wrong(
                format!("a relative margin of {part} is no part of a score"),
                "Give a number from 0 to 1, such as 0.05 for 5 %.",
            );
        }
        if let (Some(low), Some(high)) = (self.min_score, self.max_score)
            && low > high
        {
            return wrong(
                format!("no score is both at least {low} and at most {high}"),
                "Lower the least score or raise the highest.",
            );
        }
        if self.semi_hard.is_some_and(|m| m <= 0.0) {
            return wrong(
                "a semi-hard negative lies within a margin above 0".into(),
                "Give the margin of the loss, such as 0.2.",
            );
        }
        if let Distinct::Near(part) = self.distinct
            && !(part > 0.0 && part <= 1.0)
        {
            return wrong(
                format!("an overlap of {part} is no part of a caption's words"),
                "Give a number above 0 and up to 1, such as 0.8.",
            );
        }
        if self.most_uses == Some(0) {
            return wrong(
                "a negative that may never be used is none".into(),
                "Allow one use or more.",
            );
        }
        Ok(())
    }

    /// How many of the hardest negatives are looked at.
    pub fn window(&self) -> Option<usize> {
        match (self.range_max, self.sampling) {
            (None, Sampling::Random { .. }) => Some(self.range_min + 10 * self.k),
            (window, _) => window,
        }
    }

    /// Hardest negatives to rank with ([`crate::compute::RankOptions`]) so that most queries need no second look.
    pub fn first_look(&self) -> usize {
        const MOST: usize = 64;
        let wanted = self.range_min + self.k + self.k / 2 + 4;
        let wanted = match (self.window(), self.sampling) {
            (Some(window), Sampling::Random { .. }) => window + 2,
            (Some(window), Sampling::Top) => wanted.min(window + 2),
            (None, _) => wanted,
        };
        wanted.clamp(2, MOST)
    }

    /// How many of `most` candidates to ask for after a look at `page` of them.
    pub fn next_page(&self, page: usize, most: usize) -> usize {
        let wanted = self.window().map_or(0, |w| w.min(1024) + 2);
        (2 * page).max(wanted).clamp(16, most.max(16))
    }

    /// Does a negative of this score pass, for a positive of that score? The arithmetic is float32's.
    pub fn passes(&self, positive: f32, score: f32) -> bool {
        let within = |limit: Option<f32>, holds: fn(f32, f32) -> bool, value: f32| {
            limit.is_none_or(|limit| holds(value, limit))
        };
        within(self.max_score, |s, m| s <= m, score)
            && within(self.min_score, |s, m| s >= m, score)
            && self.absolute_margin.is_none_or(|a| score + a <= positive)
            && self
                .relative_margin
                .is_none_or(|r| score <= positive - positive.abs() * r)
            && within(self.margin_below, |m, a| m < a, positive - score)
            && self
                .semi_hard
                .is_none_or(|a| score < positive && positive - score < a)
    }

    /// Scores outside of which none passes; rounding is on the generous side.
    pub fn bounds(&self, positive: f32) -> (f32, f32) {
        const ROUNDING: f32 = 1e-5;
        let below = [self.margin_below, self.semi_hard];
        let low = below
            .iter()
            .flatten()
            .map(|a| positive - a)
            .chain(self.min_score)
            .fold(f32::NEG_INFINITY, f32::max);
        let high = [
            self.max_score,
            self.absolute_margin.map(|a| positive - a),
            self.relative_margin.map(|r| positive - positive.abs() * r),
            self.semi_hard.map(|_| positive),
        ];
        let high = high.iter().flatten().copied().fold(f32::INFINITY, f32::min);
        (low - ROUNDING, high + ROUNDING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margins_hold_below_zero_too() {
        let options = MineOptions {
            relative_margin: Some(0.5),
            ..MineOptions::default()
        };
        assert!(options.passes(0.4, 0.2) && !options.passes(0.4, 0.3));
        // Half of |-0.4| below -0.4 is -0.6.
        assert!(options.passes(-0.4, -0.6) && !options.passes(-0.4, -0.5));
    }

    #[test]
    fn what_passes_lies_within_the_bounds() {
        let options = MineOptions {
            semi_hard: Some(0.2),
            absolute_margin: Some(0.05),
            min_score: Some(-0.3),
            ..MineOptions::default()
        };
        for positive in [-0.5_f32, -0.1, 0.0, 0.3, 0.9] {
            let (low, high) = options.bounds(positive);
            for step in 0..=400 {
                let score = step as f32 / 200.0 - 1.0;
                assert!(!options.passes(positive, score) || (low..=high).contains(&score));
            }
        }
    }

    #[test]
    fn contradictions_are_refused() {
        let base = MineOptions::default();
        let wrong = [
            MineOptions { k: 0, ..base },
            MineOptions {
                range_min: 5,
                range_max: Some(5),
                ..base
            },
            MineOptions {
                relative_margin: Some(5.0),
                ..base
            },
            MineOptions {
                min_score: Some(0.5),
                max_score: Some(0.4),
                ..base
            },
            MineOptions {
                max_score: Some(f32::NAN),
                ..base
            },
            MineOptions {
                semi_hard: Some(0.0),
                ..base
            },
            MineOptions {
                distinct: Distinct::Near(0.0),
                ..base
            },
            MineOptions {
                most_uses: Some(0),
                ..base
            },
        ];
        assert!(base.check().is_ok());
        assert!(wrong.iter().all(|options| options.check().is_err()));
    }
}
