//! `nearmiss embed`: vectors of a dataset as files.

use super::common::{DataArgs, EncoderArgs};
use super::material::open_or_images;
use super::output::{counted, emit_with, watched};
use super::vectors;
use crate::compute::Measure;
use crate::dataset::vectors::{EXTENSIONS, IMAGES, TEXTS};
use crate::encoder::Embedded;
use crate::error::{Error, Result};
use crate::files::replace;
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
        // A folder that cannot be written is better known before the work than after it.
        std::fs::create_dir_all(&self.out).map_err(Error::io("create", &self.out))?;
        let start = Instant::now();
        let (embedded, name) = watched(|task| {
            let dataset = open_or_images(&self.dataset, &self.data, task)?.0;
            let encoder = self.encoder.open(task)?;
            let embedded = self
                .encoder
                .embed(&encoder, &dataset, Measure::Cosine, task)?;
            Ok::<_, Error>((embedded, encoder.name().to_string()))
        })?;
        let seconds = start.elapsed().as_secs_f64();
        let files = save(&self.out, &self.format, &embedded, &name)?;
        let (images, captions) = (embedded.images.rows(), embedded.texts.rows());
        let report = json!({
            "out": self.out,
            "encoder": name,
            "images": images,
            "captions": captions,
            "dim": embedded.images.dim(),
            "skipped": embedded.dataset.problems.len(),
            "cached_images": embedded.cached_images,
            "cached_texts": embedded.cached_texts,
            "seconds": seconds,
        });
        let account = embedded.dataset.account();
        emit_with(&report, &account, json, || {
            format!(
                "{} and {} of {} values by {name} in {seconds:.1} s ({} and {} from the cache)\n\
                 Written to {}: {}, order.json",
                counted(images, "image"),
                counted(captions, "caption"),
                embedded.images.dim(),
                embedded.cached_images,
                embedded.cached_texts,
                self.out.display(),
                files.join(", ")
            )
        })
    }
}

/// Writes both sides, then the names of their rows: whoever finds `order.json` finds the vectors complete.
/// Returns what the vectors are called.
fn save(folder: &Path, extension: &str, embedded: &Embedded, encoder: &str) -> Result<Vec<String>> {
    let order = folder.join("order.json");
    if order.exists() {
        std::fs::remove_file(&order).map_err(Error::io("replace", &order))?;
    }
    let mut files = Vec::new();
    for (name, rows) in [(IMAGES, &embedded.images), (TEXTS, &embedded.texts)] {
        // Images alone have no captions.
        if rows.rows() > 0 {
            let file = format!("{name}.{extension}");
            vectors::write(&folder.join(&file), name, rows)?;
            files.push(file);
        }
    }
    let dataset = &embedded.dataset;
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
    let rows = json!({
        "dataset": dataset.name,
        "encoder": encoder,
        "images": names,
        "captions": dataset.captions,
        "offsets": dataset.offsets,
        "skipped": skipped,
        "data": dataset.account(),
    });
    replace(&order, |out| writeln!(out, "{rows:#}"))?;
    Ok(files)
}
