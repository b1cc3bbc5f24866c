//! A dual encoder: an image model and a text model that embed into one space, with all they need.

use super::beside::Stated;
use super::folder::EncoderFiles;
use super::options::EncoderOptions;
use super::preprocess::Preprocess;
use super::sides::{self, Findings, ImageSide, TextSide};
use super::tokenize::Tokenizer;
use super::tower::Tower;
use crate::error::{Error, Result};
use crate::runtime::{Runtime, patiently};
use crate::task::Task;
use serde::Serialize;
use std::sync::Arc;

/// Two towers, ready to embed. Share it behind an `Arc`; calls from several threads wait for each other.
pub struct Encoder {
    name: String,
    image: Tower,
    text: Tower,
    preprocess: Arc<Preprocess>,
    tokenizer: Tokenizer,
    batch: usize,
    bytes: u64,
    stated: Vec<Stated>,
    warnings: Vec<String>,
}

/// What an inspector shows of an encoder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EncoderInfo {
    /// The folder's name.
    pub name: String,
    /// Engine and version, as "ONNX Runtime 1.31.1".
    pub engine: String,
    /// What the image model runs on.
    pub image_provider: String,
    /// What the text model runs on.
    pub text_provider: String,
    /// Length of an embedding, where the models state it.
    pub dim: Option<usize>,
    /// What was tried and failed, as "CUDA unavailable: ...".
    pub notes: Vec<String>,
    /// The image model's input, as `pixel_values: float32 [batch, 3, 224, 224]`.
    pub image_input: String,
    /// The text model's input.
    pub text_input: String,
    /// The image model's output that is the embedding.
    pub image_output: String,
    /// The text model's output that is the embedding.
    pub text_output: String,
    /// Size of the model files, external data included.
    pub bytes: u64,
    /// How pictures and captions are prepared and run, each with where that is said.
    pub stated: Vec<Stated>,
    /// What a reader of its figures must know.
    pub warnings: Vec<String>,
}

impl EncoderInfo {
    /// What ran the models, in a phrase: "ONNX Runtime 1.31.1, images on CPU, captions on CPU".
    pub fn runs(&self) -> String {
        format!(
            "{}, images on {}, captions on {}",
            self.engine, self.image_provider, self.text_provider
        )
    }

    /// The notes on providers that the library `offers` and that failed all the same; one that it was never built with
    /// is no news.
    pub fn fallbacks<'a>(&'a self, offers: &'a [String]) -> impl Iterator<Item = &'a String> {
        let offered = |note: &&String| offers.iter().any(|name| note.starts_with(name.as_str()));
        self.notes.iter().filter(offered)
    }
}

impl Encoder {
    /// Opens both models, tokenizer and preprocessing. Returns within a second of a cancel, though a large model
    /// may take longer to open.
    ///
    /// # Errors
    /// A file that cannot be used; [`Error::Ask`] where the preprocessing or an output must be chosen.
    pub fn open(files: &EncoderFiles, options: &EncoderOptions, task: &Task) -> Result<Self> {
        task.begin("Opening the encoder", 0);
        let (files, options) = (files.clone(), options.clone());
        patiently(task, "open-encoder", move || {
            Self::open_now(&files, &options)
        })
    }

    fn open_now(files: &EncoderFiles, options: &EncoderOptions) -> Result<Self> {
        let image = sides::image(files, options)?;
        let TextSide {
            tower: text,
            tokenizer,
            findings,
        } = sides::text(files, options, Some(&image))?;
        let ImageSide {
            tower: image,
            preprocess,
            findings:
                Findings {
                    mut stated,
                    mut warnings,
                },
        } = image;
        stated.extend(findings.stated);
        warnings.extend(findings.warnings);
        if let (Some(a), Some(b)) = (image.dim(), text.dim()) {
            same_length(a, b, &text)?;
        }
        let mut paths: Vec<_> = [&image, &text]
            .into_iter()
            .flat_map(|t| std::iter::once(&t.model().path).chain(&t.model().external))
            .collect();
        paths.sort();
        paths.dedup();
        let bytes = paths
            .iter()
            .filter_map(|p| std::fs::metadata(p).ok())
            .map(|m| m.len())
            .sum();
        let batch = options.batch.max(1);
        Ok(Self {
            name: files.name.clone(),
            image,
            text,
            preprocess: Arc::new(preprocess),
            tokenizer,
            batch,
            bytes,
            stated,
            warnings,
        })
    }

    /// Name shown to the user.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What an inspector shows.
    pub fn describe(&self) -> EncoderInfo {
        let mut notes = self.image.notes().to_vec();
        notes.extend(
            self.text
                .notes()
                .iter()
                .filter(|n| !self.image.notes().contains(n))
                .cloned(),
        );
        let engine = Runtime::get().map(|r| format!("{} {}", r.info().engine, r.info().version));
        EncoderInfo {
            name: self.name.clone(),
            engine: engine.unwrap_or_default(),
            image_provider: self.image.provider(),
            text_provider: self.text.provider(),
            dim: self.image.dim().or(self.text.dim()),
            notes,
            image_input: self.image.input(),
            text_input: self.text.input(),
            image_output: self.image.output().into(),
            text_output: self.text.output().into(),
            bytes: self.bytes,
            stated: self.stated.clone(),
            warnings: self.warnings.clone(),
        }
    }

    /// The image model.
    pub fn image_tower(&self) -> &Tower {
        &self.image
    }

    /// The text model.
    pub fn text_tower(&self) -> &Tower {
        &self.text
    }

    /// How pictures become the image model's input.
    pub fn preprocess(&self) -> &Arc<Preprocess> {
        &self.preprocess
    }

    /// How captions become the text model's input.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// Rows that run at once.
    pub fn batch(&self) -> usize {
        self.batch
    }
}

/// Refuses towers whose embeddings differ in length.
pub(super) fn same_length(image: usize, text: usize, tower: &Tower) -> Result<()> {
    if image == text {
        return Ok(());
    }
    Err(Error::model(
        &tower.model().path,
        format!("gives embeddings of {text} values, the image model of {image}"),
        "Choose outputs of the same length: the ones after the projection into the shared space.",
    ))
}
