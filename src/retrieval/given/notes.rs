//! What the user must know of embeddings that were given.

use super::super::Side;
use crate::compute::Norms;
use crate::error::thousands;

/// Names told.
const TOLD: usize = 20;

/// One thing that was done or guessed.
#[derive(Debug, Clone, PartialEq)]
pub enum Note {
    /// Image rows that are equal in groups were taken for one image each.
    Joined {
        /// Rows of the file.
        rows: usize,
        /// Images that they were joined into.
        images: usize,
    },
    /// Image rows that equal an earlier one were left as they are.
    Repeated {
        /// How many.
        rows: usize,
        /// In groups of how many all rows are equal; 1 where they are not.
        each: usize,
    },
    /// Image rows that are equal but for rounding, in groups of this many, were left as they are.
    NearlyEqual {
        /// Rows of a group.
        each: usize,
    },
    /// How many captions an image has was guessed.
    Divided {
        /// Image rows.
        images: usize,
        /// Caption rows.
        captions: usize,
        /// Captions of each image.
        each: usize,
    },
    /// Rows were brought to unit norm.
    UnitNorm {
        /// Whose.
        side: Side,
        /// Rows of another norm.
        rows: usize,
        /// Rows in all.
        of: usize,
        /// The smallest norm that is not 0.
        least: f64,
        /// The largest.
        most: f64,
    },
    /// Rows of zeros were left out.
    LeftOut {
        /// Whose.
        side: Side,
        /// What they are called.
        names: Vec<String>,
    },
    /// Images were left out because no caption of theirs is left.
    Bare {
        /// What they are called.
        names: Vec<String>,
    },
    /// Captions were left out with their images.
    Followed {
        /// How many.
        captions: usize,
    },
    /// Rows of zeros, whose dot product with any other is 0.
    Zeros {
        /// Whose.
        side: Side,
        /// What they are called.
        names: Vec<String>,
    },
}

impl Note {
    /// In a sentence, without its full stop.
    pub fn sentence(&self) -> String {
        let n = |count: usize| thousands(count as u64);
        match self {
            Self::Joined { rows, images } => format!(
                "{} image rows are equal in groups, one for each caption: read as {} images",
                n(*rows),
                n(*images)
            ),
            Self::Repeated { rows, each: 1 } => format!(
                "{} image rows equal an earlier one, though not in groups of one size: each was read as an image of its own, and \
                 equal images tie",
                n(*rows)
            ),
            Self::Repeated { each, .. } => format!(
                "the image rows are equal in groups of {each}; each was read as an image of its own"
            ),
            Self::NearlyEqual { each } => format!(
                "the image rows are equal but for rounding in groups of {each}; each was read as an image of its own \
                 (with one row for each image, its captions would be its own)"
            ),
            Self::Divided {
                images,
                captions,
                each,
            } => format!(
                "{} caption rows for {} image rows were read as {each} captions for each image, in order \
                 (--captions-per-image says how many)",
                n(*captions),
                n(*images)
            ),
            Self::UnitNorm {
                side,
                rows,
                of,
                least,
                most,
            } => format!(
                "{} of {} {} rows had norms from {} to {} and were brought to unit norm: the figures are by cosine \
                 (--similarity dot compares them as they are)",
                n(*rows),
                n(*of),
                word(*side),
                figure(*least),
                figure(*most)
            ),
            Self::LeftOut { side, names } => format!(
                "left out {}: zero throughout, and a row of zeros has no cosine with any other",
                listed(*side, names)
            ),
            Self::Bare { names } => format!(
                "left out {}: no caption of theirs is left",
                listed(Side::Image, names)
            ),
            Self::Followed { captions } => {
                format!(
                    "left out {} captions of images that were left out",
                    n(*captions)
                )
            }
            Self::Zeros { side, names } => format!(
                "{} are zero throughout: their dot product with anything is 0",
                listed(*side, names)
            ),
        }
    }
}

/// What the user must know, in the order in which it was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Notes(Vec<Note>);

impl Notes {
    /// Adds one.
    pub fn add(&mut self, note: Note) {
        self.0.push(note);
    }

    /// All of them.
    pub fn all(&self) -> &[Note] {
        &self.0
    }

    /// In sentences, without full stops.
    pub fn sentences(&self) -> Vec<String> {
        self.0.iter().map(Note::sentence).collect()
    }

    /// Adds that `of` rows were brought to unit norm, where their `norms` say so.
    pub fn add_norms(&mut self, side: Side, norms: &Norms, of: usize) {
        if norms.off > 0 {
            self.add(Note::UnitNorm {
                side,
                rows: norms.off,
                of,
                least: norms.least,
                most: norms.most,
            });
        }
    }
}

fn word(side: Side) -> &'static str {
    match side {
        Side::Image => "image",
        Side::Text => "caption",
    }
}

fn figure(norm: f64) -> String {
    if (0.01..100_000.0).contains(&norm) {
        format!("{norm:.2}")
    } else {
        format!("{norm:.1e}")
    }
}

/// "2 image rows (0, 4)".
pub(super) fn listed(side: Side, names: &[String]) -> String {
    let shown = names.iter().take(TOLD).cloned().collect::<Vec<_>>();
    let more = match names.len().checked_sub(TOLD) {
        Some(more @ 1..) => format!(" and {} more", thousands(more as u64)),
        _ => String::new(),
    };
    let count = thousands(names.len() as u64);
    let plural = if names.len() == 1 { "" } else { "s" };
    format!(
        "{count} {} row{plural} ({}{more})",
        word(side),
        shown.join(", ")
    )
}
