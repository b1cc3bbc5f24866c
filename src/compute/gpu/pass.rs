//! One pass over all tiles: panels up, similarity, scans, running state back at the end.

use super::Found;
use super::device::Device;
use crate::compute::{Embeddings, Hit, TopK};
use crate::error::{Error, Result};
use crate::task::Task;
use bytemuck::{Pod, Zeroable};
use std::borrow::Cow;
use std::ops::Range;

/// Depth is padded to this many floats, a round of the similarity kernel.
pub const DEPTH_STEP: usize = 16;
/// Rows and columns of a tile on a software adapter: a dispatch stays under a tenth of a second.
pub const SOFTWARE_TILE: (usize, usize) = (256, 512);
/// llvmpipe leaves a shader's loops after 65,535 iterations in all, without a word.
const SOFTWARE_ITERATIONS: usize = 60_000;
/// Rows and columns of a tile on a real GPU.
const TILE: (usize, usize) = (2048, 8192);
/// Below any cosine; a finite stand-in, since shading languages may assume that there are no infinities.
pub const NOTHING: f32 = f32::MIN;

/// What the scan must know of a query; the layout is the shader's.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Query {
    threshold: f32,
    positive: [u32; 2],
    pair: [u32; 2],
    most: f32,
}

impl Query {
    /// `threshold`: score at which a negative counts; `positive`: candidates left out; `pair`: their scores.
    pub fn new(threshold: f32, positive: &Range<usize>, pair: &Range<usize>) -> Self {
        let bounds = |r: &Range<usize>| [r.start as u32, r.end as u32];
        Self {
            threshold: threshold.max(NOTHING),
            positive: bounds(positive),
            pair: bounds(pair),
            most: f32::MAX,
        }
    }

    /// Candidates that score higher are not kept.
    pub fn at_most(self, most: Option<f32>) -> Self {
        Self {
            most: most.map_or(f32::MAX, |m| m.clamp(f32::MIN, f32::MAX)),
            ..self
        }
    }
}

/// Running state of a query; the layout is the shader's.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct State {
    pub above: u32,
    pub hardest_index: u32,
    pub hardest_score: f32,
    pub hinges: f32,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct ScanParams {
    queries: u32,
    candidates: u32,
    first_query: u32,
    first_candidate: u32,
    k: u32,
    hinges: u32,
    margin: f32,
    unused: u32,
}

/// Device buffers of one direction.
struct Side {
    count: usize,
    k: usize,
    queries: wgpu::Buffer,
    states: wgpu::Buffer,
    top: wgpu::Buffer,
    params: wgpu::Buffer,
}

/// A pass ready to run.
pub struct Pass<'a> {
    device: &'a Device,
    a: &'a Embeddings,
    b: &'a Embeddings,
    sides: [Side; 2],
    pairs: wgpu::Buffer,
    margin: Option<f32>,
    both: bool,
    tile: (usize, usize),
    depth: usize,
}

impl<'a> Pass<'a> {
    /// Allocates the running state of both directions (`both`: scan the columns of each tile too).
    #[allow(clippy::too_many_arguments)] // one private caller for each shape of the pass
    pub fn new(
        device: &'a Device,
        a: &'a Embeddings,
        b: &'a Embeddings,
        queries: [&[Query]; 2],
        pairs: &[f32],
        k: [usize; 2],
        margin: Option<f32>,
        both: bool,
    ) -> Result<Self> {
        let depth = a.dim().next_multiple_of(DEPTH_STEP);
        let limits = device.wgpu.limits();
        let bytes = limits
            .max_storage_buffer_binding_size
            .min(limits.max_buffer_size);
        let mut tile = if device.is_software() {
            // A candidate costs a thread up to k iterations: one of each of the tile's must not be the last.
            let most = |k: usize| (SOFTWARE_ITERATIONS / (k + 2)).max(1);
            (
                SOFTWARE_TILE.0.min(most(k[1])),
                SOFTWARE_TILE.1.min(most(k[0])),
            )
        } else {
            TILE
        };
        tile = (tile.0.min(a.rows()), tile.1.min(b.rows()));
        let fits = |n: usize| (n * size_of::<f32>()) as u64 <= bytes;
        while !(fits(tile.0 * tile.1) && fits(tile.0 * depth) && fits(tile.1 * depth)) {
            tile = (tile.0.div_ceil(2), tile.1.div_ceil(2));
            if tile == (1, 1) {
                break;
            }
        }
        for (side, k) in queries.iter().zip(k) {
            let need = (side.len() * (k * size_of::<Hit>()).max(size_of::<Query>())) as u64;
            if need > bytes {
                return Err(Error::compute(
                    format!(
                        "the best {k} of {} queries do not fit the GPU's largest buffer",
                        side.len()
                    ),
                    "Keep fewer candidates per query, or use the CPU engine (--compute cpu).",
                ));
            }
        }
        let pair_buffer = device.storage("pairs", size_of_val(pairs) as u64);
        device
            .queue
            .write_buffer(&pair_buffer, 0, bytemuck::cast_slice(pairs));
        let side = |which: usize| {
            let (queries, k) = (queries[which], k[which]);
            let count = queries.len();
            let blank = State {
                above: 0,
                hardest_index: u32::MAX,
                hardest_score: NOTHING,
                hinges: 0.0,
            };
            let none = Hit {
                score: NOTHING,
                index: u32::MAX,
            };
            let side = Side {
                count,
                k,
                queries: device.storage("queries", std::mem::size_of_val(queries) as u64),
                states: device.storage("states", (count * size_of::<State>()) as u64),
                top: device.storage("top", (count * k * size_of::<Hit>()) as u64),
                params: device.uniform("scan", size_of::<ScanParams>() as u64),
            };
            device
                .queue
                .write_buffer(&side.queries, 0, bytemuck::cast_slice(queries));
            device
                .queue
                .write_buffer(&side.states, 0, bytemuck::cast_slice(&vec![blank; count]));
            device
                .queue
                .write_buffer(&side.top, 0, bytemuck::cast_slice(&vec![none; count * k]));
            side
        };
        let sides = [side(0), side(1)];
        Ok(Self {
            device,
            a,
            b,
            sides,
            pairs: pair_buffer,
            margin,
            both,
            tile,
            depth,
        })
    }

    /// Runs all tiles and reads the running states back.
    pub fn run(
        self,
        similarity: &wgpu::ComputePipeline,
        scan: &wgpu::ComputePipeline,
        task: &Task,
    ) -> Result<[Found; 2]> {
        let device = self.device;
        let (tall, wide) = self.tile;
        let panel =
            |name, rows: usize| device.storage(name, (rows * self.depth * size_of::<f32>()) as u64);
        let (left, right) = (panel("images", tall), panel("texts", wide));
        let scores = |name| device.storage(name, (tall * wide * size_of::<f32>()) as u64);
        let (by_row, by_column) = (scores("by image"), scores("by text"));
        let shape = device.uniform("similarity", 16);
        let product = device.bind(similarity, &[&shape, &left, &right, &by_row, &by_column]);
        let bind = |side: &Side, scores: &wgpu::Buffer| {
            device.bind(
                scan,
                &[
                    &side.params,
                    scores,
                    &side.queries,
                    &self.pairs,
                    &side.states,
                    &side.top,
                ],
            )
        };
        // A query's scores must lie candidate by candidate: images read the transpose.
        let scans = [
            bind(&self.sides[0], &by_column),
            bind(&self.sides[1], &by_row),
        ];
        for top in (0..self.a.rows()).step_by(tall) {
            let rows = top..(top + tall).min(self.a.rows());
            device.queue.write_buffer(
                &left,
                0,
                bytemuck::cast_slice(&padded(self.a, &rows, self.depth)),
            );
            let mut before = None;
            for first in (0..self.b.rows()).step_by(wide) {
                task.check()?;
                let columns = first..(first + wide).min(self.b.rows());
                device.queue.write_buffer(
                    &right,
                    0,
                    bytemuck::cast_slice(&padded(self.b, &columns, self.depth)),
                );
                let size = [
                    rows.len() as u32,
                    columns.len() as u32,
                    (self.depth / 4) as u32,
                    0,
                ];
                device
                    .queue
                    .write_buffer(&shape, 0, bytemuck::cast_slice(&size));
                self.write_params(0, &rows, &columns);
                self.write_params(1, &columns, &rows);
                let mut encoder = device
                    .wgpu
                    .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
                {
                    let mut pass =
                        encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
                    pass.set_pipeline(similarity);
                    pass.set_bind_group(0, &product, &[]);
                    pass.dispatch_workgroups(
                        columns.len().div_ceil(64) as u32,
                        rows.len().div_ceil(64) as u32,
                        1,
                    );
                    pass.set_pipeline(scan);
                    pass.set_bind_group(0, &scans[0], &[]);
                    pass.dispatch_workgroups(rows.len().div_ceil(64) as u32, 1, 1);
                    if self.both {
                        pass.set_bind_group(0, &scans[1], &[]);
                        pass.dispatch_workgroups(columns.len().div_ceil(64) as u32, 1, 1);
                    }
                }
                let submitted = device.queue.submit([encoder.finish()]);
                // One tile computes while the next is prepared.
                if let Some(index) = before.replace(submitted) {
                    device.wait(Some(index))?;
                }
                task.add((rows.len() * columns.len()) as u64);
            }
        }
        device.wait(None)?;
        Ok([self.found(0)?, self.found(1)?])
    }

    fn found(&self, which: usize) -> Result<Found> {
        let side = &self.sides[which];
        let hits = self.device.read(&side.top, side.count * side.k)?;
        Ok(Found {
            states: self.device.read(&side.states, side.count)?,
            top: TopK { k: side.k, hits },
        })
    }

    fn write_params(&self, which: usize, queries: &Range<usize>, candidates: &Range<usize>) {
        let side = &self.sides[which];
        let params = ScanParams {
            queries: queries.len() as u32,
            candidates: candidates.len() as u32,
            first_query: queries.start as u32,
            first_candidate: candidates.start as u32,
            k: side.k as u32,
            hinges: u32::from(self.margin.is_some()),
            margin: self.margin.unwrap_or_default(),
            unused: 0,
        };
        self.device
            .queue
            .write_buffer(&side.params, 0, bytemuck::bytes_of(&params));
    }
}

/// Rows `range`, each padded with zeros to the kernel's depth.
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
