//! Pictures of copies, to be looked at.

use super::change::Magnitudes;
use super::draws::{DRAWS, kept_draws};
use super::ground::Ground;
use super::layer::Layer;
use crate::attack::pictures::picture;
use crate::dataset::Picture;
use crate::error::{Error, Result};
use crate::task::Task;

/// `count` copies of `image` under `magnitudes`, by the first of the draws that averaged embeddings go by, with 8 bits a value.
///
/// # Errors
/// There is no such image; the engine fails; cancellation.
pub fn copies(
    (ground, layer): (&Ground, &Layer),
    magnitudes: &Magnitudes,
    image: u32,
    count: usize,
    task: &Task,
) -> Result<Vec<Picture>> {
    if image as usize >= ground.images() {
        return Err(Error::request(
            format!("there is no image {image}; there are {}", ground.images()),
            "They count from 0.",
        ));
    }
    let draws = kept_draws(count);
    let pixels = ground.pixels(&[image], count);
    let made = layer.copies(&pixels, &draws[..count * DRAWS], magnitudes, task)?;
    let grid = ground.grid();
    let rows = made.chunks_exact(grid.len().max(1));
    Ok(rows
        .map(|row| picture(row, grid.channels, grid.height, grid.width))
        .collect())
}
