//! The images of a split that a dataset names.

use super::{located, open_dataset};
use crate::dataset::{Dataset, Wanted};
use crate::error::{Error, Result};
use crate::task::Task;
use std::collections::HashMap;
use std::path::Path;

/// Where the images of the split `name` of the dataset at `path` are in `whole`, which was opened from there: by their
/// names.
///
/// # Errors
/// The dataset has no such split; `whole` has none of its images.
pub fn images_of_split(
    path: &Path,
    wanted: &Wanted,
    name: &str,
    whole: &Dataset,
    task: &Task,
) -> Result<Vec<u32>> {
    let wanted = Wanted {
        split: Some(name.to_owned()),
        ..wanted.clone()
    };
    let part = open_dataset(&located(path)?, &wanted, task)?;
    let mut by_name: HashMap<&str, Vec<u32>> = HashMap::new();
    for (place, image) in whole.images.iter().enumerate() {
        by_name.entry(&image.name).or_default().push(place as u32);
    }
    let names = part.images.iter().map(|image| image.name.as_str());
    let found: Vec<u32> = names
        .filter_map(|name| by_name.get(name))
        .flatten()
        .copied()
        .collect();
    if found.is_empty() {
        return Err(Error::dataset(
            path,
            format!("was opened without the images of its split {name}"),
            "Open all of its splits: --split all, or in the window under Problems.",
        ));
    }
    Ok(found)
}
