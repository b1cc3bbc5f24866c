//! A dataset with its embeddings: read as they are stored, then put together.

use super::{Places, located};
use crate::compute::{Embedded, Embeddings, Groups, Measure};
use crate::dataset::vectors::Matrix;
use crate::dataset::{self, Account, Dataset, Image, Reason, RowKeys, Vectors, Wanted};
use crate::encoder::EmbeddedDataset;
use crate::error::{Error, Result, thousands};
use crate::files::file_name;
use crate::retrieval::given::{
    Given, Notes, Reading, Zeros, given, given_side, joined, refuse_zeros, require, without_zeros,
};
use crate::retrieval::{Side, read_both};
use crate::task::Task;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Opens the dataset at `path`, or the demo, without the embeddings that it may bring.
///
/// # Errors
/// There is no dataset, or none with captions; cancellation.
pub fn open_dataset(path: &Path, wanted: &Wanted, task: &Task) -> Result<Dataset> {
    dataset::open_wanted(&located(path)?, wanted, task)
}

/// Opens the dataset at `path`, or the demo, or images without captions; without the embeddings that it may bring.
///
/// # Errors
/// There is neither; cancellation.
pub fn open_images(path: &Path, wanted: &Wanted, task: &Task) -> Result<Dataset> {
    match open_dataset(path, wanted, task) {
        Ok(dataset) => Ok(dataset),
        Err(error) => {
            let found = dataset::images_alone(&located(path)?, wanted, task)?;
            found.map(|(images, _)| images).ok_or(error)
        }
    }
}

/// Embeddings as they are stored, before they are brought to unit norm or joined.
#[derive(Debug, Clone)]
pub enum StoredRows {
    /// There are none: an encoder is needed.
    None,
    /// Of both sides, from files of their own.
    Files([Matrix; 2]),
    /// Of both sides, brought by the dataset.
    Brought([Matrix; 2]),
    /// Of images without captions, brought by the dataset.
    Images(Matrix),
}

/// What was read.
#[derive(Debug, Clone)]
pub struct StoredSource {
    /// Images and captions; `None` for embeddings alone. Without captions it is a dataset of images alone.
    pub dataset: Option<Dataset>,
    /// Its embeddings.
    pub rows: StoredRows,
    /// The files of embeddings.
    files: Option<[PathBuf; 2]>,
}

impl Places {
    /// Reads what lies at these places, the dataset first. Images without captions are opened too: who needs captions
    /// asks [`StoredSource::needs_captions`].
    ///
    /// # Errors
    /// There is no dataset and no file of embeddings, or one cannot be read; cancellation.
    pub fn read(&self, task: &Task) -> Result<StoredSource> {
        let opened = self.dataset.as_deref();
        let opened = opened
            .map(|path| self.read_dataset(path, task))
            .transpose()?;
        let (dataset, brought) = opened.unzip();
        Ok(StoredSource {
            dataset,
            rows: match &self.embeddings {
                Some([images, texts]) => StoredRows::Files(read_both(images, texts, task)?),
                None => brought.unwrap_or(StoredRows::None),
            },
            files: self.embeddings.clone(),
        })
    }

    fn read_dataset(&self, path: &Path, task: &Task) -> Result<(Dataset, StoredRows)> {
        let error = match dataset::open_with_vectors(path, &self.wanted, task) {
            Ok((dataset, vectors)) => {
                let brought = vectors.map(Vectors::into_matrices);
                return Ok((
                    dataset,
                    brought.map_or(StoredRows::None, StoredRows::Brought),
                ));
            }
            Err(error) => error,
        };
        match dataset::images_alone(path, &self.wanted, task)? {
            Some((dataset, rows)) => {
                Ok((dataset, rows.map_or(StoredRows::None, StoredRows::Images)))
            }
            None => Err(error),
        }
    }
}

impl StoredSource {
    /// Refuses images without captions, for what compares images with captions; `path` is where they lie.
    ///
    /// # Errors
    /// There are no captions.
    pub fn needs_captions(&self, path: &Path) -> Result<()> {
        match &self.dataset {
            Some(images) if images.captions.is_empty() => Err(no_captions(path, images)),
            _ => Ok(()),
        }
    }

    /// Without the embeddings that the dataset brings: an encoder is asked for, and goes before them.
    #[must_use]
    pub fn without_brought(mut self) -> Self {
        if !matches!(self.rows, StoredRows::Files(_)) {
            self.rows = StoredRows::None;
        }
        self
    }

    /// Are there embeddings?
    pub fn has_rows(&self) -> bool {
        !matches!(self.rows, StoredRows::None)
    }

    /// Puts dataset and embeddings together.
    ///
    /// # Errors
    /// Rows that do not fit the dataset or each other; a NaN; rows of zeros that may not be left out.
    pub fn opened(self, reading: &Reading) -> Result<Opened> {
        let Self {
            dataset,
            rows,
            files,
        } = self;
        match (dataset, rows) {
            (
                dataset,
                StoredRows::Files([images, texts]) | StoredRows::Brought([images, texts]),
            ) => {
                let given = given(images, texts, dataset, reading)?;
                Ok(Opened::of(given, files.as_ref()))
            }
            (Some(dataset), StoredRows::Images(rows)) => {
                images_alone(dataset, rows, reading.measure)
            }
            (dataset, _) => Ok(Opened {
                dataset,
                ..Opened::default()
            }),
        }
    }

    /// As [`StoredSource::opened`]; embeddings alone get a dataset that numbers their rows, and errors name the file of the
    /// captions.
    ///
    /// # Errors
    /// As there; rows of zeros, where nothing but their numbers tells rows apart.
    pub fn opened_and_numbered(self, reading: &Reading) -> Result<Opened> {
        match self.bare() {
            Ok((rows, files)) => {
                let of_file = |e: Error| Error::dataset(&files[1], e.to_string(), e.remedy());
                let given = joined_and_numbered(rows, &files, reading).map_err(of_file)?;
                // Images go by the numbers of their rows, which must stay those of the file.
                let given = without_zeros(given, Zeros::Refuse).map_err(of_file)?;
                Ok(Opened::of(given, Some(&files)))
            }
            Err(other) => other.opened(reading),
        }
    }

    /// As [`StoredSource::opened`]; with it, of embeddings alone, a dataset that numbers the rows that are left: decisions about
    /// them are found by it.
    ///
    /// # Errors
    /// As there.
    pub fn opened_with_rows(self, reading: &Reading) -> Result<(Opened, Option<Dataset>)> {
        match self.bare() {
            Ok((rows, files)) => {
                let given = joined_and_numbered(rows, &files, reading)?;
                let bare = Given {
                    dataset: None,
                    ..given.clone()
                };
                let opened = Opened::of(without_zeros(bare, reading.zeros)?, Some(&files));
                Ok((opened, without_zeros(given, reading.zeros)?.dataset))
            }
            Err(other) => Ok((other.opened(reading)?, None)),
        }
    }

    /// Embeddings alone with their files, or what else it is.
    fn bare(self) -> std::result::Result<([Matrix; 2], [PathBuf; 2]), Box<Self>> {
        match self {
            Self {
                dataset: None,
                rows: StoredRows::Files(rows),
                files: Some(files),
            } => Ok((rows, files)),
            other => Err(Box::new(other)),
        }
    }
}

/// Embeddings alone, with a dataset that numbers their rows and knows their content.
fn joined_and_numbered(
    [images, texts]: [Matrix; 2],
    files: &[PathBuf; 2],
    reading: &Reading,
) -> Result<Given> {
    let (all, captions) = (
        RowKeys::of(&images.values, images.columns),
        RowKeys::of(&texts.values, texts.columns),
    );
    let mut joined = joined(images, texts, None, reading)?;
    let groups = &joined.embedded.groups;
    // Where the rows of an image stand once for each caption, the first is read.
    let each = (all.len() / groups.images().max(1)).max(1);
    let images = all.into_iter().step_by(each).collect();
    let mut dataset = numbered(groups, files);
    dataset.row_keys = Some(Arc::new(RowKeys { images, captions }));
    joined.dataset = Some(dataset);
    Ok(joined)
}

/// A dataset of which only the rows of its embeddings are known.
fn numbered(groups: &Groups, [images, texts]: &[PathBuf; 2]) -> Dataset {
    let group = |i: usize| {
        let captions = groups.range(i).enumerate();
        let captions = captions.map(|(c, _)| format!("caption {} of image {}", c + 1, i + 1));
        (
            Image::unseen(format!("image {}", i + 1)),
            captions.collect(),
        )
    };
    let all = (0..groups.images()).map(group).collect();
    let mut dataset = Dataset::from_groups(file_name(images), "embeddings", all, Vec::new());
    dataset.origin.file = format!("{}, {}", images.display(), texts.display());
    dataset
}

/// What is open: names and captions, embeddings, and what a user must know of them.
#[derive(Debug, Clone, Default)]
pub struct Opened {
    /// Names and captions; `None` for embeddings alone.
    pub dataset: Option<Dataset>,
    /// Both sides; `None` where an encoder is needed. Without captions the images alone.
    pub embedded: Option<Embedded>,
    /// What was done or guessed.
    pub notes: Notes,
    /// What was found, used and left out.
    pub account: Account,
}

impl Opened {
    /// The files of embeddings are named in an account without a dataset.
    fn of(given: Given, files: Option<&[PathBuf; 2]>) -> Self {
        let names = files.map_or_else(String::new, |[images, texts]| {
            format!("{}, {}", images.display(), texts.display())
        });
        Self {
            account: given.account(names),
            dataset: given.dataset,
            embedded: Some(given.embedded),
            notes: given.notes,
        }
    }
}

/// What an encoder made of a dataset, without rows of zeros where these may be left out.
///
/// # Errors
/// Groups of another size than was said; rows of zeros that may not be left out, or nothing is left.
pub fn of_encoder(made: EmbeddedDataset, reading: &Reading) -> Result<Given> {
    require(&made.embedded.groups, reading.each)?;
    let given = Given {
        embedded: made.embedded,
        dataset: Some(made.dataset),
        notes: Notes::default(),
    };
    without_zeros(given, reading.zeros)
}

/// Images without captions, with the embeddings that they bring.
fn images_alone(mut dataset: Dataset, rows: Matrix, measure: Measure) -> Result<Opened> {
    let mut notes = Notes::default();
    let images = given_side(Side::Image, rows, measure, &mut notes)?;
    let texts = Embeddings::default();
    notes.put_into(&mut dataset.origin, measure);
    refuse_zeros(&images, &texts, measure, Some(&dataset))?;
    let groups = Groups::new(dataset.offsets.clone())?;
    Ok(Opened {
        account: dataset.account(),
        embedded: Some(Embedded::new(images, texts, groups)?),
        dataset: Some(dataset),
        notes,
    })
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
