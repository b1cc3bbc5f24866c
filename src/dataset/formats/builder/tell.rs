//! What a caption file's reader says at its end: splits, pictures that are missing, pictures that no row names.

use super::finder::{beside, holds_pictures, plain};
use super::{DatasetBuilder, home};
use crate::dataset::account::NAMES;
use crate::dataset::formats::split::Chosen;
use crate::dataset::{Found, Image, Problem, Reason};
use crate::error::{Error, thousands};
use crate::files::file_name;
use std::collections::HashSet;
use std::path::PathBuf;

impl DatasetBuilder {
    pub(super) fn no_captions(&self) -> Error {
        let detail = match self.problems.as_slice() {
            [] => String::new(),
            [one] => format!(" ({}: {})", one.place, one.what),
            [first, ..] => {
                let count = thousands(self.problems.len() as u64);
                format!(
                    " ({count} problems; the first: {}: {})",
                    first.place, first.what
                )
            }
        };
        Error::dataset(
            &self.source,
            format!("holds no picture with a caption{detail}"),
            "Check that each line names a picture and its caption.",
        )
    }

    /// The images without a picture are listed and left out, each with its captions.
    pub(super) fn leave_out_unseen(&mut self) {
        let captions = |groups: &[(Image, Vec<String>)], group: usize| {
            groups.get(group).map_or(0, |(_, c)| c.len() as u64)
        };
        let mut listed = HashSet::new();
        for (problem, group) in std::mem::take(&mut self.missing) {
            listed.insert(group);
            let captions = captions(&self.groups, group);
            if let Some(problem) = self.problems.get_mut(problem) {
                problem.costs = Found {
                    images: 1,
                    captions,
                };
            }
        }
        for (group, (image, _)) in self.groups.iter().enumerate() {
            if image.picture.is_none() && !listed.contains(&group) {
                let lost = Problem::new(&image.name, "has no picture", Reason::NoPicture);
                let captions = captions(&self.groups, group);
                self.problems.push(lost.costing(1, captions));
            }
        }
        self.groups.retain(|(image, _)| image.picture.is_some());
    }

    /// Counts the pictures beside the file that no row names.
    pub(super) fn say_unnamed(&mut self) {
        if self.files.is_empty() {
            return;
        }
        let hit: HashSet<PathBuf> = self.files.keys().map(|path| plain(path)).collect();
        // Rows of other splits name theirs too.
        let others: HashSet<&str> = self
            .splits
            .names()
            .map(|name| name.rsplit(['/', '\\']).next().unwrap_or(name))
            .collect();
        let (pictures, whole) = beside(home(&self.source), &hit);
        let unnamed: Vec<String> = pictures
            .into_iter()
            .filter(|path| !hit.contains(path))
            .map(|path| file_name(&path))
            .filter(|name| !others.contains(name.as_str()))
            .collect();
        if !whole {
            let what = "holds more files than are looked through for pictures that no row names";
            let folder = home(&self.source).display().to_string();
            self.note(Reason::Other, what, folder);
        }
        if unnamed.is_empty() {
            return;
        }
        let count = unnamed.len() as u64;
        self.origin.found.images += count;
        let file = file_name(&self.source);
        let what = match count {
            1 => format!("1 picture has no caption: no row of {file} names it"),
            n => format!(
                "{} pictures have no caption: no row of {file} names them",
                thousands(n)
            ),
        };
        let mut bulk = Problem::new(&file, what, Reason::NoRow).costing(count, 0);
        bulk.names = unnamed.into_iter().take(NAMES).collect();
        self.origin.bulk.push(bulk);
    }

    /// Says which split is in use, and what the others hold.
    pub(super) fn say_split(&mut self, chosen: &Chosen) {
        let known = |name: &str| self.known.contains_key(name);
        self.splits.tell(chosen, known, &mut self.origin);
    }

    /// One problem instead of one for each picture.
    pub(super) fn say_captions_only(&mut self) {
        let mut missing = std::mem::take(&mut self.missing)
            .into_iter()
            .map(|(problem, _)| problem)
            .peekable();
        let named = missing.peek().is_some();
        let mut number = 0;
        self.problems.retain(|_| {
            number += 1;
            missing.next_if_eq(&(number - 1)).is_none()
        });
        let why = if !named {
            "it holds and names none"
        } else if holds_pictures(home(&self.source)) {
            "those beside it have other names"
        } else {
            "put them in a folder images/ beside it"
        };
        let problem = Problem::new(
            format!("the pictures of {}", file_name(&self.source)),
            format!("no picture was found ({why}); captions only"),
            Reason::NoPicture,
        );
        self.problems.insert(0, problem);
    }
}
