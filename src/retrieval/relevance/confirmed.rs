//! Ranks once some negatives are confirmed to be right after all.

use super::{Judged, Relevance};
use crate::compute::{Direction, Embeddings, Engine, Groups, Ranking};
use crate::error::Result;
use crate::retrieval::Metrics;
use crate::task::Task;
use rayon::prelude::*;
use serde::Serialize;

/// Wrong candidates of a query that are looked at before all are.
const LOOKED_AT: usize = 64;

/// Queries looked at together.
const TOGETHER: usize = 4_096;

/// The metrics with confirmed pairs counted as right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Confirmed {
    /// Pairs that the dataset does not have itself.
    pub pairs: usize,
    /// Images look for captions.
    pub i2t: Metrics,
    /// Captions look for images.
    pub t2i: Metrics,
}

/// The metrics of `ranking` where each of `pairs` (an image and a caption) is right too: both count as right, and no
/// longer as wrong. Pairs that the dataset has itself, or that lie outside it, change nothing.
///
/// # Errors
/// As [`ranks_with`].
pub fn confirmed(
    engine: &dyn Engine,
    images: &Embeddings,
    texts: &Embeddings,
    groups: &Groups,
    ranking: &Ranking,
    pairs: &[(u32, u32)],
    task: &Task,
) -> Result<Confirmed> {
    let mut new: Vec<(u32, u32)> = pairs
        .iter()
        .copied()
        .filter(|&(i, j)| {
            (i as usize) < groups.images()
                && (j as usize) < groups.texts()
                && !groups.range(i as usize).contains(&(j as usize))
        })
        .collect();
    new.sort_unstable();
    new.dedup();
    let touched = Relevance::from_pairs(new.iter().copied());
    let with_own = |judged: &Judged, own: &dyn Fn(usize) -> Vec<u32>| {
        let sets = judged.queries().iter().enumerate().map(|(n, &q)| {
            let mut right = own(q as usize);
            right.extend_from_slice(judged.right(n));
            (q, right)
        });
        Judged::new(sets.collect())
    };
    let captions = |i: usize| groups.range(i).map(|j| j as u32).collect();
    let image = |j: usize| vec![groups.owner(j) as u32];
    let i2t = with_own(&touched.i2t, &captions);
    let t2i = with_own(&touched.t2i, &image);
    let i2t = ranks_with(engine, images, texts, &ranking.i2t, &i2t, task)?;
    let t2i = ranks_with(engine, texts, images, &ranking.t2i, &t2i, task)?;
    Ok(Confirmed {
        pairs: new.len(),
        i2t: Metrics::from_ranks(&i2t),
        t2i: Metrics::from_ranks(&t2i),
    })
}

/// The ranks of `direction` where the queries of `relevance` have its right candidates, their own and others: one more
/// than the wrong ones that score at least as high ([`Embeddings::tie`]) as the best right one. Other queries keep their rank.
///
/// # Errors
/// Embeddings of different lengths, a lost device, or cancellation.
pub fn ranks_with(
    engine: &dyn Engine,
    queries: &Embeddings,
    candidates: &Embeddings,
    direction: &Direction,
    relevance: &Judged,
    task: &Task,
) -> Result<Vec<u32>> {
    let mut ranks = direction.ranks.clone();
    let judged: Vec<(u32, &[u32])> = (0..relevance.queries().len())
        .map(|n| (relevance.queries()[n], relevance.right(n)))
        .collect();
    for part in judged.chunks(TOGETHER) {
        let most = part.iter().map(|(_, right)| right.len()).max();
        let k = (LOOKED_AT + most.unwrap_or(0)).min(candidates.rows());
        let rows: Vec<u32> = part.iter().map(|&(q, _)| q).collect();
        let rows = queries.gather(&rows);
        let found = engine.top_k(&rows, candidates, k, &task.quiet())?;
        for (row, &(q, right)) in part.iter().enumerate() {
            task.check()?;
            let best = right
                .iter()
                .map(|&c| rows.dot(row, candidates, c as usize))
                .fold(f32::NEG_INFINITY, f32::max);
            let bound = best - rows.tie(row, candidates);
            let wrong = |index: u32| right.binary_search(&index).is_err();
            let list = found.row(row);
            // What is not on the list scores no higher than its last.
            let whole = k == candidates.rows() || list.iter().any(|h| h.score < bound);
            let before = if whole {
                list.iter()
                    .filter(|h| h.score >= bound && wrong(h.index))
                    .count()
            } else {
                (0..candidates.rows())
                    .into_par_iter()
                    .filter(|&c| wrong(c as u32) && rows.dot(row, candidates, c) >= bound)
                    .count()
            };
            ranks[q as usize] = before as u32 + 1;
        }
    }
    Ok(ranks)
}
