//! The CPU engine: tiles of the similarity by `gemm`, each read while it is still in the cache.
//!
//! Workers take tiles from one counter; each keeps its own running state of all queries (counts, hardest negatives,
//! best candidates), and the states are merged at the end. One product serves both directions.

use super::block::{Block, Found};
use super::pairs;
use super::product::product;
use super::scan::{RankQuery, RankState, best_of_row, leave_out};
use super::{Embeddings, Engine, Search, TopK};
use crate::error::Result;
use crate::task::Task;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Rows and columns of a tile: 4 MiB of scores, the best of the sizes measured.
const TILE: (usize, usize) = (512, 2048);

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

    fn block(&self, block: &Block<'_>, task: &Task) -> Result<Found> {
        block.check()?;
        let query = RankQuery::new(block);
        let state = over_tiles(
            block.images,
            block.texts,
            task,
            || query.blank(),
            RankState::merge,
            |state, tile, rows, columns| {
                query.read(state, tile, rows, columns);
            },
        )?;
        Ok(state.finish())
    }

    fn search(
        &self,
        queries: &Embeddings,
        candidates: &Embeddings,
        search: &Search<'_>,
        task: &Task,
    ) -> Result<TopK> {
        pairs::check_search(queries, candidates, search)?;
        task.begin("Searching", (queries.rows() * candidates.rows()) as u64);
        let k = search.k.min(candidates.rows());
        if k == 0 {
            return Ok(TopK::default());
        }
        let (at_most, factor) = pairs::stored_bounds(queries, candidates, search);
        let search = &Search {
            at_most: &at_most,
            ..*search
        };
        let merge = |a: &mut TopK, b: &TopK| a.merge(b);
        let blank = || TopK::empty(queries.rows(), k);
        let mut found = over_tiles(
            queries,
            candidates,
            task,
            blank,
            merge,
            |top, tile, rows, columns| {
                for (q, scores) in rows.zip(tile.chunks_exact_mut(columns.len())) {
                    leave_out(search, q, scores, &columns);
                    best_of_row(top.row_mut(q), scores, columns.start as u32);
                }
            },
        )?;
        found.scale(factor);
        Ok(found)
    }
}

/// Computes `a . b^T` tile by tile on all cores, lets `read` take in each tile, and merges the workers' states.
pub(super) fn over_tiles<S: Send>(
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
            product(
                a.rows_in(rows.clone()),
                b.rows_in(columns.clone()),
                a.dim(),
                tile,
            );
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
