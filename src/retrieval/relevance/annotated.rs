//! Relevance from annotations that name images and captions by COCO's ids.

use super::{Judged, Relevance, RelevanceReport, relevance_metrics};
use crate::compute::{Embeddings, Engine};
use crate::dataset::annotations::{Annotations, Ids, Ratings};
use crate::error::Result;
use crate::retrieval::compare::spearman;
use crate::task::Task;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Relevance among a dataset's rows, and what of the annotations lies outside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Annotated {
    /// What is right among the rows.
    pub relevance: Relevance,
    /// Annotated images and captions that the dataset does not have, or of which it has no right one.
    pub missing_queries: usize,
    /// Right candidates, of queries that it has, that it does not have; they do not count.
    pub missing_positives: usize,
}

/// How well similarity follows the raters' scores.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Correlation {
    /// Rated pairs of which the dataset has both sides.
    pub pairs: usize,
    /// Spearman's correlation of cosine and score over these pairs.
    pub spearman: f64,
}

/// The figures of one set of annotations. The keys of its JSON form are a contract.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnnotatedReport {
    /// Both directions.
    #[serde(flatten)]
    pub metrics: RelevanceReport,
    /// Annotated queries that the dataset lacks.
    pub missing_queries: usize,
    /// Annotated right candidates that the dataset lacks.
    pub missing_positives: usize,
    /// By `sits` (caption and image), `sis` (two images), `sts` (two captions), where there are ratings.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub correlation: BTreeMap<&'static str, Correlation>,
}

impl Annotated {
    /// Translates ids into rows.
    pub fn new(annotations: &Annotations, ids: &Ids) -> Self {
        let (images, captions) = (rows(&ids.images), rows(&ids.captions));
        let mut all = Self::default();
        let mut judged = |map: &BTreeMap<u64, Vec<u64>>,
                          queries: &HashMap<u64, u32>,
                          candidates: &HashMap<u64, u32>| {
            let mut sets = BTreeMap::new();
            for (query, right) in map {
                let Some(&row) = queries.get(query) else {
                    all.missing_queries += 1;
                    continue;
                };
                let found: Vec<u32> = right
                    .iter()
                    .filter_map(|id| candidates.get(id).copied())
                    .collect();
                all.missing_positives += right.len() - found.len();
                all.missing_queries += usize::from(found.is_empty());
                sets.insert(row, found);
            }
            Judged::new(sets)
        };
        let i2t = judged(&annotations.image_to_captions, &images, &captions);
        let t2i = judged(&annotations.caption_to_images, &captions, &images);
        all.relevance = Relevance { i2t, t2i };
        all
    }

    /// The figures of these annotations for `images` and `texts`, whose ids are `ids`.
    ///
    /// # Errors
    /// Embeddings of different lengths, a lost device, or cancellation.
    pub fn report(
        annotations: &Annotations,
        ids: &Ids,
        engine: &dyn Engine,
        images: &Embeddings,
        texts: &Embeddings,
        task: &Task,
    ) -> Result<AnnotatedReport> {
        let all = Self::new(annotations, ids);
        Ok(AnnotatedReport {
            metrics: relevance_metrics(engine, images, texts, &all.relevance, task)?,
            missing_queries: all.missing_queries,
            missing_positives: all.missing_positives,
            correlation: correlations(&annotations.ratings, ids, images, texts),
        })
    }
}

/// The row of each id; the first where several rows have it.
fn rows(ids: &[Option<u64>]) -> HashMap<u64, u32> {
    let mut rows = HashMap::with_capacity(ids.len());
    for (row, id) in ids.iter().enumerate() {
        if let Some(id) = id {
            rows.entry(*id).or_insert(row as u32);
        }
    }
    rows
}

fn correlations(
    ratings: &Ratings,
    ids: &Ids,
    images: &Embeddings,
    texts: &Embeddings,
) -> BTreeMap<&'static str, Correlation> {
    let (image_rows, text_rows) = (rows(&ids.images), rows(&ids.captions));
    let (i, t) = ((&image_rows, images), (&text_rows, texts));
    let kinds = [
        ("sits", &ratings.sits, t, i),
        ("sis", &ratings.sis, i, i),
        ("sts", &ratings.sts, t, t),
    ];
    let mut found = BTreeMap::new();
    for (name, pairs, (rows_a, a), (rows_b, b)) in kinds {
        let both: (Vec<f64>, Vec<f64>) = pairs
            .par_iter()
            .filter_map(|(x, y, score)| {
                let (x, y) = (*rows_a.get(x)? as usize, *rows_b.get(y)? as usize);
                Some((f64::from(a.dot(x, b, y)), f64::from(*score)))
            })
            .unzip();
        if let Some(spearman) = spearman(&both.0, &both.1) {
            let pairs = both.0.len();
            found.insert(name, Correlation { pairs, spearman });
        }
    }
    found
}
