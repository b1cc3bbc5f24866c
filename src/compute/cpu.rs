//! The CPU engine: tiles of the similarity by `gemm`, each read while it is still in the cache.
//!
//! Workers take tiles from one counter; each keeps its own running state of all queries (counts, hardest negatives,
//! best candidates), and the states are merged at the end. One product serves both directions.

use super::pairs;
use super::topk::insert;
use super::{Direction, Embeddings, Engine, Groups, Hit, RankOptions, Ranking, TIE, TopK};
use crate::error::Result;
use crate::task::Task;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Rows and columns of a tile: 4 MiB of scores, the best of the sizes measured.
const TILE: (usize, usize) = (512, 2048);
/// Scores looked at together before any is looked at alone.
const CHUNK: usize = 32;

/// The CPU engine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cpu;

impl Engine for Cpu {
    fn name(&self) -> String {
        let threads = rayon::current_num_threads();
        format!(
            "CPU (gemm, {threads} thread{})",
            if threads == 1 { "" } else { "s" }
        )
    }

    fn rank(
        &self,
        images: &Embeddings,
        texts: &Embeddings,
        groups: &Groups,
        options: RankOptions,
        task: &Task,
    ) -> Result<Ranking> {
        pairs::check(images, texts, groups)?;
        let (pairs, best) = pairs::scores(images, texts, groups);
        let query = Query {
            images,
            texts,
            groups,
            row_threshold: best.iter().map(|p| p - TIE).collect(),
            column_threshold: pairs.iter().map(|p| p - TIE).collect(),
            pairs: &pairs,
            options,
        };
        task.begin("Ranking", (images.rows() * texts.rows()) as u64);
        let blank = || State {
            rows: Side::new(images.rows(), options.k.min(texts.rows())),
            columns: Side::new(texts.rows(), options.k.min(images.rows())),
            hinges: 0.0,
        };
        let state = over_tiles(
            images,
            texts,
            task,
            blank,
            State::merge,
            |state, tile, rows, columns| {
                query.read(state, tile, rows, columns);
            },
        )?;
        let mut ranking = Ranking {
            i2t: state.rows.finish(best),
            t2i: state.columns.finish(pairs.clone()),
            pairs,
            sum_of_hinges: state.hinges,
            max_of_hinges: 0.0,
        };
        if let Some(margin) = options.margin {
            ranking.max_of_hinges = pairs::max_of_hinges(&ranking, groups, margin);
        }
        Ok(ranking)
    }

    fn top_k(
        &self,
        queries: &Embeddings,
        candidates: &Embeddings,
        k: usize,
        task: &Task,
    ) -> Result<TopK> {
        pairs::check_dims(queries, candidates)?;
        task.begin("Searching", (queries.rows() * candidates.rows()) as u64);
        let k = k.min(candidates.rows());
        if k == 0 {
            return Ok(TopK::default());
        }
        let merge = |a: &mut TopK, b: &TopK| a.merge(b);
        let blank = || TopK::empty(queries.rows(), k);
        over_tiles(
            queries,
            candidates,
            task,
            blank,
            merge,
            |top, tile, rows, columns| {
                for (q, scores) in rows.zip(tile.chunks_exact(columns.len())) {
                    best_of_row(top.row_mut(q), scores, columns.start as u32);
                }
            },
        )
    }
}

/// Computes `a . b^T` tile by tile on all cores, lets `read` look at each tile, and merges the workers' states.
fn over_tiles<S: Send>(
    a: &Embeddings,
    b: &Embeddings,
    task: &Task,
    blank: impl Fn() -> S + Sync,
    merge: impl Fn(&mut S, &S),
    read: impl Fn(&mut S, &mut [f32], Range<usize>, Range<usize>) + Sync,
) -> Result<S> {
    let workers = rayon::current_num_threads();
    let (mut tall, mut wide) = (TILE.0.min(a.rows()), TILE.1.min(b.rows()));
    // Few tiles would leave workers idle at the end.
    while a.rows().div_ceil(tall) * b.rows().div_ceil(wide) < 4 * workers && tall * wide > 64 * 256
    {
        if wide >= tall {
            wide = wide.div_ceil(2);
        } else {
            tall = tall.div_ceil(2);
        }
    }
    let (down, across) = (a.rows().div_ceil(tall), b.rows().div_ceil(wide));
    let next = AtomicUsize::new(0);
    let states = rayon::broadcast(|_| {
        let mut state = blank();
        let mut scratch = vec![0.0_f32; tall * wide];
        while task.check().is_ok() {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= down * across {
                break;
            }
            let rows = n / across * tall..(n / across * tall + tall).min(a.rows());
            let columns = n % across * wide..(n % across * wide + wide).min(b.rows());
            let tile = &mut scratch[..rows.len() * columns.len()];
            product(a, rows.clone(), b, columns.clone(), tile);
            task.add(tile.len() as u64);
            read(&mut state, tile, rows, columns);
        }
        state
    });
    task.check()?;
    let mut states = states.into_iter();
    let mut state = states.next().unwrap_or_else(&blank);
    states.for_each(|other| merge(&mut state, &other));
    Ok(state)
}

/// `tile = a[rows] . b[columns]^T`, row-major.
#[allow(unsafe_code)]
fn product(
    a: &Embeddings,
    rows: Range<usize>,
    b: &Embeddings,
    columns: Range<usize>,
    tile: &mut [f32],
) {
    let (m, n, k) = (rows.len(), columns.len(), a.dim());
    let (lhs, rhs) = (a.rows_in(rows), b.rows_in(columns));
    assert!(tile.len() == m * n && lhs.len() == m * k && rhs.len() == n * k);
    // SAFETY: the strides below address exactly the three slices, whose lengths were just checked; `tile` is
    // borrowed mutably, so nothing else reads or writes it.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            tile.as_mut_ptr(),
            1,
            n as isize,
            false,
            lhs.as_ptr(),
            1,
            k as isize,
            rhs.as_ptr(),
            k as isize,
            1,
            0.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// Inserts a row of scores, of candidates from `first` on, into a query's list.
fn best_of_row(list: &mut [Hit], scores: &[f32], first: u32) {
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

/// Running state of one direction's queries.
struct Side {
    above: Vec<u32>,
    hardest_score: Vec<f32>,
    hardest_index: Vec<u32>,
    top: TopK,
    /// Score of the last kept candidate, beside the lists so that a whole row is compared at once.
    worst: Vec<f32>,
}

impl Side {
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

    fn finish(self, positive: Vec<f32>) -> Direction {
        let hardest = (0..self.above.len()).map(|q| self.hardest(q)).collect();
        Direction {
            ranks: self.above.iter().map(|n| n + 1).collect(),
            positive,
            hardest,
            top: self.top,
        }
    }
}

struct State {
    rows: Side,
    columns: Side,
    hinges: f64,
}

impl State {
    fn merge(&mut self, other: &Self) {
        self.rows.merge(&other.rows);
        self.columns.merge(&other.columns);
        self.hinges += other.hinges;
    }
}

struct Query<'a> {
    images: &'a Embeddings,
    texts: &'a Embeddings,
    groups: &'a Groups,
    row_threshold: Vec<f32>,
    column_threshold: Vec<f32>,
    pairs: &'a [f32],
    options: RankOptions,
}

impl Query<'_> {
    /// Reads one tile of scores, shape `[rows, columns]`; the positives in it are overwritten.
    fn read(&self, state: &mut State, tile: &mut [f32], rows: Range<usize>, columns: Range<usize>) {
        debug_assert!(rows.end <= self.images.rows() && columns.end <= self.texts.rows());
        for (i, scores) in rows.zip(tile.chunks_exact_mut(columns.len())) {
            if self.options.k > 0 {
                best_of_row(state.rows.top.row_mut(i), scores, columns.start as u32);
                best_of_columns(&mut state.columns, scores, i as u32, columns.start);
            }
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
            if let Some(margin) = self.options.margin {
                state.hinges += own
                    .map(|j| hinge_row(scores, margin - self.pairs[j]))
                    .sum::<f64>()
                    + hinge_columns(scores, &self.pairs[columns.clone()], margin);
            }
        }
    }
}

fn best_of_columns(side: &mut Side, scores: &[f32], index: u32, first: usize) {
    let worst = &mut side.worst[first..first + scores.len()];
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
            let list = side.top.row_mut(first + chunk * CHUNK + at);
            if score >= *bound && insert(list, Hit { score, index }) {
                *bound = list[list.len() - 1].score;
            }
        }
    }
}

fn count(
    state: &mut State,
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

fn hardest(state: &mut State, scores: &[f32], i: usize, columns: &Range<usize>) {
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
fn hinge_row(scores: &[f32], shift: f32) -> f64 {
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
