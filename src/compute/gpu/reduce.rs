//! Blocks of the similarity on the GPU: `shaders/similarity.wgsl`, then `shaders/reduce.wgsl` along the columns and
//! `shaders/reduce_rows.wgsl` along the rows. The scores never leave the device.

use super::Gpu;
use super::commands::Commands;
use super::device::Device;
use super::kernels::Kernel;
use super::tile::{
    DEPTH_STEP, NOTHING, SOFTWARE_TILE, padded, similarity_groups, similarity_params,
};
use crate::compute::reduce::Shape;
use crate::compute::{Cells, Embeddings, Reduce};
use crate::error::{Error, Result};
use crate::task::Task;
use bytemuck::{Pod, Zeroable};
use std::ops::Range;

/// Rows and columns of a tile on a real GPU.
const TILE: (usize, usize) = (2048, 4096);

/// Parameters of both kernels of the reduction; `shaders/prelude/reduce.wgsl` has the same layout.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct ReduceParams {
    rows: u32,
    columns: u32,
    first_row: u32,
    first_column: u32,
    block_rows: u32,
    block_columns: u32,
    across: u32,
    unused: u32,
}

impl Reduce for Gpu {
    fn reduce(
        &self,
        rows: &Embeddings,
        columns: &Embeddings,
        block: (usize, usize),
        task: &Task,
    ) -> Result<Cells> {
        let shape = Shape::new(rows, columns, block)?;
        let (device, _turn) = self.turn();
        let depth = rows.dim().next_multiple_of(DEPTH_STEP);
        let (tall, wide) = tile(device, shape, depth)?;
        let (down, across) = shape.cells();
        let cells = device.storage("cells", (down * across * size_of::<[f32; 2]>()) as u64);
        device.write(&cells, &vec![[NOTHING, 0.0]; down * across]);
        let storage =
            |name, floats: usize| device.storage(name, (floats * size_of::<f32>()) as u64);
        let (left, right) = (
            storage("rows", tall * depth),
            storage("columns", wide * depth),
        );
        let (by_row, by_column) = (
            storage("by row", tall * wide),
            storage("by column", tall * wide),
        );
        // A tile that starts inside a block touches one block more.
        let touched = wide.div_ceil(block.1) + 1;
        let partial = storage("partial", 2 * touched * tall);
        let size = device.uniform("similarity", 16);
        let params = device.uniform("reduce", size_of::<ReduceParams>() as u64);
        let product = device.bind(
            Kernel::Similarity,
            &[&size, &left, &right, &by_row, &by_column],
        );
        let over_columns = device.bind(Kernel::Reduce, &[&params, &by_column, &partial]);
        let over_rows = device.bind(Kernel::ReduceRows, &[&params, &partial, &cells]);
        for top in (0..rows.rows()).step_by(tall) {
            let down = top..(top + tall).min(rows.rows());
            device.write(&left, &padded(rows, &down, depth));
            for first in (0..columns.rows()).step_by(wide) {
                task.check()?;
                let along = first..(first + wide).min(columns.rows());
                device.write(&right, &padded(columns, &along, depth));
                device.write(&size, &similarity_params(&down, &along, depth));
                let head = ReduceParams {
                    rows: down.len() as u32,
                    columns: along.len() as u32,
                    first_row: top as u32,
                    first_column: first as u32,
                    block_rows: block.0 as u32,
                    block_columns: block.1 as u32,
                    across: across as u32,
                    unused: 0,
                };
                device.write(&params, &[head]);
                let blocks = |range: &Range<usize>, block: usize| {
                    (range.end - 1) / block - range.start / block + 1
                };
                let (tiles, lines) = (blocks(&along, block.1), blocks(&down, block.0));
                let mut commands = Commands::new(device);
                commands.pass(|device, pass| {
                    let groups = similarity_groups(&down, &along);
                    device.dispatch(pass, Kernel::Similarity, &product, groups);
                    let groups = Kernel::Reduce.groups(down.len(), tiles);
                    device.dispatch(pass, Kernel::Reduce, &over_columns, groups);
                    let groups = Kernel::ReduceRows.groups(lines, tiles);
                    device.dispatch(pass, Kernel::ReduceRows, &over_rows, groups);
                });
                let submitted = commands.submit();
                device.wait(Some(submitted))?;
                task.add((down.len() * along.len()) as u64);
            }
        }
        let found: Vec<[f32; 2]> = device.read(&cells, down * across)?;
        let high = found.iter().map(|c| c[0]).collect();
        Ok(shape.finish(high, found.iter().map(|c| f64::from(c[1]))))
    }
}

/// Rows and columns of a tile that the device's buffers hold.
fn tile(device: &Device, shape: Shape, depth: usize) -> Result<(usize, usize)> {
    let bytes = device.largest_buffer();
    let fits = |floats: usize| (floats * size_of::<f32>()) as u64 <= bytes;
    let cells = shape.cells();
    if !fits(2 * cells.0 * cells.1) {
        return Err(Error::compute(
            format!(
                "{} x {} cells do not fit the GPU's largest buffer",
                cells.0, cells.1
            ),
            "Ask for fewer cells, or use the CPU engine (--compute cpu).",
        ));
    }
    let most = if device.is_software() {
        SOFTWARE_TILE
    } else {
        TILE
    };
    let mut tile = (most.0.min(shape.size.0), most.1.min(shape.size.1));
    let enough = |(tall, wide): (usize, usize)| {
        fits(2 * tall * (wide + 1)) && fits(tall * depth) && fits(wide * depth)
    };
    while !enough(tile) && tile != (1, 1) {
        tile = (tile.0.div_ceil(2), tile.1.div_ceil(2));
    }
    Ok(tile)
}
