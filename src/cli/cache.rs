//! `nearmiss cache`: what is kept of embeddings and of fetched encoders, and its removal.

use super::output::{bytes, counted, emit};
use crate::encoder::{
    Cache, CacheFile, FetchedEncoder, clear_fetched, fetched_encoders, fetched_folder,
};
use crate::error::Result;
use clap::{Args, Subcommand};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Arguments of `nearmiss cache`.
#[derive(Debug, Args)]
pub struct CacheArgs {
    /// What to do; without it, `list`
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum What {
    /// Say what is kept, and what it takes
    List,
    /// Remove all that is kept: embeddings are computed, and encoders of object storage fetched again when they are asked for
    Clear,
}

#[derive(Serialize)]
struct Listed {
    folder: String,
    /// Bytes that it may take.
    limit: u64,
    /// Bytes that it takes.
    bytes: u64,
    files: Vec<File>,
    /// Fetched from object storage; the limit does not hold for them.
    encoders: Encoders,
}

#[derive(Serialize)]
struct Encoders {
    folder: String,
    /// Bytes that they take.
    bytes: u64,
    names: Vec<String>,
}

#[derive(Serialize)]
#[allow(clippy::struct_field_names)] // a key of the JSON
struct File {
    file: String,
    bytes: u64,
    rows: Option<u64>,
    dim: Option<usize>,
    /// Seconds since 1970.
    used: Option<u64>,
}

#[derive(Serialize)]
struct Cleared {
    folder: String,
    removed: usize,
    bytes: u64,
    /// The encoders that were removed too; their bytes are not among those of the embeddings.
    encoders: Encoders,
}

impl CacheArgs {
    /// Runs it.
    pub fn run(self, json: bool) -> Result<()> {
        let cache = Cache::open()?;
        let folder = cache.folder().display().to_string();
        let fetched = fetched_folder()?;
        match self.what.unwrap_or(What::List) {
            What::List => {
                let files = cache.files()?;
                let listed = Listed {
                    limit: cache.limit(),
                    bytes: files.iter().map(|f| f.bytes).sum(),
                    files: files.iter().map(File::of).collect(),
                    encoders: Encoders::of(&fetched, &fetched_encoders(&fetched)?),
                    folder,
                };
                emit(&listed, json, || listed.text())
            }
            What::Clear => {
                let (removed, freed) = cache.clear()?;
                let encoders = Encoders::of(&fetched, &clear_fetched(&fetched)?);
                let mut text = format!(
                    "Removed {}, {}, from {folder}",
                    counted(removed, "file"),
                    bytes(freed)
                );
                if !encoders.names.is_empty() {
                    let _ = write!(
                        text,
                        "\nRemoved {}, {}, from {}",
                        counted(encoders.names.len(), "fetched encoder"),
                        bytes(encoders.bytes),
                        encoders.folder
                    );
                }
                let cleared = Cleared {
                    folder,
                    removed,
                    bytes: freed,
                    encoders,
                };
                emit(&cleared, json, || text)
            }
        }
    }
}

impl Encoders {
    fn of(folder: &Path, all: &[FetchedEncoder]) -> Self {
        Self {
            folder: folder.display().to_string(),
            bytes: all.iter().map(|encoder| encoder.bytes).sum(),
            names: all.iter().map(|encoder| encoder.name.clone()).collect(),
        }
    }
}

impl File {
    fn of(file: &CacheFile) -> Self {
        let since = |time: SystemTime| Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs());
        Self {
            file: file.name(),
            bytes: file.bytes,
            rows: file.rows.map(|(rows, _)| rows),
            dim: file.rows.map(|(_, dim)| dim),
            used: file.used.and_then(since),
        }
    }
}

impl Listed {
    fn text(&self) -> String {
        let mut lines = vec![format!(
            "{}: {} of at most {} in {}",
            self.folder,
            bytes(self.bytes),
            bytes(self.limit),
            counted(self.files.len(), "file")
        )];
        lines.extend(self.files.iter().map(|file| {
            let what = match (file.rows, file.dim) {
                (Some(rows), Some(dim)) => {
                    format!("{} of {dim} values", counted(rows as usize, "embedding"))
                }
                _ => "no embeddings".into(),
            };
            format!("  {}  {:>9}  {what}", file.file, bytes(file.bytes))
        }));
        let Encoders {
            folder,
            bytes: size,
            names,
        } = &self.encoders;
        if !names.is_empty() {
            lines.push(format!(
                "{folder}: {} in {} from object storage, beside the limit: {}",
                bytes(*size),
                counted(names.len(), "encoder"),
                names.join(", ")
            ));
        }
        lines.join("\n")
    }
}
