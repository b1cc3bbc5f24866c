//! A ranking of which every range is merged by the plan that is there now.

use crate::error::{Error, Result};
use crate::parts::merge::{Merged, Range, kind, merged};
use crate::parts::plan::{EmbedPlan, RankPlan};
use crate::parts::run::{Run, Stage};
use crate::parts::stage::Set;
use crate::task::Task;
use std::ops::Range as Numbers;

/// A merged ranking.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The run.
    pub run: Run,
    /// What was embedded.
    pub embed: EmbedPlan,
    /// The hash of that plan.
    pub embed_hash: String,
    /// What was ranked.
    pub plan: RankPlan,
    /// The hash of that plan.
    pub hash: String,
    /// Its ranges of queries, in order.
    pub ranges: Vec<RangeOfQueries>,
    /// The factor between products of stored rows and scores.
    factor: f32,
}

/// What is known of a merged range without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeOfQueries {
    /// Its number.
    pub n: usize,
    /// Are its queries images?
    pub of_images: bool,
    /// The numbers of its queries; of drawn ones their places among the drawn.
    pub queries: Numbers<usize>,
}

/// A query with its best positive and its hardest negative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Negative {
    /// Is the query an image?
    pub of_image: bool,
    /// The number of the query.
    pub query: u32,
    /// The number of its best positive.
    pub positive: u32,
    /// The number of its hardest negative.
    pub negative: u32,
    /// Score of the positive.
    pub score_positive: f32,
    /// Score of the negative.
    pub score_negative: f32,
    /// Rank of the positive, from 1; ties count against it.
    pub rank: u32,
}

impl Negative {
    /// Score of the positive less that of the negative.
    pub fn margin(&self) -> f32 {
        self.score_positive - self.score_negative
    }
}

impl Finished {
    /// Of this run.
    ///
    /// # Errors
    /// A plan is missing or cannot be read; the ranking was planned of other embeddings; a range is not merged by this
    /// plan; cancellation.
    pub fn open(run: &Run, task: &Task) -> Result<Self> {
        let (embed, embed_hash) = run.embed_plan()?;
        let (plan, hash) = run.rank_plan()?;
        let place = run.store().place();
        if plan.embed != embed_hash {
            return Err(Error::plan(format!(
                "the ranking of {place} was planned of other embeddings than plan-embed.json says: its figures are not shown"
            )));
        }
        task.begin("Reading marks", plan.merges() as u64);
        let (mut ranges, mut missing) = (Vec::new(), Vec::new());
        for n in 0..plan.merges() {
            task.check()?;
            match run.mark::<Merged>(&kind(Stage::Rank), n, &hash)? {
                Some(mark) => ranges.push(RangeOfQueries {
                    n,
                    of_images: mark.of.kind == "image",
                    queries: mark.of.first..mark.of.first + mark.of.queries,
                }),
                None => missing.push(n),
            }
            task.add(1);
        }
        if let Some(first) = missing.first() {
            let what = format!(
                "{} of the {} ranges of {place} are not merged, or were merged by another plan; the first is {first}",
                missing.len(),
                plan.merges()
            );
            return Err(Error::request(
                what,
                format!("Merge them: nearmiss part merge {place}"),
            ));
        }
        let factor = Set::new(run, &plan).factor();
        let finished = Self {
            run: run.clone(),
            embed,
            embed_hash,
            plan,
            hash,
            ranges,
            factor,
        };
        finished.check_queries()?;
        Ok(finished)
    }

    /// The ranges must be of all queries that are planned.
    fn check_queries(&self) -> Result<()> {
        for of_images in [true, false] {
            let (found, planned) = (self.merged_queries(of_images), self.queries(of_images));
            if found != planned {
                let kind = if of_images { "images" } else { "captions" };
                return Err(Error::plan(format!(
                    "the merged ranges of {} are of {found} {kind}, and {planned} are planned",
                    self.run.store().place()
                )));
            }
        }
        Ok(())
    }

    fn merged_queries(&self, of_images: bool) -> usize {
        let ranges = self.ranges.iter().filter(|r| r.of_images == of_images);
        ranges.map(|r| r.queries.len()).sum()
    }

    /// Queries of one side: all, or those that were drawn.
    pub fn queries(&self, of_images: bool) -> usize {
        match (&self.plan.sample, of_images) {
            (Some(sample), true) => sample.images,
            (Some(sample), false) => sample.texts,
            (None, true) => self.plan.images(),
            (None, false) => self.plan.texts(),
        }
    }

    /// Images or captions in all.
    pub fn all(&self, images: bool) -> usize {
        if images {
            self.plan.images()
        } else {
            self.plan.texts()
        }
    }

    /// Reads a range.
    pub(super) fn range(&self, n: usize) -> Result<Range> {
        let range = merged(&self.run, &self.hash, n)?;
        let queries = range.numbers.len();
        let fits = range.seen.above.len() == queries
            && range.seen.hardest.len() == queries
            && range.positives.len() == queries
            && range.best.len() == queries;
        if fits {
            return Ok(range);
        }
        Err(Error::plan(format!(
            "the arrays of merged range {n} do not fit each other"
        )))
    }

    /// The queries of a merged range, each with its hardest negative; a query that met no candidate is left out.
    ///
    /// # Errors
    /// The range is missing or damaged.
    pub fn negatives(&self, n: usize) -> Result<Vec<Negative>> {
        let range = self.range(n)?;
        let all = 0..range.numbers.len();
        Ok(all.filter_map(|q| self.negative(&range, q)).collect())
    }

    /// Query `q` of a range with its hardest negative, where it met one.
    pub(super) fn negative(&self, range: &Range, q: usize) -> Option<Negative> {
        let hardest = range.seen.hardest[q];
        (hardest.index != u32::MAX).then(|| Negative {
            of_image: range.of_images,
            query: range.numbers[q],
            positive: range.positives[q],
            negative: hardest.index,
            score_positive: self.score(range.best[q]),
            score_negative: self.score(hardest.score),
            rank: range.seen.above[q] + 1,
        })
    }

    /// A product of stored rows in true units.
    pub(super) fn score(&self, product: f32) -> f32 {
        product * self.factor
    }
}
