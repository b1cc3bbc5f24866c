//! Which images a group has.

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::files::quoted;
use crate::retrieval::words;
use serde::{Deserialize, Serialize};

/// Which images a group has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Members {
    /// Those with a caption that holds all of these words, whole and in any order.
    Words(String),
    /// These rows, with what they are called.
    Rows(String, Vec<u32>),
}

impl Members {
    /// What the group is called.
    pub fn title(&self) -> &str {
        match self {
            Self::Words(words) => words.trim(),
            Self::Rows(title, _) => title,
        }
    }

    /// The same as a word of a shell's command line.
    pub fn argument(&self) -> String {
        match self {
            Self::Words(words) => quoted(words.trim()),
            Self::Rows(_, rows) => {
                let rows: Vec<String> = rows.iter().map(u32::to_string).collect();
                rows.join(",")
            }
        }
    }

    /// Its images, rising, each once.
    ///
    /// # Errors
    /// No words, rows that are not there, no images.
    pub fn images(&self, dataset: &Dataset) -> Result<Vec<u32>> {
        let images = match self {
            Self::Words(text) => by_words(text, dataset)?,
            Self::Rows(_, rows) => {
                let mut rows = rows.clone();
                rows.sort_unstable();
                rows.dedup();
                let last = rows.last().copied().unwrap_or(0);
                if last as usize >= dataset.images.len() {
                    return Err(Error::request(
                        format!("there is no image {last}"),
                        format!(
                            "Images are numbered 0 to {}.",
                            dataset.images.len().saturating_sub(1)
                        ),
                    ));
                }
                rows
            }
        };
        if images.is_empty() {
            return Err(Error::request(
                format!("no image is in the group {:?}", self.title()),
                "Choose words that captions have, or a set that is not empty.",
            ));
        }
        Ok(images)
    }

    /// The captions of `image` that speak of the group: those that hold its words, or all of them.
    pub(super) fn captions(&self, dataset: &Dataset, image: u32) -> Vec<u32> {
        let own = dataset.captions_of(image as usize);
        match self {
            Self::Words(text) => {
                let wanted = words(text);
                own.filter(|&j| holds(&dataset.captions[j], &wanted))
                    .map(|j| j as u32)
                    .collect()
            }
            Self::Rows(..) => own.map(|j| j as u32).collect(),
        }
    }
}

fn by_words(text: &str, dataset: &Dataset) -> Result<Vec<u32>> {
    let wanted = words(text);
    if wanted.is_empty() {
        return Err(Error::request(
            "a group has no words",
            "Name each group by words that its captions have.",
        ));
    }
    let images = 0..dataset.images.len();
    let has = |&i: &usize| {
        dataset
            .captions_of(i)
            .any(|j| holds(&dataset.captions[j], &wanted))
    };
    Ok(images.filter(has).map(|i| i as u32).collect())
}

fn holds(caption: &str, wanted: &[String]) -> bool {
    let own = words(caption);
    wanted.iter().all(|word| own.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_whole_and_in_any_order() {
        let wanted = words("big dog");
        assert!(holds("A dog, big and black", &wanted));
        assert!(!holds("A big dogfish", &wanted));
    }
}
