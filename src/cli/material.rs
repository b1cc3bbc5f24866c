//! What is compared: a dataset through an encoder, or embeddings with or without a dataset.

use super::common::{DataArgs, EncoderArgs, VectorArgs};
use super::output::{warn, watched};
use crate::compute::{Embeddings, Groups};
use crate::dataset::vectors::Matrix;
use crate::dataset::{self, Account, Dataset, NAMES, Problem, Reason, Vectors};
use crate::encoder::{Embedded, Encoder};
use crate::error::{Error, Result, thousands};
use crate::paths::data_dir;
use crate::retrieval::given::{
    Given, Notes, Reading, Set, Zeros, given as put_together, require, without_zeros,
};
use crate::task::Task;
use std::path::{Path, PathBuf};

/// Both sides embedded, and which caption belongs to which image.
pub struct Material {
    /// What was found, used and left out.
    pub account: Account,
    /// One row per image.
    pub images: Embeddings,
    /// One row per caption, grouped by image.
    pub texts: Embeddings,
    /// The captions of each image.
    pub groups: Groups,
    /// Names and captions; `None` with embeddings alone.
    pub dataset: Option<Dataset>,
    /// The encoder, where one was opened.
    pub encoder: Option<Encoder>,
}

impl Material {
    fn new(set: Set, account: Account, encoder: Option<Encoder>, notes: &Notes) -> Self {
        notes.sentences().iter().for_each(warn);
        let Set {
            images,
            texts,
            groups,
            dataset,
        } = set;
        Self {
            account,
            images,
            texts,
            groups,
            dataset,
            encoder,
        }
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
}

/// Opens everything that `eval` and `rank` compare: a dataset through an encoder, or embeddings with or without a
/// dataset, which may bring them itself. `check` sees the number of images before the costly part.
pub fn material(ask: &Ask<'_>, check: impl Fn(usize) -> Result<()>) -> Result<Material> {
    let (encoder, measure) = (ask.encoder, ask.vectors.similarity);
    if ask.dataset.is_none() {
        ask.data.part.refuse("a pair of embeddings")?;
    }
    watched(|task| {
        let opened = ask
            .dataset
            .map(|path| open_with_vectors(path, ask.data, task));
        let (dataset, brought) = opened.transpose()?.unzip();
        let given = match (ask.vectors.open(task)?, brought.flatten()) {
            (Some(given), _) => Some(given),
            // An encoder that is asked for goes before what the dataset brings.
            (None, Some(brought)) if !encoder.is_given() => Some(brought),
            _ => None,
        };
        if let Some([images, texts]) = given {
            if let Some(dataset) = &dataset {
                skipped(dataset);
            }
            let reading = Reading {
                measure,
                each: ask.each,
                zeros: ask.zeros,
            };
            let Given { set, notes } = put_together(images, texts, dataset, &reading)?;
            check(set.groups.images())?;
            let account = match &set.dataset {
                Some(dataset) => dataset.account(),
                None => notes.account(ask.vectors.files(), &set),
            };
            return Ok(Material::new(set, account, None, &notes));
        }
        let dataset = dataset.ok_or_else(|| {
            Error::request(
                "no dataset was given",
                "Give --dataset PATH, or --dataset demo.",
            )
        })?;
        check(dataset.images.len())?;
        let opened = encoder.open(task)?;
        let Embedded {
            dataset,
            images,
            texts,
            ..
        } = encoder.embed(&opened, &dataset, measure, task)?;
        let set = Set {
            images,
            texts,
            groups: Groups::new(dataset.offsets.clone())?,
            dataset: Some(dataset),
        };
        require(&set.groups, ask.each)?;
        let mut notes = Notes::default();
        let set = without_zeros(set, Zeros::LeaveOut, &mut notes)?;
        check(set.groups.images())?;
        let account = set.dataset.as_ref().map(Dataset::account);
        Ok(Material::new(
            set,
            account.unwrap_or_default(),
            Some(opened),
            &notes,
        ))
    })
}

/// Opens the dataset at `path`, or the demo.
pub fn open_dataset(path: &Path, data: &DataArgs, task: &Task) -> Result<Dataset> {
    let wanted = data.wanted();
    if is_demo(path) {
        dataset::open_wanted(&demo()?, &wanted, task)
    } else {
        dataset::open_wanted(path, &wanted, task)
    }
}

/// Opens the dataset at `path` with the embeddings that it brings, if it does.
fn open_with_vectors(
    path: &Path,
    data: &DataArgs,
    task: &Task,
) -> Result<(Dataset, Option<[Matrix; 2]>)> {
    if is_demo(path) {
        return Ok((open_dataset(path, data, task)?, None));
    }
    let opened = dataset::open_with_vectors(path, &data.wanted(), task);
    let (dataset, vectors) = match opened {
        Ok(opened) => opened,
        Err(error) => match dataset::images_alone(path, &data.wanted(), task)? {
            Some((images, _)) => return Err(no_captions(path, &images)),
            None => return Err(error),
        },
    };
    Ok((dataset, vectors.map(Vectors::into_matrices)))
}

/// Opens the dataset at `path`, or the demo, or images without captions with the embeddings that they bring.
pub fn open_or_images(
    path: &Path,
    data: &DataArgs,
    task: &Task,
) -> Result<(Dataset, Option<Matrix>)> {
    match open_dataset(path, data, task) {
        Ok(dataset) => Ok((dataset, None)),
        Err(error) => dataset::images_alone(path, &data.wanted(), task)?.ok_or(error),
    }
}

/// What images without captions cannot be used for, and what they can.
fn no_captions(path: &Path, images: &Dataset) -> Error {
    let notes = images.origin.notes.iter();
    let others = notes.filter(|note| note.reason == Reason::UnknownEnding);
    let others: Vec<&str> = others
        .flat_map(|note| &note.names)
        .map(String::as_str)
        .collect();
    let beside = match others.as_slice() {
        [] => String::new(),
        names => format!(
            "; no captions are known in what lies beside: {}",
            names.join(", ")
        ),
    };
    Error::dataset(
        path,
        format!(
            "holds {} images without captions ({}): what compares images with captions needs both{beside}",
            thousands(images.images.len() as u64),
            images.format
        ),
        "With images alone \"nearmiss rank --image NAME\" finds the nearest images and \"nearmiss embed\" writes \
         their embeddings. For more, add captions (a metadata.jsonl beside the pictures), or run clip-retrieval with \
         texts.",
    )
}

/// Is this the name of the built-in dataset or encoder?
pub fn is_demo(path: &Path) -> bool {
    path.as_os_str() == "demo"
}

/// The demo's folder: the dataset, with the encoder in `encoder/`.
pub fn demo() -> Result<PathBuf> {
    dataset::demo::unpack(&data_dir()?)
}

/// Says on standard error what the dataset listed and skipped.
pub fn skipped(dataset: &Dataset) {
    let (lost, said): (Vec<Problem>, Vec<Problem>) =
        dataset.problems.iter().cloned().partition(Problem::is_loss);
    for problem in &said {
        warn(format!("{}: {}", problem.place, problem.what));
    }
    list("skipped", &lost);
    let unnamed = dataset.origin.bulk.iter();
    for bulk in unnamed.filter(|bulk| bulk.reason != Reason::OtherSplit) {
        let more = if bulk.costs.images > bulk.names.len() as u64 {
            ", .."
        } else {
            ""
        };
        warn(format!("{}: {}{more}", bulk.what, bulk.names.join(", ")));
    }
    for note in &dataset.origin.notes {
        let names: Vec<&str> = note.names.iter().take(SHOWN).map(String::as_str).collect();
        let more = match note.count.saturating_sub(names.len() as u64) {
            0 => String::new(),
            more => format!(" and {} more", thousands(more)),
        };
        warn(format!("{}{more}: {}", names.join(", "), note.what));
    }
}

/// Problems that are listed one by one.
const SHOWN: usize = 5;

/// Says on standard error what was done to which, the first few by name.
pub fn list(done: &str, problems: &[Problem]) {
    for problem in problems.iter().take(SHOWN) {
        warn(format!("{done} {}: {}", problem.place, problem.what));
    }
    let rest = problems.get(SHOWN..).unwrap_or_default();
    if !rest.is_empty() {
        let names: Vec<&str> = rest.iter().take(NAMES).map(|p| p.place.as_str()).collect();
        let dots = if rest.len() > names.len() { ", .." } else { "" };
        let count = thousands(rest.len() as u64);
        warn(format!("{done} {count} more: {}{dots}", names.join(", ")));
    }
}
