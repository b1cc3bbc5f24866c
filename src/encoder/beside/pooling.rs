//! The pooling that sentence-transformers states beside a model (`modules.json`, `1_Pooling/config.json`).

use super::stated::Stated;
use super::{LARGEST, read};
use crate::encoder::folder::EncoderFiles;
use crate::encoder::tower::Pool;
use crate::error::{Error, Result};
use crate::files::read_text;
use serde_json::Value;
use std::path::Path;

/// A pooling with where it is said.
pub(in super::super) type Said = Option<(Pool, Stated)>;

/// The pooling that is stated beside the image model itself; one in a folder that both models share is the text model's.
///
/// # Errors
/// A file cannot be read, or asks for a pooling that is not known here, or for a matrix behind it.
pub(in super::super) fn image_pooling(files: &EncoderFiles) -> Result<Said> {
    match (files.image_places.first(), files.text_places.first()) {
        (Some(place), text) if Some(place) != text => pooling(place),
        _ => Ok(None),
    }
}

/// The nearest pooling that is stated beside the text model.
///
/// # Errors
/// As [`image_pooling`].
pub(in super::super) fn text_pooling(files: &EncoderFiles) -> Result<Said> {
    for place in &files.text_places {
        if let Some(said) = pooling(place)? {
            return Ok(Some(said));
        }
    }
    Ok(None)
}

fn pooling(folder: &Path) -> Result<Said> {
    let modules = folder.join("modules.json");
    if let Ok(text) = read_text(&modules, LARGEST) {
        let dense = serde_json::from_str::<Value>(&text).ok().and_then(|v| {
            let types = v
                .as_array()?
                .iter()
                .filter_map(|m| m.get("type")?.as_str())
                .map(str::to_owned);
            types.into_iter().find(|t| t.ends_with(".Dense"))
        });
        if dense.is_some() {
            return Err(Error::model(
                &modules,
                "names a matrix behind the pooling (Dense), which is not in the ONNX file",
                "Export the whole model, with the Dense module inside, to one ONNX file.",
            ));
        }
    }
    let path = folder.join("1_Pooling").join("config.json");
    if !path.is_file() {
        return Ok(None);
    }
    let found = read(&path)?;
    let mode = |key: &str| found.root.get(key).and_then(Value::as_bool) == Some(true);
    let known = [
        ("pooling_mode_cls_token", Pool::First),
        ("pooling_mode_mean_tokens", Pool::Mean),
        ("pooling_mode_lasttoken", Pool::Last),
    ];
    let others = [
        "pooling_mode_max_tokens",
        "pooling_mode_mean_sqrt_len_tokens",
        "pooling_mode_weightedmean_tokens",
    ];
    let refuse = |what: &str| {
        Error::model(
            &path,
            format!("asks for {what}, which is not known here"),
            "Export the model with its pooling inside, or choose one with --text-pool first|mean|last.",
        )
    };
    if let Some(other) = others.iter().find(|key| mode(key)) {
        return Err(refuse(other));
    }
    if let Some(text) = found.root.get("pooling_mode").and_then(Value::as_str) {
        let pool = match text {
            "lasttoken" => Pool::Last,
            other => other.parse().map_err(|_| refuse(other))?,
        };
        let stated = Stated::read("pooling", pool.name(), &path, "pooling_mode");
        return Ok(Some((pool, stated)));
    }
    let set: Vec<_> = known.iter().filter(|(key, _)| mode(key)).collect();
    match set.as_slice() {
        [] => Ok(None),
        [(key, pool)] => Ok(Some((
            *pool,
            Stated::read("pooling", pool.name(), &path, key),
        ))),
        _ => Err(refuse("several poolings side by side")),
    }
}
