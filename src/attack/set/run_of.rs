//! What makes two runs over a set the same, so that one can go on where the other stopped.

use super::SetRequest;
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::files::{TEXT, read_all, write_json};
use crate::task::Task;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Everything that the perturbation of a picture depends on, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RunOf(BTreeMap<String, String>);

/// The file in a run's folder that says which run it holds.
const FILE: &str = "run.json";

impl RunOf {
    /// Of this request. Models count by what they hold: the same files under another path are the same run.
    ///
    /// # Errors
    /// A model's data cannot be read or has changed since; cancellation.
    pub fn new(request: &SetRequest, task: &Task) -> Result<Self> {
        let model = |encoder: &Encoder| encoder.fingerprint(task);
        let second = request.transfer.as_ref();
        let mut hash = blake3::Hasher::new();
        for values in [
            request.set.embedded.images.data(),
            request.set.embedded.texts.data(),
        ] {
            hash.update(bytemuck::cast_slice(values));
        }
        hash.update(bytemuck::cast_slice(request.set.embedded.groups.offsets()));
        let mut parts: Vec<(&str, String)> = vec![
            ("version", env!("CARGO_PKG_VERSION").into()),
            ("settings", json(&request.settings)),
            ("goal", json(&request.goal)),
            ("ranks", json(&request.at)),
            ("directions", json(&request.sides)),
            ("epsilons", json(&request.eps)),
            ("model", model(&request.encoder)?),
            (
                "set and its embeddings",
                hash.finalize().to_hex().to_string(),
            ),
            (
                "second encoder",
                second.map_or(Ok(String::new()), |there| model(&there.encoder))?,
            ),
        ];
        if request.settings.method.is_shared() {
            // One perturbation for all: it depends on which they are.
            parts.push(("pictures", json(&request.images)));
            parts.push(("batch", request.batch.to_string()));
        }
        let parts = parts.into_iter().map(|(k, v)| (k.to_owned(), v));
        Ok(Self(parts.collect()))
    }

    /// BLAKE3 hash of all of it, in hexadecimal.
    pub fn digest(&self) -> String {
        let mut hash = blake3::Hasher::new();
        for (name, value) in &self.0 {
            hash.update(name.as_bytes());
            hash.update(&[0]);
            hash.update(value.as_bytes());
            hash.update(&[0]);
        }
        hash.finalize().to_hex().to_string()
    }

    /// Makes `folder` the place of this run, new or continued.
    ///
    /// # Errors
    /// It holds another run: what is different is named. It cannot be written.
    pub fn claim(&self, folder: &Path) -> Result<()> {
        let path = folder.join(FILE);
        let refuse = |what: String| {
            Err(Error::dataset(
                folder,
                format!("holds another run: {what}"),
                "Give the same arguments to go on with it, or choose another folder for this one.",
            ))
        };
        if path.is_file() {
            let text = read_all(&path, TEXT).map_err(Error::io("read", &path))?;
            let Ok(there) = serde_json::from_slice::<Self>(&text) else {
                return refuse(format!("{FILE} cannot be read"));
            };
            let names = self.0.keys().chain(there.0.keys());
            let mut other: Vec<&str> = names
                .filter(|name| self.0.get(*name) != there.0.get(*name))
                .map(String::as_str)
                .collect();
            other.sort_unstable();
            other.dedup();
            if other.is_empty() {
                return Ok(());
            }
            return refuse(format!("other {}", other.join(", ")));
        }
        let batches = std::fs::read_dir(folder.join("batches"));
        if batches.is_ok_and(|mut entries| entries.next().is_some()) {
            return refuse("it does not say which".into());
        }
        std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        write_json(&path, self)
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
