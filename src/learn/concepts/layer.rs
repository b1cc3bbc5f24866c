//! A tensor of the image model as rows.

use crate::dataset::Dataset;
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::learn::linear::{MOST_VALUES, Shape};
use crate::task::Task;
use rayon::prelude::*;

/// Pictures that are prepared and run at once, at most.
const TOGETHER: usize = 32;

/// The names of the tensors that [`On::Layer`](super::On::Layer) can name, in the order in which the image model of
/// `encoder` computes them.
///
/// # Errors
/// The model cannot be read again.
pub fn layers(encoder: &Encoder) -> Result<Vec<String>> {
    encoder.image_tower().tensors()
}

/// The tensor `name` of each of `images`, and its shape for one picture.
///
/// # Errors
/// No such tensor; too many values; a picture that cannot be read, or that the model does not take; cancellation.
pub fn layer(
    encoder: &Encoder,
    dataset: &Dataset,
    images: &[u32],
    name: &str,
    task: &Task,
) -> Result<(Vec<f64>, Shape)> {
    let tower = encoder.image_tower();
    let mut inside = tower.inside(name)?;
    task.begin(format!("Computing {name}"), images.len() as u64);
    let together = encoder.batch().clamp(1, TOGETHER);
    let mut rows: Vec<f64> = Vec::new();
    let mut left = images;
    while !left.is_empty() {
        // The first one alone tells how much there will be.
        let now = if rows.is_empty() {
            1
        } else {
            together.min(left.len())
        };
        let (part, others) = left.split_at(now);
        left = others;
        let pictures = part.par_iter().map(|&image| {
            task.check()?;
            let image = &dataset.images[image as usize];
            let values = encoder.preprocess().apply(&image.open()?)?;
            if values.len() != tower.picture_len() {
                return Err(Error::dataset(
                    &image.place(),
                    "has a size that the model does not take unresized",
                    "Leave it out, or choose a preprocessing that resizes.",
                ));
            }
            Ok(values)
        });
        let pixels: Vec<Vec<f32>> = pictures.collect::<Result<_>>()?;
        let values = inside.values(&pixels.concat(), part.len(), task)?;
        if rows.is_empty() {
            let all = values.len().saturating_mul(images.len());
            if all > MOST_VALUES {
                return Err(Error::request(
                    format!(
                        "{name} has {} values, and {} pictures would have more than {MOST_VALUES}",
                        values.len(),
                        images.len()
                    ),
                    "Choose a smaller layer, or fewer images.",
                ));
            }
            rows.reserve_exact(all);
        }
        rows.extend(values.into_iter().map(f64::from));
        task.add(part.len() as u64);
    }
    let shape = match inside.shape() {
        Some(&[1, channels, height, width]) => Shape::picture(channels, height, width),
        _ => Shape::line(rows.len() / images.len().max(1)),
    };
    Ok((rows, shape))
}
