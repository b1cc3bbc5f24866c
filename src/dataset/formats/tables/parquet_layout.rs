//! Which columns of a Parquet file hold the pictures, their names, the captions and the split.

use crate::dataset::encoded::is_picture;
use crate::dataset::formats::builder::{IMAGE_KEYS, PICTURE_KEYS};
use crate::dataset::formats::split::{SPLIT_KEYS, canonical, is_split};
use crate::dataset::formats::text::CAPTION_KEYS;
use crate::dataset::parquet_file::{Column, Kind, ParquetFile};
use crate::dataset::{PictureColumn, Stored};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Names of columns of bytes that hold pictures, in order of preference.
const PICTURES: [&str; 12] = [
    "image",
    "img",
    "jpg",
    "jpeg",
    "png",
    "webp",
    "picture",
    "photo",
    "pixels",
    "image_bytes",
    "image_data",
    "bytes",
];

/// Names of columns that name an image, though no file, in order of preference.
const IDS: [&str; 8] = [
    "key", "image_id", "img_id", "imgid", "cocoid", "id", "uid", "url",
];

/// More names of captions than caption files have.
const MORE_CAPTIONS: [&str; 3] = ["alt_text", "description", "prompt"];

/// Names of columns of classes.
const CLASSES: [&str; 6] = [
    "label",
    "labels",
    "fine_label",
    "class",
    "class_name",
    "category",
];

/// Innermost names of a nested caption, in order of preference; lists call it `element` or `item`.
const INNER: [&str; 6] = ["element", "item", "array", "raw", "caption", "text"];

/// How pictures are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Picture {
    /// In the cells of this column.
    Cells(usize),
    /// By the names of their files.
    Named,
    /// Not at all.
    None,
}

/// Where a file keeps what; columns are leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Layout {
    /// How pictures are given.
    pub picture: Picture,
    /// Columns that name the image: the first with a value does.
    pub names: Vec<usize>,
    /// The folder of a named picture.
    pub folder: Option<usize>,
    /// The columns of captions, all of which count.
    pub captions: Vec<usize>,
    /// The split of a row.
    pub split: Option<usize>,
    /// What that column is called.
    pub split_name: Option<String>,
    /// Do the cells hold pictures as base64 text?
    pub encoded: bool,
    /// More columns of pictures or captions, which are not used.
    pub unused: Vec<String>,
    /// What the numbers in the column of captions are called, where that is one of classes.
    classes: Vec<String>,
}

impl Layout {
    /// # Errors
    /// No column holds captions.
    pub fn of(file: &ParquetFile) -> Result<Self> {
        let layout = Self::of_images(file)?;
        if layout.captions.is_empty() {
            let columns = file.columns();
            let names: Vec<String> = columns.iter().map(|c| c.path.join(".")).collect();
            return Err(Error::dataset(
                file.path(),
                format!("has no column of captions; it has: {}", names.join(", ")),
                format!("Name that column one of: {}.", CAPTION_KEYS.join(", ")),
            ));
        }
        Ok(layout)
    }

    /// As [`Layout::of`], with or without a column of captions.
    ///
    /// # Errors
    /// Several pictures in a row.
    pub fn of_images(file: &ParquetFile) -> Result<Self> {
        let columns = file.columns();
        // Some writers do not say that a column of bytes is text.
        let texts = [Kind::Text, Kind::Bytes].map(|kind| captions(&columns, kind));
        let (captions, classes) = match texts.into_iter().find(|found| !found.is_empty()) {
            Some(captions) => (captions, Vec::new()),
            None => classes(file, &columns),
        };
        if let Some([first, second, ..]) = numbered_pictures(&columns).get(..) {
            return Err(Error::dataset(
                file.path(),
                format!("holds several pictures in a row: {first}, {second}"),
                "Write a row for each picture with its own captions.",
            ));
        }
        let single = |c: &&Column| !c.repeated;
        let plain = |key: &str| {
            let named = |c: &&Column| c.path.len() == 1 && c.root() == key;
            columns.iter().filter(single).find(named)
        };
        let text = |key: &str| plain(key).filter(|c| c.kind == Kind::Text);
        let stored = cells(&columns, &captions);
        let encoded = encoded(file, &columns, &captions, stored)?;
        let cells = encoded.or(stored);
        let beside = cells.and_then(|cell| {
            let path = |c: &&Column| c.root() == cell.root() && c.last() == "path";
            columns.iter().filter(single).find(path)
        });
        let path_only = || {
            let nested = |c: &&Column| c.path.len() == 2 && c.last() == "path";
            let pictures = |c: &&Column| PICTURES.contains(&c.root().as_str());
            columns.iter().find(|c| nested(c) && pictures(c))
        };
        let named = IMAGE_KEYS
            .iter()
            .filter(|key| cells.is_none() || **key != "image")
            .find_map(|key| text(key))
            .or_else(path_only);
        let id = IDS
            .iter()
            .filter_map(|key| plain(key))
            .find(|c| matches!(c.kind, Kind::Text | Kind::Whole));
        // Karpathy's "filepath" beside "filename" is the folder.
        let folder = text("filepath").filter(|_| text("filename").is_some());
        let split = match SPLIT_KEYS.iter().find_map(|key| text(key)) {
            Some(split) => Some(split),
            None => split_column(file, &columns, &captions)?,
        };
        let kept =
            |c: &&Column| captions.contains(&c.leaf) || Some(c.leaf) == cells.map(|c| c.leaf);
        let roots: Vec<String> = columns.iter().filter(kept).map(Column::root).collect();
        let like = |c: &&Column| {
            let root = c.root();
            let caption = CAPTION_KEYS.iter().chain(&MORE_CAPTIONS).any(|key| {
                let rest = root.strip_prefix(key);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
            });
            let caption = caption && c.kind == Kind::Text;
            let picture = c.kind == Kind::Bytes && !c.repeated;
            (caption || picture) && !roots.contains(&root)
        };
        let mut unused: Vec<String> = columns.iter().filter(like).map(Column::root).collect();
        unused.dedup();
        Ok(Self {
            split_name: split.map(Column::root),
            encoded: encoded.is_some(),
            unused,
            picture: match (cells, named) {
                (Some(cell), _) => Picture::Cells(cell.leaf),
                (None, Some(_)) => Picture::Named,
                (None, None) => Picture::None,
            },
            names: [beside, named, id]
                .into_iter()
                .flatten()
                .map(|c| c.leaf)
                .collect(),
            folder: folder.map(|c| c.leaf),
            captions,
            split: split.map(|c| c.leaf),
            classes,
        })
    }

    /// The column whose cells hold pictures.
    pub fn cells(&self) -> Option<usize> {
        match self.picture {
            Picture::Cells(leaf) => Some(leaf),
            _ => None,
        }
    }

    /// The picture of a row of `column`, whose cells hold pictures.
    pub fn stored(&self, column: &Arc<PictureColumn>, row: u64) -> Stored {
        let column = Arc::clone(column);
        let cell = Stored::Cell { column, row };
        if self.encoded {
            Stored::Base64(Box::new(cell))
        } else {
            cell
        }
    }

    /// Every column that it reads.
    pub fn leaves(&self) -> impl Iterator<Item = usize> {
        let single = [self.cells(), self.folder, self.split];
        let several = self.names.iter().chain(&self.captions).copied();
        single.into_iter().flatten().chain(several)
    }

    /// A value of a column of captions as its caption.
    pub fn word<'a>(&'a self, value: &'a str) -> &'a str {
        let class = value.parse().ok().and_then(|i: usize| self.classes.get(i));
        class.map_or(value, String::as_str)
    }
}

/// The column of pictures: `bytes` of an image, else bytes under a usual name, else the only bytes there are.
fn cells<'a>(columns: &'a [Column], captions: &[usize]) -> Option<&'a Column> {
    let bytes = || {
        let single = columns
            .iter()
            .filter(|c| c.kind == Kind::Bytes && !c.repeated);
        single.filter(|c| !captions.contains(&c.leaf))
    };
    let rank = |c: &&Column| {
        let root = c.root();
        PICTURES
            .iter()
            .position(|p| *p == root)
            .unwrap_or(PICTURES.len())
    };
    let nested = bytes().filter(|c| c.path.len() == 2 && c.last() == "bytes");
    let plain = bytes().filter(|c| c.path.len() == 1 && PICTURES.contains(&c.root().as_str()));
    let only = || {
        let mut all = bytes();
        all.next().filter(|_| all.next().is_none())
    };
    nested
        .min_by_key(rank)
        .or_else(|| plain.min_by_key(rank))
        .or_else(only)
}

/// A column of any name whose values are those of several splits. Only columns that begin so are read.
fn split_column<'a>(
    file: &ParquetFile,
    columns: &'a [Column],
    captions: &[usize],
) -> Result<Option<&'a Column>> {
    let texts = columns
        .iter()
        .filter(|c| c.kind == Kind::Text && !c.repeated);
    for column in texts.filter(|c| c.path.len() == 1 && !captions.contains(&c.leaf)) {
        if file.groups().is_empty() || file.all_null(0, column.leaf) {
            continue;
        }
        let first = file.first(0, column.leaf)?.unwrap_or_default();
        if !is_split(&String::from_utf8_lossy(&first)) {
            continue;
        }
        let mut values = BTreeSet::new();
        for group in 0..file.groups().len() {
            for row in file.texts(group, column.leaf)? {
                values.insert(canonical(row.first().map_or("", String::as_str)));
            }
        }
        if values.len() > 1 && values.iter().all(|value| is_split(value)) {
            return Ok(Some(column));
        }
    }
    Ok(None)
}

/// The column of pictures as base64 text: one of the usual names whose first value is such. `stored` is the column of
/// bytes, whose values may be text too.
fn encoded<'a>(
    file: &ParquetFile,
    columns: &'a [Column],
    captions: &[usize],
    stored: Option<&'a Column>,
) -> Result<Option<&'a Column>> {
    let usual = |c: &&Column| {
        let root = c.root();
        let named = PICTURES.contains(&root.as_str()) || PICTURE_KEYS.contains(&root.as_str());
        c.kind == Kind::Text && !c.repeated && c.path.len() == 1 && named
    };
    let texts = || {
        let texts = columns
            .iter()
            .filter(|c| c.kind == Kind::Text && !c.repeated);
        texts.filter(|c| !captions.contains(&c.leaf))
    };
    let named = texts().filter(usual);
    // A picture as text tells itself, whatever its column is called.
    let others = texts().filter(|c| stored.is_none() && !usual(c));
    for column in named.chain(stored).chain(others) {
        for group in 0..file.groups().len() {
            if file.all_null(group, column.leaf) {
                continue;
            }
            let first = file.first(group, column.leaf)?;
            if first.is_some_and(|bytes| std::str::from_utf8(&bytes).is_ok_and(is_picture)) {
                return Ok(Some(column));
            }
            break;
        }
    }
    Ok(None)
}

/// Pictures whose columns are numbered, as in Winoground: which caption belongs to which is not a dataset's matter.
fn numbered_pictures(columns: &[Column]) -> Vec<String> {
    let bytes = columns.iter().filter(|c| c.kind == Kind::Bytes);
    let numbered = bytes.map(Column::root).filter(|root| {
        let stem = root.trim_end_matches(|c: char| c.is_ascii_digit());
        stem.len() < root.len() && PICTURES.contains(&stem.trim_end_matches(['_', '-']))
    });
    numbered.collect()
}

/// The columns of the first key there is: `caption`, the list `captions`, or `caption_0` to `caption_4`.
fn captions(columns: &[Column], kind: Kind) -> Vec<usize> {
    let texts = || columns.iter().filter(|c| c.kind == kind);
    let mut keys = CAPTION_KEYS.iter().chain(&MORE_CAPTIONS);
    let found = keys.find_map(|key| {
        let under = || texts().filter(|c| c.root() == *key);
        let plain = || under().find(|c| c.path.len() == 1);
        let inner = |c: &&Column| INNER.iter().position(|name| *name == c.last());
        // Of `{raw, tokens}` the shallower is the caption.
        let rank = |c: &&Column| (c.path.len(), inner(c));
        let nested = || under().filter(|c| inner(c).is_some()).min_by_key(rank);
        if let Some(one) = plain().or_else(nested) {
            return Some(vec![one.leaf]);
        }
        let numbered: Vec<usize> = texts()
            .filter(|c| {
                let root = c.root();
                let number = root
                    .strip_prefix(key)
                    .map(|n| n.trim_start_matches(['_', '-']));
                number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
            })
            .map(|c| c.leaf)
            .collect();
        (!numbered.is_empty()).then_some(numbered)
    });
    found.unwrap_or_default()
}

/// A column of classes as captions, and what its numbers mean by the notes of Hugging Face.
fn classes(file: &ParquetFile, columns: &[Column]) -> (Vec<usize>, Vec<String>) {
    let column = CLASSES.iter().find_map(|key| {
        let fits = |c: &&Column| c.path.len() == 1 && !c.repeated && c.root() == *key;
        columns.iter().find(fits)
    });
    let Some(column) = column else {
        return (Vec::new(), Vec::new());
    };
    let names = file.note("huggingface").and_then(|note| {
        let note: serde_json::Value = serde_json::from_str(note).ok()?;
        let names = note["info"]["features"][&column.path[0]]["names"].as_array()?;
        Some(
            names
                .iter()
                .filter_map(|n| n.as_str().map(str::to_owned))
                .collect(),
        )
    });
    match (column.kind, names) {
        (Kind::Text, _) => (vec![column.leaf], Vec::new()),
        (Kind::Whole, Some(names)) => (vec![column.leaf], names),
        // Bare numbers say nothing.
        _ => (Vec::new(), Vec::new()),
    }
}
