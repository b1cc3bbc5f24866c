//! The encoder of a plan, which may lie in object storage: each machine fetches it once.

use super::store::{About, Store};
use crate::encoder::{Encoder, EncoderOptions};
use crate::error::{Error, Result};
use crate::files::{LOCK_WAIT, lock_file, replace_set};
use crate::paths::cache_dir;
use crate::source::EncoderSource;
use crate::task::Task;
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Endings of weights that other programs read, which lie beside those of ONNX in many folders.
const OTHERS: [&str; 6] = [".safetensors", ".pt", ".pth", ".ckpt", ".h5", ".msgpack"];

/// What is looked for on a web server, which does not say what it has: in the folder and in its folder `onnx`.
const MODELS: [&str; 7] = [
    "vision_model",
    "text_model",
    "model",
    "visual",
    "textual",
    "image_encoder",
    "text_encoder",
];
/// What external data of a model is called: its file's name with one of these.
const DATA: [&str; 3] = ["", "_data", ".data"];
/// See [`MODELS`].
const BESIDE: [&str; 14] = [
    "config.json",
    "config_sentence_transformers.json",
    "merges.txt",
    "modules.json",
    "open_clip_config.json",
    "preprocess_cfg.json",
    "preprocessor_config.json",
    "processor_config.json",
    "sentence_bert_config.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.json",
    "vocab.txt",
];

/// The encoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coder {
    /// Where it lies.
    pub source: EncoderSource,
    /// What was said about it.
    pub options: EncoderOptions,
    /// [`crate::encoder::Encoder::fingerprint`] when it was planned.
    pub hash: String,
    /// Its files, where it lies in object storage: `source` is the folder there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub remote: Option<RemoteEncoder>,
}

impl Coder {
    /// Opens it, fetched where it must be, and checks that it is the one that was planned with.
    ///
    /// # Errors
    /// It is not; it cannot be read or opened; cancellation.
    pub fn open(&self, task: &Task) -> Result<Encoder> {
        let other = || {
            Error::plan(format!(
                "the encoder {} is not the one that the run was planned with",
                self.source.title()
            ))
        };
        let of = |source: &EncoderSource| -> Result<Option<Encoder>> {
            let encoder = source.open(&self.options, task)?;
            let same = encoder.fingerprint(task)? == self.hash;
            Ok(same.then_some(encoder))
        };
        let Some(remote) = &self.remote else {
            return of(&self.source)?.ok_or_else(other);
        };
        let (folder, fresh) = remote.fetched(task)?;
        match of(&EncoderSource::Folder(folder.clone())) {
            Ok(Some(encoder)) => return Ok(encoder),
            Err(error) if fresh || error.is_cancelled() => return Err(error),
            Ok(None) if fresh => return Err(other()),
            // What was fetched before is damaged.
            _ => {}
        }
        std::fs::remove_dir_all(&folder).map_err(Error::io("delete", &folder))?;
        let (folder, _) = remote.fetched(task)?;
        of(&EncoderSource::Folder(folder))?.ok_or_else(other)
    }
}

/// An encoder in object storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteEncoder {
    /// Its folder.
    pub place: String,
    /// Its files.
    files: Vec<RemoteFile>,
}

/// A file of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RemoteFile {
    /// Its name in the folder.
    name: String,
    /// Its bytes.
    size: u64,
    /// [`About::mark`].
    mark: String,
}

impl RemoteEncoder {
    /// The one at `place`, as it is there now.
    ///
    /// # Errors
    /// There is none; it cannot be asked; cancellation.
    pub fn at(place: &str, task: &Task) -> Result<Self> {
        let store = Store::open(place)?;
        let listed = if place.starts_with("http") {
            looked_for(&store, task)?
        } else {
            store.list("")?
        };
        let wanted = |name: &str| {
            let name = name.to_lowercase();
            let mut others = OTHERS.iter();
            !name.contains("pytorch_model") && !others.any(|ending| name.ends_with(ending))
        };
        let listed = listed.into_iter().filter(|(name, _)| wanted(name));
        let files: Vec<RemoteFile> = listed
            .map(|(name, about)| RemoteFile {
                name,
                size: about.size,
                mark: about.mark(),
            })
            .collect();
        if !files
            .iter()
            .any(|file| file.name.to_lowercase().ends_with(".onnx"))
        {
            return Err(Error::request(
                format!("{place} holds no .onnx file"),
                "Name the folder of an encoder that was exported to ONNX.",
            ));
        }
        let place = place.trim_end_matches('/').to_owned();
        Ok(Self { place, files })
    }

    /// The folder on this machine that it was fetched into, and whether it was fetched just now. Processes of one machine
    /// wait for the first.
    ///
    /// # Errors
    /// It is not what it was when it was planned; it cannot be fetched; cancellation.
    pub fn fetched(&self, task: &Task) -> Result<(PathBuf, bool)> {
        let folder = self.folder()?;
        if folder.is_dir() {
            return Ok((folder, false));
        }
        let _held = loop {
            match lock_file(&folder, LOCK_WAIT) {
                Ok(held) => break held,
                Err(Error::Io { source, .. }) if source.kind() == ErrorKind::ResourceBusy => {
                    task.check()?;
                }
                Err(error) => return Err(error),
            }
        };
        if folder.is_dir() {
            return Ok((folder, false));
        }
        let total: u64 = self.files.iter().map(|file| file.size).sum();
        task.begin("Fetching the encoder", total);
        replace_set(&folder, &[], |fresh| self.fetch(fresh, task))?;
        Ok((folder, true))
    }

    fn fetch(&self, into: &Path, task: &Task) -> Result<()> {
        let store = Store::open(&self.place)?;
        let same = |file: &RemoteFile| -> Result<bool> {
            let about = store.about(&file.name)?;
            Ok(about.is_some_and(|about| about.size == file.size && about.mark() == file.mark))
        };
        for file in &self.files {
            if !same(file)? {
                return Err(Error::plan(format!(
                    "{} of {} is not what it was when the run was planned",
                    file.name, self.place
                )));
            }
            store.fetch(&file.name, &into.join(&file.name), task)?;
            task.add(file.size);
        }
        Ok(())
    }

    /// In the cache, by place and content, and called as the folder there.
    fn folder(&self) -> Result<PathBuf> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.place.as_bytes());
        for file in &self.files {
            hasher.update(format!("\0{}\0{}\0{}", file.name, file.size, file.mark).as_bytes());
        }
        let hash = hasher.finalize().to_hex();
        let name = self.place.rsplit('/').next().unwrap_or_default();
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '_'
            }
        };
        let name: String = name.chars().map(plain).collect();
        let cache = cache_dir()?.join("encoders").join(&hash[..32]);
        Ok(cache.join(if name.trim_matches('.').is_empty() {
            "encoder"
        } else {
            &name
        }))
    }
}

/// The files of an encoder on a web server, by the names that they usually have.
fn looked_for(store: &Store, task: &Task) -> Result<Vec<(String, About)>> {
    let models = ["", "onnx/"].iter().flat_map(|folder| {
        let of = move |model| DATA.map(|data| format!("{folder}{model}.onnx{data}"));
        MODELS.iter().flat_map(of)
    });
    let names = models.chain(BESIDE.map(str::to_owned));
    let mut found = Vec::new();
    for name in names {
        task.check()?;
        if let Some(about) = store.about(&name)? {
            found.push((name, about));
        }
    }
    Ok(found)
}
