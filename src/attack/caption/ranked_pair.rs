//! What a caption competes for, and how it stands.

use crate::compute::{Embedded, Embeddings, TIE};
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// An embedded dataset with its encoder.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// What embeds edited captions.
    pub encoder: &'a Encoder,
    /// Images and captions.
    pub embedded: &'a Embedded,
}

impl<'a> Scene<'a> {
    /// Of `embedded`, with the encoder that embeds edited captions as it did.
    pub fn new(encoder: &'a Encoder, embedded: &'a Embedded) -> Self {
        Self { encoder, embedded }
    }
}

/// What an edit of a caption is to bring about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aim {
    /// The caption looks for images (T->I), and the image is to fall behind another.
    #[default]
    ImageLoses,
    /// The caption looks for images, and the image is to come first.
    ImageWins,
    /// The image looks for captions (I->T), and this caption is to fall behind one of another image.
    CaptionLoses,
    /// The image looks for captions, and this caption is to come first.
    CaptionWins,
}

impl Aim {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::ImageLoses,
        Self::ImageWins,
        Self::CaptionLoses,
        Self::CaptionWins,
    ];

    /// Its name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::ImageLoses => "image-loses",
            Self::ImageWins => "image-wins",
            Self::CaptionLoses => "caption-loses",
            Self::CaptionWins => "caption-wins",
        }
    }

    /// When it is reached, in one sentence without its full stop.
    pub fn about(self) -> &'static str {
        match self {
            Self::ImageLoses => "Text to image: another image comes before this one",
            Self::ImageWins => "Text to image: this image comes first",
            Self::CaptionLoses => "Image to text: another picture's caption comes before this one",
            Self::CaptionWins => "Image to text: this caption comes before those of other pictures",
        }
    }

    /// 1 where a larger margin serves it, else -1.
    pub(super) fn sign(self) -> f32 {
        match self {
            Self::ImageLoses | Self::CaptionLoses => -1.0,
            Self::ImageWins | Self::CaptionWins => 1.0,
        }
    }
}

impl std::str::FromStr for Aim {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|aim| aim.name() == text);
        found.ok_or_else(|| {
            Error::request(
                format!("there is no aim {text:?}"),
                format!("Choose one of {}.", Self::ALL.map(Self::name).join(", ")),
            )
        })
    }
}

/// How a caption and an image stand among their negatives.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PairRank {
    /// Cosine of caption and image.
    pub score: f32,
    /// The score less that of the hardest negative; `None` without negatives.
    pub margin: Option<f32>,
    /// From 1: one more than the negatives that score at least as high ([`TIE`]).
    pub rank: usize,
}

impl PairRank {
    fn of(score: f32, negatives: impl Iterator<Item = f32>) -> Self {
        let (mut hardest, mut rank) = (f32::NEG_INFINITY, 1);
        for negative in negatives {
            hardest = hardest.max(negative);
            rank += usize::from(negative >= score - TIE);
        }
        let margin = hardest.is_finite().then_some(score - hardest);
        Self {
            score,
            margin,
            rank,
        }
    }

    /// The margin, or the score where there are no negatives.
    pub(super) fn value(&self) -> f32 {
        self.margin.unwrap_or(self.score)
    }

    /// Is `aim` reached?
    pub fn reaches(&self, aim: Aim) -> bool {
        match aim {
            Aim::ImageLoses | Aim::CaptionLoses => self.rank > 1,
            Aim::ImageWins | Aim::CaptionWins => self.rank == 1,
        }
    }
}

/// A caption, free to be edited, and an image, with the negatives of one of them.
pub(super) struct RankedPair<'a> {
    pub aim: Aim,
    images: &'a Embeddings,
    image: usize,
    /// Scores of the negative captions where captions compete; images compete otherwise.
    negatives: Option<Vec<f32>>,
}

impl<'a> RankedPair<'a> {
    /// `caption` is the row that is being edited, where it is one of the scene's. Where captions compete the negatives are
    /// the others; where the row is one of `image`'s own, those of other images.
    pub(super) fn new(
        scene: &Scene<'a>,
        caption: Option<usize>,
        image: usize,
        aim: Aim,
    ) -> Result<Self> {
        if image >= scene.embedded.images.rows()
            || caption.is_some_and(|j| j >= scene.embedded.texts.rows())
        {
            return Err(Error::request(
                format!(
                    "there is no such image or caption among {} and {}",
                    scene.embedded.images.rows(),
                    scene.embedded.texts.rows()
                ),
                "Images and captions are numbered from 0.",
            ));
        }
        let own = scene.embedded.groups.range(image);
        let left_out = match caption {
            Some(j) if !own.contains(&j) => j..j + 1,
            None if aim == Aim::CaptionWins => 0..0,
            _ => own,
        };
        let captions_compete = matches!(aim, Aim::CaptionLoses | Aim::CaptionWins);
        let negatives = captions_compete.then(|| {
            let others = (0..scene.embedded.texts.rows()).filter(|j| !left_out.contains(j));
            others
                .map(|j| scene.embedded.images.dot(image, &scene.embedded.texts, j))
                .collect()
        });
        Ok(Self {
            aim,
            images: &scene.embedded.images,
            image,
            negatives,
        })
    }

    /// How well `standing` serves the aim: the larger the better.
    pub(super) fn gain(&self, standing: &PairRank) -> f32 {
        self.aim.sign() * standing.value()
    }

    fn others(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.images.rows()).filter(|i| *i != self.image)
    }

    /// How each row of `captions` stands.
    pub(super) fn standings(&self, captions: &Embeddings) -> Vec<PairRank> {
        let standing = |row: usize| {
            let score = captions.dot(row, self.images, self.image);
            match &self.negatives {
                Some(negatives) => PairRank::of(score, negatives.iter().copied()),
                None => PairRank::of(
                    score,
                    self.others().map(|i| captions.dot(row, self.images, i)),
                ),
            }
        };
        (0..captions.rows()).into_par_iter().map(standing).collect()
    }

    /// The margins that row `row` of `captions` is closest to losing, at most `count`, hardest first: each as a vector
    /// `a`, so that the margin is the cosine's numerator `a . e` less a constant, and its value.
    pub(super) fn margins(
        &self,
        captions: &Embeddings,
        row: usize,
        count: usize,
    ) -> Vec<(Vec<f32>, f32)> {
        let own = self.images.row(self.image);
        let score = captions.dot(row, self.images, self.image);
        if let Some(negatives) = &self.negatives {
            let margin = PairRank::of(score, negatives.iter().copied()).value();
            return vec![(own.to_vec(), margin)];
        }
        let mut others: Vec<(f32, usize)> = self
            .others()
            .map(|i| (captions.dot(row, self.images, i), i))
            .collect();
        others.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        if others.is_empty() {
            return vec![(own.to_vec(), score)];
        }
        let margin = |&(negative, i): &(f32, usize)| {
            let gap = own
                .iter()
                .zip(self.images.row(i))
                .map(|(a, b)| a - b)
                .collect();
            (gap, score - negative)
        };
        others.iter().take(count.max(1)).map(margin).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tie_counts_against() {
        let standing = PairRank::of(0.5, [0.5, 0.9, 0.1].into_iter());
        assert_eq!((standing.rank, standing.margin), (3, Some(0.5 - 0.9)));
        assert!(standing.reaches(Aim::ImageLoses) && !standing.reaches(Aim::CaptionWins));
        let alone = PairRank::of(0.5, [].into_iter());
        assert_eq!((alone.rank, alone.margin, alone.value()), (1, None, 0.5));
    }

    #[test]
    fn aims_have_names() {
        for aim in Aim::ALL {
            assert_eq!(aim.name().parse::<Aim>().unwrap(), aim);
            assert_eq!(serde_json::to_value(aim).unwrap(), aim.name());
        }
        let refused = "image".parse::<Aim>().unwrap_err();
        assert!(refused.remedy().contains("caption-wins"));
    }
}
