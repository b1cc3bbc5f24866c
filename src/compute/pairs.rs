//! What both engines need before the pass: the scores of the positives and the shapes checked.

use super::block::{Found, Queries, Seen, check_dims};
use super::hinge_steps::Steps;
use super::{Direction, Embeddings, Groups, Hit, Ranking, Search};
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

/// Score of each text with its own image, as the product of stored rows.
pub fn scores(images: &Embeddings, texts: &Embeddings, groups: &Groups) -> Vec<f32> {
    (0..groups.images())
        .into_par_iter()
        .flat_map_iter(|i| groups.range(i).map(move |j| images.stored_dot(i, texts, j)))
        .collect()
}

/// Stored scores from which on a negative counts: the positive's less what is a tie for the query.
pub fn thresholds(queries: &Embeddings, candidates: &Embeddings, positives: &[f32]) -> Vec<f32> {
    let of = |(q, p): (usize, &f32)| p - queries.stored_tie(q, candidates);
    positives.iter().enumerate().map(of).collect()
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

/// Puts what a pass over all rows found together, in true units. With a margin the sum over the pairs of the maximal
/// hinge in each direction (VSE++ eq. 4) is taken from the hardest negatives.
pub fn ranking(
    found: Found,
    mut pairs: Vec<f32>,
    groups: &Groups,
    steps: Option<Steps>,
    factor: f32,
) -> Ranking {
    let max = steps.map_or(0.0, |steps| {
        let [images, texts] = [&found.images.hardest, &found.texts.hardest];
        let of = |i: usize, j: usize| {
            let hinge = |hardest: Hit| steps.hinge(hardest.score, pairs[j]);
            i128::from(hinge(images[i]) + hinge(texts[j]))
        };
        let images = 0..groups.images();
        steps.value(
            images
                .flat_map(|i| groups.range(i).map(move |j| (i, j)))
                .map(|(i, j)| of(i, j))
                .sum(),
        )
    });
    let sum = steps.map_or(0.0, |steps| steps.value(found.hinges));
    let of_images = Queries {
        scores: &pairs,
        offsets: Some(groups.offsets()),
    };
    let i2t = direction(found.images, of_images.best(), factor);
    let t2i = direction(found.texts, pairs.clone(), factor);
    for s in &mut pairs {
        *s *= factor;
    }
    Ranking {
        i2t,
        t2i,
        pairs,
        sum_of_hinges: sum * f64::from(factor),
        max_of_hinges: max * f64::from(factor),
    }
}

/// What was seen of queries whose best positives score `positive`, in true units.
pub fn direction(seen: Seen, mut positive: Vec<f32>, factor: f32) -> Direction {
    let Seen {
        above,
        mut hardest,
        mut top,
    } = seen;
    for s in &mut positive {
        *s *= factor;
    }
    for hit in &mut hardest {
        hit.score *= factor;
    }
    top.scale(factor);
    Direction {
        ranks: above.iter().map(|n| n + 1).collect(),
        positive,
        hardest,
        negatives: top,
    }
}
