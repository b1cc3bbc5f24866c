//! Reads the pictures of a set as the model sees them.

use super::super::pictures::{open, pixels};
use super::SetOrder;
use crate::error::{Error, Result};
use rayon::prelude::*;

/// Pixels in [0, 1] of these pictures as the model sees them, one after the other.
pub(super) fn load(order: &SetOrder, images: &[usize]) -> Result<Vec<f32>> {
    let one = |&image: &usize| pixels(order.encoder.preprocess(), &open(&order.dataset, image)?);
    let all: Vec<Vec<f32>> = images.par_iter().map(one).collect::<Result<_>>()?;
    let len = order.set.network.grid().len();
    if let Some(at) = all.iter().position(|x| x.len() != len) {
        return Err(Error::request(
            format!(
                "{} has another size than the model takes",
                order.dataset.images[images[at]].name
            ),
            "Choose a preprocessing that brings every picture to one size.",
        ));
    }
    Ok(all.concat())
}
