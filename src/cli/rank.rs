//! `nearmiss rank`: the best-ranked other side of one query.

use super::answer::{Query, answer};
use super::common::{EncoderArgs, VectorArgs, positive};
use super::material::{Material, material};
use super::output::emit;
use super::signals;
use crate::dataset::{Dataset, open_picture};
use crate::error::{Error, Result};
use crate::files::file_name;
use crate::task::Task;
use clap::{ArgGroup, Args};
use std::path::{Path, PathBuf};

/// Arguments of `rank`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("source").args(["encoder", "image_model", "image_embeds"])))]
#[command(group(ArgGroup::new("query").required(true).args(["image", "caption", "text", "picture"])))]
pub struct Rank {
    /// Dataset file or folder, or `demo`
    #[arg(long, value_name = "PATH|demo")]
    dataset: PathBuf,
    #[command(flatten)]
    encoder: EncoderArgs,
    #[command(flatten)]
    vectors: VectorArgs,
    /// Query: an image of the dataset by file name, or by its index from 0
    #[arg(long, value_name = "NAME|INDEX")]
    image: Option<String>,
    /// Query: a caption of the dataset by its index from 0
    #[arg(long, value_name = "INDEX")]
    caption: Option<usize>,
    /// Query: any words
    #[arg(long, value_name = "WORDS", conflicts_with = "image_embeds")]
    text: Option<String>,
    /// Query: any picture file
    #[arg(long, value_name = "FILE", conflicts_with = "image_embeds")]
    picture: Option<PathBuf>,
    /// Results shown, best first
    #[arg(long, value_name = "N", default_value = "10", value_parser = positive)]
    k: usize,
}

impl Rank {
    /// Runs the command.
    pub fn run(&self, json: bool) -> Result<()> {
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
        let query = self.query(&material, dataset)?;
        let candidates = if query.for_text {
            &material.texts
        } else {
            &material.images
        };
        let answer = answer(&query, candidates, dataset, self.k)?;
        emit(&answer, json, || answer.describe(candidates.rows()))
    }

    fn query(&self, material: &Material, dataset: &Dataset) -> Result<Query> {
        if let Some(name) = &self.image {
            let i = find(dataset, name)?;
            return Ok(Query {
                vector: material.images.slice(i..i + 1),
                words: dataset.images[i].name.clone(),
                for_text: true,
                right: Some(dataset.captions_of(i)),
            });
        }
        if let Some(j) = self.caption {
            let Some(caption) = dataset.captions.get(j) else {
                let last = dataset.captions.len().saturating_sub(1);
                let what = format!("there is no caption {j}");
                return Err(Error::request(
                    what,
                    format!("Captions are numbered 0 to {last}."),
                ));
            };
            let i = dataset.image_of(j);
            return Ok(Query {
                vector: material.texts.slice(j..j + 1),
                words: caption.clone(),
                for_text: false,
                right: Some(i..i + 1),
            });
        }
        let encoder = material.encoder.as_ref().ok_or_else(|| {
            Error::request("a free query needs an encoder", "Give --encoder DIR.")
        })?;
        if let Some(path) = &self.picture {
            let vector = encoder.embed_picture(&open_picture(path)?)?;
            return Ok(Query {
                vector,
                words: file_name(path),
                for_text: true,
                right: None,
            });
        }
        let words = self.text.clone().unwrap_or_default();
        let vector = encoder.embed_texts(
            std::slice::from_ref(&words),
            None,
            &Task::cancelled_by(signals::arrived()),
        )?;
        Ok(Query {
            vector,
            words,
            for_text: false,
            right: None,
        })
    }
}

/// An image by its name, or else by its index.
pub(super) fn find(dataset: &Dataset, name: &str) -> Result<usize> {
    let by_name = dataset
        .images
        .iter()
        .position(|image| image.name == name)
        .or_else(|| {
            // "scenes/012.png" is also found as "012.png".
            dataset
                .images
                .iter()
                .position(|image| file_name(Path::new(&image.name)) == name)
        });
    let by_index = || name.parse().ok().filter(|&i| i < dataset.images.len());
    by_name.or_else(by_index).ok_or_else(|| {
        let last = dataset.images.len().saturating_sub(1);
        Error::request(
            format!("the dataset has no image {name}"),
            format!("Give a file name of the dataset, or an index from 0 to {last}."),
        )
    })
}
