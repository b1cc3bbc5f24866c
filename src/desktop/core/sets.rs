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
    /// Mark these images and no others.
    MarkOnly(Vec<u32>),
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

    /// Does what is asked; returns what that changed. Marking the query or what is shown is for those who know them.
    pub fn perform(&mut self, command: SetsCommand) -> SetsChange {
        let change = self.planned(command);
        self.apply(&change, false);
        change
    }

    /// What `command` changes.
    fn planned(&self, command: SetsCommand) -> SetsChange {
        let mut change = SetsChange::default();
        match command {
            SetsCommand::Mark(images, mark) => {
                let other = images.into_iter().collect::<BTreeSet<u32>>().into_iter();
                change.toggled = other
                    .filter(|image| self.marked.contains(image) != mark)
                    .collect();
            }
            SetsCommand::MarkOnly(images) => {
                let only: BTreeSet<u32> = images.into_iter().collect();
                change.toggled = self.marked.symmetric_difference(&only).copied().collect();
            }
            SetsCommand::MarkQuery | SetsCommand::MarkShown => {}
            SetsCommand::Clear => change.toggled = self.marked.iter().copied().collect(),
            SetsCommand::Save(name) => change.named = self.renamed(&name, self.marked.clone()),
            SetsCommand::Keep(name, images) => {
                change.named = self.renamed(&name, images.into_iter().collect());
            }
            SetsCommand::Combine(name, how) => {
                let Some(set) = self.named.get(&name) else {
                    return change;
                };
                let kept = |image: &&u32| match how {
                    Combine::Add => !self.marked.contains(image),
                    Combine::TakeAway => self.marked.contains(image),
                    Combine::Common => false,
                };
                change.toggled = match how {
                    Combine::Add | Combine::TakeAway => set.iter().filter(kept).copied().collect(),
                    Combine::Common => self.marked.difference(set).copied().collect(),
                };
            }
            SetsCommand::Delete(name) => {
                let before = self.named.get(&name).cloned();
                if self.only.as_ref() == Some(&name) {
                    change.only = Some((self.only.clone(), None));
                }
                change.named = before.map(|set| (name, Some(set), None));
            }
            SetsCommand::Only(name) => {
                if name != self.only {
                    change.only = Some((self.only.clone(), name));
                }
            }
        }
        change
    }

    /// The set `name` as it is and as it will be; `None` where that changes nothing.
    fn renamed(&self, name: &str, images: BTreeSet<u32>) -> Option<Renamed> {
        let name = name.trim();
        let before = self.named.get(name).cloned();
        if name.is_empty() || before.as_ref() == Some(&images) {
            return None;
        }
        Some((name.to_owned(), before, Some(images)))
    }

    /// Makes a change again, or takes it `back`.
    pub fn apply(&mut self, change: &SetsChange, back: bool) {
        for image in &change.toggled {
            if !self.marked.remove(image) {
                self.marked.insert(*image);
            }
        }
        if let Some((name, before, after)) = &change.named {
            match if back { before } else { after } {
                Some(set) => self.named.insert(name.clone(), set.clone()),
                None => self.named.remove(name),
            };
        }
        if let Some((before, after)) = &change.only {
            self.only.clone_from(if back { before } else { after });
        }
    }
}

/// A named set: its name, what it was, what it is.
type Renamed = (String, Option<BTreeSet<u32>>, Option<BTreeSet<u32>>);

/// What a command changed of the sets. Made twice, marks are as they were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SetsChange {
    /// Images that were marked, or are no longer.
    toggled: Vec<u32>,
    /// The set that was named or forgotten.
    named: Option<Renamed>,
    /// The set that alone was shown, and is.
    only: Option<(Option<String>, Option<String>)>,
}

impl SetsChange {
    /// Did nothing change?
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Did it change more than marks?
    pub fn is_lasting(&self) -> bool {
        self.named.is_some() || self.only.is_some()
    }

    /// Images that it holds.
    pub fn len(&self) -> usize {
        let set = |set: &Option<BTreeSet<u32>>| set.as_ref().map_or(0, BTreeSet::len);
        let named = self.named.as_ref();
        self.toggled.len() + named.map_or(0, |(_, before, after)| set(before) + set(after))
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
        let mark = |sets: &mut Sets, images: &[u32], mark| {
            sets.perform(SetsCommand::Mark(images.to_vec(), mark));
        };
        let combine = |sets: &mut Sets, how| {
            sets.perform(SetsCommand::Combine("dogs".into(), how));
        };
        mark(&mut sets, &[1, 2, 3], true);
        sets.perform(SetsCommand::Save(" dogs ".into()));
        mark(&mut sets, &[1, 2], false);
        mark(&mut sets, &[5], true);
        combine(&mut sets, Combine::Common);
        assert_eq!(sets.marked, [3].into());
        combine(&mut sets, Combine::Add);
        mark(&mut sets, &[5], true);
        combine(&mut sets, Combine::TakeAway);
        assert_eq!(sets.marked, [5].into());
        let found = Sets::find(&sets.names(&dataset), &dataset);
        assert_eq!(found.named, sets.named);
        // One image is gone.
        let fewer = dataset.retain(|i| i != 2);
        let found = Sets::find(&sets.names(&dataset), &fewer);
        assert_eq!(found.named["dogs"], [1, 2].into());
        sets.only = Some("dogs".into());
        sets.perform(SetsCommand::Delete("dogs".into()));
        assert_eq!(sets.shown(), None);
    }
}
