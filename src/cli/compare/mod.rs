//! `nearmiss compare`: two encoders on the same data.

mod answer;

use super::common::{EngineArgs, paths, positive};
use super::encoder::EncoderArgs;
use super::material::{Material, SourceArgs, material};
use super::output::{emit, warn};
use super::progress::watched;
use crate::compute::Embedded;
use crate::dataset::{Account, Dataset};
use crate::encoder::EmbeddedDataset;
use crate::error::{Error, Result};
use crate::files::file_name;
use crate::retrieval::given::{Reading, Zeros, given};
use crate::retrieval::{
    CompareOptions, Comparison, EvalOptions, Side, compare, evaluate, read_both,
};
use crate::source::of_encoder;
use crate::task::Task;
use answer::{Answer, describe, way};
use clap::{ArgGroup, Args};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Arguments of `compare`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("source").required(true).args(["encoder", "image_model", "image_embeds"])))]
#[command(group(ArgGroup::new("second").required(true).args(["other", "other_image_embeds"])))]
pub struct Compare {
    /// Dataset file or folder, or `demo`
    #[arg(long, value_name = "PATH|demo", required_unless_present_all = ["image_embeds", "other_image_embeds"])]
    dataset: Option<PathBuf>,
    #[command(flatten)]
    source: SourceArgs,
    /// Second encoder's folder, or `demo`
    #[arg(long, value_name = "DIR|demo")]
    other: Option<PathBuf>,
    /// Preprocessing of the second encoder where it brings none (or instead)
    #[arg(long, value_name = "NAME|FILE", requires = "other")]
    other_preprocess: Option<PathBuf>,
    /// Output of the second encoder's image model that is the embedding
    #[arg(long, value_name = "NAME", requires = "other")]
    other_image_output: Option<String>,
    /// Output of the second encoder's text model that is the embedding
    #[arg(long, value_name = "NAME", requires = "other")]
    other_text_output: Option<String>,
    /// Image embeddings of the second encoder (.npy), with --other-text-embeds: no encoder is run
    #[arg(long, value_name = "NPY", requires = "other_text_embeds")]
    other_image_embeds: Option<PathBuf>,
    /// Caption embeddings of the second encoder (.npy)
    #[arg(long, value_name = "NPY", requires = "other_image_embeds")]
    other_text_embeds: Option<PathBuf>,
    #[command(flatten)]
    engine: EngineArgs,
    /// Captions of each image, in order; for embeddings without a dataset
    #[arg(long, value_name = "N", value_parser = positive)]
    captions_per_image: Option<usize>,
    /// Queries listed per direction, those whose rank changes most first
    #[arg(long, value_name = "N", default_value = "20", value_parser = positive)]
    k: usize,
    /// Bootstrap samples of the interval of R@1
    #[arg(long, value_name = "N", default_value = "2000", value_parser = positive)]
    samples: usize,
    /// Seed of the bootstrap
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
}

impl Compare {
    /// Runs the command.
    pub fn run(&self, json: bool) -> Result<()> {
        let engine = self.engine.open()?;
        // The other side's rows must be those of the same images and captions.
        let ask = self.source.ask(
            self.dataset.as_deref(),
            self.captions_per_image,
            Zeros::Refuse,
        );
        let first = material(&ask, |_| Ok(()))?;
        let (a, b) = self.names(&first);
        let (second, second_account) = watched(|task| self.second(&first, task))?;
        let start = std::time::Instant::now();
        let options = CompareOptions {
            listed: self.k,
            samples: self.samples,
            seed: self.seed,
        };
        let comparison = watched(|task| {
            let eval = EvalOptions::default();
            let (a, b) = (&first.embedded, &second);
            let groups = &a.groups;
            let one = evaluate(&*engine, &a.images, &a.texts, groups, &eval, task)?;
            let two = evaluate(&*engine, &b.images, &b.texts, groups, &eval, task)?;
            compare(&one, &two, groups, &options, task)
        })?;
        let Comparison { i2t, t2i } = comparison;
        let dataset = first.dataset.as_ref();
        let answer = Answer {
            a,
            b,
            images: first.embedded.groups.images(),
            captions: first.embedded.groups.texts(),
            i2t: way(i2t, dataset, Side::Image),
            t2i: way(t2i, dataset, Side::Text),
            engine: engine.name(),
            seconds: start.elapsed().as_secs_f64(),
        };
        // The second encoder sees the rows of the first.
        let data = Both {
            value: &answer,
            data: &first.account,
            data_b: &second_account,
        };
        let text = || {
            format!(
                "{}\n{}",
                first.account.describe(),
                describe(&answer, self.source.vectors.similarity)
            )
        };
        emit(&data, json, text)
    }

    /// What both encoders are called: folder names, or those of the embeddings' files; told apart where they agree.
    fn names(&self, first: &Material) -> (String, String) {
        let path = |path: &Option<PathBuf>| path.as_deref().map(file_name);
        let opened = first.encoder.as_ref().map(|e| e.name().to_owned());
        let a = path(&self.source.encoder.encoder)
            .or(opened)
            .or_else(|| path(&self.source.vectors.image_embeds))
            .unwrap_or_default();
        let b = path(&self.other)
            .or_else(|| path(&self.other_image_embeds))
            .unwrap_or_default();
        if a == b {
            (format!("{a} (first)"), format!("{b} (second)"))
        } else {
            (a, b)
        }
    }

    /// The second encoder's embeddings of the rows of `first`.
    fn second(&self, first: &Material, task: &Task) -> Result<(Embedded, Account)> {
        let (groups, measure) = (&first.embedded.groups, self.source.vectors.similarity);
        if let (Some(images), Some(texts)) = (&self.other_image_embeds, &self.other_text_embeds) {
            let [images, texts] = read_both(images, texts, task)?;
            let reading = Reading {
                measure,
                each: self.captions_per_image,
                zeros: Zeros::Refuse,
            };
            let given = given(images, texts, first.dataset.clone(), &reading)?;
            given
                .notes
                .sentences()
                .iter()
                .for_each(|said| warn(format!("second embeddings: {said}")));
            let own = &given.embedded.groups;
            let have = (own.images(), own.texts());
            let want = (groups.images(), groups.texts());
            if have != want {
                return Err(Error::request(
                    format!(
                        "the second embeddings have {} images and {} captions, the first {} and {}",
                        have.0, have.1, want.0, want.1
                    ),
                    "Give embeddings of the same images and captions, in the same order.",
                ));
            }
            let files = paths(&[&self.other_image_embeds, &self.other_text_embeds]);
            let account = given.account(files);
            return Ok((given.embedded, account));
        }
        let encoder = EncoderArgs {
            encoder: self.other.clone(),
            image_model: None,
            text_model: None,
            provider: self.source.encoder.provider.clone(),
            preprocess: self.other_preprocess.clone(),
            image_output: self.other_image_output.clone(),
            text_output: self.other_text_output.clone(),
            image_pool: None,
            text_pool: None,
            batch: self.source.encoder.batch,
            no_cache: self.source.encoder.no_cache,
        };
        let Some(dataset) = &first.dataset else {
            return Err(Error::request(
                "an encoder needs a dataset to embed",
                "Give --dataset PATH.",
            ));
        };
        let opened = encoder.open(task)?;
        let found = opened.embed_by(dataset, encoder.cache().as_ref(), measure, task)?;
        found.warnings.iter().for_each(warn);
        same_pictures(dataset, &found, self.other.as_deref())?;
        let reading = Reading {
            measure,
            each: None,
            zeros: Zeros::Refuse,
        };
        let given = of_encoder(found, &reading)?;
        let account = given.account(String::new());
        Ok((given.embedded, account))
    }
}

/// What is printed, with the accounts of both sides' data.
#[derive(Serialize)]
struct Both<'a> {
    #[serde(flatten)]
    value: &'a Answer,
    data: &'a Account,
    data_b: &'a Account,
}

/// Both encoders must see the same rows.
fn same_pictures(first: &Dataset, second: &EmbeddedDataset, folder: Option<&Path>) -> Result<()> {
    if first.images == second.dataset.images {
        return Ok(());
    }
    Err(Error::model(
        folder.unwrap_or(Path::new("the second encoder")),
        "cannot read every picture that the first encoder reads",
        "Leave those pictures out of the dataset.",
    ))
}
