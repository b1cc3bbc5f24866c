//! `nearmiss strata`: pairs grouped by the gradients they give.

mod along;
mod output;

use super::common::{EngineArgs, positive};
use super::ground::{GroundArgs, kept_run};
use super::output::{emit_with, fresh};
use super::progress::watched;
use crate::error::{Error, Result};
use crate::files::shown;
use crate::learn::strata::{Allocation, Form, LinearHeads, Strata as Labels};
use crate::learn::survey::{Answer, Asked, Way, survey};
use crate::learn::{Ground, heads_in, labels_in, mark, start_heads};
use along::Moments;
use clap::{ArgGroup, Args};
use output::{Out, describe};
use serde::Serialize;
use std::path::PathBuf;

/// Arguments of `strata`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("source").args(["encoder", "image_model", "image_embeds"])))]
pub struct Strata {
    #[command(flatten)]
    data: GroundArgs,
    /// Numbers of groups, separated by commas
    #[arg(
        long,
        value_name = "NUMBERS",
        value_delimiter = ',',
        default_value = "8,16,64",
        value_parser = positive
    )]
    k: Vec<usize>,
    /// Which gradient a pair gives: signal (what reaches the head through its own image) or exact (of its own loss)
    #[arg(long, value_name = "signal|exact", default_value = "signal")]
    form: Form,
    /// Heads that gradients are taken of: the folder of a run that "learn --out" wrote, or one with image.npy and text.npy
    /// (default: random start heads)
    #[arg(long, value_name = "DIR")]
    heads: Option<PathBuf>,
    /// Values of a row that start heads make
    #[arg(long, value_name = "N", default_value_t = 64, conflicts_with = "heads", value_parser = positive)]
    dim: usize,
    /// Margin of the hinges
    #[arg(long, value_name = "A", default_value_t = 0.2)]
    margin: f64,
    /// Descents from different starts; the best counts
    #[arg(long, value_name = "N", default_value_t = 8)]
    restarts: usize,
    /// End a descent after a sweep that lowers the objective by less than this share; 0: when no pair moves any more
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    settled: f64,
    /// Ways to group that are compared, separated by commas: gradient, random, kmeans-image, kmeans-caption, kmeans-pair,
    /// kmeans-gradient, given (default: all)
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    by: Vec<Way>,
    /// Labels to compare with (.npy, whole numbers from 0): the group of each caption of the images trained on, in order
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Seed of start heads, descents and other groups
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Run to measure along (its run.json, or the folder with it): it is trained again, and its pairs are grouped anew into
    /// the largest number of groups at its start and after epochs
    #[arg(long, value_name = "RUN")]
    along: Option<PathBuf>,
    /// Epochs from one moment of --along to the next
    #[arg(long, value_name = "N", default_value_t = 1, requires = "along", value_parser = positive)]
    every: usize,
    #[command(flatten)]
    engine: EngineArgs,
    /// Share of the pairs that the reduced set keeps, 0 to 1; with --out
    #[arg(long, value_name = "SHARE", default_value_t = 0.25, requires = "out")]
    keep: f64,
    /// How many pairs each group keeps: neyman (fewer of groups that pull the same way) or proportional
    #[arg(long, value_name = "NAME", default_value = "neyman", requires = "out")]
    allocation: Allocation,
    /// Folder for groups with sampling weights (.csv), a picture (.svg), the reduced set with its weights; to be made
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// What is printed.
#[derive(Serialize)]
struct Printed {
    #[serde(flatten)]
    answer: Answer,
    split: String,
    /// The variance along a run.
    along: Option<Moments>,
    /// What was written.
    out: Option<Out>,
}

impl Strata {
    /// Runs the command.
    ///
    /// # Errors
    /// What cannot be opened, embedded, grouped or written.
    pub fn run(&self, json: bool) -> Result<()> {
        if let Some(out) = &self.out {
            fresh(out)?;
        }
        if self.by.contains(&Way::Given) && self.labels.is_none() {
            return Err(Error::request(
                "no labels are given to compare with",
                "Give them with --labels FILE.npy.",
            ));
        }
        if !(self.keep > 0.0 && self.keep <= 1.0) {
            return Err(Error::request(
                format!("a share of {} cannot be kept", self.keep),
                "Give a share above 0, up to 1.",
            ));
        }
        let run = self.along.as_deref().map(kept_run).transpose()?;
        let given = self.labels.as_deref().map(labels_in).transpose()?;
        let (material, ground) = self.data.ground()?;
        if let Some(run) = &run {
            let embedded = &material.embedded;
            if !run.fits(&mark(embedded), embedded) {
                return Err(Error::request(
                    "the run to measure along is of other embeddings",
                    "Measure along a run that was trained on just these.",
                ));
            }
        }
        let (heads, told) = self.heads(&ground)?;
        let asked = self.asked(given);
        let printed = watched(|task| {
            let dataset = material.dataset.as_ref();
            let captions = dataset.map(|dataset| dataset.captions.as_slice());
            let found = survey(&ground, &heads, &asked, captions, task)?;
            let answer = Answer::of(&found, told);
            let out = self
                .out
                .as_ref()
                .map(|out| {
                    let keeping = (self.keep, self.allocation);
                    output::write(out, &found, &answer, dataset, keeping, task)
                })
                .transpose()?;
            let along = run
                .map(|run| {
                    let ground = self.data.parted(&material, run.split.clone())?;
                    let ground = ground.grouped(run.grouped_by(), dataset, task)?;
                    let engine = self.engine.open()?;
                    Moments::of(&*engine, &ground, &run, &asked, self.every, task)
                })
                .transpose()?;
            Ok::<_, Error>(Printed {
                answer,
                split: ground.split.told.clone(),
                along,
                out,
            })
        })?;
        emit_with(&printed, &material.account, json, || {
            let said = describe(&printed.answer, &printed.split, printed.out.as_ref());
            let along = printed.along.as_ref().map(Moments::describe);
            said + &along.unwrap_or_default()
        })
    }

    fn asked(&self, given: Option<Labels>) -> Asked {
        let mut ways: Vec<Way> = if self.by.is_empty() {
            Way::ALL.to_vec()
        } else {
            self.by.clone()
        };
        // Labels that are given are there to be compared with.
        if given.is_some() && !ways.contains(&Way::Given) {
            ways.push(Way::Given);
        }
        let mut seen = Vec::new();
        ways.retain(|way| {
            !seen.contains(way) && {
                seen.push(*way);
                true
            }
        });
        Asked {
            counts: self.k.clone(),
            form: self.form,
            ways,
            restarts: self.restarts,
            settled: self.settled,
            margin: self.margin,
            seed: self.seed,
            given,
        }
    }

    /// The heads, and what they are in words.
    fn heads(&self, ground: &Ground) -> Result<(LinearHeads, String)> {
        let inputs = ground.embedded.images.dim();
        if let Some(folder) = &self.heads {
            return Ok((heads_in(folder, inputs)?, shown(folder)));
        }
        start_heads(inputs, self.dim, self.seed)
    }
}
