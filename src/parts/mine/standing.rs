//! How single images and captions stand in a merged ranking.

use crate::compute::Hit;
use crate::error::{Error, Result};
use crate::parts::merge::{Merged, kind};
use crate::parts::plan::RankPlan;
use crate::parts::run::{Run, Stage};
use crate::parts::stage::Picked;

/// A query's rank, the score of its best positive and its hardest negative, as products of stored rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::parts) struct Standing {
    pub rank: u32,
    pub positive: f32,
    pub hardest: Hit,
}

/// A merged ranking whose ranges are opened when they are first needed.
pub(in crate::parts) struct Standings<'a> {
    run: &'a Run,
    /// Of the images, then of the captions: the first query of each range, its merge, and its arrays.
    sides: [Vec<(u32, Picked)>; 2],
}

impl<'a> Standings<'a> {
    /// Of a ranking whose ranges are all merged.
    ///
    /// # Errors
    /// One is not merged yet, or cannot be read.
    pub fn open(run: &'a Run, plan: &RankPlan, hash: &str) -> Result<Self> {
        let mut sides = [Vec::new(), Vec::new()];
        for n in 0..plan.merges() {
            let mark = run.mark::<Merged>(&kind(Stage::Rank), n, hash)?;
            let Some((mark, file)) = mark.as_ref().and_then(|m| Some((m, m.files.first()?))) else {
                return Err(Error::request(
                    format!("range {n} of the ranking is not merged"),
                    format!(
                        "Merge it first: nearmiss part merge {}",
                        run.store().place()
                    ),
                ));
            };
            let side = usize::from(mark.of.kind != "image");
            sides[side].push((mark.of.first as u32, Picked::open(run, file)?));
        }
        Ok(Self { run, sides })
    }

    /// Of the images or captions `numbers`, rising.
    ///
    /// # Errors
    /// A range cannot be read.
    pub fn of(&self, texts: bool, numbers: &[u32]) -> Result<Vec<Standing>> {
        let ranges = &self.sides[usize::from(texts)];
        let mut found = Vec::with_capacity(numbers.len());
        let mut rest = numbers;
        while let Some(&first) = rest.first() {
            let n = ranges.partition_point(|(from, _)| *from <= first) - 1;
            let end = ranges.get(n + 1).map_or(u32::MAX, |(from, _)| *from);
            let (now, later) = rest.split_at(rest.partition_point(|&q| q < end));
            let (from, arrays) = &ranges[n];
            let own: Vec<u32> = now.iter().map(|q| q - from).collect();
            let above: Vec<u32> = arrays.rows(self.run, "queries.above", &own)?;
            let positive: Vec<f32> = arrays.rows(self.run, "positive.scores", &own)?;
            let scores: Vec<f32> = arrays.rows(self.run, "queries.hardest.scores", &own)?;
            let indices: Vec<u32> = arrays.rows(self.run, "queries.hardest.indices", &own)?;
            found.extend((0..own.len()).map(|q| Standing {
                rank: above[q] + 1,
                positive: positive[q],
                hardest: Hit {
                    score: scores[q],
                    index: indices[q],
                },
            }));
            rest = later;
        }
        Ok(found)
    }
}
