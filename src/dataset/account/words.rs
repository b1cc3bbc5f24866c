//! The account in words.

use super::{Account, Left, NAMES, Reason, Tally};
use crate::error::thousands;
use std::fmt::Write;

impl Reason {
    /// In words, of several.
    pub fn words(self) -> &'static str {
        match self {
            Self::OtherSplit => "of other splits",
            Self::NoCaption => "without a caption",
            Self::NoPicture => "without a picture",
            Self::NoRow => "that no row names",
            Self::EmptyCaption => "without a word",
            Self::Malformed => "malformed",
            Self::Unreadable => "that cannot be read",
            Self::SecondOfSample => "second of their sample",
            Self::UnknownEnding => "with an unknown ending",
            Self::NotDecoded => "whose picture cannot be decoded",
            Self::NotFinite => "whose embedding is not finite",
            Self::NoLabel => "without a label",
            Self::ZeroRow => "whose embedding is zero",
            Self::UnitNorm => "brought to unit norm",
            Self::Guessed => "by a guess",
            Self::OpenQuote => "with an open quote",
            Self::Encoding => "in another encoding",
            Self::LetterCase => "in other letter case",
            Self::Duplicate => "there twice",
            Self::NotUsed => "not used",
            Self::OutsideFolds => "outside the folds",
            Self::NotDrawn => "not drawn",
            Self::Other => "for other reasons",
        }
    }
}

impl Left {
    /// Are there more names than are listed? A name may stand for several.
    fn dots(&self) -> &'static str {
        let full = self.names.len() >= NAMES && self.count > self.names.len() as u64;
        if full { ", .." } else { "" }
    }

    /// "9 images of other splits (train 5, val 2)".
    fn describe(&self, noun: &str, inside: &str) -> String {
        let count = thousands(self.count);
        let s = if self.count == 1 { "" } else { "s" };
        let mut text = format!("{count} {noun}{s} {}", self.reason.words());
        if !inside.is_empty() {
            let _ = write!(text, " ({inside})");
        } else if !self.names.is_empty() {
            let _ = write!(text, ": {}{}", self.names.join(", "), self.dots());
        }
        text
    }
}

impl Account {
    /// "3 of 12 images (split test, by the column split of captions.csv), 3 of 12 captions, by cosine", then a line for
    /// each reason and note; without an end of line.
    pub fn describe(&self) -> String {
        let side = |tally: &Tally, noun: &str| {
            format!(
                "{} of {} {noun}",
                thousands(tally.used),
                thousands(tally.found)
            )
        };
        let split = self.split.as_ref().map_or_else(String::new, |split| {
            format!(" (split {}, by {})", split.name, split.by)
        });
        let mut text = format!(
            "{}{split}, {}",
            side(&self.images, "images"),
            side(&self.captions, "captions")
        );
        if let Some(measure) = &self.measure {
            let _ = write!(text, ", by {measure}");
        }
        let others = self.split.as_ref().map_or_else(String::new, |split| {
            let others = split.all.iter().filter(|(name, _)| *name != split.name);
            let each: Vec<String> = others
                .map(|(name, count)| format!("{name} {}", thousands(*count)))
                .collect();
            each.join(", ")
        });
        let of = |tally: &Tally, reason: Reason| {
            let same = tally.left_out.iter().find(|left| left.reason == reason);
            same.map(|left| left.count)
        };
        for left in &self.images.left_out {
            let inside = if left.reason == Reason::OtherSplit {
                others.as_str()
            } else {
                ""
            };
            let _ = write!(text, "\nleft out: {}", left.describe("image", inside));
            // The captions of an image go with it; one each needs no word.
            let captions = of(&self.captions, left.reason).filter(|count| *count != left.count);
            if let Some(captions) = captions {
                let s = if captions == 1 { "" } else { "s" };
                let _ = write!(text, "; with {} caption{s}", thousands(captions));
            }
        }
        for left in &self.captions.left_out {
            if of(&self.images, left.reason).is_none() {
                let _ = write!(text, "\nleft out: {}", left.describe("caption", ""));
            }
        }
        for note in &self.notes {
            let names = match note.names.as_slice() {
                [] => String::new(),
                names => format!("{}{}: ", names.join(", "), note.dots()),
            };
            let _ = write!(text, "\nnote: {names}{}", note.what);
        }
        text
    }
}
