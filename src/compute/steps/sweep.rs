//! Passes over one row of a batch, block by block: in parallel where a row has several blocks, so that a single
//! picture uses every core. Blocks have one size, and sums are made in their order: no result depends on the machine.

use rayon::prelude::*;
use std::array;
use std::ops::Range;

/// Values of a block.
const BLOCK: usize = 1 << 14;

/// Runs `work` on every block of `values`; it is told the block's place.
pub fn each_block(values: &mut [f32], work: impl Fn(Range<usize>, &mut [f32]) + Sync) {
    if values.len() <= BLOCK {
        work(0..values.len(), values);
        return;
    }
    let blocks = values.par_chunks_mut(BLOCK).enumerate();
    blocks.for_each(|(b, block)| work(b * BLOCK..b * BLOCK + block.len(), block));
}

/// What `read` makes of every block of `0..len`, in order.
fn read_blocks<T: Send>(len: usize, read: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    if len <= BLOCK {
        return vec![read(0..len)];
    }
    let blocks = 0..len.div_ceil(BLOCK);
    let block = |b: usize| read(b * BLOCK..((b + 1) * BLOCK).min(len));
    blocks.into_par_iter().map(block).collect()
}

/// Sums in float64 of `S` terms of the values at one index of `K` arrays of equal length.
pub fn sums<const K: usize, const S: usize>(
    inputs: [&[f32]; K],
    terms: impl Fn([f32; K]) -> [f64; S] + Sync,
) -> [f64; S] {
    let len = inputs.iter().map(|a| a.len()).min().unwrap_or_default();
    let blocks = read_blocks(len, |range| block_sums(inputs, range, &terms));
    let add = |a: [f64; S], b: [f64; S]| array::from_fn(|s| a[s] + b[s]);
    blocks.into_iter().fold([0.0; S], add)
}

/// Eight sums side by side, for the vector units.
const LANES: usize = 8;

fn block_sums<const K: usize, const S: usize>(
    inputs: [&[f32]; K],
    range: Range<usize>,
    terms: &impl Fn([f32; K]) -> [f64; S],
) -> [f64; S] {
    let parts = inputs.map(|a| a[range.clone()].as_chunks::<LANES>());
    let mut lanes = [[0.0_f64; LANES]; S];
    for at in 0..range.len() / LANES {
        let chunks: [&[f32; LANES]; K] = array::from_fn(|k| &parts[k].0[at]);
        for lane in 0..LANES {
            let term = terms(array::from_fn(|k| chunks[k][lane]));
            for s in 0..S {
                lanes[s][lane] += term[s];
            }
        }
    }
    for at in 0..range.len() % LANES {
        let term = terms(array::from_fn(|k| parts[k].1[at]));
        for s in 0..S {
            lanes[s][0] += term[s];
        }
    }
    lanes.map(|l| l.iter().sum())
}

/// The largest of `term` (at least 0) over the values that lie at one place of `K` arrays of equal length.
pub fn largest<const K: usize>(inputs: [&[f32]; K], term: impl Fn([f32; K]) -> f32 + Sync) -> f32 {
    let len = inputs.iter().map(|a| a.len()).min().unwrap_or_default();
    let blocks = read_blocks(len, |range| {
        let parts = inputs.map(|a| a[range.clone()].as_chunks::<LANES>());
        let mut lanes = [0.0_f32; LANES];
        for at in 0..range.len() / LANES {
            let chunks: [&[f32; LANES]; K] = array::from_fn(|k| &parts[k].0[at]);
            for lane in 0..LANES {
                lanes[lane] = lanes[lane].max(term(array::from_fn(|k| chunks[k][lane])));
            }
        }
        let rest = 0..range.len() % LANES;
        let rest = rest.map(|at| term(array::from_fn(|k| parts[k].1[at])));
        rest.chain(lanes).fold(0.0, f32::max)
    });
    blocks.into_iter().fold(0.0, f32::max)
}
