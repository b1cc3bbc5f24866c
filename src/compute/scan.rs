//! The CPU's scan of a tile of scores for both directions: counts, hardest negatives, hinge sums. On the GPU
//! `shaders/scan.wgsl` does the same.

use super::topk::insert;
use super::{Direction, Embeddings, Groups, Hit, RankOptions, Search, TopK};
use std::ops::Range;

/// Scores whose maximum is compared before each is compared alone.
const CHUNK: usize = 32;

/// Inserts a row of scores, of candidates from `first` on, into a query's list.
pub fn best_of_row(list: &mut [Hit], scores: &[f32], first: u32) {
    let mut worst = list[list.len() - 1].score;
    for (chunk, block) in scores.chunks(CHUNK).enumerate() {
        let high = block
            .iter()
            .fold(f32::NEG_INFINITY, |m, &s| if s > m { s } else { m });
        if high < worst {
            continue;
        }
        for (at, &score) in block.iter().enumerate() {
            if score >= worst
                && insert(
                    list,
                    Hit {
                        score,
                        index: first + (chunk * CHUNK + at) as u32,
                    },
                )
            {
                worst = list[list.len() - 1].score;
            }
        }
    }
}

/// Overwrites the scores of query `q` that its search leaves out with negative infinity.
pub fn leave_out(search: &Search<'_>, q: usize, scores: &mut [f32], columns: &Range<usize>) {
    if let Some(own) = search.without.get(q) {
        let at = |j: usize| j.clamp(columns.start, columns.end) - columns.start;
        scores[at(own.start)..at(own.end).max(at(own.start))].fill(f32::NEG_INFINITY);
    }
    if let Some(&most) = search.at_most.get(q) {
        for score in scores {
            *score = if *score > most {
                f32::NEG_INFINITY
            } else {
                *score
            };
        }
    }
}

/// Running state of one direction's queries.
pub struct DirectionState {
    above: Vec<u32>,
    hardest_score: Vec<f32>,
    hardest_index: Vec<u32>,
    top: TopK,
    /// Score of the last kept candidate, beside the lists so that a whole row is compared at once.
    worst: Vec<f32>,
}

impl DirectionState {
    pub fn new(queries: usize, k: usize) -> Self {
        Self {
            above: vec![0; queries],
            hardest_score: vec![f32::NEG_INFINITY; queries],
            hardest_index: vec![u32::MAX; queries],
            top: TopK::empty(queries, k),
            worst: vec![f32::NEG_INFINITY; queries],
        }
    }

    pub fn merge(&mut self, other: &Self) {
        for q in 0..self.above.len() {
            self.above[q] += other.above[q];
            if other.hardest(q).beats(self.hardest(q)) {
                self.hardest_score[q] = other.hardest_score[q];
                self.hardest_index[q] = other.hardest_index[q];
            }
        }
        self.top.merge(&other.top);
    }

    fn hardest(&self, q: usize) -> Hit {
        Hit {
            score: self.hardest_score[q],
            index: self.hardest_index[q],
        }
    }

    pub fn finish(self, positive: Vec<f32>) -> Direction {
        let hardest = (0..self.above.len()).map(|q| self.hardest(q)).collect();
        Direction {
            ranks: self.above.iter().map(|n| n + 1).collect(),
            positive,
            hardest,
            negatives: self.top,
        }
    }
}

/// Running state of both directions.
pub struct RankState {
    pub rows: DirectionState,
    pub columns: DirectionState,
    pub hinges: f64,
}

impl RankState {
    pub fn merge(&mut self, other: &Self) {
        self.rows.merge(&other.rows);
        self.columns.merge(&other.columns);
        self.hinges += other.hinges;
    }
}

/// What a ranking computes from every tile.
pub struct RankQuery<'a> {
    pub images: &'a Embeddings,
    pub texts: &'a Embeddings,
    pub groups: &'a Groups,
    pub row_threshold: Vec<f32>,
    pub column_threshold: Vec<f32>,
    pub pairs: &'a [f32],
    pub options: RankOptions,
}

impl RankQuery<'_> {
    /// Reads one tile of scores, shape `[rows, columns]`; the positives in it are overwritten.
    pub fn read(
        &self,
        state: &mut RankState,
        tile: &mut [f32],
        rows: Range<usize>,
        columns: Range<usize>,
    ) {
        debug_assert!(rows.end <= self.images.rows() && columns.end <= self.texts.rows());
        for (i, scores) in rows.zip(tile.chunks_exact_mut(columns.len())) {
            let own = self.groups.range(i);
            let (from, to) = (
                own.start.clamp(columns.start, columns.end),
                own.end.clamp(columns.start, columns.end),
            );
            scores[from - columns.start..to - columns.start].fill(f32::NEG_INFINITY);
            count(
                state,
                scores,
                i,
                &columns,
                self.row_threshold[i],
                &self.column_threshold,
            );
            hardest(state, scores, i, &columns);
            if self.options.k > 0 {
                best_of_row(state.rows.top.row_mut(i), scores, columns.start as u32);
                best_of_columns(&mut state.columns, scores, i as u32, columns.start);
            }
            if let Some(margin) = self.options.margin {
                state.hinges += own
                    .map(|j| hinge_row(scores, margin - self.pairs[j]))
                    .sum::<f64>()
                    + hinge_columns(scores, &self.pairs[columns.clone()], margin);
            }
        }
    }
}

fn best_of_columns(columns: &mut DirectionState, scores: &[f32], index: u32, first: usize) {
    let worst = &mut columns.worst[first..first + scores.len()];
    for (chunk, (block, bounds)) in scores
        .chunks(CHUNK)
        .zip(worst.chunks_mut(CHUNK))
        .enumerate()
    {
        let any = block
            .iter()
            .zip(&*bounds)
            .fold(0_u32, |n, (s, w)| n | u32::from(s >= w));
        if any == 0 {
            continue;
        }
        for (at, (&score, bound)) in block.iter().zip(bounds).enumerate() {
            let list = columns.top.row_mut(first + chunk * CHUNK + at);
            if score >= *bound && insert(list, Hit { score, index }) {
                *bound = list[list.len() - 1].score;
            }
        }
    }
}

fn count(
    state: &mut RankState,
    scores: &[f32],
    i: usize,
    columns: &Range<usize>,
    row: f32,
    thresholds: &[f32],
) {
    let mut above = 0_u32;
    let counts = &mut state.columns.above[columns.clone()];
    for ((&s, n), &threshold) in scores.iter().zip(counts).zip(&thresholds[columns.clone()]) {
        above += u32::from(s >= row);
        *n += u32::from(s >= threshold);
    }
    state.rows.above[i] += above;
}

fn hardest(state: &mut RankState, scores: &[f32], i: usize, columns: &Range<usize>) {
    let high = scores
        .iter()
        .fold(f32::NEG_INFINITY, |m, &s| if s > m { s } else { m });
    let rows = &mut state.rows;
    if high >= rows.hardest_score[i]
        && high > f32::NEG_INFINITY
        && let Some(at) = scores.iter().position(|&s| s == high)
    {
        let index = (columns.start + at) as u32;
        if (Hit { score: high, index }).beats(rows.hardest(i)) {
            rows.hardest_score[i] = high;
            rows.hardest_index[i] = index;
        }
    }
    let best = &mut state.columns.hardest_score[columns.clone()];
    let which = &mut state.columns.hardest_index[columns.clone()];
    for ((&s, best), which) in scores.iter().zip(best).zip(which) {
        let better = s > *best || (s == *best && (i as u32) < *which && s > f32::NEG_INFINITY);
        *which = if better { i as u32 } else { *which };
        *best = if better { s } else { *best };
    }
}

/// Sum over a row of [s + shift]+, in eight running sums so that it is vectorised.
pub(super) fn hinge_row(scores: &[f32], shift: f32) -> f64 {
    let mut sums = [0.0_f32; 8];
    for block in scores.chunks(8) {
        for (sum, s) in sums.iter_mut().zip(block) {
            *sum += (s + shift).max(0.0);
        }
    }
    sums.iter().map(|&s| f64::from(s)).sum()
}

/// Sum over a row of [margin + s - positive of its column]+.
fn hinge_columns(scores: &[f32], positives: &[f32], margin: f32) -> f64 {
    let mut sums = [0.0_f32; 8];
    for (block, own) in scores.chunks(8).zip(positives.chunks(8)) {
        for ((sum, s), p) in sums.iter_mut().zip(block).zip(own) {
            *sum += (margin + s - p).max(0.0);
        }
    }
    sums.iter().map(|&s| f64::from(s)).sum()
}
