//! `nearmiss report`: one self-contained HTML page of an evaluation.

use super::common::{EncoderArgs, EngineArgs, VectorArgs, positive};
use super::material::{Material, material};
use super::output::{bytes, counted, emit, watched};
use crate::dataset::Dataset;
use crate::error::{Error, Result, thousands};
use crate::files::file_name;
use crate::report::{self, Page};
use crate::retrieval::{EvalOptions, Evaluation, Side, evaluate};
use crate::task::Task;
use clap::{ArgGroup, Args};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Arguments of `report`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("source").required(true).args(["encoder", "image_model", "image_embeds"])))]
pub struct Report {
    /// Dataset file or folder, or `demo`
    #[arg(long, value_name = "PATH|demo")]
    dataset: PathBuf,
    #[command(flatten)]
    encoder: EncoderArgs,
    #[command(flatten)]
    vectors: VectorArgs,
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
        let material = material(
            Some(&self.dataset),
            &self.encoder,
            &self.vectors,
            None,
            |_| Ok(()),
        )?;
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
        let (page, pairs) = watched(|task| {
            let (images, texts, groups) = (&material.images, &material.texts, &material.groups);
            let found = evaluate(&*engine, images, texts, groups, &options, task)?;
            self.page(dataset, &material, &found, task)
        })?;
        let answer = Answer {
            bytes: page.save(&self.out)?,
            out: self.out.clone(),
            pairs,
        };
        emit(&answer, json, || {
            format!(
                "{}: {}, {}",
                answer.out.display(),
                bytes(answer.bytes),
                counted(answer.pairs, "pair")
            )
        })
    }

    fn page(
        &self,
        dataset: &Dataset,
        material: &Material,
        found: &Evaluation,
        task: &Task,
    ) -> Result<(Page, usize)> {
        let hardest = |side| report::pairs(dataset, found, side, self.k, task);
        let sections = vec![
            report::metrics(&found.report, self.margin),
            report::histograms(found),
            report::lengths(dataset, found),
            hardest(Side::Image)?,
            hardest(Side::Text)?,
        ];
        let pairs = sections.iter().map(report::Section::pairs).sum();
        let encoder = self.encoder_name(material);
        let title = self
            .title
            .clone()
            .unwrap_or_else(|| format!("{} · {encoder}", dataset.name));
        let page = Page {
            title,
            facts: self.facts(dataset, material, found, encoder),
            sections,
        };
        Ok((page, pairs))
    }

    fn encoder_name(&self, material: &Material) -> String {
        let folder = self.encoder.encoder.as_deref().map(file_name);
        let opened = material.encoder.as_ref().map(|e| e.name().to_owned());
        folder
            .or(opened)
            .unwrap_or_else(|| "given embeddings".into())
    }

    fn facts(
        &self,
        dataset: &Dataset,
        material: &Material,
        found: &Evaluation,
        encoder: String,
    ) -> Vec<(String, String)> {
        let size = format!(
            "{} images, {} captions",
            thousands(dataset.images.len() as u64),
            thousands(dataset.captions.len() as u64)
        );
        let mut facts = vec![
            ("Dataset", format!("{} ({})", dataset.name, dataset.format)),
            ("Of", size),
            ("Read from", self.dataset.display().to_string()),
            ("Encoder", encoder),
        ];
        if !dataset.problems.is_empty() {
            let skipped = counted(dataset.problems.len(), "entry").replace("entrys", "entries");
            facts.push(("Skipped", skipped));
        }
        let files: Vec<&Path> = [
            &self.encoder.encoder,
            &self.encoder.image_model,
            &self.encoder.text_model,
            &self.vectors.image_embeds,
            &self.vectors.text_embeds,
        ]
        .into_iter()
        .filter_map(|path| path.as_deref())
        .collect();
        let files: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
        facts.push(("Its files", files.join(", ")));
        if let Some(encoder) = &material.encoder {
            let info = encoder.describe();
            let runs = format!(
                "{}, images on {}, captions on {}",
                info.engine, info.image_provider, info.text_provider
            );
            facts.push(("Embedded by", runs));
        }
        facts.push(("Ranked by", found.report.engine.clone()));
        facts.push(("Date", report::now()));
        facts
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}
