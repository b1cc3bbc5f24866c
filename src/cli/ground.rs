//! What heads are trained on, and what is held out: the data of the laboratories.

use super::common::{DataArgs, positive};
use super::material::{Ask, Material, SourceArgs, material};
use super::output::warn;
use super::progress::watched;
use crate::error::{Error, Result};
use crate::learn::{Ground, Run, Split, SplitPart};
use crate::retrieval::given::Zeros;
use crate::source::images_of_split;
use crate::task::Task;
use clap::Args;
use std::path::{Path, PathBuf};

/// A dataset with its embeddings, parted.
#[derive(Debug, Args)]
pub struct GroundArgs {
    /// Dataset file or folder, or `demo`
    #[arg(
        long,
        value_name = "PATH|demo",
        required_unless_present = "image_embeds"
    )]
    dataset: Option<PathBuf>,
    #[command(flatten)]
    pub source: SourceArgs,
    /// Captions of each image, in order; for embeddings without a dataset
    #[arg(long, value_name = "N", value_parser = positive)]
    captions_per_image: Option<usize>,
    #[command(flatten)]
    data: Parts,
}

/// Which images are trained on, and which are held out.
#[derive(Debug, Args)]
struct Parts {
    /// Images to train on: FROM..TO (TO not included) or a split of the dataset; with --valid
    #[arg(long, value_name = "RANGE|SPLIT", requires = "valid")]
    train: Option<SplitPart>,
    /// Images to validate on, held out of training: FROM..TO or a split; with --train
    #[arg(long, value_name = "RANGE|SPLIT", requires = "train")]
    valid: Option<SplitPart>,
    /// Without --train and --valid: share of the images that is held out
    #[arg(long, value_name = "SHARE", default_value_t = 0.2, conflicts_with_all = ["train", "valid"])]
    held_out: f32,
    /// Seed of which images are held out
    #[arg(long, value_name = "S", default_value_t = 1, conflicts_with_all = ["train", "valid"])]
    held_out_seed: u64,
}

impl Parts {
    /// Does it name splits of the dataset?
    fn names_splits(&self) -> bool {
        let both = [&self.train, &self.valid];
        both.iter()
            .any(|part| matches!(part, Some(SplitPart::Named(_))))
    }
}

impl GroundArgs {
    /// Opens the data and parts it.
    pub fn ground(&self) -> Result<(Material, Ground)> {
        let named = self.data.names_splits();
        let mut data = self.source.data.clone();
        if named {
            self.whole(&mut data)?;
        }
        let ask = Ask {
            dataset: self.dataset.as_deref(),
            data: &data,
            encoder: &self.source.encoder,
            vectors: &self.source.vectors,
            each: self.captions_per_image,
            zeros: Zeros::LeaveOut,
            decided: true,
        };
        let material = material(&ask, |_| Ok(()))?;
        let ground = watched(|task| {
            let images = material.embedded.groups.images();
            let split = match (&self.data.train, &self.data.valid) {
                (Some(train), Some(valid)) => {
                    let told = format!("{train} for training, {valid} held out");
                    let [train, valid] =
                        [train, valid].map(|part| self.images(part, &material, task));
                    Split::new(train?, valid?, images, told)?
                }
                _ => Split::held_out(images, self.data.held_out, self.data.held_out_seed)?,
            };
            Ground::new(&material.embedded, split, &self.confirmed(&material)?)
        })?;
        ground.notes.iter().for_each(warn);
        Ok((material, ground))
    }

    /// The same data, parted as it was before.
    ///
    /// # Errors
    /// As [`Ground::new`]; decisions that cannot be read.
    pub fn parted(&self, material: &Material, split: Split) -> Result<Ground> {
        Ground::new(&material.embedded, split, &self.confirmed(material)?)
    }

    /// Splits are chosen among all of the dataset.
    fn whole(&self, data: &mut DataArgs) -> Result<()> {
        if self.dataset.is_none() {
            return Err(Error::request(
                "embeddings alone have no splits",
                "Give ranges of images, such as --train 0..800 --valid 800..1000.",
            ));
        }
        if data
            .part
            .split
            .as_deref()
            .is_some_and(|split| split != "all")
        {
            return Err(Error::request(
                "--split chooses one split, and --train and --valid name others",
                "Leave out --split.",
            ));
        }
        data.part.split = Some("all".into());
        Ok(())
    }

    /// The images of `part`.
    fn images(&self, part: &SplitPart, material: &Material, task: &Task) -> Result<Vec<u32>> {
        let name = match part {
            SplitPart::Range(range) => {
                let images = material.embedded.groups.images();
                if range.end > images {
                    return Err(Error::request(
                        format!("a range ends at image {}; there are {images}", range.end),
                        format!("Choose ranges within 0..{images}."),
                    ));
                }
                return Ok(range.clone().map(|i| i as u32).collect());
            }
            SplitPart::Named(name) => name,
        };
        let (Some(path), Some(dataset)) = (&self.dataset, &material.dataset) else {
            return Err(Error::request(
                "embeddings alone have no splits",
                "Give ranges of images, such as --train 0..800 --valid 800..1000.",
            ));
        };
        images_of_split(path, &self.source.data.wanted(), name, dataset, task)
    }

    /// Pairs that were confirmed as right: an image and a caption that is not its own.
    fn confirmed(&self, material: &Material) -> Result<Vec<(u32, u32)>> {
        let home = self.source.decisions(self.dataset.as_deref())?;
        let (Some(home), Some(dataset)) = (home, material.decided()) else {
            return Ok(Vec::new());
        };
        home.confirmed(dataset)
    }
}

/// The run in `path`, its file or its folder.
///
/// # Errors
/// As [`Run::open`].
pub fn kept_run(path: &Path) -> Result<Run> {
    if path.is_dir() {
        return Run::open(&path.join("run.json"));
    }
    Run::open(path)
}
