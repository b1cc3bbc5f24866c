//! The plan of embedding.

use super::{Shard, dataset};
use crate::compute::{Choice, Measure};
use crate::dataset::{Account, RowReading, Wanted};
use crate::error::{Error, Result};
use crate::parts::coder::Coder;
use crate::parts::run::Run;
use crate::task::Task;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What is embedded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Data {
    /// A dataset.
    Dataset {
        /// Its folder, file, or place in object storage.
        place: String,
        /// Which part of it.
        part: Wanted,
    },
    /// Embeddings that were computed elsewhere, with equally many captions for each image.
    Rows {
        /// Of the images.
        images: PathBuf,
        /// Of the captions, grouped by image.
        texts: PathBuf,
        /// Captions of each image; `None` where the numbers of rows tell.
        each: Option<usize>,
    },
}

/// What was said of ranking when embedding was planned: what holds where nothing else is said when ranking is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Later {
    /// Candidates kept for each query.
    pub k: Option<usize>,
    /// Margin of the hinges.
    pub margin: Option<f32>,
    /// Where products are computed.
    pub compute: Option<Choice>,
    /// Queries to draw.
    pub sample: Option<usize>,
    /// Seed of the draw.
    pub seed: u64,
    /// Bytes that a task may take.
    pub memory: Option<u64>,
    /// Image-text pairs of a task.
    pub pairs: Option<f64>,
}

impl Later {
    /// What holds: what is said here, else `before`.
    #[must_use]
    pub fn or(&self, before: &Self) -> Self {
        Self {
            k: self.k.or(before.k),
            margin: self.margin.or(before.margin),
            compute: self.compute.or(before.compute),
            seed: if self.sample.is_some() {
                self.seed
            } else {
                before.seed
            },
            sample: self.sample.or(before.sample),
            memory: self.memory.or(before.memory),
            pairs: self.pairs.or(before.pairs),
        }
    }
}

/// The plan of embedding; a task is a shard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EmbedPlan {
    /// The program's version.
    pub program: String,
    /// What is embedded.
    pub data: Data,
    /// By what; `None` for rows that are there.
    pub encoder: Option<Coder>,
    /// How rows are compared.
    pub similarity: Measure,
    /// BLAKE3 of the names and captions of a dataset that is read as a whole.
    pub content: Option<String>,
    /// How the rows of Parquet files are read whose row groups are shards.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rows: Option<RowReading>,
    /// Why Parquet files are read as a whole by every task, where they are.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub whole: Option<String>,
    /// What was said of ranking.
    #[serde(default)]
    pub later: Later,
    /// What is said of the dataset beside what each part says for itself.
    pub about: Account,
    /// Its parts, in order.
    pub shards: Vec<Shard>,
}

impl EmbedPlan {
    /// Of this dataset, by this encoder; a task takes about so many `images` where that can be chosen.
    ///
    /// # Errors
    /// There is no dataset; cancellation.
    pub fn of_dataset(
        place: String,
        part: Wanted,
        encoder: Coder,
        similarity: Measure,
        images: usize,
        task: &Task,
    ) -> Result<Self> {
        let cut = dataset::cut(&place, &part, images, task)?;
        Ok(Self {
            program: version(),
            data: Data::Dataset { place, part },
            encoder: Some(encoder),
            similarity,
            content: cut.content,
            rows: cut.rows,
            whole: cut.whole,
            later: Later::default(),
            about: cut.about,
            shards: cut.shards,
        })
    }

    /// Of rows that are there; a task takes at most `memory` bytes.
    ///
    /// # Errors
    /// They cannot be read or do not fit each other.
    pub fn of_rows(
        images: PathBuf,
        texts: PathBuf,
        each: Option<usize>,
        similarity: Measure,
        memory: u64,
    ) -> Result<Self> {
        let sizes = crate::parts::stage::given::sizes(&images, &texts, each)?;
        let content = crate::parts::stage::given::content(&images, &texts)?;
        let files = format!("{}, {}", images.display(), texts.display());
        Ok(Self {
            program: version(),
            rows: None,
            whole: None,
            shards: dataset::numbered(sizes.images, sizes.piece(memory)),
            data: Data::Rows {
                images,
                texts,
                each,
            },
            encoder: None,
            similarity,
            content: Some(content),
            later: Later::default(),
            about: Account::of_embeddings(files, sizes.images, sizes.texts),
        })
    }

    /// Where dataset and encoder lie in object storage.
    pub fn remote(&self) -> Vec<&str> {
        let data = match &self.data {
            Data::Dataset { place, .. } => Some(place.as_str()),
            Data::Rows { .. } => None,
        };
        let encoder = self
            .encoder
            .as_ref()
            .and_then(|coder| coder.remote.as_ref());
        let places = data.into_iter().chain(encoder.map(|e| e.place.as_str()));
        places.filter(|place| place.contains("://")).collect()
    }

    /// Refuses a plan of another version of the program: its files may differ.
    ///
    /// # Errors
    /// It is.
    pub fn check(&self) -> Result<()> {
        check_version(&self.program)
    }
}

/// The program's version.
pub(in crate::parts) fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Refuses what another version planned.
pub(in crate::parts) fn check_version(planned: &str) -> Result<()> {
    if planned == version() {
        return Ok(());
    }
    Err(Error::plan(format!(
        "the run was planned by nearmiss {planned}, and this is {}",
        version()
    )))
}

impl Run {
    /// The plan of embedding, with its hash.
    ///
    /// # Errors
    /// There is none, or one of another version.
    pub fn embed_plan(&self) -> Result<(EmbedPlan, String)> {
        let (plan, hash) = self.planned::<EmbedPlan>(super::super::Stage::Embed)?;
        plan.check()?;
        Ok((plan, hash))
    }
}
