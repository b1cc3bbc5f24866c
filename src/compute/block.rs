//! A part of the similarity: some images against some texts, and what it says of the queries among them.
//!
//! What blocks say of a query adds up to what the whole similarity says, to the last bit and in whatever order: counts
//! and hinges are whole numbers, the best and the hardest are chosen by (score, index), and a score depends on its two
//! rows alone ([`super::product()`]).

use super::hinge_steps::Steps;
use super::{Embeddings, Hit, RankOptions, TopK};
use crate::error::{Error, Result};
use std::ops::Range;

/// Queries with the scores of their positives, wherever these lie, as the products of stored rows.
#[derive(Debug, Clone, Copy)]
pub struct Queries<'a> {
    /// Score of every positive, query by query.
    pub scores: &'a [f32],
    /// Positives of query `q` are `offsets[q]..offsets[q + 1]`; `None` where each has one.
    pub offsets: Option<&'a [u32]>,
}

impl<'a> Queries<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.offsets
            .map_or(self.scores.len(), |offsets| offsets.len() - 1)
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the scores of the positives of query `q` are.
    pub fn range(&self, q: usize) -> Range<usize> {
        self.offsets.map_or(q..q + 1, |offsets| {
            offsets[q] as usize..offsets[q + 1] as usize
        })
    }

    /// Scores of the positives of query `q`.
    pub fn of(&self, q: usize) -> &'a [f32] {
        &self.scores[self.range(q)]
    }

    /// Score of the best positive of each query; negative infinity without one.
    pub fn best(&self) -> Vec<f32> {
        let best = |q| self.of(q).iter().copied().fold(f32::NEG_INFINITY, f32::max);
        (0..self.len()).map(best).collect()
    }
}

/// Images against texts.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    /// Rows of images.
    pub images: &'a Embeddings,
    /// Rows of texts, of the same length, measure and unit.
    pub texts: &'a Embeddings,
    /// The texts of this block that are positives of each image; rising.
    pub own: &'a [Range<u32>],
    /// The images as queries; `None` where they are candidates alone.
    pub of_images: Option<Queries<'a>>,
    /// The texts as queries.
    pub of_texts: Option<Queries<'a>>,
    /// Candidates kept, and the margin of the hinges, in true units.
    pub options: RankOptions,
}

impl Block<'_> {
    /// Checks that its parts fit together.
    ///
    /// # Errors
    /// They do not.
    pub(super) fn check(&self) -> Result<()> {
        check_dims(self.images, self.texts)?;
        let fits = |queries: &Option<Queries<'_>>, rows| {
            queries.is_none_or(|queries| queries.len() == rows)
        };
        let inside = self
            .own
            .iter()
            .all(|own| own.start <= own.end && own.end as usize <= self.texts.rows());
        if inside
            && self.own.len() == self.images.rows()
            && fits(&self.of_images, self.images.rows())
            && fits(&self.of_texts, self.texts.rows())
        {
            return Ok(());
        }
        Err(Error::request(
            format!(
                "a block of {} images and {} texts does not fit its positives",
                self.images.rows(),
                self.texts.rows()
            ),
            "This is a defect of nearmiss: please report it.",
        ))
    }

    /// The margin for products of stored rows, and its steps.
    pub(super) fn steps(&self) -> Option<Steps> {
        let factor = self.images.factor(self.texts);
        self.options
            .margin
            .map(|margin| Steps::new(margin / factor))
    }
}

/// What blocks say of some queries; candidates by their numbers in the block, or in all once they are
/// [renumbered](Seen::renumber).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    /// Negatives that score at least as high as the best positive less what is a tie.
    pub above: Vec<u32>,
    /// The hardest negative, as the product of stored rows.
    pub hardest: Vec<Hit>,
    /// The hardest negatives, hardest first, likewise.
    pub top: TopK,
}

impl Seen {
    /// Adds what other candidates say of the same queries.
    ///
    /// # Panics
    /// Other numbers of queries or kept candidates.
    pub fn merge(&mut self, other: &Self) {
        assert!(
            self.above.len() == other.above.len() && self.top.k == other.top.k,
            "what is merged must be of the same queries"
        );
        for q in 0..self.above.len() {
            self.above[q] += other.above[q];
            if other.hardest[q].beats(self.hardest[q]) {
                self.hardest[q] = other.hardest[q];
            }
        }
        self.top.merge(&other.top);
    }

    /// Gives every candidate the number `of` its number; numbers must keep their order.
    pub fn renumber(&mut self, of: impl Fn(u32) -> u32) {
        for hit in self.hardest.iter_mut().chain(&mut self.top.hits) {
            if hit.index != u32::MAX {
                hit.index = of(hit.index);
            }
        }
    }

    /// The same with room for `k` candidates each.
    #[must_use]
    pub fn with_room(self, k: usize) -> Self {
        if self.top.k == k {
            return self;
        }
        let mut top = TopK::empty(self.above.len(), k);
        let kept = k.min(self.top.k);
        for q in 0..self.above.len() {
            top.row_mut(q)[..kept].copy_from_slice(&self.top.row(q)[..kept]);
        }
        Self { top, ..self }
    }
}

/// What a block says; empty for a side that is no query.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// Of the images.
    pub images: Seen,
    /// Of the texts.
    pub texts: Seen,
    /// The hinges of both sides' queries with this block's negatives, in [`Steps`].
    pub hinges: i128,
}

/// Checks that two sets of embeddings live in one space.
pub fn check_dims(a: &Embeddings, b: &Embeddings) -> Result<()> {
    if a.dim() != b.dim() {
        return Err(Error::request(
            format!(
                "embeddings of length {} cannot be compared with {}",
                a.dim(),
                b.dim()
            ),
            "Both towers must come from the same encoder.",
        ));
    }
    if a.rows() == 0 || b.rows() == 0 {
        return Err(Error::request(
            "there is nothing to rank",
            "Open a dataset with at least one image and caption.",
        ));
    }
    Ok(())
}
