//! Two groups of the images of a dataset.

use super::Rows;
use crate::cli::common::positive;
use crate::cli::listed::members;
use crate::cli::material::{SourceArgs, material};
use crate::cli::output::warn;
use crate::cli::progress::watched;
use crate::cli::skipped::skipped;
use crate::compute::Embedded;
use crate::dataset::{Account, Dataset};
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::learn::concepts::{On, Sources, Taken, two_groups, zero_shot};
use crate::retrieval::given::Zeros;
use crate::source::open_dataset;
use clap::Args;
use std::path::{Path, PathBuf};

/// Two groups of the images of a dataset.
#[derive(Debug, Args)]
pub struct GroupArgs {
    /// Dataset file or folder, or `demo`; with --first and --second
    #[arg(long, value_name = "PATH|demo")]
    dataset: Option<PathBuf>,
    #[command(flatten)]
    source: SourceArgs,
    /// Images labelled +1: words (those with a caption that holds them all), indices such as 0,5,7, or @FILE with a name or
    /// index a line
    #[arg(long, value_name = "GROUP")]
    first: Option<String>,
    /// Images labelled -1, likewise
    #[arg(long, value_name = "GROUP")]
    second: Option<String>,
    /// What rows hold: pixels (28 x 28, grey), pixels:SIDE, pixels:SIDE:colour, embeddings, or layer:NAME (a tensor of the
    /// image model)
    #[arg(long, value_name = "WHAT", default_value = "pixels")]
    on: On,
    /// Images of each group at most: the first
    #[arg(long, value_name = "N", value_parser = positive)]
    most: Option<usize>,
    /// Take the mean of all rows off each: a classifier of pixels with a bias
    #[arg(long)]
    centre: bool,
}

/// What rows are made from.
struct Opened {
    dataset: Dataset,
    account: Account,
    embedded: Option<Embedded>,
    encoder: Option<Encoder>,
}

impl GroupArgs {
    /// Was any of it given?
    pub fn is_given(&self) -> bool {
        self.dataset.is_some() || self.first.is_some() || self.second.is_some()
    }

    /// Opens the dataset and makes the rows; `captions` asks for the classifier that captions make.
    ///
    /// # Errors
    /// Groups that are missing or the same; what cannot be opened, embedded or computed.
    pub fn rows(&self, captions: bool) -> Result<Rows> {
        let Some(path) = &self.dataset else {
            return Err(Error::request(
                "there is no dataset that groups could be chosen from",
                "Give --dataset PATH, or --dataset demo.",
            ));
        };
        let (Some(first), Some(second)) = (&self.first, &self.second) else {
            return Err(Error::request(
                "there are no two groups",
                "Give --first GROUP and --second GROUP: words, indices such as 0,5,7, or @FILE.",
            ));
        };
        if first.trim().to_lowercase() == second.trim().to_lowercase() {
            return Err(Error::request(
                format!("both groups are {:?}", first.trim()),
                "Choose groups that differ.",
            ));
        }
        if captions && self.on != On::Embeddings {
            return Err(Error::request(
                "captions make a classifier of embeddings, and rows hold something else",
                "Give --on embeddings with --zero-shot.",
            ));
        }
        if captions && self.centre {
            return Err(Error::request(
                "captions make a classifier of embeddings as they are, not of centred ones",
                "Leave out --centre, or --zero-shot.",
            ));
        }
        let Opened {
            dataset,
            account,
            embedded,
            encoder,
        } = self.open(path)?;
        let sources = Sources {
            dataset: &dataset,
            embedded: embedded.as_ref(),
            encoder: encoder.as_ref(),
        };
        let [first, second] = [first, second].map(|group| members(group, &dataset));
        let both = [&first?, &second?];
        watched(|task| {
            let taken = Taken {
                most: self.most,
                centred: self.centre,
            };
            let made = two_groups(sources, both, &self.on, taken, task)?;
            let labels = made.problem.labels();
            let ahead = labels.iter().take_while(|label| **label > 0).count();
            let (first, second) = made.images.split_at(ahead);
            let weights = captions.then(|| zero_shot(sources, both, [first, second]));
            Ok(Rows {
                titles: made.titles,
                on: made.on.to_string(),
                notes: made.notes,
                zero_shot: weights.transpose()?,
                account: Some(account),
                problem: made.problem,
                mean: made.mean,
            })
        })
    }

    /// Opens what rows are made from, and nothing else.
    fn open(&self, path: &Path) -> Result<Opened> {
        if self.on == On::Embeddings {
            let ask = self.source.ask(Some(path), None, Zeros::LeaveOut);
            let opened = material(&ask, |_| Ok(()))?;
            return Ok(Opened {
                dataset: opened.dataset.unwrap_or_default(),
                account: opened.account,
                embedded: Some(opened.embedded),
                encoder: opened.encoder,
            });
        }
        let needs_encoder = matches!(self.on, On::Layer(_));
        if self.source.vectors.pair()?.is_some() {
            warn(format!("embeddings are not needed for {}", self.on));
        }
        if self.source.encoder.is_given() && !needs_encoder {
            warn(format!("the encoder is not needed for {}", self.on));
        }
        watched(|task| {
            let dataset = open_dataset(path, &self.source.data.wanted(), task)?;
            skipped(&dataset);
            let encoder = needs_encoder.then(|| self.source.encoder.open(task));
            Ok(Opened {
                account: dataset.account(),
                dataset,
                embedded: None,
                encoder: encoder.transpose()?,
            })
        })
    }
}
