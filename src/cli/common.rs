//! Arguments that several commands share.

use crate::compute::{Choice, Engine, Measure, choose};
use crate::dataset::Wanted;
use crate::dataset::vectors::Matrix;
use crate::error::{Error, Result};
use crate::retrieval::{Side, read_both};
use crate::runtime::Provider;
use crate::task::Task;
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Which part of a dataset is used, and where its pictures may lie.
#[derive(Debug, Default, Clone, Args)]
pub struct DataArgs {
    #[command(flatten)]
    pub part: PartArgs,
    /// Folder below which pictures may lie too: names and links that lead out of the dataset's own are refused
    #[arg(long, value_name = "ROOT")]
    pub images: Option<PathBuf>,
}

/// Which part of a dataset is used.
#[derive(Debug, Default, Clone, Args)]
pub struct PartArgs {
    /// Split to use, where the dataset has several: its name, or all (default: test, else validation, else all)
    #[arg(long, value_name = "NAME|all")]
    pub split: Option<String>,
    /// Language to use, where captions are in several, such as en or de
    #[arg(long, value_name = "CODE")]
    pub language: Option<String>,
}

impl PartArgs {
    /// Refuses a choice among what `what` does not have.
    ///
    /// # Errors
    /// A split or a language was asked for.
    pub fn refuse(&self, what: &str) -> Result<()> {
        if self.split.is_none() && self.language.is_none() {
            return Ok(());
        }
        Err(Error::request(
            format!("{what} has no splits and languages to choose from"),
            "Leave out --split and --language.",
        ))
    }
}

impl DataArgs {
    /// What is asked of the dataset.
    pub fn wanted(&self) -> Wanted {
        Wanted {
            split: self.part.split.clone(),
            language: self.part.language.clone(),
            images: self.images.clone(),
        }
    }
}

/// Where similarity is computed.
#[derive(Debug, Args)]
pub struct EngineArgs {
    /// Where similarity is computed: auto, cpu or gpu
    #[arg(long, value_name = "auto|cpu|gpu", default_value = "auto")]
    pub compute: Choice,
}

impl EngineArgs {
    /// Opens the engine.
    pub fn open(&self) -> Result<Arc<dyn Engine>> {
        choose(self.compute)
    }
}

/// Embeddings that were computed elsewhere, and how rows are compared.
#[derive(Debug, Default, Args)]
pub struct VectorArgs {
    /// Image embeddings (.npy, .safetensors or .parquet; one row per image), with --text-embeds (rank: or alone)
    #[arg(long, value_name = "FILE")]
    pub image_embeds: Option<PathBuf>,
    /// Caption embeddings (one row per caption, grouped by image); may be the same .safetensors or .parquet file
    #[arg(long, value_name = "FILE")]
    pub text_embeds: Option<PathBuf>,
    /// How rows are compared: cosine, or dot where the model was trained so and norms count
    #[arg(long, value_name = "cosine|dot", default_value = "cosine")]
    pub similarity: Measure,
}

impl VectorArgs {
    /// The files that were given, as an account calls them.
    pub fn files(&self) -> String {
        paths(&[&self.image_embeds, &self.text_embeds])
    }

    /// Reads both sides as they are stored, where they were given. Their row lengths agree.
    pub fn open(&self, task: &Task) -> Result<Option<[Matrix; 2]>> {
        let pair = self.pair()?;
        pair.map(|[images, texts]| read_both(&images, &texts, task))
            .transpose()
    }

    /// The files of both sides, where they were given.
    ///
    /// # Errors
    /// One side alone was given.
    pub fn pair(&self) -> Result<Option<[PathBuf; 2]>> {
        match (&self.image_embeds, &self.text_embeds) {
            (Some(images), Some(texts)) => Ok(Some([images.clone(), texts.clone()])),
            (None, None) => Ok(None),
            (Some(one), None) | (None, Some(one)) => Err(Error::dataset(
                one,
                "is one side's embeddings, and images and captions are both needed here",
                "Give --image-embeds and --text-embeds. One side alone is searched with \"nearmiss rank\": by --text or \
                 --picture with an encoder, or by --image or --caption for what is most like it.",
            )),
        }
    }

    /// The side of which alone embeddings were given.
    pub fn one_side(&self) -> Option<(Side, &Path)> {
        match (&self.image_embeds, &self.text_embeds) {
            (Some(images), None) => Some((Side::Image, images)),
            (None, Some(texts)) => Some((Side::Text, texts)),
            _ => None,
        }
    }
}

/// The paths that were given, separated by commas.
pub fn paths(given: &[&Option<PathBuf>]) -> String {
    let given = given.iter().filter_map(|path| path.as_deref());
    let given: Vec<String> = given.map(|path| path.display().to_string()).collect();
    given.join(", ")
}

/// The providers that were asked for, else all of them.
pub fn or_all(providers: &[Provider]) -> Vec<Provider> {
    if providers.is_empty() {
        Provider::ALL.to_vec()
    } else {
        providers.to_vec()
    }
}

/// A whole number from 1.
pub fn positive(text: &str) -> Result<usize, String> {
    match text.replace([',', '_'], "").parse() {
        Ok(0) | Err(_) => Err("a whole number from 1 is needed".into()),
        Ok(number) => Ok(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_positive() {
        assert_eq!(positive("25,000"), Ok(25_000));
        assert!(positive("0").is_err() && positive("-1").is_err());
    }
}
