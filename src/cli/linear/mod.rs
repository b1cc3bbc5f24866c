//! `nearmiss linear`: linear classifiers of two groups, and the perturbations that they withstand.

mod given;
mod groups;
mod moving;
mod output;

use super::common::positive;
use super::output::{emit, emit_with, fresh, warn};
use super::progress::watched;
use crate::dataset::Account;
use crate::error::{Error, Result};
use crate::files::shown;
use crate::learn::linear::moving::{self as changed, Answer as MovedAnswer};
use crate::learn::linear::study::{Answer, Asked, Classifier, Withstands, classifier_of, study};
use crate::learn::linear::{Method, Moment, Problem, Step};
use crate::task::Task;
use clap::{ArgGroup, Args};
use given::GivenArgs;
use groups::GroupArgs;
use moving::MovingArgs;
use serde::Serialize;
use std::path::PathBuf;
use std::sync::Arc;

/// Arguments of `linear`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("source").args(["encoder", "image_model", "image_embeds"])))]
pub struct Linear {
    #[command(flatten)]
    given: GivenArgs,
    #[command(flatten)]
    groups: GroupArgs,
    #[command(flatten)]
    moving: MovingArgs,
    /// Ways of training, separated by commas: gd, sign and cd (gradient, sign and coordinate descent), fc2 and conv2 (networks
    /// of two linear layers); default: all
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    optimizers: Vec<Method>,
    /// Steps of each
    #[arg(long, value_name = "N", value_parser = positive, default_value = "200000")]
    steps: usize,
    /// How long steps are: normalised (over the loss) or fixed
    #[arg(long, value_name = "normalised|fixed", default_value = "normalised")]
    step: Step,
    /// Weights of penalties in every norm, as multiples of the maximal margin, separated by commas
    #[arg(long, value_name = "WEIGHTS", value_delimiter = ',')]
    penalties: Vec<f64>,
    /// Seed of the networks' starts, and of the first split of --robust-dataset
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Compare with the classifier that the captions of both groups make; with --on embeddings
    #[arg(long)]
    zero_shot: bool,
    /// Folder for figures (.json, .csv), a picture (.svg), the weights (.npy) and a model (.onnx) of each; to be made
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Two groups as rows, with what is to be known of them.
struct Rows {
    problem: Problem,
    /// What the groups are called.
    titles: [String; 2],
    /// What the rows hold.
    on: String,
    /// What was taken off every row.
    mean: Vec<f64>,
    notes: Vec<String>,
    /// The weights that captions make.
    zero_shot: Option<Vec<f64>>,
    /// Of a dataset, where one was used.
    account: Option<Account>,
}

/// What is printed, and kept as linear.json.
#[derive(Serialize)]
struct Printed {
    /// The label +1, then -1.
    groups: [String; 2],
    /// What the rows hold.
    on: String,
    #[serde(flatten)]
    answer: Answer,
    /// The classifier that captions make.
    zero_shot: Option<Withstands>,
    /// A changed dataset.
    robust_dataset: Option<MovedAnswer>,
    /// Where it was written.
    out: Option<String>,
}

impl Linear {
    /// Runs the command.
    ///
    /// # Errors
    /// Wrong usage; what cannot be read, trained or written.
    pub fn run(&self, json: bool) -> Result<()> {
        let asked = self.asked();
        asked.check()?;
        let moving = self.moving.asked(self.seed)?;
        if let Some(out) = &self.out {
            fresh(out)?;
        }
        let rows = self.rows()?;
        let Rows {
            problem,
            titles,
            on,
            mean,
            mut notes,
            zero_shot,
            account,
        } = rows;
        let (found, printed) = watched(|task| {
            let problem = Arc::new(problem);
            if let Some(moving) = &moving {
                moving.check_of(&problem)?;
            }
            let found = study(problem, &asked, &mut |_, _: &Moment| (), task)?;
            let moved = moving
                .map(|moving| changed::study(Arc::clone(&found.problem), &moving, task))
                .transpose()?;
            let mut answer = Answer::of(&found);
            notes.append(&mut answer.notes);
            answer.notes = notes;
            let captions: Option<Classifier> = zero_shot
                .map(|weights| classifier_of(&found.problem, weights, &found.best))
                .transpose()?;
            let mut printed = Printed {
                groups: titles,
                on,
                answer,
                zero_shot: captions.map(|captions| Withstands::of(&found, &captions)),
                robust_dataset: moved.as_ref().map(MovedAnswer::of),
                out: None,
            };
            if let Some(out) = &self.out {
                printed.out = Some(shown(out));
                output::write(out, (&found, &mean), &printed, task)?
                    .iter()
                    .for_each(warn);
                if let Some(moved) = &moved {
                    changed::write(out, moved, &mean)?;
                }
            }
            Ok::<_, Error>((found, printed))
        })?;
        let text = || output::describe(&found, &printed);
        match &account {
            Some(account) => emit_with(&printed, account, json, text),
            None => emit(&printed, json, text),
        }
    }

    /// What is asked of a study.
    fn asked(&self) -> Asked {
        let mut methods = Vec::new();
        for &method in &self.optimizers {
            if !methods.contains(&method) {
                methods.push(method);
            }
        }
        if methods.is_empty() {
            methods = Method::ALL.to_vec();
        }
        Asked {
            methods,
            steps: self.steps as u64,
            step: self.step,
            seed: self.seed,
            penalties: self.penalties.clone(),
        }
    }

    /// The rows, from files or of a dataset.
    fn rows(&self) -> Result<Rows> {
        match (self.given.is_given(), self.groups.is_given()) {
            (true, true) => Err(Error::request(
                "rows come from --x and --y, or from the groups of a dataset, and not from both",
                "Leave out --x, --y and --shape, or --dataset, --first and --second.",
            )),
            (false, false) => Err(Error::request(
                "there are no groups",
                "Give --dataset PATH with --first GROUP and --second GROUP, or rows and labels with --x X.npy --y Y.npy.",
            )),
            (true, false) if self.zero_shot => Err(Error::request(
                "--zero-shot needs captions, and rows from a file have none",
                "Give a dataset with --first and --second on embeddings.",
            )),
            (true, false) => watched(|task: &Task| self.given.rows(task)),
            (false, true) => self.groups.rows(self.zero_shot),
        }
    }
}
