//! One pass over all tiles: uploads the rows of each, computes their similarity, scans it, and reads the running state
//! back at the end.

use super::commands::Commands;
use super::device::Device;
use super::kernels::Kernel;
use super::scan::{DirectionBuffers, Positive, ScanQuery, ScanResult};
use super::tile::{DEPTH_STEP, SOFTWARE_TILE, padded, similarity_groups, similarity_params};
use crate::compute::Embeddings;
use crate::error::Result;
use crate::task::Task;

/// llvmpipe leaves a shader's loops after 65,535 iterations in all, without reporting an error.
const SOFTWARE_ITERATIONS: usize = 60_000;
/// Iterations of a search among as many positives as 32 bits can count.
const SEARCH: usize = 32;
/// Rows and columns of a tile on a real GPU.
const TILE: (usize, usize) = (2048, 8192);

/// A pass ready to run.
pub struct Pass<'a> {
    device: &'a Device,
    a: &'a Embeddings,
    b: &'a Embeddings,
    directions: [DirectionBuffers; 2],
    positives: wgpu::Buffer,
    margin: Option<f32>,
    /// Directions with queries.
    asked: [bool; 2],
    tile: (usize, usize),
    depth: usize,
}

impl<'a> Pass<'a> {
    /// Allocates the running state of both directions; one without queries is not scanned.
    pub fn new(
        device: &'a Device,
        a: &'a Embeddings,
        b: &'a Embeddings,
        queries: [&[ScanQuery]; 2],
        positives: &[Positive],
        k: [usize; 2],
        margin: Option<f32>,
    ) -> Result<Self> {
        let depth = a.dim().next_multiple_of(DEPTH_STEP);
        let bytes = device.largest_buffer();
        let mut tile = if device.is_software() {
            // A candidate costs a thread up to k iterations and a search among the positives: one of each of the tile's
            // must not be the last.
            let most = |k: usize| (SOFTWARE_ITERATIONS / (k + 2 + SEARCH)).max(1);
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
        let [rows, columns] = queries;
        let directions = [
            DirectionBuffers::new(device, rows, k[0])?,
            DirectionBuffers::new(device, columns, k[1])?,
        ];
        Ok(Self {
            device,
            a,
            b,
            directions,
            positives: device.upload("positives", positives),
            margin,
            asked: queries.map(|queries| !queries.is_empty()),
            tile,
            depth,
        })
    }

    /// Runs all tiles and reads the running states back.
    pub fn run(self, task: &Task) -> Result<[ScanResult; 2]> {
        let device = self.device;
        let (tall, wide) = self.tile;
        let floats = |name, n: usize| device.storage(name, (n * size_of::<f32>()) as u64);
        let (left, right) = (
            floats("images", tall * self.depth),
            floats("texts", wide * self.depth),
        );
        let (by_row, by_column) = (
            floats("by image", tall * wide),
            floats("by text", tall * wide),
        );
        let shape = device.uniform("similarity", 16);
        let product = device.bind(
            Kernel::Similarity,
            &[&shape, &left, &right, &by_row, &by_column],
        );
        // A scan reads the scores candidate by candidate: that of the images takes the transpose.
        let [of_rows, of_columns] = &self.directions;
        let scans = [
            of_rows.bind(device, &by_column, &self.positives),
            of_columns.bind(device, &by_row, &self.positives),
        ];
        for top in (0..self.a.rows()).step_by(tall) {
            let rows = top..(top + tall).min(self.a.rows());
            device.write(&left, &padded(self.a, &rows, self.depth));
            let mut before = None;
            for first in (0..self.b.rows()).step_by(wide) {
                task.check()?;
                let columns = first..(first + wide).min(self.b.rows());
                device.write(&right, &padded(self.b, &columns, self.depth));
                device.write(&shape, &similarity_params(&rows, &columns, self.depth));
                of_rows.write_params(device, &rows, &columns, self.margin);
                of_columns.write_params(device, &columns, &rows, self.margin);
                let mut commands = Commands::new(device);
                commands.pass(|device, pass| {
                    let groups = similarity_groups(&rows, &columns);
                    device.dispatch(pass, Kernel::Similarity, &product, groups);
                    for (way, queries) in [&rows, &columns].into_iter().enumerate() {
                        if self.asked[way] {
                            let groups = Kernel::Scan.groups(queries.len(), 1);
                            device.dispatch(pass, Kernel::Scan, &scans[way], groups);
                        }
                    }
                });
                let submitted = commands.submit();
                // One tile computes while the next is prepared.
                if let Some(index) = before.replace(submitted) {
                    device.wait(Some(index))?;
                }
                task.add((rows.len() * columns.len()) as u64);
            }
        }
        device.wait(None)?;
        Ok([of_rows.read(device)?, of_columns.read(device)?])
    }
}
