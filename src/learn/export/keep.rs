//! An exported encoder put in its place, once it was tried.

use super::layout::Layout;
use crate::encoder::{Encoder, EncoderFiles, EncoderOptions};
use crate::error::{Error, Result};
use crate::files::{file_name, replace, replace_set};
use crate::onnx::Graph;
use crate::task::Task;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

/// Writes an encoder to `folder`, which is made, or is there and empty, under another name: what lies beside the models by
/// `layout`, then what `models` writes into the folder that it is given. It is opened as `options` say where it runs, and gets its
/// name when `tried` finds it right: it is there as a whole or not at all. What `tried` says.
///
/// # Errors
/// `folder` holds anything, or is called as a part of an encoder; a file cannot be written; the copy does not open; as `models`
/// and `tried`.
pub fn keep<T>(
    layout: &Layout,
    folder: &Path,
    options: &EncoderOptions,
    models: impl FnOnce(&Path) -> Result<()>,
    tried: impl FnOnce(&Encoder) -> Result<T>,
    task: &Task,
) -> Result<T> {
    let was_there = make_room(folder)?;
    let written = replace_set(folder, &[], |fresh| {
        for (path, bytes) in &layout.beside {
            replace(&fresh.join(path), |out| out.write_all(bytes))?;
        }
        models(fresh)?;
        let options = EncoderOptions {
            providers: options.providers.clone(),
            batch: options.batch,
            ..EncoderOptions::default()
        };
        tried(&Encoder::open(&EncoderFiles::open(fresh)?, &options, task)?)
    });
    if written.is_err() && was_there {
        let _ = std::fs::create_dir(folder);
    }
    written
}

/// Makes sure that `folder` may be written as an encoder: it is not there, or empty, and is removed then. Was it there?
///
/// # Errors
/// It holds anything, is called as a part of an encoder, or cannot be read or removed.
fn make_room(folder: &Path) -> Result<bool> {
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
