//! What is compared: a dataset through an encoder, or embeddings with or without a dataset.

use super::common::{DataArgs, VectorArgs};
use super::encoder::EncoderArgs;
use super::output::warn;
use super::progress::watched;
use super::skipped::skipped;
use crate::compute::Embedded;
use crate::dataset::{Account, Dataset};
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::retrieval::given::{Reading, Zeros};
use crate::source::{DecisionsHome, Places, located, of_encoder};
use clap::Args;
use std::path::Path;

/// Both sides embedded, and which caption belongs to which image.
pub struct Material {
    /// What was found, used and left out.
    pub account: Account,
    /// Images and captions.
    pub embedded: Embedded,
    /// Names and captions; `None` with embeddings alone.
    pub dataset: Option<Dataset>,
    /// With embeddings alone: their rows as decisions know them, where these were asked for.
    rows: Option<Dataset>,
    /// The encoder, where one was opened.
    pub encoder: Option<Encoder>,
}

/// What images and captions are embedded by: an encoder, or files of embeddings.
#[derive(Debug, Args)]
pub struct SourceArgs {
    #[command(flatten)]
    pub data: DataArgs,
    #[command(flatten)]
    pub encoder: EncoderArgs,
    #[command(flatten)]
    pub vectors: VectorArgs,
}

impl SourceArgs {
    /// What `material` is to open of `dataset`, with `each` captions per image, where the user says, and what becomes
    /// of rows of zeros in given embeddings.
    pub fn ask<'a>(
        &'a self,
        dataset: Option<&'a Path>,
        each: Option<usize>,
        zeros: Zeros,
    ) -> Ask<'a> {
        Ask {
            dataset,
            data: &self.data,
            encoder: &self.encoder,
            vectors: &self.vectors,
            each,
            zeros,
            decided: false,
        }
    }

    /// Where decisions about the pairs of `dataset`, or of embeddings alone, are kept.
    ///
    /// # Errors
    /// The demo cannot be unpacked.
    pub fn decisions(&self, dataset: Option<&Path>) -> Result<Option<DecisionsHome>> {
        let place = match (dataset, &self.vectors.image_embeds) {
            (Some(path), _) => located(path)?,
            (None, Some(path)) => path.clone(),
            (None, None) => return Ok(None),
        };
        Ok(Some(DecisionsHome::of(&place)))
    }
}

impl Material {
    /// What decisions about pairs are found by.
    pub fn decided(&self) -> Option<&Dataset> {
        self.dataset.as_ref().or(self.rows.as_ref())
    }
}

/// What `material` opens.
pub struct Ask<'a> {
    /// The dataset, where one was named.
    pub dataset: Option<&'a Path>,
    /// Which part of it.
    pub data: &'a DataArgs,
    /// The encoder.
    pub encoder: &'a EncoderArgs,
    /// The embeddings, and how rows are compared.
    pub vectors: &'a VectorArgs,
    /// Captions of each image, where the user says.
    pub each: Option<usize>,
    /// What becomes of rows of zeros in given embeddings.
    pub zeros: Zeros,
    /// Are decisions about pairs to be found, those about rows of embeddings alone too?
    pub decided: bool,
}

impl Ask<'_> {
    /// What is to be read.
    fn places(&self) -> Result<Places> {
        let embeddings = self.vectors.pair()?;
        if self.dataset.is_none() && embeddings.is_none() {
            return Err(Error::request(
                "no dataset was given",
                "Give --dataset PATH, or --dataset demo.",
            ));
        }
        Ok(Places {
            dataset: self.dataset.map(located).transpose()?,
            wanted: self.data.wanted(),
            embeddings,
        })
    }
}

/// Opens everything that `eval` and `rank` compare: a dataset through an encoder, or embeddings with or without a
/// dataset, which may bring them itself. `check` sees the number of images before the costly part.
pub fn material(ask: &Ask<'_>, check: impl Fn(usize) -> Result<()>) -> Result<Material> {
    if ask.dataset.is_none() {
        ask.data.part.refuse("a pair of embeddings")?;
    }
    let reading = Reading {
        measure: ask.vectors.similarity,
        each: ask.each,
        zeros: ask.zeros,
    };
    watched(|task| {
        let mut stored = ask.places()?.read(task)?;
        if let Some(path) = ask.dataset {
            stored.needs_captions(path)?;
        }
        if ask.encoder.is_given() {
            // It goes before what the dataset brings.
            stored = stored.without_brought();
        }
        if stored.has_rows()
            && let Some(dataset) = &stored.dataset
        {
            skipped(dataset);
        }
        let (opened, rows) = if ask.decided {
            stored.opened_with_rows(&reading)?
        } else {
            (stored.opened(&reading)?, None)
        };
        if let Some(embedded) = opened.embedded {
            check(embedded.groups.images())?;
            opened.notes.sentences().iter().for_each(warn);
            return Ok(Material {
                account: opened.account,
                embedded,
                dataset: opened.dataset,
                rows,
                encoder: None,
            });
        }
        let dataset = opened.dataset.unwrap_or_default();
        check(dataset.images.len())?;
        let encoder = ask.encoder.open(task)?;
        let made = ask
            .encoder
            .embed(&encoder, &dataset, reading.measure, task)?;
        let zeros = Zeros::LeaveOut;
        let given = of_encoder(made, &Reading { zeros, ..reading })?;
        check(given.embedded.groups.images())?;
        given.notes.sentences().iter().for_each(warn);
        Ok(Material {
            account: given.account(String::new()),
            embedded: given.embedded,
            dataset: given.dataset,
            rows: None,
            encoder: Some(encoder),
        })
    })
}
