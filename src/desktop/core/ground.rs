//! What the laboratories train on: the open embeddings, parted.

use super::state::Session;
use super::{DataSource, Embedded};
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::learn::{Ground, Split};
use crate::source::{DecisionsHome, images_of_split};
use crate::task::Task;
use std::ops::Range;
use std::sync::Arc;

/// What is held out.
#[derive(Debug, Clone, PartialEq)]
pub enum HeldOut {
    /// A share of the images, by a seed.
    Share {
        /// Share of the images, 0 to 1.
        share: f32,
        /// The seed.
        seed: u64,
    },
    /// Splits that the dataset names.
    Splits {
        /// Trained on.
        train: String,
        /// Held out.
        valid: String,
    },
    /// Ranges of images.
    Ranges {
        /// Trained on.
        train: Range<usize>,
        /// Held out.
        valid: Range<usize>,
    },
}

impl Default for HeldOut {
    fn default() -> Self {
        Self::Share {
            share: 0.2,
            seed: 1,
        }
    }
}

impl HeldOut {
    /// How `images` images are parted; `of_split` gives those of a split.
    ///
    /// # Errors
    /// As [`Split`], and those of `of_split`.
    fn split(&self, images: usize, of_split: &dyn Fn(&str) -> Result<Vec<u32>>) -> Result<Split> {
        match self {
            Self::Share { share, seed } => Split::held_out(images, *share, *seed),
            Self::Ranges { train, valid } => Split::ranges(train.clone(), valid.clone(), images),
            Self::Splits { train, valid } => {
                let told = format!("{train} for training, {valid} held out");
                Split::new(of_split(train)?, of_split(valid)?, images, told)
            }
        }
    }

    /// The same as arguments of a headless command.
    pub fn arguments(&self) -> String {
        match self {
            Self::Share { share, seed } => format!("--held-out {share} --held-out-seed {seed}"),
            Self::Splits { train, valid } => format!("--train '{train}' --valid '{valid}'"),
            Self::Ranges { train, valid } => format!(
                "--train {}..{} --valid {}..{}",
                train.start, train.end, valid.start, valid.end
            ),
        }
    }
}

/// What is trained on and what is held out.
pub enum Parting {
    /// That of a run that was trained before.
    Known(Split),
    /// As it is asked for.
    Asked(HeldOut),
}

/// What is open, for a job that makes a [`Ground`] of it.
pub struct Grounds {
    embedded: Embedded,
    dataset: Option<Arc<Dataset>>,
    data: Option<DataSource>,
    parting: Parting,
}

impl Grounds {
    /// Of what is open; `None` while nothing is embedded.
    pub fn of(session: &Session, parting: Parting) -> Option<Self> {
        Some(Self {
            embedded: session.embedded()?.clone(),
            dataset: session.dataset().cloned(),
            data: session.workspace.data.clone(),
            parting,
        })
    }

    /// The open dataset.
    pub fn dataset(&self) -> Option<&Arc<Dataset>> {
        self.dataset.as_ref()
    }

    /// Parts what is open; reads splits and decisions.
    ///
    /// # Errors
    /// Splits that are not there, files that cannot be read, nothing to train on.
    pub fn make(&self, task: &Task) -> Result<Ground> {
        task.begin("Reading decisions", 0);
        let confirmed = self.confirmed()?;
        Ground::new(&self.embedded, self.split(task)?, &confirmed)
    }

    fn split(&self, task: &Task) -> Result<Split> {
        let held_out = match &self.parting {
            Parting::Known(split) => return Ok(split.clone()),
            Parting::Asked(held_out) => held_out,
        };
        let of_split = |name: &str| match (&self.data, &self.dataset) {
            (Some(DataSource::Path { path, part }), Some(dataset)) => {
                images_of_split(path, part, name, dataset, task)
            }
            _ => Err(Error::request(
                "what is open has no splits",
                "Hold out a share of the images, or ranges of them.",
            )),
        };
        held_out.split(self.embedded.groups.images(), &of_split)
    }

    /// Pairs that were confirmed as right.
    fn confirmed(&self) -> Result<Vec<(u32, u32)>> {
        let (Some(dataset), Some(data)) = (&self.dataset, &self.data) else {
            return Ok(Vec::new());
        };
        DecisionsHome::of(&data.place()?).confirmed(dataset)
    }
}
