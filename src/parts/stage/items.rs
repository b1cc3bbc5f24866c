//! What the images of a shard are called, what is said of them, and where their pictures lie: one JSON object a line.

use crate::dataset::{Dataset, Stored};
use crate::error::{Error, Result};
use crate::parts::run::{FileMark, Run};
use serde::{Deserialize, Serialize};

/// Where a picture lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In a file of its own.
    File(String),
    /// In an archive of the dataset: its name, the first byte, how many.
    Span(String, u64, u64),
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

/// The items of a dataset, and where each line begins, with one beyond the last; `archive` is the archive that it is.
pub(super) fn lines(dataset: &Dataset, archive: Option<&str>) -> Result<(Vec<u8>, Vec<u64>)> {
    let (mut out, mut starts) = (Vec::new(), vec![0]);
    for i in 0..dataset.images.len() {
        let item = item_of(dataset, i, archive);
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

/// Image `i` of a dataset; `archive` is the archive that it is.
pub(super) fn item_of(dataset: &Dataset, i: usize, archive: Option<&str>) -> Item {
    let image = &dataset.images[i];
    let place = match (&image.picture, archive) {
        (Some(Stored::File(path)), _) => Some(Place::File(path.to_string_lossy().into_owned())),
        (Some(Stored::Span { offset, length, .. }), Some(archive)) => {
            Some(Place::Span(archive.to_owned(), *offset, *length))
        }
        _ => None,
    };
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
