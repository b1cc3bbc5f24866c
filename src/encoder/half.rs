//! One tower of a dual encoder: it embeds queries of its side, for what the other side's embeddings already hold.

use super::embed::{all_finite, embed_one};
use super::folder::{EncoderFiles, HalfFiles};
use super::options::EncoderOptions;
use super::preprocess::Preprocess;
use super::sides;
use super::tokenize::Tokenizer;
use super::tower::Tower;
use crate::compute::{Embeddings, Measure};
use crate::dataset::Picture;
use crate::error::{Error, Result};

/// An image model or a text model alone.
pub struct Half {
    name: String,
    tower: Tower,
    with: With,
    warnings: Vec<String>,
}

/// What turns a query into the tower's input.
enum With {
    Pictures(Box<Preprocess>),
    Words(Box<Tokenizer>),
}

impl Half {
    /// Opens the model with what it needs: preprocessing or tokenizer.
    ///
    /// # Errors
    /// A file that is missing or cannot be used; [`Error::Ask`] where the preprocessing or an output must be chosen.
    pub fn open(files: &HalfFiles, options: &EncoderOptions) -> Result<Self> {
        let beside = EncoderFiles::alone(&files.model, files.is_text)?;
        let (tower, with, findings) = if files.is_text {
            let side = sides::text(&beside, options, None)?;
            (
                side.tower,
                With::Words(Box::new(side.tokenizer)),
                side.findings,
            )
        } else {
            let side = sides::image(&beside, options)?;
            let preprocess = Box::new(side.preprocess);
            (side.tower, With::Pictures(preprocess), side.findings)
        };
        Ok(Self {
            name: beside.name,
            tower,
            with,
            warnings: findings.warnings,
        })
    }

    /// What a reader of its figures must know.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Name shown to the user.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Embeds words: one row, to be compared by `measure`.
    ///
    /// # Errors
    /// This is an image model; the model fails or gives NaN.
    pub fn embed_text(&self, words: &str, measure: Measure) -> Result<Embeddings> {
        let With::Words(tokenizer) = &self.with else {
            return Err(self.cannot("words", "text", "pictures (rank --picture)"));
        };
        let tokens = tokenizer.encode(&[words])?;
        let (values, dim) = self.tower.embed_texts(&tokens)?;
        all_finite(&values, dim, &self.tower.model().path, |_| {
            "these words".into()
        })?;
        Embeddings::measured(values, dim, measure)
    }

    /// Embeds one picture: one row, to be compared by `measure`.
    ///
    /// # Errors
    /// This is a text model; the preprocessing does not fit; the model fails or gives NaN.
    pub fn embed_picture(&self, picture: &Picture, measure: Measure) -> Result<Embeddings> {
        let With::Pictures(preprocess) = &self.with else {
            return Err(self.cannot("pictures", "image", "words (rank --text)"));
        };
        embed_one(&self.tower, preprocess, picture, measure)
    }

    fn cannot(&self, what: &str, lacks: &str, can: &str) -> Error {
        Error::model(
            &self.tower.model().path,
            format!("cannot embed {what}: {} has no {lacks} model", self.name),
            format!(
                "It can answer {can} against stored embeddings; for {what} give the {lacks} model of the same encoder."
            ),
        )
    }
}
