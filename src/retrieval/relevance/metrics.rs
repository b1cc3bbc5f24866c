//! R-Precision, mAP@R and recall at k with many right candidates, as ECCV Caption defines them (Chun et al. 2022).

use super::{Judged, Relevance};
use crate::compute::{Embeddings, Engine, Hit};
use crate::error::{Error, Result};
use crate::task::Task;
use serde::{Deserialize, Serialize};

/// The largest k of the recalls.
const DEEPEST: usize = 10;

/// Bytes of queries and their candidate lists held at once.
const HELD: usize = 64 << 20;

/// Metrics of one direction, in per cent, means over the judged queries. R is the number of a query's right candidates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct RelevanceMetrics {
    /// Judged queries.
    pub queries: usize,
    /// Right candidates of all of them.
    pub positives: usize,
    /// Share of the first R candidates that are right.
    pub r_precision: f64,
    /// Mean over i = 1 .. R of the precision at i where candidate i is right, 0 where it is wrong.
    pub map_at_r: f64,
    /// Queries with a right candidate first.
    pub r1: f64,
    /// Queries with a right candidate among the first 5.
    pub r5: f64,
    /// Queries with a right candidate among the first 10.
    pub r10: f64,
}

/// The metrics of both directions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct RelevanceReport {
    /// Images look for captions.
    pub i2t: RelevanceMetrics,
    /// Captions look for images.
    pub t2i: RelevanceMetrics,
}

/// The metrics of `relevance` among all `images` and `texts`. Ties ([`Embeddings::tie`]) count against the right ones. Memory is
/// that of the embeddings and a bounded chunk of candidate lists; queries with many right ones come in smaller chunks.
///
/// # Errors
/// A row that does not exist, embeddings of different lengths, a lost device, or cancellation.
pub fn relevance_metrics(
    engine: &dyn Engine,
    images: &Embeddings,
    texts: &Embeddings,
    relevance: &Relevance,
    task: &Task,
) -> Result<RelevanceReport> {
    Ok(RelevanceReport {
        i2t: direction(engine, images, texts, &relevance.i2t, task)?,
        t2i: direction(engine, texts, images, &relevance.t2i, task)?,
    })
}

fn direction(
    engine: &dyn Engine,
    queries: &Embeddings,
    candidates: &Embeddings,
    judged: &Judged,
    task: &Task,
) -> Result<RelevanceMetrics> {
    check(queries, candidates, judged)?;
    let mut order: Vec<usize> = (0..judged.queries().len()).collect();
    order.sort_by_key(|&n| judged.right(n).len());
    let (mut sums, mut at) = ([0.0_f64; 5], 0);
    // What is begun with the engine counts pairs; it is a part of this stage.
    task.begin("Ranking the judged queries", order.len() as u64);
    while at < order.len() {
        let size = chunk(judged, &order[at..], queries.dim());
        let part = &order[at..at + size];
        let most = part.last().map_or(0, |&n| judged.right(n).len());
        let k = deep(most).min(candidates.rows());
        let rows: Vec<u32> = part.iter().map(|&n| judged.queries()[n]).collect();
        let rows = queries.gather(&rows);
        let found = engine.top_k(&rows, candidates, k, &task.quiet())?;
        for (row, &n) in part.iter().enumerate() {
            let right = judged.right(n);
            let scores = right
                .iter()
                .map(|&c| rows.dot(row, candidates, c as usize))
                .collect();
            let tie = rows.tie(row, candidates);
            let one = of_query(places(right, scores, found.row(row), tie).as_slice());
            sums.iter_mut().zip(one).for_each(|(sum, v)| *sum += v);
        }
        task.check()?;
        task.add(size as u64);
        at += size;
    }
    let mean = sums.map(|sum| 100.0 * sum / order.len().max(1) as f64);
    Ok(RelevanceMetrics {
        queries: order.len(),
        positives: judged.pairs(),
        r_precision: mean[0],
        map_at_r: mean[1],
        r1: mean[2],
        r5: mean[3],
        r10: mean[4],
    })
}

fn check(queries: &Embeddings, candidates: &Embeddings, judged: &Judged) -> Result<()> {
    let query = judged.queries().iter().max();
    let candidate = judged.right.iter().max();
    if query.is_some_and(|&q| q as usize >= queries.rows())
        || candidate.is_some_and(|&c| c as usize >= candidates.rows())
    {
        return Err(Error::request(
            "the relevance names rows that the embeddings do not have",
            "Give the annotations of this dataset.",
        ));
    }
    Ok(())
}

/// Candidates that show the place of every right one up to place R, and of the first one up to 10: with R right ones
/// among them, the rest holds as many wrong ones as can come before.
fn deep(right: usize) -> usize {
    right + right.max(DEEPEST)
}

/// How many of `order`, rising by their right ones, are ranked together.
fn chunk(judged: &Judged, order: &[usize], dim: usize) -> usize {
    let fits = |size: usize| {
        let k = deep(judged.right(order[size - 1]).len());
        size * (k * size_of::<Hit>() + dim * size_of::<f32>()) <= HELD
    };
    // Rising with the size: found by bisection.
    let (mut low, mut high) = (1, order.len());
    while low < high {
        let middle = (low + high).div_ceil(2);
        if fits(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

/// Places (from 1) of the right ones, best first, ties against them. A place is exact while fewer wrong ones come
/// before than `found` holds.
fn places(right: &[u32], mut scores: Vec<f32>, found: &[Hit], tie: f32) -> Vec<usize> {
    scores.sort_by(|a, b| b.total_cmp(a));
    let wrong: Vec<f32> = found
        .iter()
        .filter(|hit| right.binary_search(&hit.index).is_err())
        .map(|hit| hit.score)
        .collect();
    let before = |score: f32| wrong.partition_point(|&s| s >= score - tie);
    scores
        .iter()
        .enumerate()
        .map(|(i, &s)| i + 1 + before(s))
        .collect()
}

/// R-Precision, mAP@R and the three recalls of one query, in [0, 1].
fn of_query(places: &[usize]) -> [f64; 5] {
    let r = places.len() as f64;
    let within = places.iter().take_while(|&&p| p <= places.len());
    let precision = within.clone().count() as f64 / r;
    let sum: f64 = within
        .enumerate()
        .map(|(i, &p)| (i + 1) as f64 / p as f64)
        .sum();
    let recall = |k: usize| f64::from(u8::from(places.first().is_some_and(|&p| p <= k)));
    [precision, sum / r, recall(1), recall(5), recall(DEEPEST)]
}
