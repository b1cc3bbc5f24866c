//! What both engines need before the pass: the scores of the positives and the shapes checked.

use super::{Direction, Embeddings, Groups, RankOptions, Ranking, Search};
use crate::error::{Error, Result};
use rayon::prelude::*;
use std::borrow::Cow;

/// Checks that embeddings and groups fit together.
pub fn check(images: &Embeddings, texts: &Embeddings, groups: &Groups) -> Result<()> {
    check_dims(images, texts)?;
    if images.rows() != groups.images() || texts.rows() != groups.texts() {
        return Err(Error::request(
            format!(
                "{} image and {} text embeddings do not fit {} images with {} captions",
                images.rows(),
                texts.rows(),
                groups.images(),
                groups.texts()
            ),
            "Embed this dataset again, or correct the number of captions per image.",
        ));
    }
    Ok(())
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

/// Checks that a search fits its queries.
pub fn check_search(
    queries: &Embeddings,
    candidates: &Embeddings,
    search: &Search<'_>,
) -> Result<()> {
    check_dims(queries, candidates)?;
    let fits = |n: usize| n == 0 || n == queries.rows();
    if fits(search.without.len()) && fits(search.at_most.len()) {
        return Ok(());
    }
    Err(Error::request(
        format!(
            "{} queries with {} exclusions and {} bounds",
            queries.rows(),
            search.without.len(),
            search.at_most.len()
        ),
        "Give one for each query, or none.",
    ))
}

/// Stored score of each text with its own image, and the best of them per image (negative infinity without texts).
pub fn scores(images: &Embeddings, texts: &Embeddings, groups: &Groups) -> (Vec<f32>, Vec<f32>) {
    let pairs: Vec<f32> = (0..groups.images())
        .into_par_iter()
        .flat_map_iter(|i| groups.range(i).map(move |j| images.stored_dot(i, texts, j)))
        .collect();
    let best = (0..groups.images())
        .map(|i| {
            pairs[groups.range(i)]
                .iter()
                .copied()
                .fold(f32::NEG_INFINITY, f32::max)
        })
        .collect();
    (pairs, best)
}

/// Stored scores from which on a negative counts: the positive's less what is a tie for the query.
pub fn thresholds(queries: &Embeddings, positives: &[f32]) -> Vec<f32> {
    let of = |(q, p): (usize, &f32)| p - queries.stored_tie(q);
    positives.iter().enumerate().map(of).collect()
}

/// What a pass over the stored rows is asked for, and the factor that brings its scores to true units.
pub fn stored(images: &Embeddings, texts: &Embeddings, options: RankOptions) -> (RankOptions, f32) {
    let factor = images.factor(texts);
    let margin = options.margin.map(|margin| margin / factor);
    (RankOptions { margin, ..options }, factor)
}

/// The bounds of a search over the stored rows, and the factor that brings its scores to true units.
pub fn stored_bounds<'a>(
    queries: &Embeddings,
    candidates: &Embeddings,
    search: &Search<'a>,
) -> (Cow<'a, [f32]>, f32) {
    let factor = queries.factor(candidates);
    if factor == 1.0 {
        return (Cow::Borrowed(search.at_most), factor);
    }
    let bounds = search.at_most.iter().map(|most| most / factor);
    (bounds.collect(), factor)
}

/// Puts a pass's results together, in true units. `margin` (of the stored rows) adds the sum over the pairs of the
/// maximal hinge in each direction (VSE++ eq. 4), from the hardest negatives.
pub fn ranking(
    [mut i2t, mut t2i]: [Direction; 2],
    mut pairs: Vec<f32>,
    mut sum_of_hinges: f64,
    groups: &Groups,
    margin: Option<f32>,
    factor: f32,
) -> Ranking {
    let mut max_of_hinges = 0.0;
    if let Some(margin) = margin {
        let hinge =
            |negative: f32, positive: f32| f64::from((margin + negative - positive).max(0.0));
        for i in 0..groups.images() {
            for j in groups.range(i) {
                max_of_hinges +=
                    hinge(i2t.hardest[i].score, pairs[j]) + hinge(t2i.hardest[j].score, pairs[j]);
            }
        }
    }
    if factor != 1.0 {
        for direction in [&mut i2t, &mut t2i] {
            direction.positive.iter_mut().for_each(|s| *s *= factor);
            direction
                .hardest
                .iter_mut()
                .for_each(|hit| hit.score *= factor);
            direction.negatives.scale(factor);
        }
        for s in &mut pairs {
            *s *= factor;
        }
        sum_of_hinges *= f64::from(factor);
        max_of_hinges *= f64::from(factor);
    }
    Ranking {
        i2t,
        t2i,
        pairs,
        sum_of_hinges,
        max_of_hinges,
    }
}
