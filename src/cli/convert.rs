//! `nearmiss convert`: a dataset in another format, embeddings in another container.

use super::common::{DataArgs, PartArgs};
use super::listed::{listed, selection};
use super::output::{bytes, counted, emit, emit_with};
use super::progress::watched;
use super::skipped::{list, skipped};
use crate::dataset::export::{self, Format, Written};
use crate::dataset::vectors::{self, Container, EITHER, IMAGES, Matrix, TEXTS};
use crate::error::{Error, Result};
use crate::files::{file_name, shown};
use crate::source::{is_demo, open_dataset};
use clap::Args;
use serde_json::json;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Arguments of `convert`.
#[derive(Debug, Args)]
pub struct Convert {
    /// Dataset file or folder, `demo`, or a file of embeddings
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// What to write, by its extension: .jsonl, .json, .csv, .token.txt for captions alone; .tar, .parquet with the
    /// pictures inside; without an extension a new folder with copies of the pictures; .npy, .safetensors, .parquet
    /// for embeddings
    #[arg(value_name = "OUT")]
    output: PathBuf,
    /// imagefolder, karpathy, coco, flickr, csv, sidecar, webdataset or parquet, where the name of OUT does not say
    #[arg(long, value_name = "NAME")]
    format: Option<Format>,
    #[command(flatten)]
    part: PartArgs,
    /// Images (or rows of embeddings) to write: all, indices such as 0,5,7, or a file with a name or index a line; a
    /// folder: all, whose pictures may lie below it too
    #[arg(long, value_name = "all|LIST|FILE|ROOT", default_value = "all")]
    images: PathBuf,
}

impl Convert {
    /// Runs the command.
    pub fn run(&self, json: bool) -> Result<()> {
        if !is_demo(&self.input) && vectors::is_embeddings(&self.input) {
            self.part.refuse("a file of embeddings")?;
            return self.embeddings(json);
        }
        if let Some(Container::Npy | Container::Safetensors) = Container::of(&self.output) {
            return Err(Error::request(
                format!("{} is no file of embeddings", self.input.display()),
                "Embed a dataset with: nearmiss embed --dataset IN --encoder DIR --out DIR",
            ));
        }
        let format = match (self.format, Format::of(&self.output)) {
            (Some(format), _) | (None, Some(format)) => format,
            (None, None) if self.output.extension().is_none() => Format::ImageFolder,
            (None, None) => {
                let known = Format::ALL.map(Format::name).join(", ");
                return Err(Error::request(
                    format!("{} has no known extension", self.output.display()),
                    format!("Give --format, one of {known}."),
                ));
            }
        };
        let (written, account) = watched(|task| {
            let dataset = open_dataset(&self.input, &self.data().wanted(), task)?;
            skipped(&dataset);
            let selection = if self.all() {
                (0..dataset.images.len()).collect()
            } else {
                selection(&self.images, &dataset)?
            };
            let written = export::write(&dataset, &selection, &self.output, format, task)?;
            Ok::<_, Error>((written, dataset.account()))
        })?;
        list("changed", &written.changed);
        emit_with(&written, &account, json, || describe(&written))
    }

    /// Which part is read; a folder of `--images` is where pictures may lie.
    fn data(&self) -> DataArgs {
        DataArgs {
            part: self.part.clone(),
            images: self.images.is_dir().then(|| self.images.clone()),
        }
    }

    /// Is everything to be written?
    fn all(&self) -> bool {
        self.images == Path::new("all") || self.images.is_dir()
    }

    fn embeddings(&self, json: bool) -> Result<()> {
        let Matrix {
            values,
            rows,
            columns,
        } = watched(|task| {
            let matrix = vectors::read(&self.input, &[EITHER, IMAGES, TEXTS], task)?;
            let matrix = self.rows_of(matrix)?;
            vectors::write(
                &self.output,
                name_of(&self.input),
                &matrix.values,
                matrix.columns,
                task,
            )?;
            Ok::<_, Error>(matrix)
        })?;
        drop(values);
        let report = json!({ "out": shown(&self.output), "rows": rows, "dim": columns });
        emit(&report, json, || {
            format!(
                "{} of {columns} values written to {}",
                counted(rows, "row"),
                self.output.display()
            )
        })
    }

    /// The selected rows.
    fn rows_of(&self, matrix: Matrix) -> Result<Matrix> {
        if self.all() {
            return Ok(matrix);
        }
        let rows = listed(&self.images, |name| {
            name.parse().ok().filter(|&row: &usize| row < matrix.rows)
        })?;
        let row = |&i: &usize| &matrix.values[i * matrix.columns..(i + 1) * matrix.columns];
        Ok(Matrix {
            values: rows.iter().flat_map(row).copied().collect(),
            rows: rows.len(),
            columns: matrix.columns,
        })
    }
}

/// What the embeddings of `path` are called in a container that has names: as the file says by its own.
fn name_of(path: &Path) -> &'static str {
    let name = file_name(path).to_lowercase();
    match (
        name.contains("im"),
        name.contains("text") || name.contains("cap"),
    ) {
        (true, false) => IMAGES,
        (false, true) => TEXTS,
        _ => EITHER,
    }
}

fn describe(written: &Written) -> String {
    let mut text = format!(
        "{} with {} written to {} ({})",
        counted(written.images, "image"),
        counted(written.captions, "caption"),
        written.out.display(),
        written.format
    );
    if written.pictures > 0 {
        let _ = write!(
            text,
            ", {} of {}",
            counted(written.pictures, "picture"),
            bytes(written.picture_bytes)
        );
    }
    text
}
