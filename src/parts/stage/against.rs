//! Some queries against every candidate of a set, one cut of the set after the other.

use super::gather::{Cut, Set, Want};
use crate::compute::{Block, Embeddings, Engine, Queries, RankOptions, Seen};
use crate::error::{Error, Result};
use crate::parts::plan::RankPlan;
use crate::retrieval::Side;
use crate::task::Task;
use std::ops::Range;

/// What a block says, its candidates by their numbers in all.
pub(super) struct Said {
    pub images: Seen,
    pub texts: Seen,
    pub hinges: i128,
    pub pairs: u64,
}

/// Queries of one side.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    /// Their rows.
    pub rows: &'a Embeddings,
    /// The candidates that are positives of each, by their numbers in all: the captions of an image, or the image of a
    /// caption. Those of captions rise.
    pub own: &'a [Range<u32>],
    /// The scores of the positives.
    pub scores: Queries<'a>,
}

/// The parts of `of` that lie in `within`, counted from its start.
pub(super) fn inside(of: Range<usize>, within: &Range<usize>) -> Range<u32> {
    let at = |n: usize| (n.clamp(within.start, within.end) - within.start) as u32;
    at(of.start)..at(of.end)
}

/// The rows of a cut that was loaded with them.
pub(super) fn rows(cut: &Cut) -> Result<&Embeddings> {
    cut.rows
        .as_ref()
        .ok_or_else(|| Error::plan("a block has no rows"))
}

/// Images as queries against the captions of cut `n`.
///
/// # Errors
/// A shard is missing, damaged or cannot be read; the engine fails; cancellation.
pub(super) fn images_against(
    (set, plan, n): (&Set<'_>, &RankPlan, usize),
    queries: Asking<'_>,
    options: RankOptions,
    engine: &dyn Engine,
    task: &Task,
) -> Result<Said> {
    let texts = set.load(plan.cut(true, n), Want::Texts, task)?;
    let within = texts.first_text..texts.first_text + texts.pairs.len();
    let own = queries.own.iter();
    let own: Vec<Range<u32>> = own
        .map(|own| inside(own.start as usize..own.end as usize, &within))
        .collect();
    let block = Block {
        images: queries.rows,
        texts: rows(&texts)?,
        own: &own,
        of_images: Some(queries.scores),
        of_texts: None,
        options,
    };
    run_block(&block, [0, texts.first_text], engine, task)
}

/// Captions as queries against the images of cut `n`.
///
/// # Errors
/// As [`images_against`].
pub(super) fn texts_against(
    (set, plan, n): (&Set<'_>, &RankPlan, usize),
    queries: Asking<'_>,
    options: RankOptions,
    engine: &dyn Engine,
    task: &Task,
) -> Result<Said> {
    let images = set.load(plan.cut(false, n), Want::Images, task)?;
    let first = images.first_image as u32;
    let at = |image: u32| queries.own.partition_point(|own| own.start < image) as u32;
    let own: Vec<Range<u32>> = (0..images.images() as u32)
        .map(|i| at(first + i)..at(first + i + 1))
        .collect();
    let block = Block {
        images: rows(&images)?,
        texts: queries.rows,
        own: &own,
        of_images: None,
        of_texts: Some(queries.scores),
        options,
    };
    run_block(&block, [images.first_image, 0], engine, task)
}

/// Queries of one side against every candidate, and their hinges in the steps of [`crate::compute::Steps`].
///
/// # Errors
/// As [`images_against`].
pub(super) fn against_all(
    (set, plan): (&Set<'_>, &RankPlan),
    side: Side,
    queries: Asking<'_>,
    options: RankOptions,
    engine: &dyn Engine,
    task: &Task,
) -> Result<(Seen, i128)> {
    let [images, texts] = plan.cuts.counts();
    let (mut all, mut hinges) = (None::<Seen>, 0);
    let cuts = match side {
        Side::Image => texts,
        Side::Text => images,
    };
    for n in 0..cuts {
        task.check()?;
        let (said, seen) = match side {
            Side::Image => {
                let said = images_against((set, plan, n), queries, options, engine, task)?;
                (said.hinges, said.images)
            }
            Side::Text => {
                let said = texts_against((set, plan, n), queries, options, engine, task)?;
                (said.hinges, said.texts)
            }
        };
        hinges += said;
        match &mut all {
            None => all = Some(seen),
            Some(all) => all.merge(&seen),
        }
    }
    Ok((all.unwrap_or_default(), hinges))
}

/// Ranks a block whose first image and text have these numbers in all.
pub(super) fn run_block(
    block: &Block<'_>,
    [first_image, first_text]: [usize; 2],
    engine: &dyn Engine,
    task: &Task,
) -> Result<Said> {
    let pairs = (block.images.rows() * block.texts.rows()) as u64;
    task.begin("Ranking", pairs);
    let found = engine.block(block, task)?;
    let numbered = |seen: Seen, first: usize| {
        let mut seen = seen.with_room(block.options.k);
        seen.renumber(|n| n + first as u32);
        seen
    };
    Ok(Said {
        images: numbered(found.images, first_text),
        texts: numbered(found.texts, first_image),
        hinges: found.hinges,
        pairs,
    })
}
