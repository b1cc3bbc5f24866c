//! Blocks of the similarity on the GPU: `shaders/similarity.wgsl`, then `shaders/reduce.wgsl` along the columns and
//! `shaders/reduce_rows.wgsl` along the rows. The scores never leave the device.

use super::Gpu;
use super::device::Device;
use super::pass::{DEPTH_STEP, NOTHING, SOFTWARE_TILE, padded};
use crate::compute::reduce::Shape;
use crate::compute::{Cells, Embeddings, Reduce};
use crate::error::{Error, Result};
use crate::task::{Task, lock};
use bytemuck::{Pod, Zeroable};
use std::ops::Range;

/// Rows and columns of a tile on a real GPU.
const TILE: (usize, usize) = (2048, 4096);
/// The two pipelines of the reduction.
pub struct Kernels {
    columns: wgpu::ComputePipeline,
    rows: wgpu::ComputePipeline,
}

impl Kernels {
    fn new(device: &Device) -> Self {
        let columns = include_str!("../../../shaders/reduce.wgsl");
        let rows = include_str!("../../../shaders/reduce_rows.wgsl");
        Self {
            columns: device.pipeline("reduce", columns),
            rows: device.pipeline("reduce rows", rows),
        }
    }
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Params {
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
        let _one = lock(&self.busy);
        let kernels = self.reduce.get_or_init(|| Kernels::new(&self.device));
        let device = &self.device;
        let depth = rows.dim().next_multiple_of(DEPTH_STEP);
        let (tall, wide) = tile(device, shape, depth)?;
        let (down, across) = shape.cells();
        let cells = device.storage("cells", (down * across * size_of::<[f32; 2]>()) as u64);
        let blank = vec![[NOTHING, 0.0]; down * across];
        device
            .queue
            .write_buffer(&cells, 0, bytemuck::cast_slice(&blank));
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
        let params = device.uniform("reduce", size_of::<Params>() as u64);
        let similarity = &self.similarity;
        let product = device.bind(similarity, &[&size, &left, &right, &by_row, &by_column]);
        let over_columns = device.bind(&kernels.columns, &[&params, &by_column, &partial]);
        let over_rows = device.bind(&kernels.rows, &[&params, &partial, &cells]);
        for top in (0..rows.rows()).step_by(tall) {
            let down = top..(top + tall).min(rows.rows());
            write(device, &left, rows, &down, depth);
            for first in (0..columns.rows()).step_by(wide) {
                task.check()?;
                let along = first..(first + wide).min(columns.rows());
                write(device, &right, columns, &along, depth);
                let head = [down.len() as u32, along.len() as u32, (depth / 4) as u32, 0];
                device
                    .queue
                    .write_buffer(&size, 0, bytemuck::cast_slice(&head));
                let head = Params {
                    rows: down.len() as u32,
                    columns: along.len() as u32,
                    first_row: top as u32,
                    first_column: first as u32,
                    block_rows: block.0 as u32,
                    block_columns: block.1 as u32,
                    across: across as u32,
                    unused: 0,
                };
                device
                    .queue
                    .write_buffer(&params, 0, bytemuck::bytes_of(&head));
                let blocks = |range: &Range<usize>, block: usize| {
                    (range.end - 1) / block - range.start / block + 1
                };
                let (tiles, lines) = (
                    blocks(&along, block.1) as u32,
                    blocks(&down, block.0) as u32,
                );
                let mut encoder = device
                    .wgpu
                    .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
                {
                    let mut pass =
                        encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
                    let groups = |n: usize| n.div_ceil(64) as u32;
                    pass.set_pipeline(similarity);
                    pass.set_bind_group(0, &product, &[]);
                    pass.dispatch_workgroups(groups(along.len()), groups(down.len()), 1);
                    pass.set_pipeline(&kernels.columns);
                    pass.set_bind_group(0, &over_columns, &[]);
                    pass.dispatch_workgroups(groups(down.len()), tiles, 1);
                    pass.set_pipeline(&kernels.rows);
                    pass.set_bind_group(0, &over_rows, &[]);
                    pass.dispatch_workgroups(lines.div_ceil(8), tiles.div_ceil(8), 1);
                }
                let submitted = device.queue.submit([encoder.finish()]);
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
    let limits = device.wgpu.limits();
    let bytes = limits
        .max_storage_buffer_binding_size
        .min(limits.max_buffer_size);
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

/// Uploads rows `range`, each padded with zeros to the kernel's depth.
fn write(
    device: &Device,
    buffer: &wgpu::Buffer,
    from: &Embeddings,
    range: &Range<usize>,
    depth: usize,
) {
    let padded = padded(from, range, depth);
    device
        .queue
        .write_buffer(buffer, 0, bytemuck::cast_slice(&padded));
}
