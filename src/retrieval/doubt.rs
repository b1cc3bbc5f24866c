//! Negatives that may fit after all: what speaks for it, pair by pair.
//!
//! Captioned sets hold only the captions that someone wrote for each image; many another fits it as well (Chun et al.
//! 2022, "ECCV Caption", arXiv 2204.03359). What is found here is shown and left to the user to decide.

use super::corpus::Corpus;
use crate::compute::Ranking;
use crate::error::Result;
use crate::task::Task;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What speaks for a pair of image and caption that the dataset does not have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The caption has the same words, in the same order, as one of the image's own.
    pub equal_text: bool,
    /// Largest share of content words in common with one of the image's own captions (Jaccard), in [0, 1]; 0 where
    /// the captions are not known.
    pub overlap: f32,
    /// Largest cosine of the caption with one of the image's own captions.
    pub text_similarity: f32,
    /// Share of the pairs of captions of one image whose cosine is at most `text_similarity`, in [0, 1]; absent where
    /// the set has too few such pairs to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_quantile: Option<f32>,
    /// Cosine of the image with the caption's own image.
    pub image_similarity: f32,
    /// Each is the other's nearest of all, before their own; `None` where the set was not ranked.
    #[serde(default)]
    pub reciprocal: Option<bool>,
}

impl Evidence {
    /// Caption overlap and text quantile together, in [0, 2]; `None` without a quantile.
    pub fn likeness(&self) -> Option<f32> {
        Some(self.overlap + self.text_quantile?)
    }
}

/// Why a pair is doubtful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// [`Evidence::equal_text`].
    EqualText,
    /// [`Evidence::likeness`] reaches its bound.
    Likeness,
    /// [`Evidence::overlap`] reaches its bound, in a set too small for a quantile.
    CaptionOverlap,
    /// The captions are not known, or the set is too small for a quantile: [`Evidence::text_quantile`] or
    /// [`Evidence::text_similarity`] reaches its bound.
    TextSimilarity,
}

impl Reason {
    /// In words, with its figures.
    pub fn describe(self, evidence: &Evidence) -> String {
        let quantile = evidence.text_quantile;
        match self {
            Self::EqualText => "equal text".into(),
            Self::Likeness => format!(
                "caption overlap {:.2} + text quantile {:.2} = {:.2}",
                evidence.overlap,
                quantile.unwrap_or_default(),
                evidence.likeness().unwrap_or_default()
            ),
            Self::CaptionOverlap => format!("caption overlap {:.2}", evidence.overlap),
            Self::TextSimilarity => match quantile {
                Some(quantile) => format!("text quantile {quantile:.2}"),
                None => format!("caption to caption {:.2}", evidence.text_similarity),
            },
        }
    }
}

/// What is said of a pair with a [`Reason`].
pub const MAY_FIT: &str = "may fit: check";

/// From where on evidence counts.
///
/// Of the 5,664 pairs of Flickr8k that people rated, those with a likeness of 1.1 or more fit in 69 % (precision), and
/// they are 32 % of all that fit (recall); at 1.2, 80 % and 22 %.
#[derive(Debug, Clone, PartialEq)]
pub struct Bounds {
    /// Caption overlap and text quantile together.
    pub likeness: f32,
    /// Text quantile where the captions are not known.
    pub quantile: f32,
    /// Overlap of captions where there is no quantile, in [0, 1].
    pub overlap: f32,
    /// Cosine of captions where there is no quantile.
    pub text: f32,
    /// Cosines of pairs of captions of one image, rising; empty where there are too few to say.
    within: Arc<[f32]>,
}

/// Overlap and text quantile together from which on a pair may fit.
const LIKENESS: f32 = 1.1;
/// Text quantile from which on a pair may fit where the captions are not known.
const QUANTILE: f32 = 0.95;
/// Share of content words from which captions overlap.
const OVERLAP: f32 = 0.5;
/// Cosine taken where the set is too small to learn from.
const ALIKE: f32 = 0.9;
/// Images that are looked at to learn how alike captions of one image are.
const SAMPLE: usize = 1000;
/// Captions of an image that are looked at.
const CAPTIONS: usize = 8;
/// Fewer pairs say nothing.
const FEWEST: usize = 20;

impl Bounds {
    /// Learns from the set itself how alike captions of one image are.
    ///
    /// # Errors
    /// Cancellation.
    pub fn learn(corpus: &Corpus<'_>, task: &Task) -> Result<Self> {
        let (texts, groups) = (&corpus.embedded.texts, &corpus.embedded.groups);
        let images = groups.images();
        let mut within: Vec<f32> = Self::looked_at(images)
            .flat_map(|i| {
                let own = groups.range(i).take(CAPTIONS);
                own.clone()
                    .flat_map(move |a| own.clone().filter(move |&b| b < a).map(move |b| (a, b)))
            })
            .map(|(a, b)| texts.cosine(a, texts, b))
            .collect();
        task.check()?;
        if within.len() < FEWEST {
            within.clear();
        }
        within.sort_by(f32::total_cmp);
        Ok(Self::with_learnt(within))
    }

    /// The images of `count` that are looked at.
    pub fn looked_at(count: usize) -> impl Iterator<Item = usize> {
        (0..count).step_by(count.div_ceil(SAMPLE).max(1))
    }

    /// The cosines that were learnt from, rising; empty where there were too few.
    pub fn learnt(&self) -> &[f32] {
        &self.within
    }

    /// With cosines that were learnt before.
    pub fn with_learnt(within: Vec<f32>) -> Self {
        Self {
            likeness: LIKENESS,
            quantile: QUANTILE,
            overlap: OVERLAP,
            text: ALIKE,
            within: within.into(),
        }
    }

    /// Share of the pairs of captions of one image whose cosine is at most `cosine`, in [0, 1]; `None` where there are
    /// fewer than 20 such pairs.
    pub fn quantile_of(&self, cosine: f32) -> Option<f32> {
        let below = self.within.partition_point(|&c| c <= cosine);
        (!self.within.is_empty()).then(|| below as f32 / self.within.len() as f32)
    }
}

/// Weighs pairs of one corpus.
#[derive(Debug, Clone, Copy)]
pub struct Doubt<'a> {
    /// What is weighed.
    pub corpus: &'a Corpus<'a>,
    /// Its ranking, for neighbours that are each other's nearest.
    pub ranking: &'a Ranking,
    /// From where on evidence counts.
    pub bounds: &'a Bounds,
}

impl Doubt<'_> {
    /// What speaks for `image` and `caption`.
    pub fn evidence(&self, image: u32, caption: u32) -> Evidence {
        let corpus = self.corpus;
        let (i, c) = (image as usize, caption as usize);
        let (images, texts) = (&corpus.embedded.images, &corpus.embedded.texts);
        let own = corpus.embedded.groups.range(i);
        let most =
            |of: &dyn Fn(usize) -> f32| own.clone().map(of).fold(f32::NEG_INFINITY, f32::max);
        let wording = corpus.wording;
        let text_similarity = most(&|j| texts.cosine(j, texts, c)).max(-1.0);
        let owner = corpus.embedded.groups.owner(c);
        Evidence {
            equal_text: wording.is_some_and(|w| own.clone().any(|j| w.equal(j, c))),
            overlap: wording.map_or(0.0, |w| most(&|j| w.overlap(j, c)).max(0.0)),
            text_similarity,
            text_quantile: self.bounds.quantile_of(text_similarity),
            image_similarity: images.cosine(i, images, owner),
            reciprocal: self.reciprocal(i, c),
        }
    }

    fn reciprocal(&self, image: usize, caption: usize) -> Option<bool> {
        let (i2t, t2i) = (&self.ranking.i2t, &self.ranking.t2i);
        let nearest = |direction: &crate::compute::Direction, query: usize, other: usize| {
            let (hardest, positive) = (
                direction.hardest.get(query)?,
                direction.positive.get(query)?,
            );
            Some(hardest.index as usize == other && hardest.score > *positive)
        };
        Some(nearest(i2t, image, caption)? && nearest(t2i, caption, image)?)
    }

    /// Why the pair is doubtful; none where it is not, or was looked at and rejected.
    pub fn reasons(&self, image: u32, caption: u32) -> Vec<Reason> {
        if self.corpus.rejected.contains(&(image, caption)) {
            return Vec::new();
        }
        self.weigh(&self.evidence(image, caption))
    }

    /// Which evidence counts.
    pub fn weigh(&self, evidence: &Evidence) -> Vec<Reason> {
        let bounds = self.bounds;
        let close = match (evidence.text_quantile, self.corpus.wording) {
            (Some(_), Some(_)) => [
                (
                    Reason::Likeness,
                    evidence.likeness().is_some_and(|l| l >= bounds.likeness),
                ),
                (Reason::TextSimilarity, false),
            ],
            (Some(quantile), None) => [
                (Reason::CaptionOverlap, false),
                (Reason::TextSimilarity, quantile >= bounds.quantile),
            ],
            (None, _) => [
                (Reason::CaptionOverlap, evidence.overlap >= bounds.overlap),
                (
                    Reason::TextSimilarity,
                    evidence.text_similarity >= bounds.text,
                ),
            ],
        };
        std::iter::once((Reason::EqualText, evidence.equal_text))
            .chain(close)
            .filter(|(_, counts)| *counts)
            .map(|(reason, _)| reason)
            .collect()
    }

    /// Is there a reason?
    pub fn is_doubtful(&self, image: u32, caption: u32) -> bool {
        !self.reasons(image, caption).is_empty()
    }
}
