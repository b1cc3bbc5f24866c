//! Parquet by row groups: whatever the cut, the parts are the table that is read as a whole.

mod cut;
#[cfg(feature = "object-storage")]
mod ranges;
mod run;

use crate::dataset::parquet::{Leaf, lists, texts, write};
use nearmiss::dataset::{
    Account, Dataset, RowCut, TableFile, Tables, Wanted, open_row_groups, tables,
};
use nearmiss::error::Result;
use nearmiss::task::Task;
use parquet::file::properties::WriterProperties;
use std::path::{Path, PathBuf};

/// Names, captions, pictures.
pub type Images = Vec<(String, Vec<String>, Vec<u8>)>;

/// Columns of pictures with their names, and lists of captions.
pub const LISTS: &str = "optional group image { optional binary bytes; optional binary path (STRING); } \
                         optional group caption (LIST) { repeated group list { optional binary element (STRING); } }";

/// A row group of these images, a row each.
pub fn group(images: &[(String, Vec<String>, Vec<u8>)]) -> Vec<Leaf> {
    let mut bytes = Vec::new();
    let (mut names, mut captions) = (Vec::new(), Vec::new());
    for (name, own, picture) in images {
        bytes.push(Some(picture.as_slice()));
        names.push(Some(name.as_bytes()));
        captions.push(own.iter().map(|c| Some(c.as_str())).collect::<Vec<_>>());
    }
    let rows: Vec<_> = captions.iter().map(|own| Some(own.as_slice())).collect();
    vec![nested(&bytes), nested(&names), lists(&rows)]
}

/// Of a column in an optional group.
fn nested(cells: &[Option<&[u8]>]) -> Leaf {
    match texts(cells) {
        Leaf::Bytes(values, defined, repeated) => {
            Leaf::Bytes(values, defined.iter().map(|d| d * 2).collect(), repeated)
        }
        other => other,
    }
}

/// Writes `images` as one file in row groups of `size`.
pub fn file(path: &Path, images: &Images, size: usize) {
    let groups = images.chunks(size).map(group).collect();
    write(path, LISTS, groups, WriterProperties::default());
}

/// Cuts the table at `path`, which can be.
pub fn cut(path: &Path, wanted: &Wanted, size: usize) -> (Tables, Vec<TableFile>, RowCut) {
    let (tables, files, outcome) = tried(path, wanted, size);
    (tables, files, outcome.unwrap().unwrap())
}

/// Tries to cut the table at `path`.
pub fn tried(
    path: &Path,
    wanted: &Wanted,
    size: usize,
) -> (Tables, Vec<TableFile>, Result<Result<RowCut, String>>) {
    let tables = tables(path, wanted).expect("a table");
    let folder = if path.is_dir() {
        path
    } else {
        path.parent().unwrap()
    };
    let files: Vec<TableFile> = tables
        .names
        .iter()
        .map(|name| TableFile::at(&folder.join(name)))
        .collect();
    let outcome = tables.cut(path, &files, wanted, size, &Task::detached());
    (tables, files, outcome)
}

/// The parts of a cut.
pub fn opened(place: &Path, files: &[TableFile], cut: &RowCut) -> Vec<Dataset> {
    let part = |part: &Vec<(usize, _)>| {
        let pieces: Vec<_> = part
            .iter()
            .map(|(f, groups)| (files[*f].clone(), *groups))
            .collect();
        open_row_groups(place, &pieces, &cut.reading, &Task::detached()).expect("a part")
    };
    cut.parts.iter().map(part).collect()
}

/// The parts, one after the other, are the whole: images, captions, bytes of pictures; counts of the account.
pub fn agree(whole: &Dataset, parts: &[Dataset], about: &Dataset) {
    let said = |dataset: &Dataset| {
        let image = |i: usize| {
            let captions = dataset.captions[dataset.captions_of(i)].to_vec();
            let bytes = dataset.images[i].bytes().map_err(|e| e.to_string());
            (dataset.images[i].name.clone(), captions, bytes)
        };
        (0..dataset.images.len()).map(image).collect::<Vec<_>>()
    };
    let together: Vec<_> = parts.iter().flat_map(said).collect();
    assert_eq!(together, said(whole));
    let mut sum = about.account();
    for part in parts {
        sum.add(part.account());
    }
    let expected = whole.account();
    let counts = |account: &Account| {
        let of = |left: &[nearmiss::dataset::Left]| {
            let mut all: Vec<_> = left
                .iter()
                .map(|l| (format!("{:?}", l.reason), l.count))
                .collect();
            all.sort();
            all
        };
        let tally = |t: &nearmiss::dataset::Tally| (t.found, t.used, of(&t.left_out));
        (
            tally(&account.images),
            tally(&account.captions),
            of(&account.notes),
        )
    };
    assert_eq!(counts(&sum), counts(&expected));
    assert_eq!((&sum.format, &sum.file), (&expected.format, &expected.file));
    // The images of files that are all of one split are counted when the run is merged.
    let counted = |a: &Account| a.split.clone().filter(|s| s.by != "the file name");
    assert_eq!(counted(&sum), counted(&expected));
    assert_eq!(sum.split.map(|s| s.name), expected.split.map(|s| s.name));
}

/// A folder of files under these names.
pub fn folder(files: &[(&str, &Images, usize)]) -> (tempfile::TempDir, PathBuf) {
    let root = tempfile::tempdir().unwrap();
    for (name, images, size) in files {
        file(&root.path().join("set").join(name), images, *size);
    }
    let path = root.path().join("set");
    (root, path)
}
