//! `nearmiss report`: one self-contained HTML page of an evaluation.

use super::common::{EngineArgs, paths, positive};
use super::material::{Material, SourceArgs, material};
use super::output::{bytes, counted, emit_with};
use super::progress::watched;
use crate::error::{Error, Result};
use crate::files::{as_shown, file_name};
use crate::report::Subject;
use crate::retrieval::given::Zeros;
use crate::retrieval::{EvalOptions, evaluate};
use clap::{ArgGroup, Args};
use serde::Serialize;
use std::path::PathBuf;

/// Arguments of `report`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("source").args(["encoder", "image_model", "image_embeds"])))]
pub struct Report {
    /// Dataset file or folder, or `demo`
    #[arg(long, value_name = "PATH|demo")]
    dataset: PathBuf,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    engine: EngineArgs,
    /// The page to write
    #[arg(long, value_name = "HTML")]
    out: PathBuf,
    /// Hardest pairs shown of each direction
    #[arg(long, value_name = "N", default_value = "24", value_parser = positive)]
    k: usize,
    /// Title of the page
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Margin of the ranking losses
    #[arg(long, value_name = "A", default_value_t = 0.2)]
    margin: f32,
}

/// What `report` prints. The keys of its JSON form are a contract.
#[derive(Serialize)]
struct Answer {
    #[serde(serialize_with = "as_shown")]
    out: PathBuf,
    bytes: u64,
    pairs: usize,
}

impl Report {
    /// Runs the command.
    pub fn run(&self, json: bool) -> Result<()> {
        if !self.margin.is_finite() || self.margin < 0.0 {
            return Err(Error::request(
                format!("a margin of {} makes no hinge", self.margin),
                "Give a margin from 0, such as 0.2.",
            ));
        }
        let engine = self.engine.open()?;
        let ask = self.source.ask(Some(&self.dataset), None, Zeros::LeaveOut);
        let material = material(&ask, |_| Ok(()))?;
        let Some(dataset) = &material.dataset else {
            return Err(Error::request(
                "no dataset was given",
                "Give --dataset PATH.",
            ));
        };
        let options = EvalOptions {
            margin: self.margin,
            ..EvalOptions::default()
        };
        let page = watched(|task| {
            let rows = &material.embedded;
            let (images, texts, groups) = (&rows.images, &rows.texts, &rows.groups);
            let found = evaluate(&*engine, images, texts, groups, &options, task)?;
            let subject = Subject {
                dataset,
                evaluation: &found,
                source: self.dataset.display().to_string(),
                encoder: self.encoder_name(&material),
                files: self.files(),
                runs: material
                    .encoder
                    .as_ref()
                    .map_or_else(String::new, |e| e.describe().runs()),
                margin: self.margin,
                title: self.title.clone(),
                pairs: self.k,
            };
            subject.page(task)
        })?;
        let answer = Answer {
            bytes: page.save(&self.out)?,
            out: self.out.clone(),
            pairs: page.pairs().count(),
        };
        emit_with(&answer, &material.account, json, || {
            format!(
                "{}: {}, {}",
                answer.out.display(),
                bytes(answer.bytes),
                counted(answer.pairs, "pair")
            )
        })
    }

    fn encoder_name(&self, material: &Material) -> String {
        let folder = self.source.encoder.encoder.as_deref().map(file_name);
        let opened = material.encoder.as_ref().map(|e| e.name().to_owned());
        folder
            .or(opened)
            .unwrap_or_else(|| "given embeddings".into())
    }

    /// Where the encoder or the embeddings lie.
    fn files(&self) -> String {
        paths(&[
            &self.source.encoder.encoder,
            &self.source.encoder.image_model,
            &self.source.encoder.text_model,
            &self.source.vectors.image_embeds,
            &self.source.vectors.text_embeds,
        ])
    }
}
