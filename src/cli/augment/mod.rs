//! `nearmiss augment`: which changes of a picture the encoder should not see.

mod output;

use super::common::{DataArgs, or_all, positive};
use super::encoder::EncoderArgs;
use super::output::{emit_with, fresh};
use super::progress::watched;
use crate::attack::Network;
use crate::augment::{
    Answer, Asked, Averaged, Change, Changes, Given, Ground, Study, export, some_of, study,
};
use crate::compute::Measure;
use crate::dataset::{Account, Dataset, Problem, Reason};
use crate::encoder::{Encoder, EncoderFiles, EncoderOptions};
use crate::error::{Error, Result};
use crate::files::shown;
use crate::source::open_dataset;
use crate::task::Task;
use clap::Args;
use output::{Printed, Written, describe, write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Arguments of `augment`.
#[derive(Debug, Args)]
// A batch of this command is one of a step.
#[command(mut_arg("batch", |arg| arg.long("embed-batch")))]
pub struct Augment {
    /// Dataset file or folder, or `demo`
    #[arg(long, value_name = "PATH|demo")]
    dataset: PathBuf,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    encoder: EncoderArgs,
    #[command(flatten)]
    learning: LearningArgs,
    /// Folder for figures (augment.json, history.csv) and the averaged embedding as an encoder (encoder/), to be made
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// How magnitudes are learned.
#[derive(Debug, Args)]
struct LearningArgs {
    /// Random partings of the images in three, from --seed on; figures have 95 % bands from two on
    #[arg(long, value_name = "N", value_parser = positive, default_value = "3")]
    seeds: usize,
    /// Seed of the first parting
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Steps on the magnitudes
    #[arg(long, value_name = "N", value_parser = positive, default_value = "80")]
    steps: usize,
    /// How far a step moves a magnitude at most at first, as a share of its largest; it falls to 0 along a cosine
    #[arg(long, value_name = "X", default_value_t = 0.03)]
    rate: f64,
    /// Pictures of each level in a step
    #[arg(long = "batch", id = "step-batch", value_name = "N", value_parser = positive, default_value = "32")]
    step_batch: usize,
    /// Copies of a picture in an averaged embedding that is measured or exported
    #[arg(long, value_name = "K", value_parser = positive, default_value = "16")]
    draws: usize,
    /// Copies of a picture in a step
    #[arg(long, value_name = "K", value_parser = positive, default_value = "4")]
    copies: usize,
    /// Images that are used at most, drawn at random from the dataset
    #[arg(long, value_name = "IMAGES", value_parser = positive, default_value = "1000")]
    most: usize,
    /// Magnitudes that stay as they are, separated by commas: rotation=0.25 (turns), shift and blur (shares of the side), scale (log
    /// factor), brightness (share of the range), colour (share of the distance to grey)
    #[arg(long, value_name = "NAME=VALUE,...", value_delimiter = ',')]
    magnitudes: Vec<Given>,
    /// Learn these changes alone, separated by commas; others that have no magnitude given are not made
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    only: Option<Vec<Change>>,
}

/// What was opened.
struct Opened {
    ground: Ground,
    encoder: Arc<Encoder>,
    account: Account,
}

impl Augment {
    /// Runs the command.
    ///
    /// # Errors
    /// Wrong usage; what cannot be opened, embedded, learned or written.
    pub fn run(&self, json: bool) -> Result<()> {
        let asked = self.asked();
        // What cannot be is better known before the costly part.
        asked.check()?;
        if let Some(out) = &self.out {
            fresh(out)?;
        }
        let (files, options) = self.encoder.parts()?;
        let (found, printed, account) = watched(|task| {
            let opened = self.open(task)?;
            asked.learned(&opened.ground)?;
            let found = study(
                &opened.ground,
                &asked,
                &options.providers,
                &mut |_| (),
                task,
            )?;
            let mut printed = Printed {
                answer: Answer::of(&found),
                out: None,
            };
            if let Some(out) = &self.out {
                printed.out = Some(keep(out, &found, &opened, (&files, &options), task)?);
                write(out, &printed)?;
            }
            Ok::<_, Error>((found, printed, opened.account))
        })?;
        emit_with(&printed, &account, json, || describe(&found, &printed))
    }

    fn asked(&self) -> Asked {
        let learning = &self.learning;
        let only = learning.only.as_ref();
        Asked {
            seeds: learning.seeds,
            seed: learning.seed,
            steps: learning.steps,
            rate: learning.rate,
            batch: learning.step_batch,
            copies: learning.copies,
            draws: learning.draws,
            given: learning.magnitudes.clone(),
            only: only.map(|only| only.iter().copied().collect::<Changes>()),
            ..Asked::default()
        }
    }

    fn open(&self, task: &Task) -> Result<Opened> {
        let encoder = Arc::new(self.encoder.open(task)?);
        let dataset = open_dataset(&self.dataset, &self.data.wanted(), task)?;
        let dataset = some(&dataset, self.learning.most);
        let made = self
            .encoder
            .embed(&encoder, &dataset, Measure::Cosine, task)?;
        let mut account = made.dataset.account();
        account.measure = Some(Measure::Cosine.words().into());
        let batch = self.encoder.batch.unwrap_or(Network::BATCH);
        let network = Network::image_tower(&encoder, &or_all(&self.encoder.provider), batch, task)?;
        let ground = Ground::read(
            Arc::new(network),
            &made.dataset,
            encoder.preprocess(),
            &made.embedded,
            task,
        )?;
        Ok(Opened {
            ground,
            encoder,
            account,
        })
    }
}

/// `most` images of `dataset` at random, the same ones each time; all of it where there are no more.
fn some(dataset: &Dataset, most: usize) -> Dataset {
    let drawn = some_of(dataset.images.len(), most);
    let mut kept = dataset.retain(|image| drawn.binary_search(&(image as u32)).is_ok());
    let images = dataset.images.len() - kept.images.len();
    if images > 0 {
        let captions = dataset.captions.len() - kept.captions.len();
        let place = format!("--most {most}");
        let left = Problem::new(place, "not drawn at random", Reason::NotDrawn);
        kept.problems
            .push(left.costing(images as u64, captions as u64));
    }
    kept
}

/// The averaged embedding as an encoder below `out`; why there is none, where the encoder's files do not allow it.
fn keep(
    out: &Path,
    found: &Study,
    opened: &Opened,
    (files, options): (&EncoderFiles, &EncoderOptions),
    task: &Task,
) -> Result<Written> {
    std::fs::create_dir_all(out).map_err(Error::io("create", out))?;
    let averaged = Averaged {
        encoder: &opened.encoder,
        files,
        options,
        magnitudes: &found.magnitudes(),
        draws: found.asked.draws,
        ground: &opened.ground,
    };
    let folder = out.join("encoder");
    let mut written = Written {
        folder: shown(out),
        encoder: None,
        deviation: None,
        note: None,
    };
    match export(averaged, &folder, task) {
        Ok(exported) => {
            written.encoder = Some(shown(&exported.folder));
            written.deviation = Some(exported.deviation);
        }
        Err(error) if error.is_cancelled() => return Err(error),
        // What was learned is kept all the same.
        Err(error) => written.note = Some(format!("No encoder: {error}.")),
    }
    Ok(written)
}
