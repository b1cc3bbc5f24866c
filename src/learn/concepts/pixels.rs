//! Pixels as rows.

use crate::dataset::Dataset;
use crate::encoder::{Filter, Preprocess, Resize, Rounding};
use crate::error::Result;
use crate::learn::linear::Shape;
use crate::task::Task;
use rayon::prelude::*;

/// The pixels of each of `images`, `[images, channels * side * side]`, from 0 to 1: the shorter side brought to `side`, the
/// middle cut out.
///
/// # Errors
/// A picture that cannot be read; cancellation.
pub fn pixels(
    dataset: &Dataset,
    images: &[u32],
    side: u32,
    colour: bool,
    task: &Task,
) -> Result<(Vec<f64>, Shape)> {
    let channels = if colour { 3 } else { 1 };
    let preprocess = Preprocess {
        resize: Resize::ShortestEdge(side),
        crop: Some((side, side)),
        rounding: Rounding::default(),
        filter: Filter::Bicubic,
        rescale: 1.0 / 255.0,
        mean: vec![0.0; channels],
        std: vec![1.0; channels],
        channels,
        fill: 0,
        bgr: false,
    };
    task.begin("Reading pictures", images.len() as u64);
    let rows = images.par_iter().map(|&image| -> Result<Vec<f64>> {
        task.check()?;
        let picture = dataset.images[image as usize].open()?;
        let values = preprocess.apply(&picture)?;
        task.add(1);
        Ok(values.into_iter().map(f64::from).collect())
    });
    let rows: Vec<Vec<f64>> = rows.collect::<Result<_>>()?;
    let side = side as usize;
    Ok((rows.concat(), Shape::picture(channels, side, side)))
}
