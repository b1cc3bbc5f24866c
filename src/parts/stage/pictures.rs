//! The pictures of some images of a run, out of the shards of its dataset.

use super::dataset::Shards;
use super::embed::Embedded;
use super::items::{Item, Lies, item_of, items};
use crate::dataset::{Dataset, Image};
use crate::error::{Error, Result};
use crate::parts::plan::{EmbedPlan, RankPlan, Shard};
use crate::parts::run::{Run, Stage};
use crate::task::Task;
use std::collections::BTreeMap;

/// Opens pictures by the rows that the run gave them.
pub(super) struct Pictures {
    /// What a dataset that is read as a whole is opened with.
    whole: Option<Shards>,
    /// Archives of the last task: where they were fetched, they are there as long as these are.
    archives: BTreeMap<usize, (Shards, Dataset)>,
}

impl Pictures {
    /// Of the dataset of this plan.
    ///
    /// # Errors
    /// The dataset's place is none that can be opened.
    pub fn new(plan: &EmbedPlan) -> Result<Self> {
        Ok(Self {
            whole: Shards::of(plan)?,
            archives: BTreeMap::new(),
        })
    }

    /// The pictures `wanted`, by their rows.
    ///
    /// # Errors
    /// The dataset is not what it was when it was embedded; a file cannot be read; cancellation.
    pub fn of(
        &mut self,
        run: &Run,
        plan: &EmbedPlan,
        rank: &RankPlan,
        wanted: &[usize],
        task: &Task,
    ) -> Result<BTreeMap<usize, Image>> {
        let mut sorted = wanted.to_vec();
        sorted.sort_unstable();
        let mut all = BTreeMap::new();
        let (mut from, mut opened) = (0, BTreeMap::new());
        for (n, shard) in rank.shards.iter().enumerate() {
            let to = from + shard.images;
            let own = sorted.partition_point(|&i| i < from)..sorted.partition_point(|&i| i < to);
            if !own.is_empty() {
                task.check()?;
                let dataset = self.open(plan, n, &mut opened, task)?;
                let kept = kept(run, plan, n, dataset)?;
                for &image in &sorted[own] {
                    let at = kept.get(image - from).ok_or_else(|| changed(n))?;
                    all.insert(image, dataset.images[*at].clone());
                }
            }
            from = to;
        }
        self.archives = opened;
        Ok(all)
    }

    /// Shard `n` of the dataset, kept in `opened`.
    fn open<'a>(
        &mut self,
        plan: &EmbedPlan,
        n: usize,
        opened: &'a mut BTreeMap<usize, (Shards, Dataset)>,
        task: &Task,
    ) -> Result<&'a Dataset> {
        let none = || Error::plan("the plan names no dataset");
        let found = match (&plan.shards[n], self.archives.remove(&n)) {
            (_, Some(found)) => found,
            (Shard::File { .. } | Shard::Rows(_), None) => {
                let mut shards = Shards::of(plan)?.ok_or_else(none)?;
                let dataset = shards.open(&plan.shards[n], task)?;
                (shards, dataset)
            }
            (Shard::Images(..), None) => {
                let whole = self.whole.as_mut().ok_or_else(none)?;
                let dataset = whole.open(&plan.shards[n], task)?;
                (Shards::of(plan)?.ok_or_else(none)?, dataset)
            }
        };
        Ok(&opened.entry(n).or_insert(found).1)
    }
}

/// The places in `dataset` of the images of shard `n` that were embedded: some may have been left out.
fn kept(run: &Run, plan: &EmbedPlan, n: usize, dataset: &Dataset) -> Result<Vec<usize>> {
    let (_, hash) = run.embed_plan()?;
    let mark = run.mark::<Embedded>(Stage::Embed.name(), n, &hash)?;
    let Some(file) = mark.as_ref().and_then(|mark| mark.files.get(1)) else {
        return Err(Error::plan(format!("shard {n} has no names")));
    };
    let lies = Lies::of(plan, n)?;
    let mut found = (0..dataset.images.len()).map(|at| (at, item_of(dataset, at, &lies)));
    let same = |item: Item| {
        let next = found.find(|(_, other)| *other == item);
        next.map(|(at, _)| at).ok_or_else(|| changed(n))
    };
    items(run, file)?.into_iter().map(same).collect()
}

fn changed(n: usize) -> crate::error::Error {
    Error::plan(format!(
        "shard {n} of the dataset has other images than when it was embedded"
    ))
}
