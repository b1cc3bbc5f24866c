//! Reads the pictures of a set as the model sees them.

use super::super::pictures::{open, pixels};
use super::SetRequest;
use crate::error::{Error, Result};
use rayon::prelude::*;

/// Pixels in [0, 1] of these pictures as the model sees them, one after the other.
pub(super) fn load(request: &SetRequest, images: &[usize]) -> Result<Vec<f32>> {
    let one = |&image: &usize| {
        pixels(
            request.encoder.preprocess(),
            &open(&request.dataset, image)?,
        )
    };
    let all: Vec<Vec<f32>> = images.par_iter().map(one).collect::<Result<_>>()?;
    let len = request.set.network.grid().len();
    if let Some(at) = all.iter().position(|x| x.len() != len) {
        return Err(Error::request(
            format!(
                "{} has another size than the model takes",
                request.dataset.images[images[at]].name
            ),
            "Choose a preprocessing that brings every picture to one size.",
        ));
    }
    Ok(all.concat())
}
