//! A tile of the picture: its cells from samples of their blocks, or from all of them.

use super::arrangement::Arrangement;
use crate::compute::{Cells, Embeddings, Engine};
use crate::error::Result;
use crate::task::Task;
use std::ops::Range;

/// Cells of a tile's side.
pub const SIDE: usize = 256;
/// Rows, and columns, of a block that are looked at, from the first look on; powers of two.
pub const SAMPLES: [usize; 3] = [1, 4, 16];
/// Every row and column of a block.
pub const ALL: usize = usize::MAX;
/// Rows and columns gathered for one product, at most, unless a single block is larger.
const STRIP: (usize, usize) = (2048, 8192);

/// Which tile: levels and numbers of rows and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileKey {
    /// A cell stands for `2^level` rows and columns.
    pub level: [u8; 2],
    /// The tile's number from the top and from the left.
    pub at: [u32; 2],
}

impl TileKey {
    /// The rows (`side` 0) or columns (1) it shows of `total`.
    pub fn span(&self, side: usize, total: usize) -> Range<usize> {
        let wide = SIDE << self.level[side];
        let start = self.at[side] as usize * wide;
        start.min(total)..(start + wide).min(total)
    }

    /// Pairs that are looked at for `samples` rows and columns of each block, of `size` rows and columns.
    pub fn pairs(&self, samples: usize, size: [usize; 2]) -> u64 {
        let looked = |side: usize| {
            let step = step(self.level[side], samples);
            self.span(side, size[side]).len().div_ceil(step) as u64
        };
        looked(0) * looked(1)
    }

    /// Do `samples` rows and columns of a block take in all of it?
    pub fn is_exact(&self, samples: usize) -> bool {
        self.level.iter().all(|&level| step(level, samples) == 1)
    }
}

/// Every which row of a block is looked at.
fn step(level: u8, samples: usize) -> usize {
    ((1_usize << level) / samples.clamp(1, 1 << level)).max(1)
}

/// A tile, made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tile {
    /// Rows and columns of each block that were looked at.
    pub samples: usize,
    /// Pairs of a whole block for each that was looked at: 1 where the cells are exact.
    pub one_in: u64,
    /// Largest and mean score of the cells; of the pairs that were looked at.
    pub cells: Cells,
    /// Whether each cell holds right pairs; always exact.
    pub positive: Vec<bool>,
}

impl Tile {
    /// Bytes in memory, about.
    pub fn bytes(&self) -> usize {
        self.cells.high.len() * 9 + 128
    }
}

/// Makes a tile from `samples` rows and columns of each block ([`ALL`] for all), evenly spaced. Progress is in pairs;
/// memory is a few strips of gathered embeddings, never the block. The largest score of a sample is a lower bound.
///
/// # Errors
/// A lost device, or cancellation.
pub fn make_tile(
    engine: &dyn Engine,
    images: &Embeddings,
    texts: &Embeddings,
    arrangement: &Arrangement,
    key: TileKey,
    samples: usize,
    task: &Task,
) -> Result<Tile> {
    let size = arrangement.size();
    let spans = [0, 1].map(|side| key.span(side, size[side]));
    let steps = [0, 1].map(|side| step(key.level[side], samples));
    // Looked at per block, and blocks in all.
    let block = [0, 1].map(|side| (1 << key.level[side]) / steps[side]);
    let count = [0, 1].map(|side| spans[side].len().div_ceil(1 << key.level[side]));
    let mut cells = Cells {
        rows: count[0],
        columns: count[1],
        high: vec![f32::NEG_INFINITY; count[0] * count[1]],
        mean: vec![0.0; count[0] * count[1]],
    };
    let strip = [(STRIP.0 / block[0]).max(1), (STRIP.1 / block[1]).max(1)];
    // The columns change most rarely: they are the most.
    for first in (0..count[1]).step_by(strip[1]) {
        let across = first..(first + strip[1]).min(count[1]);
        let columns = arrangement.captions_in(part(&spans[1], key.level[1], &across), steps[1]);
        let columns = texts.gather(&columns);
        for top in (0..count[0]).step_by(strip[0]) {
            task.check()?;
            let down = top..(top + strip[0]).min(count[0]);
            let rows = arrangement.images_in(part(&spans[0], key.level[0], &down), steps[0]);
            let rows = images.gather(&rows);
            let found = engine.reduce(&rows, &columns, (block[0], block[1]), task)?;
            for (line, row) in down.enumerate() {
                let to = row * count[1] + across.start..row * count[1] + across.end;
                let from = line * across.len()..(line + 1) * across.len();
                cells.high[to.clone()].copy_from_slice(&found.high[from.clone()]);
                cells.mean[to].copy_from_slice(&found.mean[from]);
            }
        }
    }
    Ok(Tile {
        samples,
        one_in: (steps[0] * steps[1]) as u64,
        positive: positives(arrangement, key, &spans, count),
        cells,
    })
}

/// The rows of cells `cells` of a span.
fn part(span: &Range<usize>, level: u8, cells: &Range<usize>) -> Range<usize> {
    let at = |cell: usize| (span.start + (cell << level)).min(span.end);
    at(cells.start)..at(cells.end)
}

/// Which cells hold right pairs.
fn positives(
    arrangement: &Arrangement,
    key: TileKey,
    spans: &[Range<usize>; 2],
    count: [usize; 2],
) -> Vec<bool> {
    let mut positive = vec![false; count[0] * count[1]];
    for row in spans[0].clone() {
        let own = arrangement.columns(row);
        let (from, to) = (own.start.max(spans[1].start), own.end.min(spans[1].end));
        if from < to {
            let line = ((row - spans[0].start) >> key.level[0]) * count[1];
            let cell = |column: usize| line + ((column - spans[1].start) >> key.level[1]);
            positive[cell(from)..=cell(to - 1)].fill(true);
        }
    }
    positive
}
