//! How pictures are prepared: which file says so, and in whose dialect it is read.

use super::classes::stem;
use super::hugging_face::hugging_face;
use super::keys::Keys;
use super::open_clip::{Reader, open_clip};
use super::stated::Stated;
use super::values::Made;
use super::{Found, find, read};
use crate::encoder::folder::EncoderFiles;
use crate::encoder::preprocess::Preprocess;
use crate::error::{Error, Question, Result};
use serde_json::Value;
use std::path::Path;

const REMEDY: &str = "Correct the file, or choose the preprocessing: clip, siglip or imagenet.";

impl Preprocess {
    /// Reads Hugging Face's `preprocessor_config.json` (or `processor_config.json`), an `open_clip_config.json`, Immich's
    /// `preprocess_cfg.json`, or a [`Preprocess`] saved as JSON.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Model`] naming the key that is missing, wrong or asks for a step that is not known.
    pub fn open(path: &Path) -> Result<Self> {
        made(&read(path)?).map(|(preprocess, _)| preprocess)
    }
}

/// The preprocessing of an encoder's files: `chosen`, or what lies beside the image model, whose main input is called
/// `input`.
///
/// # Errors
/// As [`Preprocess::open`]; [`Error::Ask`] where no file says, or two say different things.
pub(in super::super) fn pictures(
    files: &EncoderFiles,
    chosen: Option<&Preprocess>,
    input: &str,
) -> Result<Made> {
    if let Some(chosen) = chosen {
        let how = serde_json::to_string(chosen).unwrap_or_default();
        return Ok((
            chosen.clone(),
            vec![Stated::other("preprocessing", how, "chosen")],
        ));
    }
    let places = files.image_places.as_slice();
    if let Some(found) = find(places, "preprocess_cfg.json")? {
        return made(&found);
    }
    let hugging_face = match find(places, "preprocessor_config.json")? {
        Some(found) => Some(found),
        // Newer exports put the preprocessing into the processor's file, older ones of that name hold none.
        None => find(places, "processor_config.json")?
            .filter(|found| found.root.get("image_processor").is_some()),
    };
    let open_clip = find(places, "open_clip_config.json")?;
    match (hugging_face, open_clip) {
        (Some(found), None) | (None, Some(found)) => made(&found),
        (Some(one), Some(other)) => {
            // The export for transformers has its names of inputs, that of open_clip has others.
            let (first, second) = if input == "pixel_values" {
                (one, other)
            } else {
                (other, one)
            };
            let plain = matches!(input, "pixel_values" | "image" | "images" | "visual");
            let steps = made(&first)?;
            if !plain && made(&second).is_ok_and(|(second, _)| second != steps.0) {
                return Err(Error::model(
                    &first.path,
                    format!(
                        "and {} prepare pictures differently, and the input's name, {input}, does not tell which of \
                         them this model is for",
                        second.path.display()
                    ),
                    "Choose one of the two files with --preprocess FILE.",
                ));
            }
            Ok(steps)
        }
        (None, None) => Err(Error::Ask {
            path: files.image_model.clone(),
            question: Question::Preprocess,
        }),
    }
}

/// What `found` says, by whichever dialect it is written in.
fn made(found: &Found) -> Result<Made> {
    let Found { path, root } = found;
    let class = ["image_processor_type", "feature_extractor_type"]
        .iter()
        .find_map(|key| root.get(key)?.as_str());
    let size = root.pointer("/model_cfg/vision_cfg/image_size");
    let image_size = size.map(|size| {
        let place = Stated::read("size", "", path, "model_cfg.vision_cfg.image_size");
        (size, place)
    });
    let steps = if let Some(config) = root.get("preprocess_cfg") {
        let keys = Keys::new(path, "preprocess_cfg.", config);
        followed(&keys, |keys| open_clip(keys, Reader::OpenClip, image_size))
    } else if root.get("filter").is_some() && root.get("rescale").is_some() {
        let steps = serde_json::from_value::<Preprocess>(root.clone());
        let whole = || vec![Stated::read("preprocessing", "as saved", path, "")];
        steps.map_err(|e| e.to_string()).map(|p| (p, whole()))
    } else if root.get("model_cfg").is_some() {
        // A configuration without `preprocess_cfg`: all of open_clip's defaults.
        let keys = Keys::new(path, "", &Value::Null);
        open_clip(&keys, Reader::OpenClip, image_size)
    } else if class.is_some_and(|c| stem(c) == "JinaCLIP") {
        let keys = Keys::new(path, "", root);
        followed(&keys, |keys| open_clip(keys, Reader::OpenClip, None))
    } else if class.is_none() && root.get("interpolation").is_some() {
        let keys = Keys::new(path, "", root);
        followed(&keys, |keys| open_clip(keys, Reader::Immich, None))
    } else if let Some(part) = root.get("image_processor") {
        let keys = Keys::new(path, "image_processor.", part);
        followed(&keys, hugging_face)
    } else {
        let keys = Keys::new(path, "", root);
        followed(&keys, hugging_face)
    };
    let checked = steps.and_then(|steps| steps.0.check().map(|()| steps));
    checked.map_err(|what| Error::model(path, format!("cannot be followed: {what}"), REMEDY))
}

/// Keys that say nothing of pixels.
const HARMLESS: [&str; 22] = [
    "auto_map",
    "processor_class",
    "image_processor_type",
    "feature_extractor_type",
    "transformers_version",
    "do_convert_rgb",
    "data_format",
    "input_data_format",
    "device",
    "return_tensors",
    "disable_grouping",
    "model_input_names",
    "default_to_square",
    "image_seq_length",
    "num_image_tokens",
    "image_token_id",
    "use_fast",
    "tokenizer_class",
    "model_type",
    "architectures",
    "torch_dtype",
    "preprocessor_version",
];

/// What `read` makes of `keys`, all of which must be known.
fn followed(
    keys: &Keys<'_>,
    read: impl FnOnce(&Keys<'_>) -> Result<Made, String>,
) -> Result<Made, String> {
    let steps = read(keys)?;
    keys.finish(&HARMLESS)?;
    Ok(steps)
}
