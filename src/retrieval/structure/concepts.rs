//! What captions and images are about: the words of a caption, or the label of its image.

use crate::compute::Groups;
use crate::dataset::Dataset;
use crate::error::Result;
use crate::retrieval::words::{is_stop_word, words};
use crate::task::Task;
use std::collections::{HashMap, HashSet};

/// Which concepts each item has: for words an item is a caption, for labels an image.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Concepts {
    /// Name of each concept, the most frequent first, ties by name.
    pub names: Vec<String>,
    /// Items that have each concept.
    pub counts: Vec<usize>,
    /// The concepts of item `i` are `ids[starts[i]..starts[i + 1]]`, rising, each once.
    starts: Vec<usize>,
    ids: Vec<u32>,
}

impl Concepts {
    /// The words of captions, without stop words and numbers, that at least `least` captions hold.
    ///
    /// # Errors
    /// Cancellation.
    pub fn words(captions: &[String], least: usize, task: &Task) -> Result<Self> {
        let mut seen: HashMap<String, u32> = HashMap::new();
        let mut counts: Vec<usize> = Vec::new();
        let mut items: Vec<Vec<u32>> = Vec::with_capacity(captions.len());
        for (at, caption) in captions.iter().enumerate() {
            if at % 1024 == 0 {
                task.check()?;
            }
            let mut ids: Vec<u32> = words(caption)
                .into_iter()
                .filter(|w| !is_stop_word(w) && w.chars().any(char::is_alphabetic))
                .map(|word| {
                    let next = counts.len() as u32;
                    *seen.entry(word).or_insert_with(|| {
                        counts.push(0);
                        next
                    })
                })
                .collect();
            ids.sort_unstable();
            ids.dedup();
            for &id in &ids {
                counts[id as usize] += 1;
            }
            items.push(ids);
        }
        let mut names = vec![String::new(); counts.len()];
        for (word, id) in seen {
            names[id as usize] = word;
        }
        Ok(Self::sorted(&names, &counts, &items, least))
    }

    /// The folder in the name of each image; images without one have no concept.
    pub fn folders(dataset: &Dataset) -> Self {
        let names = dataset.images.iter().map(|image| folder_of(&image.name));
        Self::labels(names)
    }

    /// One label for each item; an empty one is none.
    pub fn labels<'a>(labels: impl Iterator<Item = &'a str>) -> Self {
        let mut seen: HashMap<&str, u32> = HashMap::new();
        let (mut names, mut counts, mut items) = (Vec::new(), Vec::new(), Vec::new());
        for label in labels {
            if label.is_empty() {
                items.push(Vec::new());
                continue;
            }
            let id = *seen.entry(label).or_insert_with(|| {
                names.push(label.to_owned());
                counts.push(0);
                names.len() as u32 - 1
            });
            counts[id as usize] += 1;
            items.push(vec![id]);
        }
        Self::sorted(&names, &counts, &items, 1)
    }

    fn sorted(names: &[String], counts: &[usize], items: &[Vec<u32>], least: usize) -> Self {
        let mut order: Vec<usize> = (0..names.len()).filter(|&id| counts[id] >= least).collect();
        order.sort_by(|&a, &b| {
            counts[b]
                .cmp(&counts[a])
                .then_with(|| names[a].cmp(&names[b]))
        });
        let mut place = vec![u32::MAX; names.len()];
        for (new, &old) in order.iter().enumerate() {
            place[old] = new as u32;
        }
        let (mut starts, mut ids) = (vec![0], Vec::new());
        for item in items {
            let first = ids.len();
            ids.extend(
                item.iter()
                    .map(|&id| place[id as usize])
                    .filter(|&p| p != u32::MAX),
            );
            ids[first..].sort_unstable();
            starts.push(ids.len());
        }
        Self {
            counts: order.iter().map(|&id| counts[id]).collect(),
            names: order.iter().map(|&id| names[id].clone()).collect(),
            starts,
            ids,
        }
    }

    /// Items in all.
    pub fn items(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The concepts of item `i`, rising.
    pub fn of(&self, i: usize) -> &[u32] {
        &self.ids[self.starts[i]..self.starts[i + 1]]
    }

    /// The concepts that any caption of image `i` has, rising, and in how many of them each is. For words.
    pub fn of_image(&self, groups: &Groups, i: usize) -> Vec<(u32, usize)> {
        let mut all: Vec<u32> = groups.range(i).flat_map(|j| self.of(j)).copied().collect();
        all.sort_unstable();
        let mut counted: Vec<(u32, usize)> = Vec::new();
        for id in all {
            match counted.last_mut() {
                Some((last, n)) if *last == id => *n += 1,
                _ => counted.push((id, 1)),
            }
        }
        counted
    }
}

/// The folder in an image's name ("dogs/1.jpg" gives "dogs"); empty where there is none.
pub fn folder_of(name: &str) -> &str {
    name.rfind(['/', '\\']).map_or("", |at| &name[..at])
}

/// Concepts of `a` that are not in `b`; both rising.
pub fn without(a: &[u32], b: &[u32]) -> Vec<u32> {
    let b: HashSet<u32> = b.iter().copied().collect();
    a.iter().copied().filter(|id| !b.contains(id)).collect()
}
