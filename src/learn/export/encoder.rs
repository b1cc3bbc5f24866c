//! An encoder with its heads, as a folder that opens as an encoder.

use super::head::behind;
use super::keep::{keep, write_model};
use super::layout::Layout;
use super::trial::deviation;
use super::weights::Heads;
use crate::compute::train::Part;
use crate::encoder::{Encoder, EncoderFiles, EncoderOptions, Tower};
use crate::error::{Error, Result};
use crate::task::Task;
use std::path::{Path, PathBuf};

/// Heads with the encoder on whose embeddings they were trained.
#[derive(Clone, Copy)]
pub struct Trained<'a> {
    /// The encoder.
    pub encoder: &'a Encoder,
    /// The files that it was opened from.
    pub files: &'a EncoderFiles,
    /// What was chosen about it when it was opened.
    pub options: &'a EncoderOptions,
    /// The heads.
    pub heads: &'a Heads,
}

/// What was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Exported {
    /// The folder: an encoder.
    pub folder: PathBuf,
    /// Its models, tokenizer and configurations, by their paths in it.
    pub files: Vec<PathBuf>,
    /// The largest difference between an embedding of a few pictures and captions and what the heads make of the
    /// original's; `None` where the original embeds none of them.
    pub deviation: Option<f32>,
}

/// Writes `trained` as an encoder to `folder`, which is made, or is there and empty. It is written under another name,
/// opened and compared with the original, and gets its name when that succeeded: it is there as a whole or not at all.
///
/// Where the program pools the outputs of a model, the pooling becomes part of the exported one; an open batch stays open,
/// and so do the types of all inputs. The embedding is float32. A file that holds both models becomes two.
///
/// # Errors
/// Heads that do not fit the encoder; `folder` holds anything, or is called as a part of an encoder; an operator set that
/// is too old; a file that cannot be read or written, or was written again since the encoder was opened; the copy does not
/// open, or gives other embeddings; cancellation.
pub fn export(trained: Trained<'_>, folder: &Path, task: &Task) -> Result<Exported> {
    let Trained {
        encoder,
        files,
        options,
        heads,
    } = trained;
    heads.check()?;
    fits(trained)?;
    task.begin("Writing the encoder", 0);
    let coarse = [encoder.image_tower(), encoder.text_tower()].map(Tower::is_coarse);
    let layout = Layout::of(files, options.preprocess.as_ref(), coarse)?;
    let models = |fresh: &Path| write(encoder, heads, &layout, fresh, task);
    let tried = |copy: &Encoder| deviation(encoder, copy, heads, task);
    let deviation = keep(&layout, folder, options, models, tried, task)?;
    Ok(Exported {
        folder: folder.to_path_buf(),
        deviation,
        files: layout.files(),
    })
}

/// Do the heads take what the encoder gives, and is it the encoder of these files?
fn fits(trained: Trained<'_>) -> Result<()> {
    let Trained {
        encoder,
        files,
        heads,
        ..
    } = trained;
    let inputs = heads.shape.inputs;
    let towers = [encoder.image_tower(), encoder.text_tower()];
    let paths = [&files.image_model, &files.text_model];
    for (tower, path) in towers.into_iter().zip(paths) {
        if tower.model().path != *path {
            return Err(Error::request(
                format!("the encoder was not opened from {}", path.display()),
                "Open the encoder again.",
            ));
        }
        if let Some(dim) = tower.dim().filter(|dim| *dim != inputs) {
            return Err(Error::request(
                format!(
                    "the heads take {inputs} values, and {} gives {dim}",
                    path.display()
                ),
                "Export with the encoder that the heads were trained on.",
            ));
        }
    }
    Ok(())
}

/// Writes both models into `folder`.
fn write(
    encoder: &Encoder,
    heads: &Heads,
    layout: &Layout,
    folder: &Path,
    task: &Task,
) -> Result<()> {
    let [image, text] = heads.shape.parts();
    let (images, texts) = (encoder.image_tower(), encoder.text_tower());
    task.check()?;
    let names = ["image_embeds", "image_features"];
    model(
        images,
        heads,
        image,
        names,
        &folder.join(&layout.image_model),
    )?;
    task.check()?;
    let names = ["text_embeds", "text_features"];
    model(texts, heads, text, names, &folder.join(&layout.text_model))
}

/// Writes one side to `path`.
fn model(tower: &Tower, heads: &Heads, part: Part, names: [&str; 2], path: &Path) -> Result<()> {
    let graph = behind(tower.apart()?, &heads.shape, part, &heads.weights, names);
    write_model(graph, path)
}
