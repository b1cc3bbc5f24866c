//! The encoder that a command is given, and how it runs.

use super::common::{or_all, positive};
use super::output::warn;
use super::skipped::skipped;
use crate::compute::Measure;
use crate::dataset::Dataset;
use crate::encoder::{
    Cache, EmbeddedDataset, Encoder, EncoderFiles, EncoderOptions, FolderHolds, Half, HalfFiles,
    Pool, Preprocess, Tower,
};
use crate::error::{Error, Result};
use crate::files::file_name;
use crate::runtime::{Provider, Runtime};
use crate::source::{EncoderSource, QueryEncoder, QueryFiles};
use crate::task::Task;
use clap::Args;
use std::path::{Path, PathBuf};

/// Which encoder, and how it runs.
#[derive(Debug, Clone, Args)]
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

    /// Where the encoder comes from.
    ///
    /// # Errors
    /// None was named.
    fn source(&self) -> Result<EncoderSource> {
        match (&self.encoder, &self.image_model, &self.text_model) {
            (Some(folder), _, _) => Ok(EncoderSource::named(folder)),
            (None, Some(image), Some(text)) => Ok(EncoderSource::Pair {
                image: image.clone(),
                text: text.clone(),
            }),
            (None, Some(image), None) => Ok(EncoderSource::ImageAlone(image.clone())),
            (None, None, Some(text)) => Ok(EncoderSource::TextAlone(text.clone())),
            (None, None, None) => Err(Error::request(
                "no encoder was given",
                "Give --encoder DIR, or --image-model A.onnx and --text-model B.onnx.",
            )),
        }
    }

    /// What was said about the encoder whose image model (or only model) is at `model`.
    fn options(&self, model: &Path) -> Result<EncoderOptions> {
        let defaults = EncoderOptions::default();
        Ok(EncoderOptions {
            preprocess: self.preprocessing_of(model)?,
            image_output: self.image_output.clone(),
            text_output: self.text_output.clone(),
            image_pool: self.image_pool,
            text_pool: self.text_pool,
            providers: or_all(&self.provider),
            batch: self.batch.unwrap_or(defaults.batch),
        })
    }

    /// Where it comes from and what was said about it: what another machine opens it with.
    ///
    /// # Errors
    /// As [`EncoderArgs::parts`].
    pub fn chosen(&self) -> Result<(EncoderSource, EncoderOptions)> {
        let (_, options) = self.parts()?;
        Ok((self.source()?, options))
    }

    /// Opens the encoder.
    pub fn open(&self, task: &Task) -> Result<Encoder> {
        self.open_files(&self.files()?, task)
    }

    /// Its files and what was said about it: what it is opened with.
    ///
    /// # Errors
    /// None was named, or it is one of two models.
    pub fn parts(&self) -> Result<(EncoderFiles, EncoderOptions)> {
        let files = self.files()?;
        let options = self.options(&files.image_model)?;
        Ok((files, options))
    }

    /// The files of both models.
    fn files(&self) -> Result<EncoderFiles> {
        let source = self.source()?;
        let files = match &source {
            EncoderSource::ImageAlone(one) | EncoderSource::TextAlone(one) => {
                return Err(Error::model(
                    one,
                    "is one of an encoder's two models, and both are needed here",
                    "Give --image-model A.onnx and --text-model B.onnx. One alone answers \"nearmiss rank --text\" or \
                     \"--picture\" against stored embeddings (--image-embeds or --text-embeds).",
                ));
            }
            EncoderSource::Folder(folder) => match FolderHolds::of(folder)? {
                FolderHolds::Both(files) => files,
                FolderHolds::One(half, _) => return Err(of_half(folder, &half)),
                FolderHolds::Neither(error) => return Err(error),
            },
            _ => source.files()?,
        };
        Ok(files)
    }

    fn open_files(&self, files: &EncoderFiles, task: &Task) -> Result<Encoder> {
        let options = self.options(&files.image_model)?;
        let encoder = Encoder::open(files, &options, task)?;
        self.explain_fallback(&encoder)?;
        encoder.describe().warnings.iter().for_each(warn);
        Ok(encoder)
    }

    /// Opens the encoder, or the one tower of it that is there, to embed queries.
    pub fn open_for_queries(&self, task: &Task) -> Result<QueryEncoder> {
        Ok(match self.source()?.query_files()? {
            QueryFiles::Whole(files) => {
                QueryEncoder::Whole(Box::new(self.open_files(&files, task)?))
            }
            QueryFiles::Half(files) => {
                let half = Half::open(&files, &self.options(&files.model)?)?;
                half.warnings().iter().for_each(warn);
                QueryEncoder::Half(Box::new(half))
            }
        })
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
    fn preprocessing_of(&self, model: &Path) -> Result<Option<Preprocess>> {
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
    ) -> Result<EmbeddedDataset> {
        let embedded = encoder.embed_by(dataset, self.cache().as_ref(), measure, task)?;
        embedded.warnings.iter().for_each(warn);
        skipped(&embedded.dataset);
        Ok(embedded)
    }
}

/// What an encoder of one tower, in `folder`, can do.
fn of_half(folder: &Path, half: &HalfFiles) -> Error {
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
