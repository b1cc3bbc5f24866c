//! An encoder with its heads, as a folder that opens as an encoder.

use super::head::behind;
use super::layout::Layout;
use super::trial::deviation;
use super::weights::Heads;
use crate::compute::train::Part;
use crate::encoder::{Encoder, EncoderFiles, EncoderOptions, Tower};
use crate::error::{Error, Result};
use crate::files::{file_name, replace, replace_set};
use crate::onnx::Graph;
use crate::task::Task;
use std::io::{ErrorKind, Write as _};
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
    let was_there = make_room(folder)?;
    let written = replace_set(folder, &[], |fresh| {
        write(encoder, heads, &layout, fresh, task)?;
        let options = EncoderOptions {
            providers: options.providers.clone(),
            batch: options.batch,
            ..EncoderOptions::default()
        };
        let copy = Encoder::open(&EncoderFiles::open(fresh)?, &options, task)?;
        deviation(encoder, &copy, heads, task)
    });
    if written.is_err() && was_there {
        let _ = std::fs::create_dir(folder);
    }
    let beside = layout.beside.into_iter().map(|(path, _)| path);
    Ok(Exported {
        folder: folder.to_path_buf(),
        deviation: written?,
        files: [layout.image_model, layout.text_model]
            .into_iter()
            .chain(beside)
            .collect(),
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

/// Makes sure that `folder` may be written as an encoder: it is not there, or empty, and is removed then. Was it there?
///
/// # Errors
/// It holds anything, is called as a part of an encoder, or cannot be read or removed.
pub fn make_room(folder: &Path) -> Result<bool> {
    if EncoderFiles::is_part(folder) {
        return Err(Error::request(
            format!(
                "a folder called {} is taken for a part of the encoder one folder up",
                file_name(folder)
            ),
            "Choose another name.",
        ));
    }
    match std::fs::read_dir(folder) {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
        Err(e) => Err(Error::io("write", folder)(e)),
        Ok(mut entries) => {
            if entries.next().is_some() {
                return Err(Error::request(
                    format!("{} is there already, and not empty", folder.display()),
                    "Choose a new folder: nothing is written over an encoder, or among other files.",
                ));
            }
            std::fs::remove_dir(folder).map_err(Error::io("replace", folder))?;
            Ok(true)
        }
    }
}

/// Fills `folder` with the files of the encoder.
fn write(
    encoder: &Encoder,
    heads: &Heads,
    layout: &Layout,
    folder: &Path,
    task: &Task,
) -> Result<()> {
    for (path, bytes) in &layout.beside {
        replace(&folder.join(path), |out| out.write_all(bytes))?;
    }
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

/// Writes `graph` to `path`, its weights beside it where they are too large for one file.
///
/// # Errors
/// A file cannot be written.
pub fn write_model(graph: Graph, path: &Path) -> Result<()> {
    let data = format!("{}.data", file_name(path));
    let encoded = graph.encode(&data);
    drop(graph);
    if let Some(bytes) = &encoded.data {
        replace(&path.with_file_name(&data), |out| out.write_all(bytes))?;
    }
    replace(path, |out| out.write_all(&encoded.model))
}
