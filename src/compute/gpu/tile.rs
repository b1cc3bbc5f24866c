//! What every use of the similarity kernel needs: sizes of tiles, padded rows, parameters and workgroups.

use super::kernels::Kernel;
use crate::compute::Embeddings;
use std::borrow::Cow;
use std::ops::Range;

/// Depth is padded to this many floats, a round of the similarity kernel.
pub const DEPTH_STEP: usize = 16;
/// Rows and columns of a tile on a software adapter: a dispatch stays under a tenth of a second.
pub const SOFTWARE_TILE: (usize, usize) = (256, 512);
/// Below any cosine; a finite stand-in, since shading languages may assume that there are no infinities.
pub const NOTHING: f32 = f32::MIN;
/// Rows and columns that a thread of the similarity kernel computes.
const PER_THREAD: usize = 4;

/// Rows `range`, each padded with zeros to `depth` values.
pub fn padded<'a>(from: &'a Embeddings, range: &Range<usize>, depth: usize) -> Cow<'a, [f32]> {
    let rows = from.rows_in(range.clone());
    if from.dim() == depth {
        return rows.into();
    }
    let mut padded = vec![0.0; range.len() * depth];
    let lines = padded.chunks_exact_mut(depth);
    for (to, row) in lines.zip(rows.chunks_exact(from.dim())) {
        to[..row.len()].copy_from_slice(row);
    }
    padded.into()
}

/// Parameters of the similarity kernel, as `shaders/similarity.wgsl` has them.
pub fn similarity_params(rows: &Range<usize>, columns: &Range<usize>, depth: usize) -> [u32; 4] {
    [
        rows.len() as u32,
        columns.len() as u32,
        (depth / 4) as u32,
        0,
    ]
}

/// Workgroups of the similarity kernel for a tile.
pub fn similarity_groups(rows: &Range<usize>, columns: &Range<usize>) -> [u32; 2] {
    let threads = |range: &Range<usize>| range.len().div_ceil(PER_THREAD);
    Kernel::Similarity.groups(threads(columns), threads(rows))
}
