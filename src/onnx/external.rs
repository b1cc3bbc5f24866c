//! Tensor data outside the protobuf: which files, and that a model can reach for nothing but its own.

use crate::error::{Error, Result};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tract_onnx::pb::TensorProto;

/// The files that `tensors` of the model at `model` refer to: absolute, sorted, each checked to lie in the model's
/// folder and to hold the bytes it is said to hold.
pub(super) fn files(model: &Path, tensors: &[&TensorProto]) -> Result<Vec<PathBuf>> {
    if tensors.is_empty() {
        return Ok(Vec::new());
    }
    let homes = homes(model)?;
    let mut found = BTreeSet::new();
    for tensor in tensors {
        let value = |key: &str| {
            tensor
                .external_data
                .iter()
                .find(|e| e.key == key)
                .map(|e| e.value.as_str())
        };
        let location = value("location").unwrap_or_default();
        if !stays_below(location) {
            return Err(outside(model, location));
        }
        let Ok(path) = homes.folder.join(location).canonicalize() else {
            return Err(Error::model(
                model,
                format!("its tensor data \"{location}\" is missing"),
                format!("Put \"{location}\" beside the model: exporters write the two together."),
            ));
        };
        if !homes.hold(&path) {
            return Err(outside(model, location));
        }
        let size = std::fs::metadata(&path).map_err(Error::io("read", &path))?;
        let number = |key| value(key).map_or(Some(0), |v| v.parse::<u64>().ok());
        let end = number("offset")
            .zip(number("length"))
            .and_then(|(o, l)| o.checked_add(l));
        if !size.is_file() || end.is_none_or(|end| end > size.len()) {
            return Err(Error::model(
                model,
                format!("its tensor data \"{location}\" is shorter than the model says"),
                "Export or download both files again.",
            ));
        }
        found.insert(path);
    }
    Ok(found.into_iter().collect())
}

/// Where tensor data may lie, resolved through symbolic links.
struct Homes {
    /// The folder of the model as it was named.
    folder: PathBuf,
    /// The folder the model's own link leads to: download caches keep model and data there, side by side.
    target: Option<PathBuf>,
}

impl Homes {
    fn hold(&self, path: &Path) -> bool {
        path.starts_with(&self.folder) || self.target.as_ref().is_some_and(|t| path.starts_with(t))
    }
}

fn homes(model: &Path) -> Result<Homes> {
    let named = model
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    Ok(Homes {
        folder: named.canonicalize().map_err(Error::io("read", named))?,
        target: model
            .canonicalize()
            .ok()
            .and_then(|p| Some(p.parent()?.to_path_buf())),
    })
}

/// Is `location` a plain relative path that goes nowhere upwards? Judged alike on every system: a backslash
/// separates, a colon names a drive.
fn stays_below(location: &str) -> bool {
    !location.is_empty()
        && !location.starts_with(['/', '\\'])
        && !location.contains([':', '\0'])
        && location.split(['/', '\\']).all(|part| part != "..")
}

fn outside(model: &Path, location: &str) -> Error {
    Error::model(
        model,
        format!("refers to tensor data outside its own folder (\"{location}\")"),
        "Do not trust this file. If it is your own, export it again so that its data lies beside it.",
    )
}

#[cfg(test)]
mod tests {
    use super::stays_below;

    #[test]
    fn only_plain_relative_locations_pass() {
        for good in ["model.onnx_data", "data/part.bin", "./w.bin", "a..b"] {
            assert!(stays_below(good), "{good}");
        }
        for bad in [
            "",
            "/etc/passwd",
            "../w",
            "a/../../w",
            "..\\w",
            "\\\\host\\w",
            "C:\\w",
            "C:w",
        ] {
            assert!(!stays_below(bad), "{bad}");
        }
    }
}
