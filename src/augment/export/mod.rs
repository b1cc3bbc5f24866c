//! The averaged embedding written as an encoder like any other.
//!
//! The image model becomes the layer with fixed draws, the model, and the unit mean over the copies, in one file of standard
//! operators; it costs as many runs of the model as there are draws. The text model, the tokenizer and the configurations are
//! those of the original.

mod graph;
mod trial;

use super::change::Magnitudes;
use super::draws::kept_draws;
use super::ground::Ground;
use super::layer::Layer;
use crate::encoder::{Encoder, EncoderFiles, EncoderOptions, Tower};
use crate::error::{Error, Result};
use crate::learn::export::{Layout, alone, keep, write_model};
use crate::task::Task;
use graph::averaged;
use std::path::{Path, PathBuf};
use trial::deviation;

/// An averaged embedding, with the encoder that it is of.
#[derive(Clone, Copy)]
pub struct Averaged<'a> {
    /// The encoder.
    pub encoder: &'a Encoder,
    /// The files that it was opened from.
    pub files: &'a EncoderFiles,
    /// What was chosen about it when it was opened.
    pub options: &'a EncoderOptions,
    /// How large each change is.
    pub magnitudes: &'a Magnitudes,
    /// Copies of a picture.
    pub draws: usize,
    /// Pictures that the copy is tried on, and the model that they are embedded by.
    pub ground: &'a Ground,
}

/// What was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Exported {
    /// The folder: an encoder.
    pub folder: PathBuf,
    /// Its models, tokenizer and configurations, by their paths in it.
    pub files: Vec<PathBuf>,
    /// The largest difference between values of its embeddings of a few pictures and captions and those computed by the layer and
    /// the original.
    pub deviation: f32,
}

/// Writes `of` as an encoder to `folder`, which is made, or is there and empty. It is written under another name, opened, compared
/// with the layer's own mean on pictures of the ground, alone and together, and gets its name when that succeeded: it is
/// there as a whole or not at all.
///
/// # Errors
/// No change is made, or there is nothing to average; as [`averaged`]; `folder` holds anything; a file cannot be read or written;
/// the copy does not open, or gives other embeddings; cancellation.
pub fn export(of: Averaged<'_>, folder: &Path, task: &Task) -> Result<Exported> {
    let Averaged {
        encoder,
        files,
        options,
        magnitudes,
        draws,
        ground,
    } = of;
    if magnitudes.made().is_empty() {
        return Err(Error::request(
            "no magnitude is above 0: the averaged embedding is that of the encoder itself",
            "Use the encoder as it is, or give magnitudes with --magnitudes.",
        ));
    }
    task.begin("Writing the encoder", 0);
    let [image, text] = [encoder.image_tower(), encoder.text_tower()];
    let coarse = [image, text].map(Tower::is_coarse);
    let layout = Layout::of(files, options.preprocess.as_ref(), coarse)?;
    let kept = kept_draws(draws);
    let dim = ground.dim();
    let image = alone(
        averaged(encoder, magnitudes, &kept, dim)?,
        dim,
        ["image_embeds", "image_features"],
    );
    task.check()?;
    let text = alone(text.apart()?, dim, ["text_embeds", "text_features"]);
    task.check()?;
    let layer = Layer::new(ground.grid(), magnitudes.made(), &options.providers, task)?;
    let models = |fresh: &Path| {
        write_model(image, &fresh.join(&layout.image_model))?;
        write_model(text, &fresh.join(&layout.text_model))
    };
    let tried =
        |copy: &Encoder| deviation((encoder, copy), (ground, &layer), magnitudes, &kept, task);
    let deviation = keep(&layout, folder, options, models, tried, task)?;
    Ok(Exported {
        folder: folder.to_path_buf(),
        deviation,
        files: layout.files(),
    })
}
