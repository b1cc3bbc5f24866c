//! The CPU's scan of a tile of scores for both directions: counts, hardest negatives, hinge sums. On the GPU
//! `shaders/scan.wgsl` does the same.

use super::block::{Block, Found, Queries, Seen};
use super::hinge_steps::{Steps, Thresholds, of_row};
use super::pairs::thresholds;
use super::topk::insert;
use super::{Hit, Search, TopK};
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
    fn new(queries: usize, k: usize) -> Self {
        Self {
            above: vec![0; queries],
            hardest_score: vec![f32::NEG_INFINITY; queries],
            hardest_index: vec![u32::MAX; queries],
            top: TopK::empty(queries, k),
            worst: vec![f32::NEG_INFINITY; queries],
        }
    }

    fn merge(&mut self, other: &Self) {
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

    fn finish(self) -> Seen {
        Seen {
            hardest: (0..self.above.len()).map(|q| self.hardest(q)).collect(),
            above: self.above,
            top: self.top,
        }
    }
}

/// Running state of both directions.
pub struct RankState {
    rows: DirectionState,
    columns: DirectionState,
    hinges: i128,
    /// Those of the row in hand.
    positives: Thresholds,
}

impl RankState {
    pub fn merge(&mut self, other: &Self) {
        self.rows.merge(&other.rows);
        self.columns.merge(&other.columns);
        self.hinges += other.hinges;
    }

    pub fn finish(self) -> Found {
        Found {
            images: self.rows.finish(),
            texts: self.columns.finish(),
            hinges: self.hinges,
        }
    }
}

/// What a ranking computes from every tile of a block.
pub struct RankQuery<'a> {
    block: Block<'a>,
    /// Score from which on a negative counts, of each image; empty where images are no queries.
    rows: Vec<f32>,
    /// The same of each text.
    columns: Vec<f32>,
    hinges: Option<(Steps, Vec<i32>)>,
}

impl<'a> RankQuery<'a> {
    pub fn new(block: &Block<'a>) -> Self {
        let of = |queries: Option<Queries<'_>>, rows, others| {
            queries.map_or_else(Vec::new, |queries| {
                thresholds(rows, others, &queries.best())
            })
        };
        let hinges = block.steps().map(|steps| {
            let own = block.of_texts.map_or(&[][..], |texts| texts.scores);
            (steps, own.iter().map(|&p| steps.threshold(p)).collect())
        });
        Self {
            block: *block,
            rows: of(block.of_images, block.images, block.texts),
            columns: of(block.of_texts, block.texts, block.images),
            hinges,
        }
    }

    pub fn blank(&self) -> RankState {
        let k = self.block.options.k;
        RankState {
            rows: DirectionState::new(self.rows.len(), k.min(self.block.texts.rows())),
            columns: DirectionState::new(self.columns.len(), k.min(self.block.images.rows())),
            hinges: 0,
            positives: Thresholds::default(),
        }
    }

    /// Reads one tile of scores, shape `[rows, columns]`; the positives in it are overwritten.
    pub fn read(
        &self,
        state: &mut RankState,
        tile: &mut [f32],
        rows: Range<usize>,
        columns: Range<usize>,
    ) {
        let (images, texts) = (!self.rows.is_empty(), !self.columns.is_empty());
        let k = self.block.options.k;
        for (i, scores) in rows.zip(tile.chunks_exact_mut(columns.len())) {
            let own = &self.block.own[i];
            let at = |j: u32| (j as usize).clamp(columns.start, columns.end) - columns.start;
            scores[at(own.start)..at(own.end)].fill(f32::NEG_INFINITY);
            if images {
                let (above, high) = above_and_highest(scores, self.rows[i]);
                state.rows.above[i] += above;
                hardest_of_row(&mut state.rows, scores, high, i, columns.start);
                if k > 0 {
                    best_of_row(state.rows.top.row_mut(i), scores, columns.start as u32);
                }
            }
            if texts {
                count_columns(&mut state.columns, scores, &self.columns, &columns);
                hardest_of_columns(&mut state.columns, scores, i as u32, &columns);
                if k > 0 {
                    best_of_columns(&mut state.columns, scores, i as u32, columns.start);
                }
            }
            if let Some((steps, thresholds)) = &self.hinges {
                let row = self.block.of_images.map(|images| {
                    state.positives.fill(*steps, images.of(i).iter().copied());
                    &state.positives
                });
                let of_columns = texts.then(|| &thresholds[columns.clone()]);
                state.hinges += i128::from(of_row(*steps, scores, row, of_columns));
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

/// How many scores of a row are at least `threshold`, and the highest.
fn above_and_highest(scores: &[f32], threshold: f32) -> (u32, f32) {
    let (mut above, mut high) = (0, f32::NEG_INFINITY);
    for &s in scores {
        above += u32::from(s >= threshold);
        high = if s > high { s } else { high };
    }
    (above, high)
}

fn hardest_of_row(rows: &mut DirectionState, scores: &[f32], high: f32, i: usize, first: usize) {
    if high >= rows.hardest_score[i]
        && high > f32::NEG_INFINITY
        && let Some(at) = scores.iter().position(|&s| s == high)
    {
        let index = (first + at) as u32;
        if (Hit { score: high, index }).beats(rows.hardest(i)) {
            rows.hardest_score[i] = high;
            rows.hardest_index[i] = index;
        }
    }
}

fn count_columns(
    state: &mut DirectionState,
    scores: &[f32],
    thresholds: &[f32],
    columns: &Range<usize>,
) {
    let counts = &mut state.above[columns.clone()];
    for ((&s, n), &threshold) in scores.iter().zip(counts).zip(&thresholds[columns.clone()]) {
        *n += u32::from(s >= threshold);
    }
}

fn hardest_of_columns(state: &mut DirectionState, scores: &[f32], i: u32, columns: &Range<usize>) {
    let best = &mut state.hardest_score[columns.clone()];
    let which = &mut state.hardest_index[columns.clone()];
    for ((&s, best), which) in scores.iter().zip(best).zip(which) {
        let better = s > *best || (s == *best && i < *which && s > f32::NEG_INFINITY);
        *which = if better { i } else { *which };
        *best = if better { s } else { *best };
    }
}
