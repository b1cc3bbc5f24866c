//! Which split of a dataset is in use: by a column or key of its rows, or by the folder that its names begin with.

pub(crate) mod shards;
mod splits;

pub(crate) use splits::Splits;

use crate::dataset::Split;
use crate::error::{Error, Result};
use crate::files::{AsBytes, file_name};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What is asked of a dataset, beside where it lies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wanted {
    /// The split to use, or `all`; `None`: test where there are several, else validation, else all.
    pub split: Option<String>,
    /// The language of captions in several.
    pub language: Option<String>,
    /// A folder below which pictures may lie, besides the dataset's own.
    #[serde(with = "AsBytes")]
    pub images: Option<PathBuf>,
}

/// Names of columns and keys that hold the split, in lower case.
pub(crate) const SPLIT_KEYS: [&str; 8] = [
    "split",
    "subset",
    "partition",
    "fold",
    "set",
    "phase",
    "usage",
    "dataset_split",
];

/// Names of splits, the one to keep first.
const RANKED: [&str; 6] = ["test", "testing", "validation", "val", "valid", "dev"];

/// Names of splits that are kept only where they are asked for.
const OTHERS: [&str; 8] = [
    "train",
    "training",
    "restval",
    "eval",
    "evaluation",
    "trainval",
    "holdout",
    "minival",
];

/// Is this the name of a split?
pub(crate) fn is_split(name: &str) -> bool {
    let name = name.trim().to_lowercase();
    RANKED.iter().chain(&OTHERS).any(|known| **known == *name)
}

/// The split to keep where there are several: test, else validation.
pub(crate) fn choose<'a>(there: impl Iterator<Item = &'a str>) -> Option<&'static str> {
    let names: Vec<&str> = there.collect();
    let several = names.len() > 1;
    let mut ranked = RANKED.into_iter().filter(|_| several);
    ranked.find(|split| names.contains(split))
}

/// How a reader chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// [`choose`].
    Usual,
    /// Karpathy's: test, else all.
    TestOrAll,
}

/// What rows say of their split, before any is chosen.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// The column or key, as the file calls it.
    column: Option<String>,
    values: BTreeMap<String, u64>,
    foreign: Option<String>,
    folders: BTreeMap<String, u64>,
    without_folder: bool,
    /// Of rows of JSON: for each key, how many have which split under it.
    keys: BTreeMap<String, BTreeMap<String, u64>>,
    objects: u64,
}

impl Scan {
    /// For rows whose split is in `column`, where there is one.
    pub fn new(column: Option<String>) -> Self {
        Self {
            column,
            ..Self::default()
        }
    }

    /// Takes one row: what the column holds, and the name of its picture.
    pub fn add(&mut self, split: Option<&str>, name: &str) {
        if self.column.is_some() {
            let split = split.unwrap_or_default();
            if is_split(split) {
                *self.values.entry(canonical(split)).or_default() += 1;
            } else {
                self.foreign.get_or_insert_with(|| split.trim().to_owned());
            }
        }
        match folder(name) {
            Some(split) => *self.folders.entry(split).or_default() += 1,
            None => self.without_folder = true,
        }
    }

    /// Takes a row of JSON.
    pub fn add_object(&mut self, row: &Map<String, Value>, name: &str) {
        self.objects += 1;
        for (key, value) in row {
            let called = SPLIT_KEYS.contains(&key.to_lowercase().as_str());
            match value.as_str().filter(|split| is_split(split)) {
                Some(split) => {
                    let counts = self.keys.entry(key.clone()).or_default();
                    *counts.entry(canonical(split)).or_default() += 1;
                }
                None if called && self.foreign.is_none() => {
                    self.column = Some(key.clone());
                    self.foreign = Some(match value {
                        Value::String(text) => text.clone(),
                        other => other.to_string(),
                    });
                }
                None => {}
            }
        }
        match folder(name) {
            Some(split) => *self.folders.entry(split).or_default() += 1,
            None => self.without_folder = true,
        }
    }

    /// The key under which every row of JSON has a split: one that is called so, else one of several splits.
    fn settle(&mut self) {
        let whole = |counts: &BTreeMap<String, u64>| counts.values().sum::<u64>() == self.objects;
        let rank = |key: &str| {
            let key = key.to_lowercase();
            SPLIT_KEYS.iter().position(|known| *known == key)
        };
        let fits = |(key, counts): &(&String, &BTreeMap<String, u64>)| {
            whole(counts) && (rank(key).is_some() || counts.len() > 1)
        };
        let found = self.keys.iter().filter(fits);
        let best = found.min_by_key(|(key, _)| rank(key).unwrap_or(SPLIT_KEYS.len()));
        if let Some((key, counts)) = best {
            self.column = Some(key.clone());
            self.values = counts.clone();
            self.foreign = None;
        } else if self.column.is_none() {
            // Some rows have it, and others not.
            self.column = self.keys.keys().find(|key| rank(key).is_some()).cloned();
            self.foreign = self.column.as_ref().map(|_| String::new());
        }
    }

    /// Chooses for the file at `path`.
    ///
    /// # Errors
    /// The split that is wanted is not there.
    pub fn decide(mut self, path: &Path, wanted: &Wanted, rule: Rule) -> Result<Chosen> {
        let mut chosen = Chosen::default();
        if self.objects > 0 {
            self.settle();
        }
        let by_column = self.column.is_some() && self.foreign.is_none() && !self.values.is_empty();
        let by_folder = !by_column && !self.without_folder && self.folders.len() > 1;
        let there = if by_column {
            let column = self.column.unwrap_or_default();
            let what = if self.objects > 0 { "key" } else { "column" };
            chosen.by = format!("the {what} {column} of {}", file_name(path));
            chosen.kind = Kind::Column;
            chosen.key = column;
            self.values
        } else {
            if let (Some(column), Some(value)) = (self.column, self.foreign) {
                let what = if value.is_empty() {
                    "is not used: not every row has a split in it".to_owned()
                } else {
                    format!("is not used: \"{value}\" is no name of a split")
                };
                chosen.unused = Some((format!("column {column}"), what));
            }
            if !by_folder {
                return match &wanted.split {
                    Some(name) if name != "all" => Err(no_split(path, name, &[])),
                    _ => Ok(chosen),
                };
            }
            chosen.by = "the folder".into();
            chosen.kind = Kind::Folder;
            self.folders
        };
        let names: Vec<&str> = there.keys().map(String::as_str).collect();
        chosen.keep = pick(path, wanted, &names, rule)?;
        chosen.names = there.into_keys().collect();
        Ok(chosen)
    }
}

/// The split that is wanted, else the one of the rule; `None`: all.
fn pick(path: &Path, wanted: &Wanted, names: &[&str], rule: Rule) -> Result<Option<String>> {
    let test = || (names.len() > 1 && names.contains(&"test")).then(|| "test".to_owned());
    match &wanted.split {
        None => Ok(match rule {
            Rule::Usual => choose(names.iter().copied()).map(str::to_owned),
            Rule::TestOrAll => test(),
        }),
        Some(all) if all == "all" => Ok(None),
        Some(name) => {
            let name = canonical(name);
            if names.contains(&name.as_str()) {
                Ok(Some(name))
            } else {
                Err(no_split(path, &name, names))
            }
        }
    }
}

fn no_split(path: &Path, name: &str, there: &[&str]) -> Error {
    let what = if there.is_empty() {
        format!("names no splits, so none is called {name}")
    } else {
        format!("has no split {name}; it has: {}", there.join(", "))
    };
    Error::dataset(path, what, "Name one that is there with --split, or all.")
}

/// How a row says its split.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    #[default]
    None,
    Column,
    Folder,
}

/// The split in use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Chosen {
    kind: Kind,
    /// The key of it in rows of JSON.
    key: String,
    /// What says so.
    pub by: String,
    /// Its name in lower case; `None`: all.
    pub keep: Option<String>,
    /// All there are.
    pub names: Vec<String>,
    /// A column of that name that is not used, and why.
    pub unused: Option<(String, String)>,
}

impl Chosen {
    /// Of a format that has a key for it, by which any name is a split's; `names` are those there, sorted.
    ///
    /// # Errors
    /// The split that is wanted is not there.
    pub fn by_key(
        path: &Path,
        key: &str,
        names: Vec<String>,
        wanted: &Wanted,
        rule: Rule,
    ) -> Result<Self> {
        if names.is_empty() {
            return match &wanted.split {
                Some(name) if name != "all" => Err(no_split(path, name, &[])),
                _ => Ok(Self::default()),
            };
        }
        let there: Vec<&str> = names.iter().map(String::as_str).collect();
        Ok(Self {
            kind: Kind::Column,
            key: key.to_owned(),
            by: format!("the key {key} of {}", file_name(path)),
            keep: pick(path, wanted, &there, rule)?,
            names,
            unused: None,
        })
    }

    /// The split of a row, where there are any.
    pub fn of(&self, split: Option<&str>, name: &str) -> Option<String> {
        match self.kind {
            Kind::None => None,
            Kind::Column => Some(canonical(split.unwrap_or_default())),
            Kind::Folder => folder(name),
        }
    }

    /// As [`Chosen::of`], for a row of JSON.
    pub fn of_object(&self, row: &Map<String, Value>, name: &str) -> Option<String> {
        self.of(row.get(&self.key).and_then(Value::as_str), name)
    }

    /// What is said of the split in use, where there are any; `all` are the images of each.
    pub fn tell(&self, all: Vec<(String, u64)>) -> Option<Split> {
        let name = match (&self.keep, self.names.as_slice()) {
            (_, []) => return None,
            (Some(name), _) | (None, [name]) => name.clone(),
            _ => "all".to_owned(),
        };
        let by = self.by.clone();
        Some(Split { name, by, all })
    }

    /// Is a row of this split in use?
    pub fn keeps(&self, split: Option<&str>) -> bool {
        self.keep.is_none() || split == self.keep.as_deref()
    }
}

/// A split's name as it is compared.
pub(crate) fn canonical(name: &str) -> String {
    name.trim().to_lowercase()
}

/// The split that a name's first folder says.
fn folder(name: &str) -> Option<String> {
    let name = name.trim().trim_start_matches("./");
    let (first, _) = name.split_once(['/', '\\'])?;
    is_split(first).then(|| canonical(first))
}

/// Which column of a header holds the split.
pub(crate) fn column(names: &[String]) -> Option<usize> {
    SPLIT_KEYS
        .iter()
        .find_map(|key| names.iter().position(|name| name == key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(
        column: Option<&str>,
        rows: &[(Option<&str>, &str)],
        wanted: Option<&str>,
    ) -> Result<Chosen> {
        let mut scan = Scan::new(column.map(str::to_owned));
        for (split, name) in rows {
            scan.add(*split, name);
        }
        let wanted = Wanted {
            split: wanted.map(str::to_owned),
            ..Wanted::default()
        };
        scan.decide(Path::new("a.csv"), &wanted, Rule::Usual)
    }

    #[test]
    fn a_column_counts_only_where_every_row_has_a_split() {
        let rows = [(Some("Train"), "a"), (Some("TEST"), "b")];
        let chosen = decided(Some("split"), &rows, None).unwrap();
        assert_eq!(chosen.keep.as_deref(), Some("test"));
        assert_eq!(chosen.by, "the column split of a.csv");
        assert!(chosen.keeps(chosen.of(Some("Test"), "x").as_deref()));
        assert!(!chosen.keeps(chosen.of(Some("train"), "x").as_deref()));
        for odd in [Some("1"), Some(""), None] {
            let chosen = decided(Some("fold"), &[(Some("test"), "a"), (odd, "b")], None).unwrap();
            assert!(chosen.keep.is_none() && chosen.unused.is_some(), "{odd:?}");
        }
        // One split is all of it.
        let chosen = decided(Some("split"), &[(Some("train"), "a")], None).unwrap();
        assert!(chosen.keep.is_none() && chosen.names == ["train"]);
    }

    #[test]
    fn folders_of_names_are_splits_where_all_are() {
        let rows = [(None, "train/a.png"), (None, "./val/b.png")];
        assert_eq!(
            decided(None, &rows, None).unwrap().keep.as_deref(),
            Some("val")
        );
        assert_eq!(
            decided(None, &rows, Some("train")).unwrap().keep.as_deref(),
            Some("train")
        );
        assert!(decided(None, &rows, Some("all")).unwrap().keep.is_none());
        let error = decided(None, &rows, Some("dev")).unwrap_err();
        assert!(error.to_string().contains("train, val"), "{error}");
        let mixed = [(None, "train/a.png"), (None, "b.png")];
        assert!(decided(None, &mixed, None).unwrap().keep.is_none());
        assert!(decided(None, &mixed, Some("train")).is_err());
    }
}
