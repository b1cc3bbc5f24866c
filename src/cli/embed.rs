//! `nearmiss embed`: vectors of a dataset as files.

use super::common::DataArgs;
use super::encoder::EncoderArgs;

use super::output::{counted, emit_with};
use super::progress::watched;
use super::vectors;
use crate::compute::Measure;
use crate::dataset::vectors::{EXTENSIONS, IMAGES, ORDER, TEXTS};
use crate::encoder::{EmbeddedDataset, Encoder};
use crate::error::{Error, Result};
use crate::files::{SCRATCH, folder_of, hash, replace, replace_set, shown};
use crate::source::open_images;
use crate::task::scratch;
use clap::{ArgGroup, Args};
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Arguments of `embed`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("source").required(true).args(["encoder", "image_model"])))]
pub struct Embed {
    /// Dataset file or folder, or `demo`
    #[arg(long, value_name = "PATH|demo")]
    dataset: PathBuf,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    encoder: EncoderArgs,
    /// Folder for `image_embeds.npy`, `text_embeds.npy` and `order.json`
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Files of embeddings: npy, safetensors or parquet
    #[arg(long, value_name = "NAME", default_value = EXTENSIONS[0], value_parser = EXTENSIONS)]
    format: String,
}

impl Embed {
    /// Runs the command.
    pub fn run(&self, json: bool) -> Result<()> {
        // What cannot be written is better known before the work than after it.
        self.check()?;
        let start = Instant::now();
        let (made, encoder) = watched(|task| {
            let dataset = open_images(&self.dataset, &self.data.wanted(), task)?;
            let encoder = self.encoder.open(task)?;
            let made = self
                .encoder
                .embed(&encoder, &dataset, Measure::Cosine, task)?;
            Ok::<_, Error>((made, Encoded::of(&encoder)?))
        })?;
        let seconds = start.elapsed().as_secs_f64();
        let files = save(&self.out, &self.format, &made, &encoder)?;
        let name = encoder.name;
        let (images, captions) = (made.embedded.images.rows(), made.embedded.texts.rows());
        let report = json!({
            "out": shown(&self.out),
            "encoder": name,
            "images": images,
            "captions": captions,
            "dim": made.embedded.images.dim(),
            "skipped": made.dataset.problems.len(),
            "cached_images": made.cached_images,
            "cached_texts": made.cached_texts,
            "seconds": seconds,
        });
        let account = made.dataset.account();
        emit_with(&report, &account, json, || {
            format!(
                "{} and {} of {} values by {name} in {seconds:.1} s ({} and {} from the cache)\n\
                 Written to {}: {}, order.json",
                counted(images, "image"),
                counted(captions, "caption"),
                made.embedded.images.dim(),
                made.cached_images,
                made.cached_texts,
                self.out.display(),
                files.join(", ")
            )
        })
    }

    /// A folder that is no folder, or lies where nothing can be made.
    fn check(&self) -> Result<()> {
        let parent = folder_of(&self.out);
        std::fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
        if self.out.exists() && !self.out.is_dir() {
            return Err(Error::request(
                format!("{} is no folder", self.out.display()),
                "Give --out a folder, new or not.",
            ));
        }
        let place = if self.out.is_dir() { &self.out } else { parent };
        let prefix = scratch::prefix(place, SCRATCH);
        let tried = tempfile::Builder::new().prefix(&prefix).tempdir_in(place);
        tried.map(drop).map_err(Error::io("write in", place))
    }
}

/// Writes both sides and `order.json`, which says whose rows they are and which files belong together. Returns what the
/// vectors are called.
fn save(
    folder: &Path,
    extension: &str,
    made: &EmbeddedDataset,
    encoder: &Encoded,
) -> Result<Vec<String>> {
    let sides = [
        (IMAGES, &made.embedded.images),
        (TEXTS, &made.embedded.texts),
    ];
    // Images alone have no captions.
    let sides: Vec<_> = sides
        .into_iter()
        .filter(|(_, rows)| rows.rows() > 0)
        .collect();
    let files: Vec<String> = sides
        .iter()
        .map(|(name, _)| format!("{name}.{extension}"))
        .collect();
    let dataset = &made.dataset;
    let names: Vec<&str> = dataset
        .images
        .iter()
        .map(|image| image.name.as_str())
        .collect();
    let skipped: Vec<_> = dataset
        .problems
        .iter()
        .map(|p| json!({ "place": p.place, "what": p.what }))
        .collect();
    let mut together = vec![ORDER];
    together.extend(files.iter().map(String::as_str));
    replace_set(folder, &together, |folder| {
        let mut belongs = serde_json::Map::new();
        for (file, (name, rows)) in files.iter().zip(&sides) {
            let path = folder.join(file);
            vectors::write(&path, name, rows)?;
            let blake3 = hash(&path).map_err(Error::io("read", &path))?;
            let entry = json!({ "blake3": blake3, "rows": rows.rows(), "dim": rows.dim() });
            belongs.insert(file.clone(), entry);
        }
        let rows = json!({
            "dataset": dataset.name,
            "encoder": encoder.name,
            "encoder_blake3": encoder.blake3,
            "files": belongs,
            "images": names,
            "captions": dataset.captions,
            "offsets": dataset.offsets,
            "skipped": skipped,
            "data": dataset.account(),
        });
        replace(&folder.join(ORDER), |out| writeln!(out, "{rows:#}"))
    })?;
    Ok(files)
}

/// The encoder that made the rows.
struct Encoded {
    name: String,
    /// BLAKE3 over the hashes of its models as they were read and of their data, in hexadecimal.
    blake3: String,
}

impl Encoded {
    fn of(encoder: &Encoder) -> Result<Self> {
        let mut hasher = blake3::Hasher::new();
        for tower in [encoder.image_tower(), encoder.text_tower()] {
            let model = tower.model();
            hasher.update(&model.source.hash);
            for file in &model.external {
                hasher.update(hash(file).map_err(Error::io("read", file))?.as_bytes());
            }
        }
        Ok(Self {
            name: encoder.name().to_owned(),
            blake3: hasher.finalize().to_hex().to_string(),
        })
    }
}
