//! What the user decided about pairs that the dataset does not have: kept in a file beside the dataset.

mod file;

use super::Dataset;
use super::row_keys::{in_words, of_words};
use crate::task::now;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

/// What a pair of image and caption was found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The caption fits the image: a false negative.
    Right,
    /// It does not: a true negative.
    Wrong,
}

/// Name of the file.
const FILE: &str = "nearmiss-decisions.json";

/// Decisions about pairs, by the image's name and the caption's text, so that they hold for every file that has both.
/// Rows of embeddings that have neither go by their content ([`super::RowKeys`]).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decisions {
    pairs: BTreeMap<(String, String), Decision>,
}

/// A decision, or that it was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Decision {
    verdict: Option<Verdict>,
    /// When, in milliseconds since 1970.
    at: u64,
}

impl Decisions {
    /// Where the decisions about the dataset at `data` (a file, or a folder) are kept.
    pub fn place(data: &Path) -> PathBuf {
        if data.is_dir() {
            data.join(FILE)
        } else {
            data.with_file_name(FILE)
        }
    }

    /// Decides about a pair, or takes the decision back; returns what it was. It is later than the decision that it
    /// replaces, whatever the clock says.
    pub fn set(&mut self, image: &str, caption: &str, verdict: Option<Verdict>) -> Option<Verdict> {
        let key = (image.to_owned(), caption.to_owned());
        let before = self.pairs.get(&key).copied();
        let at = now().max(before.map_or(0, |before| before.at + 1));
        self.pairs.insert(key, Decision { verdict, at });
        before.and_then(|before| before.verdict)
    }

    /// What was decided about a pair.
    pub fn get(&self, image: &str, caption: &str) -> Option<Verdict> {
        self.entry(image, caption).and_then(|d| d.verdict)
    }

    fn entry(&self, image: &str, caption: &str) -> Option<Decision> {
        let key = (image.to_owned(), caption.to_owned());
        self.pairs.get(&key).copied()
    }

    /// What a pair of rows of `dataset` is kept under.
    pub fn key(dataset: &Dataset, (i, j): (u32, u32)) -> (String, String) {
        let (image, caption) = keys(dataset, i, j);
        (image.into_owned(), caption.into_owned())
    }

    /// Decides about image `i` and caption `j` of `dataset`, or takes the decision back.
    pub fn decide(&mut self, dataset: &Dataset, (i, j): (u32, u32), verdict: Option<Verdict>) {
        let (image, caption) = names(dataset, i, j);
        if dataset.row_keys.is_some() && self.get(image, caption).is_some() {
            // Of an older version, by its number: it goes by its content from now on.
            self.set(image, caption, None);
        }
        let (image, caption) = keys(dataset, i, j);
        self.set(&image, &caption, verdict);
    }

    /// What was decided about image `i` and caption `j` of `dataset`.
    pub fn of(&self, dataset: &Dataset, (i, j): (u32, u32)) -> Option<Verdict> {
        let (image, caption) = keys(dataset, i, j);
        match self.entry(&image, &caption) {
            Some(decision) => decision.verdict,
            None if dataset.row_keys.is_some() => {
                let (image, caption) = names(dataset, i, j);
                self.get(image, caption)
            }
            None => None,
        }
    }

    /// What is decided otherwise here than in `base`, or was taken back since.
    #[must_use]
    pub fn changes(&self, base: &Self) -> Self {
        let changed = |key: &(String, String), decision| base.pairs.get(key) != Some(decision);
        let pairs = self.pairs.iter();
        let pairs = pairs.filter(|(key, decision)| changed(key, decision));
        Self {
            pairs: pairs
                .map(|(key, &decision)| (key.clone(), decision))
                .collect(),
        }
    }

    /// Takes up `other`: of two decisions about a pair the later one stays, of equally late ones that of `other`.
    pub fn join(&mut self, other: &Self) {
        for (key, &decision) in &other.pairs {
            if self.pairs.get(key).is_none_or(|old| old.at <= decision.at) {
                self.pairs.insert(key.clone(), decision);
            }
        }
    }

    /// Pairs about which `other` says something else.
    pub fn different(&self, other: &Self) -> usize {
        let keys: HashSet<_> = self.pairs.keys().chain(other.pairs.keys()).collect();
        let different = |(image, caption): &&(String, String)| {
            self.get(image, caption) != other.get(image, caption)
        };
        keys.into_iter().filter(different).count()
    }

    /// Decisions about rows of `dataset` that an older version kept by their numbers, since they have no names.
    pub fn numbered(&self, dataset: &Dataset) -> usize {
        let names = dataset.row_keys.as_ref().map(|_| &dataset.images);
        let names: HashSet<_> = names.into_iter().flatten().map(|i| &i.name).collect();
        let verdicts = self.verdicts();
        verdicts
            .filter(|((image, _), _)| names.contains(image))
            .count()
    }

    /// Nothing was decided, nor taken back.
    pub fn is_untouched(&self) -> bool {
        self.pairs.is_empty()
    }

    /// How many are about rows without names, which go by their content.
    pub fn about_rows(&self) -> usize {
        let rows = self.verdicts().map(|((image, _), _)| image);
        rows.filter(|image| of_words(image).is_some()).count()
    }

    /// Decisions in all.
    pub fn len(&self) -> usize {
        self.verdicts().count()
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.verdicts().next().is_none()
    }

    /// Decisions of this kind.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.verdicts().filter(|(_, v)| *v == verdict).count()
    }

    /// Every pair that is decided about, by the image's name and the caption's text.
    pub fn verdicts(&self) -> impl Iterator<Item = (&(String, String), Verdict)> {
        let pairs = self.pairs.iter();
        pairs.filter_map(|(key, decision)| Some((key, decision.verdict?)))
    }

    /// The rows of image and caption of `dataset` that a decision kept under `key` is about, as [`Decisions::rows`] finds
    /// them.
    pub fn rows_of(dataset: &Dataset, key: &(String, String)) -> HashSet<(u32, u32)> {
        Lookup::of(dataset, &[key]).rows(dataset, &[key])
    }

    /// The pairs of `dataset` with this verdict, as rows of image and caption. Every row with the text counts but
    /// those that are the image's own. Of rows without names every one with the content counts.
    pub fn rows(&self, dataset: &Dataset, verdict: Verdict) -> HashSet<(u32, u32)> {
        let wanted = self.verdicts().filter(|(_, v)| *v == verdict);
        let wanted: Vec<&(String, String)> = wanted.map(|(key, _)| key).collect();
        let mut found = Lookup::of(dataset, &wanted).rows(dataset, &wanted);
        if dataset.row_keys.is_some() {
            // What an older version kept by numbers holds where nothing was decided since.
            found.retain(|&pair| self.of(dataset, pair) == Some(verdict));
        }
        found
    }
}

/// Name and text of a pair.
fn names(dataset: &Dataset, i: u32, j: u32) -> (&str, &str) {
    let caption = &dataset.captions[j as usize];
    (&dataset.images[i as usize].name, caption)
}

/// What a pair is kept under: the keys of its rows, or name and text.
fn keys(dataset: &Dataset, i: u32, j: u32) -> (Cow<'_, str>, Cow<'_, str>) {
    if let Some(keys) = &dataset.row_keys {
        let (image, caption) = (keys.images[i as usize], keys.captions[j as usize]);
        return (in_words(image).into(), in_words(caption).into());
    }
    let (image, caption) = names(dataset, i, j);
    (image.into(), caption.into())
}

/// The rows of a dataset, by what decisions are kept under.
struct Lookup<'a> {
    images: HashMap<&'a str, Vec<u32>>,
    captions: HashMap<&'a str, Vec<u32>>,
}

impl<'a> Lookup<'a> {
    /// Of the images and captions of `wanted` alone.
    fn of(dataset: &Dataset, wanted: &[&'a (String, String)]) -> Self {
        let images = wanted.iter().map(|(image, _)| image.as_str());
        let captions = wanted.iter().map(|(_, caption)| caption.as_str());
        let names = dataset.images.iter().map(|image| image.name.as_str());
        let texts = dataset.captions.iter().map(String::as_str);
        let keys = dataset.row_keys.as_deref();
        Self {
            images: side(&images.collect(), names, keys.map(|k| &k.images[..])),
            captions: side(&captions.collect(), texts, keys.map(|k| &k.captions[..])),
        }
    }

    fn rows(&self, dataset: &Dataset, wanted: &[&(String, String)]) -> HashSet<(u32, u32)> {
        let mut found = HashSet::new();
        for (image, caption) in wanted {
            for &i in self.images.get(image.as_str()).into_iter().flatten() {
                let own = dataset.captions_of(i as usize);
                let all = self.captions.get(caption.as_str()).into_iter().flatten();
                let others = all.filter(|&&j| !own.contains(&(j as usize)));
                found.extend(others.map(|&j| (i, j)));
            }
        }
        found
    }
}

/// The rows of one side with one of the `wanted` names, or with one of the keys that these are.
fn side<'a>(
    wanted: &HashSet<&'a str>,
    names: impl Iterator<Item = impl AsRef<str>>,
    keys: Option<&[u128]>,
) -> HashMap<&'a str, Vec<u32>> {
    let mut found = HashMap::<&str, Vec<u32>>::new();
    if wanted.is_empty() {
        return found;
    }
    // One is compared with each, which costs less than hashing them all: a click must not wait for a million captions.
    let one = wanted.iter().next().filter(|_| wanted.len() == 1);
    for (row, name) in names.enumerate() {
        let name = match one {
            Some(one) => (*one == name.as_ref()).then_some(one),
            None => wanted.get(name.as_ref()),
        };
        if let Some(name) = name {
            found.entry(*name).or_default().push(row as u32);
        }
    }
    let words = wanted
        .iter()
        .filter_map(|words| Some((of_words(words)?, *words)));
    let words: HashMap<u128, &str> = words.collect();
    for (row, key) in keys.unwrap_or_default().iter().enumerate() {
        if let Some(words) = words.get(key) {
            found.entry(*words).or_default().push(row as u32);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Image, RowKeys};

    fn dataset() -> Dataset {
        let image = |name: &str| Image {
            name: name.into(),
            picture: None,
        };
        let texts = |texts: &[&str]| texts.iter().map(|&t| t.to_owned()).collect();
        let groups = vec![
            (image("a.png"), texts(&["a dog", "the same"])),
            (image("b.png"), texts(&["a cat", "the same"])),
        ];
        Dataset::from_groups("test", "test", groups, Vec::new())
    }

    #[test]
    fn decisions_survive_a_round_trip_and_find_their_rows() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Decisions::place(folder.path());
        assert_eq!(Decisions::open(&path).expect("none").len(), 0);
        let mut decisions = Decisions::default();
        decisions.set("a.png", "a cat", Some(Verdict::Right));
        decisions.set("a.png", "the same", Some(Verdict::Right));
        decisions.set("b.png", "a dog", Some(Verdict::Wrong));
        decisions.save_into(&path).expect("saved");
        assert_eq!(Decisions::open(&path).expect("opened"), decisions);
        let right = decisions.rows(&dataset(), Verdict::Right);
        // Caption 1 is a.png's own, caption 3 has the same text and is not.
        assert_eq!(right, HashSet::from([(0, 2), (0, 3)]));
        assert_eq!(
            decisions.rows(&dataset(), Verdict::Wrong),
            HashSet::from([(1, 0)])
        );
        assert_eq!(decisions.set("b.png", "a dog", None), Some(Verdict::Wrong));
        assert_eq!(decisions.get("b.png", "a dog"), None);
    }

    #[test]
    fn rows_without_names_go_by_their_content() {
        let (images, captions) = (
            [1.0, 0.0, 0.0, 1.0],
            [1.0, 1.0, 2.0, 1.0, 3.0, 1.0, 1.0, 1.0],
        );
        let bare = |images: &[f32], captions: &[f32]| {
            let groups = (0..2).map(|i| {
                let texts = (0..2).map(|c| format!("caption {} of image {}", c + 1, i + 1));
                (Image::unseen(format!("image {}", i + 1)), texts.collect())
            });
            let groups = groups.collect();
            Dataset {
                row_keys: Some(std::sync::Arc::new(RowKeys {
                    images: RowKeys::of(images, 2),
                    captions: RowKeys::of(captions, 2),
                })),
                ..Dataset::from_groups("e", "embeddings", groups, Vec::new())
            }
        };
        let first = bare(&images, &captions);
        // By an older version, under numbers.
        let mut decisions = Decisions::default();
        decisions.set("image 2", "caption 1 of image 1", Some(Verdict::Wrong));
        let old = decisions.clone();
        decisions.decide(&first, (0, 2), Some(Verdict::Right));
        assert_eq!(decisions.of(&first, (0, 2)), Some(Verdict::Right));
        assert_eq!(decisions.rows(&first, Verdict::Right), [(0, 2)].into());
        // Row 3 is equal to row 0, which is image 0's own.
        decisions.decide(&first, (0, 3), Some(Verdict::Right));
        assert_eq!(
            decisions.rows(&first, Verdict::Right),
            [(0, 2), (0, 3)].into()
        );
        assert_eq!(decisions.rows(&first, Verdict::Wrong), [(1, 0)].into());
        // The images the other way round, with their captions.
        let turned = bare(
            &[0.0, 1.0, 1.0, 0.0],
            &[3.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 1.0],
        );
        let right = decisions.rows(&turned, Verdict::Right);
        assert_eq!(right, [(1, 0), (1, 1)].into());
        // Decided anew, what the older version kept is no longer counted.
        decisions.decide(&first, (1, 0), Some(Verdict::Right));
        assert!(decisions.rows(&first, Verdict::Wrong).is_empty());
        assert_eq!(decisions.len(), 3);
        assert_eq!(old.rows(&first, Verdict::Wrong), [(1, 0)].into());
    }
}
