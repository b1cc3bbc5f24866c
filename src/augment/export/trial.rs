//! An exported averaged embedding, tried before it gets its place.

use crate::augment::change::Magnitudes;
use crate::augment::ground::Ground;
use crate::augment::layer::Layer;
use crate::augment::levels::averaged;
use crate::compute::Embeddings;
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::runtime::Stop;
use crate::task::Task;

/// The largest difference between values of unit rows that is rounding.
pub const ROUNDING: f32 = 1e-4;
/// The same where a model computes in float16.
const COARSE: f32 = 5e-3;
/// Pictures that are tried.
const PICTURES: u32 = 3;
/// Captions of several lengths.
const CAPTIONS: [&str; 3] = ["a dog", "two people ride bicycles beside the sea", "7"];

/// The largest difference between the embeddings that `copy` gives, alone and together, and the mean that the layer and the image
/// model of `ground` give; of captions, those that `original` gives.
///
/// # Errors
/// The copy prepares pictures or captions otherwise, fails, or is off by more than [`ROUNDING`]; cancellation.
pub fn deviation(
    (original, copy): (&Encoder, &Encoder),
    (ground, layer): (&Ground, &Layer),
    magnitudes: &Magnitudes,
    draws: &[f32],
    task: &Task,
) -> Result<f32> {
    if original.preprocess() != copy.preprocess() {
        return Err(differs("prepares pictures otherwise"));
    }
    let tokens = |encoder: &Encoder| encoder.tokenizer().encode(&CAPTIONS);
    if tokens(original)? != tokens(copy)? {
        return Err(differs("makes other tokens of captions"));
    }
    let images: Vec<u32> = (0..PICTURES.min(ground.images() as u32)).collect();
    let wanted = averaged((ground, layer), magnitudes, &images, draws, &task.quiet())?;
    let fed = normalised(original, ground, &images);
    let stop = Stop::watch(task);
    let tower = copy.image_tower();
    let len = tower.picture_len();
    let (together, dim) = tower.embed_images_until(&fed, images.len(), &stop)?;
    let mut alone = Vec::with_capacity(together.len());
    for picture in fed.chunks_exact(len.max(1)) {
        task.check()?;
        alone.extend(tower.embed_images_until(picture, 1, &stop)?.0);
    }
    let mut largest = 0.0_f32;
    for made in [together, alone] {
        largest = largest.max(apart(&wanted, &Embeddings::new(made, dim)?)?);
    }
    let captions = CAPTIONS.map(str::to_owned);
    // What the original cannot embed says nothing of the copy.
    if let Ok(wanted) = original.embed_texts(&captions, None, task) {
        let made = copy.embed_texts(&captions, None, task)?;
        largest = largest.max(apart(&wanted, &made)?);
    }
    task.check()?;
    let coarse = [original.image_tower(), original.text_tower()];
    let most = if coarse.into_iter().any(crate::encoder::Tower::is_coarse) {
        COARSE
    } else {
        ROUNDING
    };
    if largest <= most {
        return Ok(largest);
    }
    Err(differs(&format!("is {largest:.1e} off in an embedding")))
}

/// The largest difference of two values; NaN is one.
fn apart(wanted: &Embeddings, made: &Embeddings) -> Result<f32> {
    if wanted.data().len() != made.data().len() {
        return Err(differs("gives embeddings of another length"));
    }
    let pairs = wanted.data().iter().zip(made.data());
    Ok(pairs.fold(0.0, |most: f32, (a, b)| {
        let off = (a - b).abs();
        if off.is_nan() {
            f32::INFINITY
        } else {
            most.max(off)
        }
    }))
}

/// The pictures of `images` as the image model takes them.
fn normalised(encoder: &Encoder, ground: &Ground, images: &[u32]) -> Vec<f32> {
    let preprocess = encoder.preprocess();
    let plane = ground.grid().plane().max(1);
    let mut all = Vec::with_capacity(images.len() * ground.grid().len());
    for &image in images {
        for (channel, values) in ground.picture(image).chunks_exact(plane).enumerate() {
            let (mean, std) = (preprocess.mean[channel], preprocess.std[channel]);
            all.extend(
                values
                    .iter()
                    .map(|&value| (f32::from(value) * preprocess.rescale - mean) / std),
            );
        }
    }
    all
}

fn differs(how: &str) -> Error {
    Error::request(
        format!("the exported encoder {how}, and was not kept"),
        "This encoder cannot be exported with a layer before it: report the model.",
    )
}
