//! The encoder of a plan, which may lie in object storage: each machine fetches it once.

use super::store::Store;
use crate::encoder::{Encoder, EncoderOptions, fetched_folder};
use crate::error::{Error, Result};
use crate::files::{FileLock, LOCK_WAIT, SCRATCH, folder_of, lock_file, replace_folder};
use crate::source::EncoderSource;
use crate::task::{Task, scratch};
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
        remote.fetch_into(&folder, task)?;
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
    /// What the store says of its content: [`super::store::About::mark`].
    mark: String,
}

impl RemoteEncoder {
    /// The one at `place`, as it is there now.
    ///
    /// # Errors
    /// There is none; it cannot be asked; cancellation.
    pub fn at(place: &str, task: &Task) -> Result<Self> {
        let store = Store::open(place)?;
        let names = if place.starts_with("http") {
            usual_names()
        } else {
            let listed = store.list("")?.into_iter();
            listed.map(|(name, _)| name).filter(|n| is_own(n)).collect()
        };
        let mut files = Vec::new();
        for name in names {
            task.check()?;
            // What a list says of a file is not always what is said of the file alone.
            if let Some(about) = store.about(&name)? {
                files.push(RemoteFile {
                    size: about.size,
                    mark: about.mark(),
                    name,
                });
            }
        }
        let model = |file: &RemoteFile| file.name.to_lowercase().ends_with(".onnx");
        if !files.iter().any(model) {
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
        let _held = held(&folder, task)?;
        if folder.is_dir() {
            return Ok((folder, false));
        }
        self.fetch_into(&folder, task)?;
        Ok((folder, true))
    }

    /// Fetches it in the place of `folder`, in one step: others may read what was there meanwhile.
    fn fetch_into(&self, folder: &Path, task: &Task) -> Result<()> {
        let beside = folder_of(folder);
        let scratch = tempfile::Builder::new()
            .prefix(&scratch::prefix(beside, SCRATCH))
            .tempdir_in(beside)
            .map_err(Error::io("write", beside))?;
        let fresh = scratch.path().join("encoder");
        let total: u64 = self.files.iter().map(|file| file.size).sum();
        task.begin("Fetching the encoder", total);
        let store = Store::open(&self.place)?;
        for file in &self.files {
            let about = store.about(&file.name)?;
            if about.is_none_or(|about| about.size != file.size || about.mark() != file.mark) {
                return Err(Error::plan(format!(
                    "{} of {} is not what it was when the run was planned",
                    file.name, self.place
                )));
            }
            store.fetch(&file.name, &fresh.join(&file.name), task)?;
            task.add(file.size);
        }
        replace_folder(&fresh, folder)
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
        let cache = fetched_folder()?.join(&hash[..32]);
        Ok(cache.join(if name.trim_matches('.').is_empty() {
            "encoder"
        } else {
            &name
        }))
    }
}

/// Waits until no other process fetches into `folder`.
fn held(folder: &Path, task: &Task) -> Result<FileLock> {
    loop {
        match lock_file(folder, LOCK_WAIT) {
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::ResourceBusy => {
                task.check()?;
            }
            other => return other,
        }
    }
}

/// May a file of this name be one of an encoder?
fn is_own(name: &str) -> bool {
    let name = name.to_lowercase();
    let mut others = OTHERS.iter();
    !name.contains("pytorch_model") && !others.any(|ending| name.ends_with(ending))
}

/// The names that the files of an encoder usually have.
fn usual_names() -> Vec<String> {
    let models = ["", "onnx/"].iter().flat_map(|folder| {
        let of = move |model| DATA.map(|data| format!("{folder}{model}.onnx{data}"));
        MODELS.iter().flat_map(of)
    });
    models.chain(BESIDE.map(str::to_owned)).collect()
}
