//! Tensor data outside the protobuf: which files, and that a model can reach for nothing but its own.

use crate::error::{Error, Result};
use crate::guard::open_regular;
use crate::onnx::proto::{GraphProto, ModelProto, NodeProto, TensorProto};
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// The files that `tensors` of the model at `model` refer to: absolute, sorted, each checked to lie in the model's
/// folder and to hold the bytes it is said to hold.
pub(super) fn files(model: &Path, tensors: &[&TensorProto]) -> Result<Vec<PathBuf>> {
    if tensors.is_empty() {
        return Ok(Vec::new());
    }
    let homes = homes(model)?;
    let places = tensors.iter().map(|t| Ok(homes.place(model, t)?.path));
    let found: BTreeSet<PathBuf> = places.collect::<Result<_>>()?;
    Ok(found.into_iter().collect())
}

/// Brings all outside tensor data of `proto`, the model at `model`, into it, after the checks of [`files`].
pub(super) fn internalise(model: &Path, proto: &mut ModelProto) -> Result<()> {
    let mut reader = Reader {
        model,
        homes: None,
        open: HashMap::new(),
        held: 0,
        read: 0,
    };
    if let Some(graph) = &mut proto.graph {
        reader.graph(graph)?;
    }
    for function in &mut proto.functions {
        reader.nodes(&mut function.node)?;
    }
    Ok(())
}

struct Reader<'a> {
    model: &'a Path,
    homes: Option<Homes>,
    open: HashMap<PathBuf, File>,
    /// Bytes of the files that are open, and bytes that were read of them.
    held: u64,
    read: u64,
}

impl Reader<'_> {
    fn graph(&mut self, graph: &mut GraphProto) -> Result<()> {
        for tensor in &mut graph.initializer {
            self.tensor(tensor)?;
        }
        self.nodes(&mut graph.node)
    }

    fn nodes(&mut self, nodes: &mut [NodeProto]) -> Result<()> {
        for attribute in nodes.iter_mut().flat_map(|n| &mut n.attribute) {
            for tensor in attribute.t.iter_mut().chain(&mut attribute.tensors) {
                self.tensor(tensor)?;
            }
            for graph in attribute.g.iter_mut().chain(&mut attribute.graphs) {
                self.graph(graph)?;
            }
        }
        Ok(())
    }

    fn tensor(&mut self, tensor: &mut TensorProto) -> Result<()> {
        if tensor.external_data.is_empty() {
            return Ok(());
        }
        let homes = match &self.homes {
            Some(homes) => homes,
            None => self.homes.insert(homes(self.model)?),
        };
        let place = homes.place(self.model, tensor)?;
        let path = place.path.clone();
        let file = match self.open.entry(place.path) {
            Entry::Occupied(open) => Ok(open.into_mut()),
            Entry::Vacant(new) => open_regular(new.key()).and_then(|file| {
                self.held += file.metadata()?.len();
                Ok(new.insert(file))
            }),
        };
        self.read = self.read.saturating_add(place.length);
        // Tied weights are written twice by some; more than that is a small file that asks for much memory.
        if file.is_ok() && self.read > self.held.saturating_mul(2) {
            return Err(Error::model(
                self.model,
                "its tensors all lie in the same place of its tensor data, and take far more memory than that",
                "Export it again.",
            ));
        }
        let mut bytes = Vec::new();
        file.and_then(|file| {
            file.seek(SeekFrom::Start(place.offset))?;
            file.take(place.length).read_to_end(&mut bytes)
        })
        .map_err(Error::io("read", &path))?;
        tensor.raw_data = bytes;
        tensor.external_data.clear();
        tensor.data_location = None;
        Ok(())
    }
}

/// Where the values of one tensor lie.
struct Placed {
    path: PathBuf,
    offset: u64,
    length: u64,
}

/// Where tensor data may lie, resolved through symbolic links.
struct Homes {
    /// The folder of the model as it was named.
    folder: PathBuf,
    /// The folder the model's own link leads to: download caches keep model and data there, side by side.
    target: Option<PathBuf>,
}

impl Homes {
    fn place(&self, model: &Path, tensor: &TensorProto) -> Result<Placed> {
        let value = |key: &str| {
            let entry = tensor.external_data.iter().find(|e| e.key == key);
            entry.map(|e| e.value.as_str())
        };
        let location = value("location").unwrap_or_default();
        if !stays_below(location) {
            return Err(outside(model, location));
        }
        let Ok(path) = self.folder.join(location).canonicalize() else {
            return Err(Error::model(
                model,
                format!("its tensor data \"{location}\" is missing"),
                format!("Put \"{location}\" beside the model: exporters write the two together."),
            ));
        };
        if !self.hold(&path) {
            return Err(outside(model, location));
        }
        let file = std::fs::metadata(&path).map_err(Error::io("read", &path))?;
        let number = |key| value(key).map(|v| v.parse::<u64>().ok());
        let offset = number("offset").unwrap_or(Some(0));
        let length = number("length").unwrap_or(offset.and_then(|o| file.len().checked_sub(o)));
        match offset.zip(length) {
            Some((offset, length))
                if file.is_file()
                    && offset.checked_add(length).is_some_and(|e| e <= file.len()) =>
            {
                Ok(Placed {
                    path,
                    offset,
                    length,
                })
            }
            _ => Err(Error::model(
                model,
                format!("its tensor data \"{location}\" is shorter than the model says"),
                "Export or download both files again.",
            )),
        }
    }

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

/// Is `location` a plain relative path that goes nowhere upwards? The same on every system: a backslash
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
