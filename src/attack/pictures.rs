//! Pictures as arrays of pixels in [0, 1], and back.

use crate::dataset::{Dataset, Picture};
use crate::encoder::Preprocess;
use crate::error::{Error, Result};
use rayon::prelude::*;

/// Picture `image` of `dataset`.
///
/// # Errors
/// It has none, or one that cannot be read.
pub fn open(dataset: &Dataset, image: usize) -> Result<Picture> {
    let entry = &dataset.images[image];
    if entry.picture.is_none() {
        return Err(Error::request(
            format!("{} has no picture", entry.name),
            "Attacks need the pictures, not only their embeddings.",
        ));
    }
    entry.open()
}

/// What the model sees of `picture`, resized and cropped, as pixels in [0, 1]: `[channels, height, width]`.
///
/// # Errors
/// As [`Preprocess::resized`].
pub fn pixels(preprocess: &Preprocess, picture: &Picture) -> Result<Vec<f32>> {
    Ok(planes(&preprocess.resized(picture)?, preprocess.channels))
}

/// The pixels of `picture` in [0, 1], channel by channel; one channel of a grey picture.
pub fn planes(picture: &Picture, channels: usize) -> Vec<f32> {
    let area = picture.width as usize * picture.height as usize;
    let mut out = vec![0.0; channels * area];
    for (channel, plane) in out.chunks_exact_mut(area.max(1)).enumerate() {
        for (to, pixel) in plane.iter_mut().zip(picture.rgb.chunks_exact(3)) {
            *to = f32::from(pixel[channel.min(2)]) / 255.0;
        }
    }
    out
}

/// `x`, `[channels, height, width]` in [0, 1], as an 8-bit picture.
pub fn picture(x: &[f32], channels: usize, height: usize, width: usize) -> Picture {
    let area = height * width;
    let byte = |at: usize| (x[at].clamp(0.0, 1.0) * 255.0).round() as u8;
    let rgb = (0..area)
        .flat_map(|p| [0, 1, 2].map(|c: usize| byte(c.min(channels - 1) * area + p)))
        .collect();
    Picture {
        width: width as u32,
        height: height as u32,
        rgb,
    }
}

/// `x` after rounding to 8 bits, as a saved picture has it.
pub fn quantised(x: &[f32]) -> Vec<f32> {
    let round = |v: &f32| (v.clamp(0.0, 1.0) * 255.0).round() / 255.0;
    x.par_iter().map(round).collect()
}
