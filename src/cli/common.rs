//! Arguments that several commands share, and what they open.

use super::material::{demo, is_demo, skipped};
use super::output::warn;
use crate::compute::{Choice, Embeddings, Engine, choose};
use crate::dataset::{Account, Dataset, Wanted};
use crate::encoder::{
    Cache, Embedded, Encoder, EncoderFiles, EncoderOptions, Preprocess, Provider, Runtime,
};
use crate::error::{Error, Result};
use crate::onnx::{Dim, ModelInfo};
use crate::retrieval::{Side, read_side, same_encoder};
use crate::task::Task;
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Which encoder, and how it runs.
#[derive(Debug, Args)]
pub struct EncoderArgs {
    /// Encoder folder, or `demo`
    #[arg(long, value_name = "DIR|demo")]
    pub encoder: Option<PathBuf>,
    /// Image model, with --text-model: two files instead of a folder
    #[arg(long, value_name = "ONNX", requires = "text_model")]
    pub image_model: Option<PathBuf>,
    /// Text model, with --image-model
    #[arg(long, value_name = "ONNX", requires = "image_model")]
    pub text_model: Option<PathBuf>,
    /// Execution providers in order of preference: cuda, directml, coreml, cpu
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub provider: Vec<Provider>,
    /// Preprocessing where the encoder brings none (or instead): clip, siglip, imagenet or a
    /// `preprocessor_config.json`
    #[arg(long, value_name = "NAME|FILE")]
    pub preprocess: Option<PathBuf>,
    /// Output of the image model that is the embedding
    #[arg(long, value_name = "NAME")]
    pub image_output: Option<String>,
    /// Output of the text model that is the embedding
    #[arg(long, value_name = "NAME")]
    pub text_output: Option<String>,
    /// Images or captions per run of the model
    #[arg(long, value_name = "N", value_parser = positive)]
    pub batch: Option<usize>,
    /// Neither read nor write the embedding cache
    #[arg(long)]
    pub no_cache: bool,
}

impl EncoderArgs {
    /// Was an encoder named?
    pub fn is_given(&self) -> bool {
        self.encoder.is_some() || self.image_model.is_some()
    }

    /// Opens the encoder.
    pub fn open(&self, task: &Task) -> Result<Encoder> {
        let files = match (&self.encoder, &self.image_model, &self.text_model) {
            (Some(folder), _, _) if is_demo(folder) => {
                EncoderFiles::open(&demo()?.join("encoder"))?
            }
            (Some(folder), _, _) => EncoderFiles::open(folder)?,
            (None, Some(image), Some(text)) => EncoderFiles::from_pair(image, text)?,
            _ => {
                return Err(Error::request(
                    "no encoder was given",
                    "Give --encoder DIR, or --image-model A.onnx and --text-model B.onnx.",
                ));
            }
        };
        let defaults = EncoderOptions::default();
        let options = EncoderOptions {
            preprocess: self.preprocessing(&files)?,
            image_output: self.image_output.clone(),
            text_output: self.text_output.clone(),
            providers: or_all(&self.provider),
            batch: self.batch.unwrap_or(defaults.batch),
        };
        let encoder = Encoder::open(&files, &options, task)?;
        self.explain_fallback(&encoder)?;
        Ok(encoder)
    }

    /// Says which providers failed, where they were asked for or the library has them.
    fn explain_fallback(&self, encoder: &Encoder) -> Result<()> {
        let info = encoder.describe();
        if self.provider.is_empty() {
            info.fallbacks(&Runtime::get()?.info().providers)
                .for_each(warn);
        } else {
            info.notes.iter().for_each(warn);
        }
        Ok(())
    }

    fn preprocessing(&self, files: &EncoderFiles) -> Result<Option<Preprocess>> {
        let Some(path) = &self.preprocess else {
            return Ok(None);
        };
        if let Some(name) = path.to_str()
            && Preprocess::named(name, 224).is_some()
        {
            return Ok(Preprocess::named(name, input_side(&files.image_model)?));
        }
        if !path.exists() {
            return Err(Error::request(
                format!(
                    "{} is neither a known preprocessing nor a file",
                    path.display()
                ),
                "Use --preprocess clip, siglip, imagenet or the path of a preprocessor_config.json.",
            ));
        }
        Preprocess::open(path).map(Some)
    }

    /// The embedding cache, unless it is unwanted or cannot be had.
    pub fn cache(&self) -> Option<Cache> {
        if self.no_cache {
            return None;
        }
        Cache::open()
            .inspect_err(|error| warn(format!("going on without a cache: {error}")))
            .ok()
    }

    /// Embeds `dataset`; skipped images and warnings go to standard error.
    pub fn embed(&self, encoder: &Encoder, dataset: &Dataset, task: &Task) -> Result<Embedded> {
        let embedded = encoder.embed_dataset(dataset, self.cache().as_ref(), task)?;
        embedded.warnings.iter().for_each(warn);
        skipped(&embedded.dataset);
        Ok(embedded)
    }
}

/// Height of the pictures that the model wants; 224 where it leaves that open.
fn input_side(model: &Path) -> Result<u32> {
    let model = ModelInfo::open(model)?;
    let side = model
        .inputs
        .iter()
        .find(|port| port.dims.len() == 4)
        .and_then(|port| match port.dims[2] {
            Dim::Fixed(side) => u32::try_from(side).ok(),
            _ => None,
        });
    Ok(side.unwrap_or(224))
}

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

/// Embeddings that were computed elsewhere.
#[derive(Debug, Args)]
pub struct VectorArgs {
    /// Image embeddings (.npy, .safetensors or .parquet; one row per image), with --text-embeds: no encoder is run
    #[arg(long, value_name = "FILE", requires = "text_embeds")]
    pub image_embeds: Option<PathBuf>,
    /// Caption embeddings (one row per caption, grouped by image); may be the same .safetensors or .parquet file
    #[arg(long, value_name = "FILE", requires = "image_embeds")]
    pub text_embeds: Option<PathBuf>,
}

impl VectorArgs {
    /// The account of embeddings without a dataset.
    pub fn account(&self, images: usize, captions: usize) -> Account {
        let files = [&self.image_embeds, &self.text_embeds]
            .into_iter()
            .flatten();
        let files: Vec<String> = files.map(|path| path.display().to_string()).collect();
        Account::of_embeddings(files.join(", "), images, captions)
    }

    /// Reads both sides, where they were given. Their row lengths agree.
    pub fn open(&self, task: &Task) -> Result<Option<(Embeddings, Embeddings)>> {
        let (Some(images), Some(texts)) = (&self.image_embeds, &self.text_embeds) else {
            return Ok(None);
        };
        same_encoder(images, texts)?;
        let i = read_side(images, Side::Image, task)?;
        let t = read_side(texts, Side::Text, task)?;
        if i.dim() != t.dim() {
            return Err(Error::request(
                format!(
                    "image embeddings have {} values a row, text embeddings {}",
                    i.dim(),
                    t.dim()
                ),
                "Give both sides from one encoder, after its projections.",
            ));
        }
        Ok(Some((i, t)))
    }
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
