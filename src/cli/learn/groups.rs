//! How captions are grouped, and how the policy that draws from groups does.

use crate::cli::listed::members;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::learn::{Expansion, Ground, Grouping, Policy, labels_in};
use crate::task::Task;
use clap::Args;
use std::path::Path;

/// Groups of captions.
#[derive(Debug, Args)]
pub struct GroupArgs {
    /// Group the captions: recall is told by group too, and the policy "expand" draws from them. A file (.npy) with a whole
    /// number from 0 for each caption of the data; "folder" in the name of the image; "length" of the caption, in quarters;
    /// or some images and all others, by words (those with a caption that holds them all), indices such as 0,5,7, or @FILE
    /// with a name or index a line. Given again, groups are crossed
    #[arg(long = "groups", value_name = "GROUPS")]
    by: Vec<String>,
    /// Epochs of "expand" on a balanced part: of each group as many pairs as the smallest has (default: 5)
    #[arg(long, value_name = "N")]
    warm_epochs: Option<usize>,
    /// Pairs that "expand" adds at once after that, evenly from the groups that have some left (default: 100)
    #[arg(long, value_name = "PAIRS")]
    expand_by: Option<usize>,
    /// Epochs from one time that "expand" adds pairs to the next (default: 1)
    #[arg(long, value_name = "N")]
    expand_every: Option<usize>,
}

impl GroupArgs {
    /// Refuses what can be seen to be no way to group or to draw from groups before any data is read.
    ///
    /// # Errors
    /// A policy without the groups that it draws from; a setting that no policy reads; a file that holds no labels.
    pub fn check(&self, policies: &[Policy]) -> Result<()> {
        let drawing = policies.iter().find(|p| p.description().by_groups);
        if let Some(policy) = drawing.filter(|_| self.by.is_empty()) {
            return Err(Error::request(
                format!(
                    "the policy {:?} draws from groups of pairs, and there are none",
                    policy.name()
                ),
                "Say how captions are grouped, such as --groups FILE.npy or --groups length.",
            ));
        }
        let settings = [
            ("--warm-epochs", self.warm_epochs),
            ("--expand-by", self.expand_by),
            ("--expand-every", self.expand_every),
        ];
        let given = settings.iter().find(|(_, value)| value.is_some());
        if let Some((flag, _)) = given.filter(|_| drawing.is_none()) {
            return Err(Error::request(
                format!("none of the policies has what {flag} says"),
                format!("Leave out {flag}, or add --policy expand."),
            ));
        }
        for file in self.by.iter().filter_map(|by| labels_file(by)) {
            labels_in(file)?;
        }
        Ok(())
    }

    /// Are captions grouped?
    pub fn are_there(&self) -> bool {
        !self.by.is_empty()
    }

    /// How the data grow.
    pub fn expansion(&self) -> Expansion {
        let usual = Expansion::default();
        Expansion {
            warm: self.warm_epochs.unwrap_or(usual.warm),
            by: self.expand_by.unwrap_or(usual.by),
            every: self.expand_every.unwrap_or(usual.every),
        }
    }

    /// `ground` with its captions grouped.
    ///
    /// # Errors
    /// As [`Ground::grouped`]; images that are not there.
    pub fn ground(&self, ground: Ground, dataset: Option<&Dataset>, task: &Task) -> Result<Ground> {
        let by = self.by.iter().map(|by| grouping(by, dataset));
        let by: Vec<Grouping> = by.collect::<Result<_>>()?;
        ground.grouped(&by, dataset, task)
    }
}

/// The file of labels that a way to group names.
fn labels_file(by: &str) -> Option<&Path> {
    let path = Path::new(by);
    let ending = path.extension()?;
    (ending.eq_ignore_ascii_case("npy") && !by.starts_with('@')).then_some(path)
}

fn grouping(by: &str, dataset: Option<&Dataset>) -> Result<Grouping> {
    if let Some(path) = labels_file(by) {
        // A run that is kept finds it from wherever it is trained again.
        let whole = std::path::absolute(path).map_err(Error::io("find", path))?;
        return Ok(Grouping::File(whole));
    }
    match by.trim() {
        "folder" => Ok(Grouping::Folder),
        "length" => Ok(Grouping::Length),
        group => {
            let dataset = dataset.ok_or_else(|| {
                Error::request(
                    format!("embeddings alone have no images {group:?}"),
                    "Give the group of each caption in a file (.npy), or the dataset.",
                )
            })?;
            members(group, dataset).map(Grouping::Images)
        }
    }
}
