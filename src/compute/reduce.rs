//! Blocks of the similarity reduced to their largest and their mean score: what a zoomed-out matrix shows.

use super::block::check_dims;
use super::cpu::over_tiles;
use super::{Cpu, Embeddings};
use crate::error::{Error, Result};
use crate::task::Task;
use std::ops::Range;

/// Blocks of the similarity, each reduced to two numbers; shape `[rows, columns]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cells {
    /// Blocks from top to bottom.
    pub rows: usize,
    /// Blocks from left to right.
    pub columns: usize,
    /// Largest score of each block, row-major.
    pub high: Vec<f32>,
    /// Mean score of each block, row-major.
    pub mean: Vec<f32>,
}

/// Blocks of the similarity, reduced; see [`Engine`](super::Engine).
pub trait Reduce {
    /// The largest and the mean score of each block of `block.0` rows and `block.1` columns of `rows . columns^T`; the
    /// last blocks of a side hold what is left. Adds the pairs to the progress of `task`, without beginning a stage.
    /// Needs memory for a tile and, per thread, for the cells.
    ///
    /// # Errors
    /// Embeddings of different lengths or without rows, a block without a row or column, a lost device, or
    /// cancellation.
    fn reduce(
        &self,
        rows: &Embeddings,
        columns: &Embeddings,
        block: (usize, usize),
        task: &Task,
    ) -> Result<Cells>;
}

/// The shape of a reduction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Rows and columns of a block.
    pub block: (usize, usize),
    /// Rows and columns of the similarity.
    pub size: (usize, usize),
    /// Brings scores of the stored rows to true units.
    factor: f32,
}

impl Shape {
    /// Checks that the reduction is possible.
    pub fn new(rows: &Embeddings, columns: &Embeddings, block: (usize, usize)) -> Result<Self> {
        check_dims(rows, columns)?;
        if block.0 == 0 || block.1 == 0 {
            return Err(Error::request(
                "a block needs at least one row and one column",
                "Ask for blocks of 1 x 1 for the similarity itself.",
            ));
        }
        Ok(Self {
            block,
            size: (rows.rows(), columns.rows()),
            factor: rows.factor(columns),
        })
    }

    /// Cells from top to bottom and from left to right.
    pub fn cells(&self) -> (usize, usize) {
        (
            self.size.0.div_ceil(self.block.0),
            self.size.1.div_ceil(self.block.1),
        )
    }

    /// The cells from the largest scores and the sums of all scores of the blocks.
    pub fn finish(&self, mut high: Vec<f32>, sums: impl Iterator<Item = f64>) -> Cells {
        let (rows, columns) = self.cells();
        let held = |cell: usize, block: usize, all: usize| block.min(all - cell * block);
        let mean = sums
            .enumerate()
            .map(|(at, sum)| {
                let tall = held(at / columns, self.block.0, self.size.0);
                let wide = held(at % columns, self.block.1, self.size.1);
                (sum / (tall * wide) as f64) as f32 * self.factor
            })
            .collect();
        if self.factor != 1.0 {
            for score in &mut high {
                *score *= self.factor;
            }
        }
        Cells {
            rows,
            columns,
            high,
            mean,
        }
    }
}

/// Running state of the cells.
struct Running {
    high: Vec<f32>,
    sum: Vec<f64>,
}

impl Running {
    fn new(cells: usize) -> Self {
        Self {
            high: vec![f32::NEG_INFINITY; cells],
            sum: vec![0.0; cells],
        }
    }

    fn merge(&mut self, other: &Self) {
        for (high, &theirs) in self.high.iter_mut().zip(&other.high) {
            *high = high.max(theirs);
        }
        for (sum, theirs) in self.sum.iter_mut().zip(&other.sum) {
            *sum += theirs;
        }
    }

    /// Reads one tile of scores, shape `[rows, columns]`, as `shaders/reduce.wgsl` does.
    fn read(&mut self, shape: Shape, tile: &[f32], rows: Range<usize>, columns: &Range<usize>) {
        let across = shape.cells().1;
        let wide = shape.block.1;
        for (row, scores) in rows.zip(tile.chunks_exact(columns.len())) {
            let line = row / shape.block.0 * across;
            if wide == 1 {
                let cells = line + columns.start..line + columns.end;
                let high = &mut self.high[cells.clone()];
                for ((high, sum), &s) in high.iter_mut().zip(&mut self.sum[cells]).zip(scores) {
                    *high = if s > *high { s } else { *high };
                    *sum += f64::from(s);
                }
                continue;
            }
            let mut at = columns.start;
            while at < columns.end {
                let cell = at / wide;
                let end = ((cell + 1) * wide).min(columns.end);
                let (high, sum) = largest_and_sum(&scores[at - columns.start..end - columns.start]);
                self.high[line + cell] = self.high[line + cell].max(high);
                self.sum[line + cell] += f64::from(sum);
                at = end;
            }
        }
    }
}

/// The largest score and the sum of all, in eight running pairs so that it is vectorised.
fn largest_and_sum(scores: &[f32]) -> (f32, f32) {
    let (mut high, mut sum) = ([f32::NEG_INFINITY; 8], [0.0_f32; 8]);
    for block in scores.chunks(8) {
        for ((high, sum), &s) in high.iter_mut().zip(&mut sum).zip(block) {
            *high = if s > *high { s } else { *high };
            *sum += s;
        }
    }
    let high = high.into_iter().fold(f32::NEG_INFINITY, f32::max);
    (high, sum.iter().sum())
}

impl Reduce for Cpu {
    fn reduce(
        &self,
        rows: &Embeddings,
        columns: &Embeddings,
        block: (usize, usize),
        task: &Task,
    ) -> Result<Cells> {
        let shape = Shape::new(rows, columns, block)?;
        let (down, across) = shape.cells();
        let running = over_tiles(
            rows,
            columns,
            task,
            || Running::new(down * across),
            Running::merge,
            |running, tile, rows, columns| running.read(shape, tile, rows, &columns),
        )?;
        Ok(shape.finish(running.high, running.sum.into_iter()))
    }
}
