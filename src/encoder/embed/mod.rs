//! From a dataset to embeddings of its images and captions.

mod batches;
mod images;
mod key;
mod texts;

pub(super) use batches::all_finite;

use super::cache::Cache;
use super::dual::{Encoder, same_length};
use super::preprocess::Preprocess;
use super::tower::Tower;
use crate::compute::{Embedded, Embeddings, Groups, Measure};
use crate::dataset::{Dataset, Picture};
use crate::error::{Error, Result};
use crate::task::Task;

/// An embedded dataset.
#[derive(Debug, Clone)]
pub struct EmbeddedDataset {
    /// The dataset without the pictures that could not be read; they are listed in its problems.
    pub dataset: Dataset,
    /// A row per image of `dataset`, and per caption; no captions where it has images alone.
    pub embedded: Embedded,
    /// What the user should know though nothing stopped, as a cache that cannot be written.
    pub warnings: Vec<String>,
    /// How many images came from the cache.
    pub cached_images: usize,
    /// How many captions came from the cache.
    pub cached_texts: usize,
}

impl Encoder {
    /// Embeds the images and captions of `dataset`. What `cache` holds is not computed again; what is computed is
    /// added to it, batch by batch. Pictures that cannot be read are left out and listed as problems.
    ///
    /// # Errors
    /// The dataset has no pictures, or none can be read; a model fails or gives NaN (the image or caption is named); cancellation.
    pub fn embed_dataset(
        &self,
        dataset: &Dataset,
        cache: Option<&Cache>,
        task: &Task,
    ) -> Result<EmbeddedDataset> {
        self.embed_by(dataset, cache, Measure::Cosine, task)
    }

    /// As [`Encoder::embed_dataset`], to be compared by `measure`.
    ///
    /// # Errors
    /// As there.
    pub fn embed_by(
        &self,
        dataset: &Dataset,
        cache: Option<&Cache>,
        measure: Measure,
        task: &Task,
    ) -> Result<EmbeddedDataset> {
        if !dataset.images.is_empty() && !dataset.has_pictures() {
            return Err(captions_only(dataset));
        }
        let made = self.embed_part(dataset, cache, measure, task)?;
        if made.dataset.images.is_empty() {
            return Err(none_readable(dataset, &made.dataset));
        }
        Ok(made)
    }

    /// As [`Encoder::embed_by`], of a part of a dataset: that none of its pictures can be read is no error, only a problem
    /// for each.
    ///
    /// # Errors
    /// As there, but for those of the dataset as a whole.
    pub fn embed_part(
        &self,
        dataset: &Dataset,
        cache: Option<&Cache>,
        measure: Measure,
        task: &Task,
    ) -> Result<EmbeddedDataset> {
        let found = images::embed(self, dataset, cache, task)?;
        let good = |i: usize| found.problems[i].is_none();
        let mut kept = dataset.retain(good);
        let lost = found.problems.iter().enumerate();
        kept.problems.extend(lost.filter_map(|(i, problem)| {
            let captions = dataset.captions_of(i).len() as u64;
            Some(problem.clone()?.costing(1, captions))
        }));
        if kept.images.is_empty() {
            let none = || Embeddings::default();
            return Ok(EmbeddedDataset {
                dataset: kept,
                embedded: Embedded::new(none(), none(), Groups::uniform(0, 0))?,
                warnings: found.warning.into_iter().collect(),
                cached_images: 0,
                cached_texts: 0,
            });
        }
        let dim = found.rows.dim;
        let all_good = kept.images.len() == dataset.images.len();
        let values = if all_good {
            found.rows.values
        } else {
            let rows = found.rows.values.chunks_exact(dim).enumerate();
            rows.filter(|(i, _)| good(*i))
                .flat_map(|(_, row)| row.iter().copied())
                .collect()
        };
        let images = Embeddings::measured(values, dim, measure)?;
        let groups = Groups::new(kept.offsets.clone())?;
        if kept.captions.is_empty() {
            return Ok(EmbeddedDataset {
                dataset: kept,
                embedded: Embedded::new(images, Embeddings::default(), groups)?,
                warnings: found.warning.into_iter().collect(),
                cached_images: found.cached,
                cached_texts: 0,
            });
        }
        let said = texts::embed(self, &kept.captions, cache, task)?;
        same_length(images.dim(), said.rows.dim, self.text_tower())?;
        let mut warnings: Vec<String> = found.warning.into_iter().chain(said.warning).collect();
        warnings.dedup();
        let texts = Embeddings::measured(said.rows.values, said.rows.dim, measure)?;
        Ok(EmbeddedDataset {
            dataset: kept,
            embedded: Embedded::new(images, texts, groups)?,
            warnings,
            cached_images: found.cached,
            cached_texts: said.cached,
        })
    }

    /// What its embeddings depend on besides pictures and captions: BLAKE3 over both models as they were read, their
    /// external data, preprocessing and tokenizer, and how they are run.
    ///
    /// # Errors
    /// A model's external data cannot be read or has changed since; cancellation.
    pub fn fingerprint(&self, task: &Task) -> Result<String> {
        let image = key::key(self.image_tower(), &self.preprocess().fingerprint(), task)?;
        let text = key::key(self.text_tower(), &self.tokenizer().fingerprint(), task)?;
        let mut both = blake3::Hasher::new();
        both.update(image.as_bytes()).update(text.as_bytes());
        Ok(both.finalize().to_hex().to_string())
    }

    /// Embeds `texts`, a row each.
    ///
    /// # Errors
    /// There are none; the model fails or gives NaN (the text is named); cancellation.
    pub fn embed_texts(
        &self,
        texts: &[String],
        cache: Option<&Cache>,
        task: &Task,
    ) -> Result<Embeddings> {
        self.embed_texts_by(texts, cache, Measure::Cosine, task)
    }

    /// As [`Encoder::embed_texts`], to be compared by `measure`.
    ///
    /// # Errors
    /// As there.
    pub fn embed_texts_by(
        &self,
        texts: &[String],
        cache: Option<&Cache>,
        measure: Measure,
        task: &Task,
    ) -> Result<Embeddings> {
        let said = texts::embed(self, texts, cache, task)?;
        Embeddings::measured(said.rows.values, said.rows.dim, measure)
    }

    /// Embeds one picture: one row.
    ///
    /// # Errors
    /// The preprocessing does not fit the model; the model fails or gives NaN.
    pub fn embed_picture(&self, picture: &Picture) -> Result<Embeddings> {
        self.embed_picture_by(picture, Measure::Cosine)
    }

    /// As [`Encoder::embed_picture`], to be compared by `measure`.
    ///
    /// # Errors
    /// As there.
    pub fn embed_picture_by(&self, picture: &Picture, measure: Measure) -> Result<Embeddings> {
        embed_one(self.image_tower(), self.preprocess(), picture, measure)
    }
}

/// One picture by an image model alone.
pub(super) fn embed_one(
    tower: &Tower,
    preprocess: &Preprocess,
    picture: &Picture,
    measure: Measure,
) -> Result<Embeddings> {
    let pixels = preprocess.apply(picture)?;
    let (values, dim) = tower.embed_images(&pixels, 1)?;
    all_finite(&values, dim, &tower.model().path, |_| "this picture".into())?;
    Embeddings::measured(values, dim, measure)
}

fn captions_only(dataset: &Dataset) -> Error {
    if dataset.captions.is_empty() {
        return Error::request(
            format!(
                "{}: none of its {} pictures was found",
                dataset.name,
                dataset.images.len()
            ),
            "Put the pictures where their names say, or use the embeddings that are stored, without an encoder.",
        );
    }
    Error::request(
        format!(
            "{} has captions only: no picture of it was found",
            dataset.name
        ),
        "Put the pictures in a folder images/ beside the captions, or give embeddings that were computed elsewhere \
         (--image-embeds and --text-embeds).",
    )
}

fn none_readable(dataset: &Dataset, kept: &Dataset) -> Error {
    let what = match kept.problems.last() {
        Some(p) if !dataset.images.is_empty() => {
            format!(
                "none of the {} pictures can be read; {}: {}",
                dataset.images.len(),
                p.place,
                p.what
            )
        }
        _ => "there is no picture to embed".to_owned(),
    };
    Error::request(
        what,
        "Check that the dataset and its pictures lie where they should.",
    )
}
