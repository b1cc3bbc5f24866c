//! Other ways to group pairs, to compare with: at random, by k-means on embeddings or on gradients. Strata that are given
//! are [`Strata::new`].

use super::gradients::Gradients;
use super::labels::Strata;
use crate::error::{Error, Result};

pub use super::kmeans::kmeans;

/// `strata` strata of equal sizes, one pair more in some where it does not divide the pairs.
///
/// # Errors
/// No strata.
pub fn random(pairs: usize, strata: usize, seed: u64) -> Result<Strata> {
    let mut random = fastrand::Rng::with_seed(seed);
    Strata::new(random_labels(pairs, strata, &mut random), strata)
}

pub(super) fn random_labels(pairs: usize, strata: usize, random: &mut fastrand::Rng) -> Vec<u32> {
    let mut labels: Vec<u32> = (0..pairs).map(|n| (n % strata.max(1)) as u32).collect();
    random.shuffle(&mut labels);
    labels
}

/// Points for [`kmeans`]: the embedding of each pair's image, of rows `[images, dim]`.
///
/// # Errors
/// No pairs, rows that do not fit.
pub fn by_image(images: &[f32], dim: usize, owners: &[u32]) -> Result<Gradients> {
    Gradients::of_rows(images, dim, owners)
}

/// Points for [`kmeans`]: the embedding of each pair's caption, of rows `[pairs, dim]`.
///
/// # Errors
/// No pairs, rows that do not fit.
pub fn by_caption(texts: &[f32], dim: usize) -> Result<Gradients> {
    let owners: Vec<u32> = (0..(texts.len() / dim.max(1)) as u32).collect();
    Gradients::of_rows(texts, dim, &owners)
}

/// Points for [`kmeans`]: both embeddings of each pair side by side.
///
/// # Errors
/// No pairs, rows that do not fit.
pub fn by_both(images: &[f32], texts: &[f32], dim: usize, owners: &[u32]) -> Result<Gradients> {
    let known = images.len() / dim.max(1);
    if texts.len() != owners.len() * dim || owners.iter().any(|&i| i as usize >= known) {
        return Err(Error::request(
            "the captions and the images of the pairs do not fit together",
            "Give one caption and one image for each pair.",
        ));
    }
    let mut rows = Vec::with_capacity(2 * texts.len());
    for (&image, text) in owners.iter().zip(texts.chunks_exact(dim.max(1))) {
        rows.extend_from_slice(&images[image as usize * dim..][..dim]);
        rows.extend_from_slice(text);
    }
    by_caption(&rows, 2 * dim)
}
