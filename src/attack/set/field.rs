//! Where an embedding stands among the unperturbed ones of the other side.

use crate::attack::victim::other_scores;
use crate::compute::{Embeddings, Groups, TIE, cosine};
use rayon::prelude::*;

/// Images and captions of a set as one encoder sees them.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    pub images: &'a Embeddings,
    pub texts: &'a Embeddings,
    pub groups: &'a Groups,
}

/// Where a query stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Place {
    /// Rank of the best right candidate, from 1; a tie counts against it.
    pub rank: u32,
    /// `wrong - right` at each rank asked for: the score of the k-th best wrong candidate less that of the best right
    /// one. `None` where there are not so many wrong ones.
    pub margins: Vec<Option<f32>>,
}

impl Field<'_> {
    /// Where the embedding `e` of picture `image` stands as a query for captions.
    pub fn of_image(&self, e: &[f32], image: usize, ks: &[usize]) -> Place {
        let own = self.groups.range(image);
        let scores: Vec<f32> = (0..self.texts.rows())
            .into_par_iter()
            .map(|j| cosine(e, self.texts.row(j)))
            .collect();
        let right = scores[own.clone()]
            .iter()
            .copied()
            .fold(f32::NEG_INFINITY, f32::max);
        let mut wrong: Vec<f32> = scores[..own.start].to_vec();
        wrong.extend(&scores[own.end..]);
        wrong.sort_unstable_by(|a, b| b.total_cmp(a));
        place(right, &wrong, ks)
    }

    /// Scores of `caption` with all pictures but its own, highest first.
    pub fn others(&self, caption: usize) -> Vec<f32> {
        let (image, text) = (self.groups.owner(caption), self.texts.row(caption));
        let mut scores = other_scores(self.images, text, image);
        scores.sort_unstable_by(|a, b| b.total_cmp(a));
        scores
    }

    /// Where `caption` stands as a query for pictures if its own has the embedding `e`; `others` as
    /// [`Field::others`] gives them.
    pub fn of_caption(&self, e: &[f32], caption: usize, others: &[f32], ks: &[usize]) -> Place {
        place(cosine(e, self.texts.row(caption)), others, ks)
    }
}

/// From the score of what is right and those of what is wrong, highest first.
fn place(right: f32, wrong: &[f32], ks: &[usize]) -> Place {
    let above = wrong.partition_point(|&s| s >= right - TIE);
    let margin = |&k: &usize| {
        let bar = wrong.get(k.wrapping_sub(1));
        bar.map(|bar| bar - right)
    };
    Place {
        rank: 1 + above as u32,
        margins: ks.iter().map(margin).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tie_counts_against_the_right_one() {
        let found = place(0.5, &[0.9, 0.5, 0.1], &[1, 2, 3, 4]);
        assert_eq!(found.rank, 3);
        let near = |at: usize, b: f32| found.margins[at].is_some_and(|a| (a - b).abs() < 1e-6);
        assert!(near(0, 0.4) && near(1, 0.0) && near(2, -0.4));
        assert_eq!(found.margins[3], None);
    }
}
