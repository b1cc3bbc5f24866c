//! Which images are forgotten.

use crate::cli::listed::{is_numbers, listed, members};
use crate::cli::material::Material;
use crate::cli::output::warn;
use crate::dataset::npy::read_array;
use crate::error::{Error, Result};
use crate::learn::concepts::Members;
use crate::learn::{Ground, SplitPart};
use std::path::Path;

/// The images that `text` says, of all of `material`: `FROM..TO`, indices such as `0,5,7`, `FILE.npy` of whole numbers, a
/// file (or `@FILE`) with a name or index a line, or words that a caption holds: of these, those that `ground` trains on.
///
/// # Errors
/// Files that cannot be read; images that there are not.
pub fn images(text: &str, material: &Material, ground: &Ground) -> Result<Vec<u32>> {
    let text = text.trim();
    let count = material.embedded.groups.images();
    let file = text.strip_prefix('@').unwrap_or(text);
    let is_file = file.len() < text.len() || Path::new(file).is_file();
    if !is_file
        && text.contains("..")
        && let SplitPart::Range(range) = text.parse()?
    {
        if range.end > count {
            return Err(Error::request(
                format!("a range ends at image {}; there are {count}", range.end),
                format!("Choose a range within 0..{count}."),
            ));
        }
        return Ok(range.map(|image| image as u32).collect());
    }
    if is_file && file.to_lowercase().ends_with(".npy") {
        return rows(Path::new(file), count);
    }
    if let Some(dataset) = &material.dataset {
        let group = if is_file {
            format!("@{file}")
        } else {
            text.into()
        };
        let members = members(&group, dataset)?;
        let mut images = members.images(dataset)?;
        if let Members::Words(words) = &members {
            let all = images.len();
            images.retain(|image| ground.split.train.binary_search(image).is_ok());
            if images.len() < all {
                let rest = all - images.len();
                warn(format!(
                    "{rest} of the {all} images with {words:?} are not trained on, and there is nothing of them to forget"
                ));
            }
        }
        return Ok(images);
    }
    if !is_file && !is_numbers(text) {
        return Err(Error::request(
            format!(
                "{text:?} says no images: embeddings alone have no captions to look for words in"
            ),
            "Give a range such as 0..80, indices such as 0,5,7, or a file of indices.",
        ));
    }
    let index = |entry: &str| entry.parse().ok().filter(|&image| image < count);
    let found = listed(Path::new(file), index)?;
    Ok(found.into_iter().map(|image| image as u32).collect())
}

/// Rows of images in an array.
fn rows(path: &Path, count: usize) -> Result<Vec<u32>> {
    let (values, _) = read_array(path)?;
    let bad = values
        .iter()
        .find(|v| v.fract() != 0.0 || !(0.0..count as f32).contains(*v));
    match bad {
        Some(bad) => Err(Error::dataset(
            path,
            format!("holds {bad}, which is no image"),
            format!("Write whole numbers from 0 to {}.", count.saturating_sub(1)),
        )),
        None => Ok(values.iter().map(|&value| value as u32).collect()),
    }
}
