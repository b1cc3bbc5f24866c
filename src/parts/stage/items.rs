//! What the images of a shard are called, what is said of them, and where their pictures lie: one JSON object a line.

use crate::dataset::{Dataset, Stored};
use crate::error::{Error, Result};
use crate::parts::plan::dataset::Home;
use crate::parts::plan::{Data, EmbedPlan, Shard};
use crate::parts::run::{FileMark, Run};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Where a picture lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In a file of its own.
    File(String),
    /// In an archive of the dataset: its name, the first byte, how many.
    Span(String, u64, u64),
    /// In a cell of a Parquet file of the dataset: its name, the row from 0.
    Cell(String, u64),
}

/// What the files of a shard are called in the dataset.
pub(super) enum Lies {
    /// It is read with all others.
    Whole,
    /// It is this archive.
    Archive(String),
    /// It is rows of these files: where each lies, and its name.
    Rows(Vec<(PathBuf, String)>),
}

impl Lies {
    /// Of shard `n` of this plan.
    ///
    /// # Errors
    /// The dataset's place is none that can be opened.
    pub fn of(plan: &EmbedPlan, n: usize) -> Result<Self> {
        Ok(match (&plan.shards[n], &plan.data) {
            (Shard::File { name, .. }, _) => Self::Archive(name.clone()),
            (Shard::Rows(pieces), Data::Dataset { place, .. }) => {
                let store = Home::of(place)?.store;
                let names = pieces.iter().map(|piece| piece.name.clone());
                Self::Rows(names.map(|name| (store.shown(&name), name)).collect())
            }
            _ => Self::Whole,
        })
    }

    fn place(&self, picture: &Stored) -> Option<Place> {
        match (picture, self) {
            (Stored::File(path), _) => Some(Place::File(path.to_string_lossy().into_owned())),
            (Stored::Span { offset, length, .. }, Self::Archive(archive)) => {
                Some(Place::Span(archive.clone(), *offset, *length))
            }
            (Stored::Cell { column, row }, Self::Rows(files)) => {
                let mut files = files.iter();
                let (_, name) = files.find(|(path, _)| path == column.path())?;
                Some(Place::Cell(name.clone(), *row))
            }
            // How it is written says the plan.
            (Stored::Base64(cell), Self::Rows(_)) => self.place(cell),
            _ => None,
        }
    }
}

/// An image with its captions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The image's name.
    pub name: String,
    /// Where its picture lies; `None` where that is not known, or in a cell of a table.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub place: Option<Place>,
    /// Its captions.
    pub captions: Vec<String>,
}

/// The items of a dataset, and where each line begins, with one beyond the last.
pub(super) fn lines(dataset: &Dataset, lies: &Lies) -> Result<(Vec<u8>, Vec<u64>)> {
    let (mut out, mut starts) = (Vec::new(), vec![0]);
    for i in 0..dataset.images.len() {
        let item = item_of(dataset, i, lies);
        serde_json::to_writer(&mut out, &item)
            .map_err(|e| Error::request(format!("names cannot be written: {e}"), ""))?;
        out.push(b'\n');
        starts.push(out.len() as u64);
    }
    Ok((out, starts))
}

/// The item of a line of `file`.
///
/// # Errors
/// It is none.
pub fn item(file: &FileMark, line: &[u8]) -> Result<Item> {
    serde_json::from_slice(line).map_err(|e| {
        let what = format!("{} holds a line that is none of ours: {e}", file.name);
        Error::request(what, "Let its task be done again.")
    })
}

/// Image `i` of a dataset.
pub(super) fn item_of(dataset: &Dataset, i: usize, lies: &Lies) -> Item {
    let image = &dataset.images[i];
    let place = image.picture.as_ref().and_then(|p| lies.place(p));
    Item {
        name: image.name.clone(),
        place,
        captions: dataset.captions[dataset.captions_of(i)].to_vec(),
    }
}

/// Reads the items of a shard.
///
/// # Errors
/// The file is missing, damaged, or holds none.
pub fn items(run: &Run, file: &FileMark) -> Result<Vec<Item>> {
    let bytes = run.read(file)?;
    let lines = bytes.split(|&b| b == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| item(file, line)).collect()
}
