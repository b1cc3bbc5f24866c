//! Negatives that are probably right after all: what speaks for it, pair by pair.
//!
//! Captioned sets hold only the captions that someone wrote for each image; many another fits it as well (Chun et al.
//! 2022, "ECCV Caption", arXiv 2204.03359). What is found here is shown and left to the user to decide.

use super::mine::Corpus;
use crate::compute::{Engine, Ranking};
use crate::error::Result;
use crate::task::Task;
use serde::{Deserialize, Serialize};

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
    /// Cosine of the image with the caption's own image.
    pub image_similarity: f32,
    /// Each is the other's nearest of all, before their own.
    pub reciprocal: bool,
}

/// Why a pair is doubtful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// [`Evidence::equal_text`].
    EqualText,
    /// [`Evidence::overlap`] reaches its bound.
    CaptionOverlap,
    /// [`Evidence::text_similarity`] reaches its bound.
    TextSimilarity,
    /// [`Evidence::image_similarity`] reaches its bound.
    ImageSimilarity,
    /// [`Evidence::reciprocal`], and the caption is as like the image's own as these are to each other.
    ReciprocalNeighbours,
}

impl Reason {
    /// In words, with its figure.
    pub fn describe(self, evidence: &Evidence) -> String {
        match self {
            Self::EqualText => "equal text".into(),
            Self::CaptionOverlap => format!("caption overlap {:.2}", evidence.overlap),
            Self::TextSimilarity => format!("caption to caption {:.2}", evidence.text_similarity),
            Self::ImageSimilarity => format!("image to image {:.2}", evidence.image_similarity),
            Self::ReciprocalNeighbours => "reciprocal neighbours".into(),
        }
    }
}

/// From where on evidence counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// Overlap of captions, in [0, 1].
    pub overlap: f32,
    /// Cosine of captions: by default the 95th percentile of captions of one image.
    pub text: f32,
    /// Cosine of captions that supports reciprocal neighbours: by default the median of captions of one image.
    pub support: f32,
    /// Cosine of images: by default the 95th percentile of an image's nearest other image.
    pub image: f32,
}

/// Share of content words from which captions overlap.
pub const OVERLAP: f32 = 0.5;
/// Cosine taken where the set is too small to learn from.
const ALIKE: f32 = 0.9;
/// Images (or pairs of captions) that are looked at to learn a bound.
const SAMPLE: usize = 1000;
/// Fewer say nothing.
const FEWEST: usize = 20;

impl Bounds {
    /// Learns the bounds from the set itself: how alike captions of one image are, and how alike neighbouring images.
    ///
    /// # Errors
    /// A lost device, or cancellation.
    pub fn learn(engine: &dyn Engine, corpus: &Corpus<'_>, task: &Task) -> Result<Self> {
        let every = |n: usize| n.div_ceil(SAMPLE).max(1);
        let images = corpus.groups.images();
        let mut captions: Vec<f32> = (0..images)
            .step_by(every(images))
            .flat_map(|i| {
                let own = corpus.groups.range(i).take(8);
                own.clone()
                    .flat_map(move |a| own.clone().filter(move |&b| b < a).map(move |b| (a, b)))
            })
            .map(|(a, b)| corpus.texts.dot(a, corpus.texts, b))
            .collect();
        let rows: Vec<u32> = (0..images as u32).step_by(every(images)).collect();
        let found = engine.top_k(
            &corpus.images.gather(&rows),
            corpus.images,
            2,
            &task.quiet(),
        )?;
        let mut neighbours: Vec<f32> = rows
            .iter()
            .enumerate()
            .filter_map(|(row, &i)| {
                let other = found.row(row).iter().find(|hit| hit.index != i)?;
                other.score.is_finite().then_some(other.score)
            })
            .collect();
        Ok(Self {
            overlap: OVERLAP,
            text: percentile(&mut captions, 0.95).unwrap_or(ALIKE),
            support: percentile(&mut captions, 0.5).unwrap_or(ALIKE),
            image: percentile(&mut neighbours, 0.95).unwrap_or(ALIKE),
        })
    }
}

/// The value below which this part of `values` lies (nearest rank); `None` where there are too few.
fn percentile(values: &mut [f32], part: f64) -> Option<f32> {
    if values.len() < FEWEST {
        return None;
    }
    values.sort_by(f32::total_cmp);
    let at = (part * values.len() as f64).ceil() as usize;
    values.get(at.saturating_sub(1)).copied()
}

/// Weighs pairs of one corpus.
#[derive(Debug, Clone, Copy)]
pub struct Doubt<'a> {
    /// What is weighed.
    pub corpus: &'a Corpus<'a>,
    /// Its ranking, for reciprocal neighbours.
    pub ranking: &'a Ranking,
    /// From where on evidence counts.
    pub bounds: Bounds,
}

impl Doubt<'_> {
    /// What speaks for `image` and `caption`.
    pub fn evidence(&self, image: u32, caption: u32) -> Evidence {
        let corpus = self.corpus;
        let (i, c) = (image as usize, caption as usize);
        let own = corpus.groups.range(i);
        let most =
            |of: &dyn Fn(usize) -> f32| own.clone().map(of).fold(f32::NEG_INFINITY, f32::max);
        let wording = corpus.wording;
        Evidence {
            equal_text: wording.is_some_and(|w| own.clone().any(|j| w.equal(j, c))),
            overlap: wording.map_or(0.0, |w| most(&|j| w.overlap(j, c)).max(0.0)),
            text_similarity: most(&|j| corpus.texts.dot(j, corpus.texts, c)).max(-1.0),
            image_similarity: corpus.images.dot(i, corpus.images, corpus.groups.owner(c)),
            reciprocal: self.reciprocal(i, c),
        }
    }

    fn reciprocal(&self, image: usize, caption: usize) -> bool {
        let (i2t, t2i) = (&self.ranking.i2t, &self.ranking.t2i);
        let nearest = |direction: &crate::compute::Direction, query: usize, other: usize| {
            direction.hardest[query].index as usize == other
                && direction.hardest[query].score > direction.positive[query]
        };
        nearest(i2t, image, caption) && nearest(t2i, caption, image)
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
        let bounds = &self.bounds;
        let all = [
            (Reason::EqualText, evidence.equal_text),
            (Reason::CaptionOverlap, evidence.overlap >= bounds.overlap),
            (
                Reason::TextSimilarity,
                evidence.text_similarity >= bounds.text,
            ),
            (
                Reason::ImageSimilarity,
                evidence.image_similarity >= bounds.image,
            ),
            (
                Reason::ReciprocalNeighbours,
                evidence.reciprocal && evidence.text_similarity >= bounds.support,
            ),
        ];
        let counted = all.into_iter().filter(|(_, counts)| *counts);
        counted.map(|(reason, _)| reason).collect()
    }

    /// Is there a reason?
    pub fn is_doubtful(&self, image: u32, caption: u32) -> bool {
        !self.reasons(image, caption).is_empty()
    }
}
