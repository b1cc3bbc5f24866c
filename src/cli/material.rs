//! What is compared: a dataset through an encoder, or embeddings with or without a dataset.

use super::common::{DataArgs, EncoderArgs, VectorArgs};
use super::output::{warn, watched};
use crate::compute::{Embeddings, Groups};
use crate::dataset::{self, Account, Dataset, NAMES, Problem, Reason};
use crate::encoder::{Embedded, Encoder, data_dir};
use crate::error::{Error, Result, thousands};
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

/// Opens everything that `eval` and `rank` compare: a dataset through an encoder, or embeddings with or without a
/// dataset, which may bring them itself. `check` sees the number of images before the costly part.
pub fn material(
    dataset: Option<&Path>,
    data: &DataArgs,
    encoder: &EncoderArgs,
    vectors: &VectorArgs,
    captions_per_image: Option<usize>,
    check: impl Fn(usize) -> Result<()>,
) -> Result<Material> {
    if dataset.is_none() {
        data.refuse("a pair of embeddings")?;
    }
    watched(|task| {
        let opened = dataset.map(|path| open_with_vectors(path, data, task));
        let (dataset, brought) = opened.transpose()?.unzip();
        let given = match (vectors.open(task)?, brought.flatten()) {
            (Some(given), _) => Some(given),
            // An encoder that is asked for goes before what the dataset brings.
            (None, Some(brought)) if !encoder.is_given() => Some(brought),
            _ => None,
        };
        if let Some((images, texts)) = given {
            let groups = match &dataset {
                Some(dataset) => {
                    skipped(dataset);
                    matching(dataset, &images, &texts)?
                }
                None => uniform(images.rows(), texts.rows(), captions_per_image)?,
            };
            require(&groups, captions_per_image)?;
            check(groups.images())?;
            let account = match &dataset {
                Some(dataset) => dataset.account(),
                None => vectors.account(images.rows(), texts.rows()),
            };
            return Ok(Material {
                account,
                images,
                texts,
                groups,
                dataset,
                encoder: None,
            });
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
        } = encoder.embed(&opened, &dataset, task)?;
        let groups = Groups::new(dataset.offsets.clone())?;
        require(&groups, captions_per_image)?;
        check(groups.images())?;
        Ok(Material {
            account: dataset.account(),
            images,
            texts,
            groups,
            dataset: Some(dataset),
            encoder: Some(opened),
        })
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
) -> Result<(Dataset, Option<(Embeddings, Embeddings)>)> {
    if is_demo(path) {
        return Ok((open_dataset(path, data, task)?, None));
    }
    let (dataset, vectors) = dataset::open_with_vectors(path, &data.wanted(), task)?;
    let brought = vectors.map(|v| {
        let images = Embeddings::new(v.images, v.dim)?;
        Ok((images, Embeddings::new(v.texts, v.dim)?))
    });
    Ok((dataset, brought.transpose()?))
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

fn matching(dataset: &Dataset, images: &Embeddings, texts: &Embeddings) -> Result<Groups> {
    let (have, want) = (
        (images.rows(), texts.rows()),
        (dataset.images.len(), dataset.captions.len()),
    );
    if have != want {
        let skipped = match dataset.problems.len() {
            0 => String::new(),
            n => format!(" ({} of its entries were skipped)", thousands(n as u64)),
        };
        return Err(Error::request(
            format!(
                "the embeddings have {} images and {} captions, the dataset {} and {}{skipped}",
                have.0, have.1, want.0, want.1
            ),
            "Give the dataset these embeddings were made from, its captions grouped by image.",
        ));
    }
    Groups::new(dataset.offsets.clone())
}

/// Embeddings alone: the captions follow the images in order, equally many each.
fn uniform(images: usize, texts: usize, each: Option<usize>) -> Result<Groups> {
    let each = each.unwrap_or(texts / images.max(1));
    if images == 0 || each == 0 || images.checked_mul(each) != Some(texts) {
        return Err(Error::request(
            format!(
                "{texts} caption rows are not the same number of captions for each of {images} images"
            ),
            "Give --captions-per-image N with N x images caption rows, or the --dataset that groups them.",
        ));
    }
    Ok(Groups::uniform(images, each))
}

fn require(groups: &Groups, each: Option<usize>) -> Result<()> {
    let Some(each) = each else { return Ok(()) };
    match (0..groups.images()).find(|&i| groups.range(i).len() != each) {
        Some(i) => Err(Error::request(
            format!(
                "image {i} has {} captions, not {each}",
                groups.range(i).len()
            ),
            "Leave out --captions-per-image: the dataset knows its groups.",
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embeddings_alone_need_equal_groups() {
        assert_eq!(uniform(2, 10, None).unwrap(), Groups::uniform(2, 5));
        assert_eq!(uniform(2, 10, Some(5)).unwrap(), Groups::uniform(2, 5));
        assert!(uniform(2, 11, None).is_err());
        assert!(uniform(2, 10, Some(4)).is_err());
        assert!(uniform(0, 0, None).is_err());
        assert!(require(&Groups::uniform(2, 5), Some(4)).is_err());
    }
}
