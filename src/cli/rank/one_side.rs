//! One side alone: stored embeddings of images or captions searched by words or a picture, and images without captions.

use crate::cli::common::DataArgs;
use crate::cli::output::warn;
use crate::cli::skipped::skipped;
use crate::compute::{Embeddings, Measure};
use crate::dataset::vectors::Matrix;
use crate::dataset::{Account, Dataset, Image, Reason};
use crate::error::{Error, Result};
use crate::retrieval::given::{Notes, given_side, one_row_each, refuse_zeros};
use crate::retrieval::{Side, read_matrix};
use crate::source::open_images;
use crate::task::Task;
use std::path::Path;

/// The rows of one side.
pub struct OneSide {
    /// Which side.
    pub side: Side,
    /// Its rows.
    pub rows: Embeddings,
    /// What the rows are called.
    pub dataset: Dataset,
}

impl OneSide {
    /// Reads the embeddings at `path`; rows are called as in `dataset`, or by their numbers.
    ///
    /// # Errors
    /// A file that cannot be read, or rows that are not those of the dataset.
    pub fn given(
        side: Side,
        path: &Path,
        dataset: Option<&Path>,
        data: &DataArgs,
        measure: Measure,
        task: &Task,
    ) -> Result<Self> {
        let matrix = read_matrix(path, side, task)?;
        let Some(dataset) = dataset else {
            let mut rows = match side {
                Side::Image => numbered(matrix.rows, 0),
                Side::Text => numbered(0, matrix.rows),
            };
            rows.origin.file = path.display().to_string();
            return Self::new(side, matrix, rows, measure);
        };
        let opened = open_images(dataset, &data.wanted(), task)?;
        skipped(&opened);
        let (want, what) = match side {
            Side::Image => (opened.images.len(), "images"),
            Side::Text => (opened.captions.len(), "captions"),
        };
        let have = matrix.rows;
        let matrix = match side {
            Side::Image => one_row_each(matrix, &opened)?,
            Side::Text => Some(matrix).filter(|m| m.rows == want),
        };
        let Some(matrix) = matrix else {
            return Err(Error::dataset(
                path,
                format!("has {have} rows, {} {want} {what}", dataset.display()),
                "Give the dataset these embeddings were made from, or leave it out: rows then go by their numbers.",
            ));
        };
        Self::new(side, matrix, opened, measure)
    }

    /// From rows as they are stored.
    ///
    /// # Errors
    /// Rows of zeros, by cosine.
    pub fn new(side: Side, matrix: Matrix, mut dataset: Dataset, measure: Measure) -> Result<Self> {
        let mut notes = Notes::default();
        let rows = given_side(side, matrix, measure, &mut notes)?;
        notes.sentences().iter().for_each(warn);
        notes.put_into(&mut dataset.origin, measure);
        Self::of(side, rows, dataset)
    }

    /// From rows that are ready to be compared.
    ///
    /// # Errors
    /// Rows of zeros, by cosine.
    pub fn of(side: Side, rows: Embeddings, mut dataset: Dataset) -> Result<Self> {
        let none = Embeddings::default();
        let (images, texts) = match side {
            Side::Image => (&rows, &none),
            Side::Text => (&none, &rows),
        };
        refuse_zeros(images, texts, rows.measure(), Some(&dataset))?;
        dataset.origin.measure = Some(rows.measure().words().into());
        Ok(Self {
            side,
            rows,
            dataset,
        })
    }

    /// What was found, used and left out; nothing of the other side is used.
    pub fn account(&self) -> Account {
        let mut account = self.dataset.account();
        let (other, count) = match self.side {
            Side::Image => (&mut account.captions, self.dataset.captions.len()),
            Side::Text => (&mut account.images, self.dataset.images.len()),
        };
        let what = "there are no embeddings of them: the other side alone is searched";
        other.leave_out(Reason::NotUsed, what, count, Vec::new());
        account
    }
}

/// Images and captions that have nothing but numbers.
pub fn numbered(images: usize, captions: usize) -> Dataset {
    let unseen = (0..images).map(|i| Image::unseen(format!("row {i}")));
    let mut dataset = Dataset::of_images("rows", "embeddings", unseen.collect(), Vec::new());
    dataset.captions = (0..captions).map(|j| format!("row {j}")).collect();
    dataset.origin.found.captions = captions as u64;
    dataset
}
