//! Datasets in numbered parts: the parts of a folder in order, and which split they are of.

use super::{Wanted, canonical, choose, is_split};
use crate::dataset::formats::names::split_extension;
use crate::dataset::{Dataset, Reason, Split};
use crate::error::thousands;
use crate::files::file_name;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How deep folders are searched for parts: `snapshots/HASH/data/train-00000-of-00001.parquet`.
const DEPTH: usize = 3;

/// Folders that are searched at each level.
const FOLDERS: usize = 64;

/// The parts of a dataset.
pub(crate) struct Shards {
    /// In their own order: by name, numbers by value.
    pub files: Vec<PathBuf>,
    /// How many there are and of which split, for the name of the format.
    pub note: String,
    /// The split that is kept, where there are several.
    split: Option<String>,
    /// The files of other splits.
    unread: Vec<String>,
}

impl Shards {
    /// Do the files' names say a split that is in use?
    pub fn is_split(&self) -> bool {
        self.split.is_some()
    }

    /// Says in the account which split is in use, and which files were not read.
    pub fn tell(&self, dataset: &mut Dataset) {
        let Some(split) = &self.split else { return };
        let count = dataset.origin.found.images;
        dataset.origin.split.get_or_insert_with(|| Split {
            name: split.clone(),
            by: "the file name".into(),
            all: vec![(split.clone(), count)],
        });
        let what = "is of another split, or of none, and was not read";
        for file in &self.unread {
            dataset.origin.note(Reason::OtherSplit, what, file.clone());
        }
    }
}

/// The files with `extension` at `path`: itself, those in the folder, or else those in folders below. Of several
/// splits one is kept: the one that is wanted, else test, else validation.
pub(crate) fn find(path: &Path, extension: &str, wanted: &Wanted) -> Shards {
    if path.is_file() {
        return whole(vec![path.to_path_buf()], file_name(path));
    }
    let mut all = Vec::new();
    search(path, extension, DEPTH, &mut all);
    sift(path, all, wanted)
}

fn whole(files: Vec<PathBuf>, note: String) -> Shards {
    Shards {
        files,
        note,
        split: None,
        unread: Vec::new(),
    }
}

/// The files `all` of the dataset at `path`, in order, those of one split where there are several.
pub(crate) fn sift(path: &Path, mut all: Vec<PathBuf>, wanted: &Wanted) -> Shards {
    all.sort_by(|a, b| in_order(&a.to_string_lossy(), &b.to_string_lossy()));
    let splits: Vec<Option<String>> = all.iter().map(|file| split_of(path, file)).collect();
    let mut names: Vec<&str> = splits.iter().flatten().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let kept = match wanted.split.as_deref().map(canonical) {
        // One that no file has may be one of the rows.
        Some(name) => Some(name).filter(|name| names.contains(&name.as_str())),
        None => choose(names.iter().copied()).map(str::to_owned),
    };
    let total = thousands(all.len() as u64);
    let (files, unread): (Vec<_>, Vec<_>) = all
        .into_iter()
        .zip(&splits)
        .partition(|(_, split)| kept.is_none() || **split == kept);
    let files: Vec<PathBuf> = files.into_iter().map(|(file, _)| file).collect();
    let count = match files.as_slice() {
        [one] => file_name(one),
        many => format!("{} files", thousands(many.len() as u64)),
    };
    let Some(split) = kept else {
        return whole(files, count);
    };
    let shown = |file: PathBuf| {
        let within = file.strip_prefix(path).unwrap_or(&file);
        within.to_string_lossy().replace('\\', "/")
    };
    Shards {
        note: format!("{count}, split {split} of {total} files"),
        files,
        unread: unread.into_iter().map(|(file, _)| shown(file)).collect(),
        split: Some(split),
    }
}

/// Does the folder hold such files, itself or in folders below?
pub(crate) fn hold(folder: &Path, extension: &str) -> bool {
    let mut found = Vec::new();
    search(folder, extension, DEPTH, &mut found);
    !found.is_empty()
}

/// Those of `names`, which are all of a place with `/` between their parts, that [`find`] would find there.
pub(crate) fn among(names: &[String], extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let parts = names.iter().map(|name| name.split('/').collect());
    sought(parts.collect(), extension, DEPTH, &mut found);
    found.into_iter().map(PathBuf::from).collect()
}

/// As [`search`], of the parts of names.
fn sought(names: Vec<Vec<&str>>, extension: &str, depth: usize, found: &mut Vec<String>) {
    let level = DEPTH - depth;
    let mut folders: BTreeMap<&str, Vec<Vec<&str>>> = BTreeMap::new();
    for name in names {
        let Some(own) = name.get(level).filter(|n| !n.starts_with(['.', '_'])) else {
            continue;
        };
        if name.len() > level + 1 {
            folders.entry(own).or_default().push(name);
        } else if split_extension(own).1.eq_ignore_ascii_case(extension) {
            found.push(name.join("/"));
        }
    }
    if found.is_empty() && depth > 0 {
        for (_, names) in folders.into_iter().take(FOLDERS) {
            let mut below = Vec::new();
            sought(names, extension, depth - 1, &mut below);
            found.extend(below);
        }
    }
}

/// The files of `folder`, else those of the folders in it.
fn search(folder: &Path, extension: &str, depth: usize, found: &mut Vec<PathBuf>) {
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = file_name(&path);
        let fits = split_extension(&name).1.eq_ignore_ascii_case(extension);
        if name.starts_with(['.', '_']) {
            continue;
        }
        // A link, as in Hugging Face's cache, is what it points to.
        if fits && path.is_file() {
            found.push(path);
        } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            folders.push(path);
        }
    }
    if found.is_empty() && depth > 0 {
        folders.sort();
        let mut below = Vec::new();
        for folder in folders.into_iter().take(FOLDERS) {
            let mut inside = Vec::new();
            search(&folder, extension, depth - 1, &mut inside);
            below.extend(inside);
        }
        found.extend(below);
    }
}

/// The split that a part's name says, or its folder's: `test-00000-of-00002`, `val/0.tar`.
pub(crate) fn split_of(folder: &Path, file: &Path) -> Option<String> {
    let within = file.strip_prefix(folder).unwrap_or(file);
    let text = within.to_string_lossy().to_lowercase();
    let mut words = text.split(|c: char| !c.is_ascii_alphabetic());
    words.find(|word| is_split(word)).map(str::to_owned)
}

/// Compares names so that `part_10` comes after `part_2`.
pub(crate) fn in_order(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    let digits =
        |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    loop {
        let (m, n) = (digits(a), digits(b));
        if m > 0 && n > 0 {
            let (x, y) = (
                a[..m].trim_start_matches('0'),
                b[..n].trim_start_matches('0'),
            );
            let order = x.len().cmp(&y.len()).then_with(|| x.cmp(y));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (&a[m..], &b[n..]);
            continue;
        }
        let (mut rest_a, mut rest_b) = (a.chars(), b.chars());
        match (rest_a.next(), rest_b.next()) {
            (Some(x), Some(y)) if x == y => (a, b) = (rest_a.as_str(), rest_b.as_str()),
            (x, y) => return x.cmp(&y),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count_by_value() {
        let mut names = ["p_10.npy", "p_9.npy", "p_0.npy", "p_.npy", "a", "p_010.npy"];
        names.sort_by(|a, b| in_order(a, b));
        assert_eq!(
            names,
            ["a", "p_.npy", "p_0.npy", "p_9.npy", "p_10.npy", "p_010.npy"]
        );
    }

    #[test]
    fn a_split_is_a_word_of_the_name() {
        let of = |name: &str| split_of(Path::new("/train"), &Path::new("/train").join(name));
        let of = |name: &str| of(name).unwrap_or_default();
        assert_eq!(of("data/test-00000-of-00002.parquet"), "test");
        assert_eq!(of("latest.parquet"), "");
        assert_eq!(of("default/val/0000.parquet"), "val");
    }
}
