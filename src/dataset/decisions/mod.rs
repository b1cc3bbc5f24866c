//! What the user decided about pairs that the dataset does not have: kept in a file beside the dataset.

use super::Dataset;
use crate::error::{Error, Result};
use crate::files::{TEXT, read_text, write_json};
use serde::{Deserialize, Serialize};
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decisions {
    pairs: BTreeMap<(String, String), Verdict>,
}

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    decisions: Vec<Line>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    image: String,
    caption: String,
    verdict: Verdict,
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

    /// Reads the file; none is no decision.
    ///
    /// # Errors
    /// It cannot be read, or is no such file.
    pub fn open(path: &Path) -> Result<Self> {
        let text = match read_text(path, TEXT) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(e) => return Err(Error::io("read", path)(e)),
        };
        let broken = |what: String| {
            Error::dataset(
                path,
                what,
                "Mend it or move it away: it is not overwritten while it cannot be read.",
            )
        };
        let file: File = serde_json::from_str(&text)
            .map_err(|e| broken(format!("is no file of decisions: {e}")))?;
        if file.version != 1 {
            return Err(broken(format!("has the unknown version {}", file.version)));
        }
        let lines = file.decisions.into_iter();
        Ok(Self {
            pairs: lines
                .map(|line| ((line.image, line.caption), line.verdict))
                .collect(),
        })
    }

    /// Writes the file; the old one stays whole until the new one is.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let line = |((image, caption), &verdict): (&(String, String), &Verdict)| Line {
            image: image.clone(),
            caption: caption.clone(),
            verdict,
        };
        let file = File {
            version: 1,
            decisions: self.pairs.iter().map(line).collect(),
        };
        write_json(path, &file)
    }

    /// Decides about a pair, or takes the decision back; returns what it was.
    pub fn set(&mut self, image: &str, caption: &str, verdict: Option<Verdict>) -> Option<Verdict> {
        let key = (image.to_owned(), caption.to_owned());
        match verdict {
            Some(verdict) => self.pairs.insert(key, verdict),
            None => self.pairs.remove(&key),
        }
    }

    /// What was decided about a pair.
    pub fn get(&self, image: &str, caption: &str) -> Option<Verdict> {
        let key = (image.to_owned(), caption.to_owned());
        self.pairs.get(&key).copied()
    }

    /// Decisions in all.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Decisions of this kind.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.pairs.values().filter(|&&v| v == verdict).count()
    }

    /// The pairs of `dataset` with this verdict, as rows of image and caption. Every row with the text counts but
    /// those that are the image's own.
    pub fn rows(&self, dataset: &Dataset, verdict: Verdict) -> HashSet<(u32, u32)> {
        let wanted: Vec<&(String, String)> = self
            .pairs
            .iter()
            .filter(|(_, v)| **v == verdict)
            .map(|(key, _)| key)
            .collect();
        if wanted.is_empty() {
            return HashSet::new();
        }
        let mut images = HashMap::<&str, Vec<u32>>::new();
        let mut captions = HashMap::<&str, Vec<u32>>::new();
        for (image, caption) in &wanted {
            images.entry(image).or_default();
            captions.entry(caption).or_default();
        }
        for (i, image) in dataset.images.iter().enumerate() {
            if let Some(rows) = images.get_mut(image.name.as_str()) {
                rows.push(i as u32);
            }
        }
        for (j, caption) in dataset.captions.iter().enumerate() {
            if let Some(rows) = captions.get_mut(caption.as_str()) {
                rows.push(j as u32);
            }
        }
        let mut found = HashSet::new();
        for (image, caption) in wanted {
            for &i in images.get(image.as_str()).into_iter().flatten() {
                let own = dataset.captions_of(i as usize);
                let all = captions.get(caption.as_str()).into_iter().flatten();
                found.extend(
                    all.filter(|&&j| !own.contains(&(j as usize)))
                        .map(|&j| (i, j)),
                );
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Image;

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
        decisions.save(&path).expect("saved");
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
    fn another_file_is_refused_and_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(FILE);
        for text in ["{}", "[1]", r#"{"version": 7, "decisions": []}"#] {
            std::fs::write(&path, text).expect("written");
            let error = Decisions::open(&path).expect_err("refused");
            assert!(error.to_string().contains(FILE), "{error}");
        }
    }
}
