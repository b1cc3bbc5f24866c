//! Sets of images: what is marked, and what was marked and named before. Every view shows and uses the same.

use crate::dataset::Dataset;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How a named set and the marked images are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Combine {
    /// Images of either.
    Add,
    /// Images of both.
    Common,
    /// Marked ones that are not in the set.
    TakeAway,
}

/// One request of the user about sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetsCommand {
    /// Mark these images, or no longer.
    Mark(Vec<u32>, bool),
    /// Mark the image of the current query, or no longer.
    MarkQuery,
    /// Mark every image that the browser shows.
    MarkShown,
    /// Mark nothing.
    Clear,
    /// Keep what is marked under this name; a set of that name is replaced.
    Save(String),
    /// Keep these images under this name, whatever is marked; a set of that name is replaced.
    Keep(String, Vec<u32>),
    /// Put the set of this name and what is marked together; that is marked then.
    Combine(String, Combine),
    /// Forget the set of this name.
    Delete(String),
    /// Show only images of this set; `None` for all.
    Only(Option<String>),
}

/// The sets of the open dataset, by rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sets {
    /// What is marked now.
    pub marked: BTreeSet<u32>,
    /// What was named.
    pub named: BTreeMap<String, BTreeSet<u32>>,
    /// The set that alone is shown.
    pub only: Option<String>,
}

impl Sets {
    /// Finds the rows of sets that were saved by the images' names.
    pub fn find(saved: &BTreeMap<String, Vec<String>>, dataset: &Dataset) -> Self {
        let images = dataset.images.iter().enumerate();
        let rows: HashMap<&str, u32> = images.map(|(i, m)| (m.name.as_str(), i as u32)).collect();
        let named = saved.iter().map(|(name, images)| {
            let found = images.iter().filter_map(|image| rows.get(image.as_str()));
            (name.clone(), found.copied().collect())
        });
        Self {
            named: named.collect(),
            ..Self::default()
        }
    }

    /// The named sets by the images' names, as they are saved.
    pub fn names(&self, dataset: &Dataset) -> BTreeMap<String, Vec<String>> {
        let names = |rows: &BTreeSet<u32>| {
            let images = rows.iter().filter_map(|&i| dataset.images.get(i as usize));
            images.map(|image| image.name.clone()).collect()
        };
        let named = self.named.iter();
        named
            .map(|(name, rows)| (name.clone(), names(rows)))
            .collect()
    }

    /// The images that alone are shown; `None` for all.
    pub fn shown(&self) -> Option<&BTreeSet<u32>> {
        self.named.get(self.only.as_ref()?)
    }

    /// Marks images, or no longer.
    pub fn mark(&mut self, images: impl IntoIterator<Item = u32>, mark: bool) {
        for image in images {
            if mark {
                self.marked.insert(image);
            } else {
                self.marked.remove(&image);
            }
        }
    }

    /// Keeps what is marked under a name.
    pub fn save(&mut self, name: &str) {
        let marked = self.marked.clone();
        self.keep(name, marked);
    }

    /// Keeps images under a name.
    pub fn keep(&mut self, name: &str, images: impl IntoIterator<Item = u32>) {
        let name = name.trim();
        if !name.is_empty() {
            self.named
                .insert(name.to_owned(), images.into_iter().collect());
        }
    }

    /// Marks what comes of the named set and what is marked.
    pub fn combine(&mut self, name: &str, how: Combine) {
        let Some(set) = self.named.get(name) else {
            return;
        };
        self.marked = match how {
            Combine::Add => self.marked.union(set).copied().collect(),
            Combine::Common => self.marked.intersection(set).copied().collect(),
            Combine::TakeAway => self.marked.difference(set).copied().collect(),
        };
    }

    /// Forgets a set.
    pub fn delete(&mut self, name: &str) {
        self.named.remove(name);
        if self.only.as_deref() == Some(name) {
            self.only = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Image;

    #[test]
    fn sets_are_named_combined_and_found_again() {
        let image = |n: u32| Image {
            name: format!("{n}.png"),
            picture: None,
        };
        let groups = (0..6).map(|n| (image(n), vec!["c".to_owned()])).collect();
        let dataset = Dataset::from_groups("d", "d", groups, Vec::new());
        let mut sets = Sets::default();
        sets.mark([1, 2, 3], true);
        sets.save(" dogs ");
        sets.mark([1, 2], false);
        sets.mark([5], true);
        sets.combine("dogs", Combine::Common);
        assert_eq!(sets.marked, [3].into());
        sets.combine("dogs", Combine::Add);
        sets.mark([5], true);
        sets.combine("dogs", Combine::TakeAway);
        assert_eq!(sets.marked, [5].into());
        let found = Sets::find(&sets.names(&dataset), &dataset);
        assert_eq!(found.named, sets.named);
        // One image is gone.
        let fewer = dataset.retain(|i| i != 2);
        let found = Sets::find(&sets.names(&dataset), &fewer);
        assert_eq!(found.named["dogs"], [1, 2].into());
        sets.only = Some("dogs".into());
        sets.delete("dogs");
        assert_eq!(sets.shown(), None);
    }
}
