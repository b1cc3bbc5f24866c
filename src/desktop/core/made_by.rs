//! Which encoder made embeddings.

use crate::compute::{Embedded, Embeddings};
use crate::dataset::Dataset;
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::task::Task;

/// Rows by which the open encoder is known as the one that made the embeddings, and how like they are to be: other
/// devices and float16 round.
const COMPARED: usize = 3;
const ALIKE: f32 = 0.98;

/// Are these embeddings of `dataset` those of `encoder`? Some are made again.
///
/// # Errors
/// They are not; the encoder fails; cancellation.
pub fn made_by(
    encoder: &Encoder,
    dataset: &Dataset,
    embedded: &Embedded,
    task: &Task,
) -> Result<()> {
    let unit = embedded.by_cosine();
    let spread = |count: usize| (0..COMPARED.min(count)).map(move |n| n * count / COMPARED.max(1));
    for caption in spread(dataset.captions.len()) {
        task.check()?;
        let made = encoder.embed_texts(&dataset.captions[caption..=caption], None, task)?;
        same(&unit.texts, caption, &made)?;
    }
    for image in spread(dataset.images.len()) {
        task.check()?;
        if let Ok(picture) = dataset.images[image].open() {
            same(&unit.images, image, &encoder.embed_picture(&picture)?)?;
        }
    }
    Ok(())
}

fn same(kept: &Embeddings, row: usize, made: &Embeddings) -> Result<()> {
    let alike = made.rows() == 1
        && made.dim() == kept.dim()
        && (kept.row(row).iter().all(|v| *v == 0.0) || kept.cosine(row, made, 0) >= ALIKE);
    if alike {
        return Ok(());
    }
    Err(Error::request(
        "the embeddings of the open dataset are not those of the open encoder",
        "Embed the dataset with this encoder, and learn again: what is learned belongs to the embeddings it was learned on.",
    ))
}
