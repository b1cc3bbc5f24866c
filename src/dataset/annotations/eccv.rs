//! ECCV Caption's files: two JSON objects, from each image's id to its captions' ids and back.

use super::Annotations;
use crate::error::{Error, Result};
use crate::files::{TEXT, file_name, read_text};
use crate::task::Task;
use std::collections::BTreeMap;
use std::path::Path;

/// What the files begin with; the name of their figures.
pub const NAMES: [&str; 5] = ["eccv", "cxc", "human_verified", "pm", "original"];

const TO_CAPTIONS: &str = "_image_to_caption.json";
const TO_IMAGES: &str = "_caption_to_image.json";

/// Which annotations a file (its name in lower case) belongs to.
pub fn name_of(file: &str) -> Option<&'static str> {
    let stem = file
        .strip_suffix(TO_CAPTIONS)
        .or_else(|| file.strip_suffix(TO_IMAGES))?;
    NAMES.into_iter().find(|name| *name == stem)
}

/// Reads both files, of which `file` is one.
pub fn open(file: &Path, name: &str, task: &Task) -> Result<Annotations> {
    let beside = |ending: &str| file.with_file_name(format!("{name}{ending}"));
    Ok(Annotations {
        name: name.to_owned(),
        image_to_captions: read(&beside(TO_CAPTIONS), task)?,
        caption_to_images: read(&beside(TO_IMAGES), task)?,
        ..Annotations::default()
    })
}

fn read(path: &Path, task: &Task) -> Result<BTreeMap<u64, Vec<u64>>> {
    task.check()?;
    if !path.is_file() {
        return Err(Error::dataset(
            path,
            "is missing",
            format!(
                "Put both files of a kind together: {} and the one for the other direction.",
                file_name(path)
            ),
        ));
    }
    let text = read_text(path, TEXT).map_err(Error::io("read", path))?;
    serde_json::from_str(&text).map_err(|e| {
        Error::dataset(
            path,
            format!("is not a map from COCO ids to lists of COCO ids: {e}"),
            "Expected {\"552666\": [445512, 68120]}, as in the package eccv_caption. Copy or download it again.",
        )
    })
}
