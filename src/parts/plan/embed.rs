//! The plan of embedding.

use super::Shard;
use super::shards;
use crate::compute::{Choice, Measure};
use crate::dataset::{self, Account, Dataset, Wanted};
use crate::encoder::EncoderOptions;
use crate::error::{Error, Result};
use crate::parts::run::Run;
use crate::parts::store::Store;
use crate::source::{EncoderSource, Places};
use crate::task::Task;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Images of a dataset without files of whole samples that one task takes.
const IMAGES: usize = 4096;

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

/// The encoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coder {
    /// Where it lies.
    pub source: EncoderSource,
    /// What was said about it.
    pub options: EncoderOptions,
    /// [`crate::encoder::Encoder::fingerprint`] when it was planned.
    pub hash: String,
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
    /// What was said of ranking.
    #[serde(default)]
    pub later: Later,
    /// What is said of the dataset beside what each part says for itself.
    pub about: Account,
    /// Its parts, in order.
    pub shards: Vec<Shard>,
}

impl EmbedPlan {
    /// Of this dataset, by this encoder.
    ///
    /// # Errors
    /// There is no dataset; cancellation.
    pub fn of_dataset(
        place: String,
        part: Wanted,
        encoder: Coder,
        similarity: Measure,
        task: &Task,
    ) -> Result<Self> {
        let store = Store::open(&place)?;
        let (content, shards, about) = if let Some((shards, about)) = archives(&store, &part)? {
            (None, shards, about)
        } else {
            let whole = whole(&place, &part, task)?;
            let shards = cut(whole.images.len(), IMAGES);
            (Some(content(&whole)), shards, whole.account())
        };
        Ok(Self {
            program: version(),
            data: Data::Dataset { place, part },
            encoder: Some(encoder),
            similarity,
            content,
            later: Later::default(),
            about,
            shards,
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
            shards: cut(sizes.images, sizes.piece(memory)),
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

    /// Refuses a plan of another version of the program: its files may differ.
    ///
    /// # Errors
    /// It is.
    pub fn check(&self) -> Result<()> {
        check_version(&self.program)
    }
}

/// Opens the dataset as a whole.
pub(in crate::parts) fn whole(place: &str, part: &Wanted, task: &Task) -> Result<Dataset> {
    let places = Places {
        dataset: Some(PathBuf::from(place)),
        wanted: part.clone(),
        ..Places::default()
    };
    let stored = places.read(task)?;
    stored.needs_captions(place.as_ref())?;
    let dataset = stored.without_brought().dataset;
    dataset.ok_or_else(|| Error::request("there is no dataset", "Name one."))
}

/// BLAKE3 of the names and captions of a dataset, in order.
pub(in crate::parts) fn content(dataset: &Dataset) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut add = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    for (i, image) in dataset.images.iter().enumerate() {
        add(&image.name);
        for caption in &dataset.captions[dataset.captions_of(i)] {
            add(caption);
        }
        add("\0");
    }
    hasher.finalize().to_hex().to_string()
}

/// The archives of a dataset that are read one by one, and what is said of it besides; `None` where it is read as a whole.
fn archives(store: &Store, part: &Wanted) -> Result<Option<(Vec<Shard>, Account)>> {
    let found = if let Some(folder) = store.local() {
        match dataset::archives(folder, part) {
            Some(found) => found,
            None => return Ok(None),
        }
    } else {
        let names = store.list("")?.into_iter().map(|(name, _)| name).collect();
        dataset::archives_among(store.place(), names, part)
    };
    if found.names.is_empty() {
        return Err(Error::request(
            format!("{} holds no .tar archive", store.place()),
            "In object storage datasets are read as WebDataset archives: \"nearmiss convert\" writes them.",
        ));
    }
    let about = |name: String| match store.about(&name)? {
        Some(about) => Ok(Shard::file(name, &about)),
        None => Err(Error::request(
            format!("{name} of {} is gone", store.place()),
            "Plan again.",
        )),
    };
    let shards = found.names.into_iter().map(about).collect::<Result<_>>()?;
    Ok(Some((shards, found.about.account())))
}

/// Shards of at most `size` images.
fn cut(images: usize, size: usize) -> Vec<Shard> {
    let of = |from: usize| Shard::Images(from, (from + size).min(images));
    (0..images).step_by(size).map(of).collect()
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

/// The mark of the shard's file as it is now.
pub(in crate::parts) fn unchanged(store: &Store, shard: &Shard) -> Result<()> {
    let Shard::File { name, size, mark } = shard else {
        return Ok(());
    };
    let same =
        |about: crate::parts::store::About| about.size == *size && shards::mark(&about) == *mark;
    if store.about(name)?.is_some_and(same) {
        return Ok(());
    }
    Err(Error::plan(format!(
        "{name} of {} is not what it was when the run was planned",
        store.place()
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
