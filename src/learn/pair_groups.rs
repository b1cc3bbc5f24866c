//! The groups of the captions of a set: what is drawn from evenly, and what recall is told of.

use super::grouping::Grouping;
use super::split::Split;
use super::strata::Strata;
use crate::compute::Groups;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::task::Task;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Groups at most: more are too small to be told of one another.
pub const MOST_GROUPS: usize = 64;

/// Which group each caption of a set belongs to. Each group has captions.
#[derive(Debug, Clone)]
pub struct PairGroups {
    /// By caption of the whole set.
    pub strata: Strata,
    /// What is to be known of them.
    pub about: Grouped,
}

/// What is known of groups, without which caption is in which.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grouped {
    /// How they were made; several are crossed.
    pub by: Vec<Grouping>,
    /// What each is called.
    pub names: Vec<String>,
    /// Captions of each that are trained on.
    pub train: Vec<usize>,
    /// Captions of each that are held out.
    pub valid: Vec<usize>,
    /// Which caption is in which, by its hash.
    pub mark: String,
}

impl PairGroups {
    /// The groups by all of `by`, crossed: captions are together where each has them together. Those without captions are
    /// none.
    ///
    /// # Errors
    /// As [`Grouping::groups`]; one group alone, more than [`MOST_GROUPS`].
    pub fn of(
        by: &[Grouping],
        dataset: Option<&Dataset>,
        pairs: &Groups,
        split: &Split,
        task: &Task,
    ) -> Result<Self> {
        let mut ways = Vec::with_capacity(by.len());
        for way in by {
            ways.push(way.groups(dataset, pairs, task)?);
        }
        let key = |caption: usize| -> Vec<u32> {
            ways.iter()
                .map(|(strata, _)| strata.labels()[caption])
                .collect()
        };
        let mut found: BTreeMap<Vec<u32>, u32> = BTreeMap::new();
        for caption in 0..pairs.texts() {
            if caption % 1024 == 0 {
                task.check()?;
            }
            found.entry(key(caption)).or_default();
        }
        let titles: Vec<String> = by.iter().map(Grouping::title).collect();
        let titles = titles.join(" x ");
        if found.len() < 2 {
            return Err(Error::request(
                format!("by {titles:?} all captions are in one group"),
                "Group by something that tells captions apart.",
            ));
        }
        if found.len() > MOST_GROUPS {
            return Err(Error::request(
                format!("by {titles:?} there are {} groups", found.len()),
                format!("Group by something that makes {MOST_GROUPS} groups at most."),
            ));
        }
        for (place, label) in found.values_mut().enumerate() {
            *label = place as u32;
        }
        let name = |key: &Vec<u32>| -> String {
            let parts = key.iter().zip(&ways);
            let parts: Vec<&str> = parts
                .map(|(&at, (_, names))| names[at as usize].as_str())
                .collect();
            parts.join(", ")
        };
        let names: Vec<String> = found.keys().map(name).collect();
        let labels: Vec<u32> = (0..pairs.texts()).map(|c| found[&key(c)]).collect();
        let count = |images: &[u32]| -> Vec<usize> {
            let mut counts = vec![0; names.len()];
            for caption in images.iter().flat_map(|&i| pairs.range(i as usize)) {
                counts[labels[caption] as usize] += 1;
            }
            counts
        };
        let hash = blake3::hash(bytemuck::cast_slice(&labels)).to_hex();
        let about = Grouped {
            by: by.to_vec(),
            train: count(&split.train),
            valid: count(&split.valid),
            mark: hash[..16].to_owned(),
            names,
        };
        Ok(Self {
            strata: Strata::new(labels, about.names.len())?,
            about,
        })
    }
}

impl Grouped {
    /// The groups of which no caption is held out, in a sentence; `None` where each has some.
    pub fn unheard(&self) -> Option<String> {
        let all = self.names.iter().zip(&self.valid);
        let without: Vec<&str> = all
            .filter(|&(_, &valid)| valid == 0)
            .map(|(name, _)| name.as_str())
            .collect();
        if without.is_empty() {
            return None;
        }
        Some(format!(
            "No caption held out is in the group {}: recall there is not known, and the worst group is the worst of the \
             others.",
            without.join("; ")
        ))
    }
}
