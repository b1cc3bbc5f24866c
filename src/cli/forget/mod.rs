//! `nearmiss forget`: pairs forgotten by heads that were trained with them.

mod answer;
mod output;
mod which;

use super::common::EngineArgs;
use super::ground::{GroundArgs, kept_run};
use super::learn::grid::Grid;
use super::output::{emit_with, fresh};
use super::progress::watched;
use crate::compute::Engine;
use crate::compute::train::Loss;
use crate::error::{Error, Result};
use crate::learn::forget::{Asked, Chosen, study};
use crate::learn::{Ground, Run};
use crate::task::Task;
use answer::Answer;
use clap::{ArgGroup, Args};
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

/// Arguments of `forget`.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_field_names,
    reason = "they are the names of the options"
)]
#[command(group(ArgGroup::new("source").args(["encoder", "image_model", "image_embeds"])))]
// A batch of this command is one of training.
#[command(mut_arg("batch", |arg| arg.long("embed-batch")))]
pub struct Forget {
    #[command(flatten)]
    data: GroundArgs,
    #[command(flatten)]
    engine: EngineArgs,
    /// Images to forget, with all of their captions, of those that are trained on: FROM..TO, indices such as 0,5,7, a file
    /// with a name or index a line, FILE.npy of indices, or words that a caption holds
    #[arg(long, value_name = "RANGE|FILE|WORDS", required = true)]
    forget: String,
    /// Run that forgets (its run.json, or the folder with it), several with commas, instead of runs that are trained first
    #[arg(
        long,
        value_name = "RUNS",
        value_delimiter = ',',
        conflicts_with_all = ["train", "valid", "loss", "lr", "policy", "epochs", "seeds", "seed", "dim", "pairs"]
    )]
    run: Vec<PathBuf>,
    /// Share of the energy of the retained embeddings that no step may touch, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = Asked::default().energy)]
    energy: f64,
    /// Length of a step as a share of the norm of the weights
    #[arg(long, value_name = "SHARE", default_value_t = Asked::default().rate)]
    forget_rate: f64,
    /// Steps at most; fewer where the forgotten pairs are no more alike than pairs held out
    #[arg(long, value_name = "N", default_value_t = Asked::default().steps)]
    forget_steps: usize,
    /// Loss that goes up (default: that of training)
    #[arg(long, value_name = "NAME")]
    forget_loss: Option<Loss>,
    #[command(flatten)]
    grid: Grid,
    /// Folder for what forgot, to be made: for each seed its weights (.safetensors), a file that reproduces it
    /// (forget.json), the heads before and those trained without, and with an encoder the encoder with the heads appended
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Forget {
    /// Runs the command.
    ///
    /// # Errors
    /// What cannot be opened, embedded, trained, forgotten or written.
    pub fn run(&self, json: bool) -> Result<()> {
        // What cannot be is better known before the costly part.
        let asked = Asked {
            energy: self.energy,
            rate: self.forget_rate,
            steps: self.forget_steps,
            loss: self.forget_loss,
        };
        asked.check()?;
        self.grid.check_one_kind()?;
        if let Some(out) = &self.out {
            fresh(out)?;
        }
        let given = self.run.iter().map(|path| kept_run(path).map(Arc::new));
        let given: Vec<Arc<Run>> = given.collect::<Result<_>>()?;
        let engine = self.engine.open()?;
        let (material, mut ground) = self.data.ground()?;
        if let Some(first) = given.first() {
            let embedded = &material.embedded;
            let fits = |run: &Arc<Run>| run.fits(&ground.mark, embedded) && run.is_of_setup(first);
            if !given.iter().all(fits) {
                return Err(Error::request(
                    "the runs are of other embeddings, or of different kinds",
                    "Give runs that were trained on just these, and that seeds alone tell apart.",
                ));
            }
            let seeds: HashSet<u64> = given.iter().map(|run| run.setup.seed).collect();
            if seeds.len() < given.len() {
                return Err(Error::request(
                    "two of the runs have one seed: they are one run, and their band would be false",
                    "Give each run once.",
                ));
            }
            ground = self.data.parted(&material, first.split.clone())?;
        }
        let images = which::images(&self.forget, &material, &ground)?;
        let chosen = Chosen::of(&ground, &images)?;
        let answer: Answer = watched(|task| {
            let runs = self.runs(given, &*engine, &ground, task)?;
            let studies = runs
                .iter()
                .map(|run| study(&*engine, &ground, run, &chosen, &asked, task));
            let studies: Vec<_> = studies.collect::<Result<_>>()?;
            let told = &ground.split.told;
            let answer = Answer::of(&studies, &chosen, &asked, told, &*engine);
            let mut answer = answer
                .ok_or_else(|| Error::request("no seeds make no runs", "Give --seeds from 1."))?;
            if let Some(out) = &self.out {
                let from = (&material, &self.data.source.encoder);
                let made = (runs.as_slice(), studies.as_slice());
                let folders = output::write(out, made, (&chosen, &asked), from, task)?;
                answer.written(out, folders);
            }
            Ok::<_, Error>(answer)
        })?;
        emit_with(&answer, &material.account, json, || answer.describe())
    }

    /// The runs that forget: those that are given, else trained ones.
    fn runs(
        &self,
        given: Vec<Arc<Run>>,
        engine: &dyn Engine,
        ground: &Ground,
        task: &Task,
    ) -> Result<Vec<Arc<Run>>> {
        if given.is_empty() {
            return self.grid.train(engine, ground, task);
        }
        Ok(given)
    }
}
