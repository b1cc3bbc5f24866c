//! A folder of pictures and nothing else: images without captions.

use super::gather::{file_name, step};
use crate::dataset::picture::is_picture_name;
use crate::dataset::{Dataset, Image};
use crate::error::{Error, Result};
use crate::task::Task;
use std::path::Path;

/// How far down pictures are looked for.
const DEPTH: usize = 3;

/// The pictures of `folder` and of the folders below it, by name; `None` where there are none.
///
/// # Errors
/// The folder cannot be read; cancellation.
pub(super) fn open(folder: &Path, task: &Task) -> Result<Option<Dataset>> {
    task.begin("Looking for pictures", 0);
    let mut names = Vec::new();
    look(folder, "", DEPTH, &mut names, task)?;
    if names.is_empty() {
        return Ok(None);
    }
    names.sort();
    let images = names
        .into_iter()
        .map(|name| {
            let path = folder.join(&name);
            Image::file(name, path)
        })
        .collect();
    let full = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    let name = file_name(&full);
    Ok(Some(Dataset::of_images(
        name,
        "pictures alone",
        images,
        Vec::new(),
    )))
}

fn look(
    folder: &Path,
    before: &str,
    depth: usize,
    names: &mut Vec<String>,
    task: &Task,
) -> Result<()> {
    for entry in std::fs::read_dir(folder).map_err(Error::io("read", folder))? {
        let entry = entry.map_err(Error::io("read", folder))?;
        step(task, names.len() as u64)?;
        // Links are not followed out of the folder.
        let kind = entry.file_type().map_err(Error::io("read", folder))?;
        let path = entry.path();
        let Some(name) = path.file_name().and_then(|n| n.to_str()) else {
            continue;
        };
        if name.starts_with('.') {
            continue;
        }
        if kind.is_dir() && depth > 1 {
            look(&path, &format!("{before}{name}/"), depth - 1, names, task)?;
        } else if kind.is_file() && is_picture_name(&path) {
            names.push(format!("{before}{name}"));
        }
    }
    Ok(())
}
