//! What the rows of a dataset say of their splits, counted: those in use, and those that are not.

use super::Chosen;
use super::shards::in_order;
use crate::dataset::account::NAMES;
use crate::dataset::{Origin, Problem, Reason};
use std::collections::{BTreeMap, HashSet};

/// Images of each split, and the captions of those that are not in use.
#[derive(Default)]
pub(crate) struct Splits {
    images: BTreeMap<String, HashSet<String>>,
    captions: u64,
}

impl Splits {
    /// Counts a row of the image `name` with so many captions that are not in use.
    pub fn add(&mut self, split: String, name: &str, captions: u64) {
        let names = self.images.entry(split).or_default();
        names.insert(name.trim().to_owned());
        self.captions += captions;
    }

    /// The names of all images.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.images.values().flatten()
    }

    /// Says in `origin` which split is in use, and what the others hold beside the images that are `known`.
    pub fn tell(&self, chosen: &Chosen, known: impl Fn(&str) -> bool, origin: &mut Origin) {
        if let Some((column, what)) = &chosen.unused {
            origin.note(Reason::NotUsed, what, column.clone());
        }
        let all = self.images.iter();
        let all = all.map(|(split, names)| (split.clone(), names.len() as u64));
        let Some(split) = chosen.tell(all.collect()) else {
            return;
        };
        origin.split = Some(split);
        let others = self
            .images
            .iter()
            .filter(|(split, _)| !chosen.keeps(Some(split)));
        let mut elsewhere: Vec<&String> = others
            .flat_map(|(_, names)| names)
            .filter(|name| !known(name))
            .collect();
        elsewhere.sort_by(|a, b| in_order(a, b));
        elsewhere.dedup();
        let count = elsewhere.len() as u64;
        if count + self.captions > 0 {
            let bulk = Problem::new("other splits", "of other splits", Reason::OtherSplit);
            let mut bulk = bulk.costing(count, self.captions);
            bulk.names = elsewhere.into_iter().take(NAMES).cloned().collect();
            origin.found.images += count;
            origin.found.captions += self.captions;
            origin.bulk.push(bulk);
        }
    }
}
