//! Arguments that several commands share, and what they open.

use super::material::{demo, is_demo, skipped};
use super::output::warn;
use crate::compute::{Choice, Engine, Measure, choose};
use crate::dataset::vectors::Matrix;
use crate::dataset::{Dataset, Wanted};
use crate::encoder::{
    Cache, Embedded, Encoder, EncoderFiles, EncoderOptions, HalfFiles, Pool, Preprocess, Tower,
};
use crate::error::{Error, Result};
use crate::files::file_name;
use crate::retrieval::{Side, read_both};
use crate::runtime::{Provider, Runtime};
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
    #[arg(long, value_name = "ONNX")]
    pub image_model: Option<PathBuf>,
    /// Text model, with --image-model
    #[arg(long, value_name = "ONNX")]
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
    /// How the image model's vectors per patch become one: first, mean or last
    #[arg(long, value_name = "first|mean|last")]
    pub image_pool: Option<Pool>,
    /// How the text model's vectors per token become one: first, mean or last
    #[arg(long, value_name = "first|mean|last")]
    pub text_pool: Option<Pool>,
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
        self.encoder.is_some() || self.image_model.is_some() || self.text_model.is_some()
    }

    /// Opens the encoder.
    pub fn open(&self, task: &Task) -> Result<Encoder> {
        let files = match (&self.encoder, &self.image_model, &self.text_model) {
            (Some(folder), _, _) if is_demo(folder) => {
                EncoderFiles::open(&demo()?.join("encoder"))?
            }
            (Some(folder), _, _) => {
                EncoderFiles::open(folder).map_err(|error| of_half(folder, error))?
            }
            (None, Some(image), Some(text)) => EncoderFiles::from_pair(image, text)?,
            (None, Some(one), None) | (None, None, Some(one)) => {
                return Err(Error::model(
                    one,
                    "is one of an encoder's two models, and both are needed here",
                    "Give --image-model A.onnx and --text-model B.onnx. One alone answers \"nearmiss rank --text\" or \
                     \"--picture\" against stored embeddings (--image-embeds or --text-embeds).",
                ));
            }
            (None, None, None) => {
                return Err(Error::request(
                    "no encoder was given",
                    "Give --encoder DIR, or --image-model A.onnx and --text-model B.onnx.",
                ));
            }
        };
        let defaults = EncoderOptions::default();
        let options = EncoderOptions {
            preprocess: self.preprocessing_of(&files.image_model)?,
            image_output: self.image_output.clone(),
            text_output: self.text_output.clone(),
            image_pool: self.image_pool,
            text_pool: self.text_pool,
            providers: or_all(&self.provider),
            batch: self.batch.unwrap_or(defaults.batch),
        };
        let encoder = Encoder::open(&files, &options, task)?;
        self.explain_fallback(&encoder)?;
        encoder.describe().warnings.iter().for_each(warn);
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

    /// The preprocessing that was asked for, for the image model at `model`.
    pub fn preprocessing_of(&self, model: &Path) -> Result<Option<Preprocess>> {
        let Some(path) = &self.preprocess else {
            return Ok(None);
        };
        if let Some(name) = path.to_str()
            && Preprocess::named(name, 224).is_some()
        {
            return Ok(Preprocess::named(name, input_side(model)?));
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

    /// Embeds `dataset`, to be compared by `measure`; skipped images and warnings go to standard error.
    pub fn embed(
        &self,
        encoder: &Encoder,
        dataset: &Dataset,
        measure: Measure,
        task: &Task,
    ) -> Result<Embedded> {
        let embedded = encoder.embed_by(dataset, self.cache().as_ref(), measure, task)?;
        embedded.warnings.iter().for_each(warn);
        skipped(&embedded.dataset);
        Ok(embedded)
    }
}

/// What an encoder of one tower can do; the `error` itself where `folder` holds no single tower.
fn of_half(folder: &Path, error: Error) -> Error {
    let Ok(Some(half)) = HalfFiles::open(folder) else {
        return error;
    };
    let (has, lacks, can) = if half.is_text {
        ("text", "image", "--text WORDS\" with --image-embeds FILE")
    } else {
        (
            "image",
            "text",
            "--picture FILE\" with --text-embeds or --image-embeds FILE",
        )
    };
    Error::model(
        folder,
        format!(
            "holds a {has} model ({}) but no {lacks} model, and both sides are to be embedded here",
            file_name(&half.model)
        ),
        format!(
            "With the {has} model alone \"nearmiss rank {can} searches stored embeddings. For more, put the {lacks} \
             model of the same encoder beside it, or give both files by --image-model and --text-model."
        ),
    )
}

/// Height of the pictures that the model wants; 224 where it leaves that open.
fn input_side(model: &Path) -> Result<u32> {
    let side = Tower::picture_height(model)?.and_then(|n| u32::try_from(n).ok());
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
        match (&self.image_embeds, &self.text_embeds) {
            (Some(images), Some(texts)) => read_both(images, texts, task).map(Some),
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
