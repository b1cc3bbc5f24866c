//! `nearmiss learn`: heads trained on frozen embeddings, by several losses and seeds at once.

mod answer;
mod baseline;
mod by_clients;
mod clients;
mod figures;
mod files;
mod friendly;
pub mod grid;
mod grouped;
mod groups;
pub mod output;
mod told;

use super::common::EngineArgs;
use super::ground::GroundArgs;
use super::output::{emit_with, fresh, warn};
use super::progress::watched;
use crate::error::Result;
use answer::Answer;
use baseline::BaselineArgs;
use clap::{ArgGroup, Args};
use std::path::PathBuf;
use told::describe;

/// Arguments of `learn`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("source").args(["encoder", "image_model", "image_embeds"])))]
// A batch of this command is one of training.
#[command(mut_arg("batch", |arg| arg.long("embed-batch")))]
pub struct Learn {
    #[command(flatten)]
    data: GroundArgs,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    grid: grid::Grid,
    #[command(flatten)]
    baseline: BaselineArgs,
    /// Folder for what is learned, to be made: for each run its weights (.safetensors), history (.csv), a file that
    /// reproduces it (run.json), and with an encoder the encoder with the heads appended (encoder/)
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Learn {
    /// Runs the command.
    ///
    /// # Errors
    /// What cannot be opened, embedded, trained or written.
    pub fn run(&self, json: bool) -> Result<()> {
        // What cannot be is better known before the costly part.
        self.grid.check()?;
        if let Some(asked) = self.baseline.asked() {
            asked.check()?;
        }
        if let Some(out) = &self.out {
            fresh(out)?;
        }
        let engine = self.engine.open()?;
        let (material, ground) = self.data.ground()?;
        let dataset = material.dataset.as_ref();
        let known = ground.notes.len();
        let ground = watched(|task| self.grid.grouped(ground, dataset, task))?;
        ground.notes[known..].iter().for_each(warn);
        let answer: Answer = watched(|task| {
            let runs = self.grid.train(&*engine, &ground, task)?;
            let fitted = self.baseline.fit(&*engine, &ground, &runs, task)?;
            let mut answer = Answer::of(&runs, &ground, &*engine);
            let keyed = answer.runs.iter().zip(&runs);
            let keyed: Vec<_> = keyed
                .map(|(told, run)| (told.key.as_str(), &**run))
                .collect();
            answer.random_features = self.baseline.answer(&fitted, &keyed);
            if let Some(out) = &self.out {
                let folders =
                    output::write(out, &runs, &material, &self.data.source.encoder, task)?;
                answer.written(out, &folders);
            }
            Ok::<_, crate::error::Error>(answer)
        })?;
        emit_with(&answer, &material.account, json, || describe(&answer))
    }
}
