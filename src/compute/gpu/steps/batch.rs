//! A batch on the device: its buffers, and the kernels run on it one after the other.

use super::params::{Kernel, Kernels, Params, RowState};
use crate::compute::gpu::device::Device;
use crate::compute::{Ball, Bounds, Grid, steps::row};
use crate::error::{Error, Result};
use bytemuck::{Pod, Zeroable};
use std::ops::Range;

/// Threads of a workgroup, the same in every kernel.
const THREADS: usize = 256;
/// Most workgroups along a row; a thread takes several values of a longer one.
const GROUPS: usize = 4096;
/// Values of a batch that are on the device at a time, where the device's own limit is no lower: 64 MiB an array.
const VALUES: usize = 1 << 24;

/// Kinds of values whose norms are taken; the numbers are the shader's.
#[derive(Debug, Clone, Copy)]
pub enum Values {
    /// A gradient where elements are free.
    Free = 0,
    /// A perturbation.
    Delta = 1,
    /// An array as it is.
    Plain = 2,
}

/// Kinds of keys; the numbers are the shader's.
#[derive(Debug, Clone, Copy)]
enum Keys {
    Open = 0,
    Pixel = 1,
    Gain = 2,
}

/// [`Bounds`] on the device.
pub struct Around {
    pub clean: wgpu::Buffer,
    pub lower: wgpu::Buffer,
    pub upper: wgpu::Buffer,
}

/// How a kernel's threads are spread.
#[derive(Debug, Clone, Copy)]
pub enum Spread {
    /// A workgroup for each row.
    Rows,
    /// A thread for each of so many places of each row.
    Places(usize),
}

/// Some rows of a batch on the device.
pub struct Batch<'a> {
    device: &'a Device,
    kernels: &'a Kernels,
    grid: Grid,
    rows: wgpu::Buffer,
    keys: wgpu::Buffer,
    encoder: wgpu::CommandEncoder,
}

/// The rows that go to the device at a time.
pub fn chunks(device: &Device, grid: Grid) -> Result<impl Iterator<Item = Range<usize>> + use<>> {
    let limits = device.wgpu.limits();
    let bytes = limits
        .max_storage_buffer_binding_size
        .min(limits.max_buffer_size);
    let values = (bytes / size_of::<f32>() as u64) as usize;
    let most = limits.max_compute_workgroups_per_dimension as usize;
    if grid.len() > values {
        return Err(Error::compute(
            format!(
                "a picture of {} values does not fit the GPU's largest buffer",
                grid.len()
            ),
            "Use the CPU engine (--compute cpu).",
        ));
    }
    let rows = (VALUES.min(values) / grid.len().max(1)).clamp(1, most);
    let total = if grid.is_empty() { 0 } else { grid.rows };
    let starts = (0..total).step_by(rows);
    Ok(starts.map(move |first| first..(first + rows).min(total)))
}

impl<'a> Batch<'a> {
    /// `sizes`: lengths of the rows' steps, where there are any.
    pub fn new(device: &'a Device, kernels: &'a Kernels, grid: Grid, sizes: &[f32]) -> Self {
        let mut states = vec![RowState::zeroed(); grid.rows];
        for (state, size) in states.iter_mut().zip(sizes) {
            state.size = *size;
        }
        let mut batch = Self {
            device,
            kernels,
            grid,
            rows: device.storage("rows", 0),
            keys: device.storage("keys", 0),
            encoder: device
                .wgpu
                .create_command_encoder(&wgpu::CommandEncoderDescriptor::default()),
        };
        batch.rows = batch.upload("row states", &states);
        batch
    }

    /// A buffer of these numbers.
    pub fn upload<T: Pod>(&self, label: &str, values: &[T]) -> wgpu::Buffer {
        let buffer = self.device.storage(label, size_of_val(values) as u64);
        self.device
            .queue
            .write_buffer(&buffer, 0, bytemuck::cast_slice(values));
        buffer
    }

    /// The bounds of these rows; `range` is theirs in the whole batch's arrays.
    pub fn bounds(&self, bounds: Bounds<'_>, range: Range<usize>) -> Around {
        Around {
            clean: self.upload("clean", &bounds.clean[range.clone()]),
            lower: self.upload("lower", &bounds.lower[range.clone()]),
            upper: self.upload("upper", &bounds.upper[range]),
        }
    }

    /// A buffer for one number per value.
    pub fn empty(&self, label: &str) -> wgpu::Buffer {
        let bytes = self.grid.total() * size_of::<f32>();
        self.device.storage(label, bytes as u64)
    }

    /// The states of the rows.
    pub fn rows(&self) -> wgpu::Buffer {
        self.rows.clone()
    }

    /// Parameters that fit the batch, all else 0.
    pub fn params(&self) -> Params {
        Params {
            plane: self.grid.plane() as u32,
            channels: self.grid.channels as u32,
            width: self.grid.width as u32,
            ..Params::zeroed()
        }
    }

    /// Puts `kernel` on the list; `buffers` are its bindings from 1 on.
    pub fn run(
        &mut self,
        kernel: Kernel,
        params: Params,
        buffers: &[&wgpu::Buffer],
        spread: Spread,
    ) {
        let pipeline = self.kernels.get(self.device, kernel);
        let uniform = self.device.uniform("step", size_of::<Params>() as u64);
        self.device
            .queue
            .write_buffer(&uniform, 0, bytemuck::bytes_of(&params));
        let all: Vec<&wgpu::Buffer> = std::iter::once(&uniform)
            .chain(buffers.iter().copied())
            .collect();
        let group = self.device.bind(pipeline, &all);
        let mut pass = self
            .encoder
            .begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(pipeline);
        pass.set_bind_group(0, &group, &[]);
        let rows = self.grid.rows as u32;
        match spread {
            Spread::Rows => pass.dispatch_workgroups(rows, 1, 1),
            Spread::Places(count) => {
                let groups = count.div_ceil(THREADS).clamp(1, GROUPS);
                pass.dispatch_workgroups(groups as u32, rows, 1);
            }
        }
    }

    /// One thread for each value.
    pub fn values(&self) -> Spread {
        Spread::Places(self.grid.len())
    }

    /// The norms of every row of `a`; `b` and `c` as the shader says.
    pub fn norms(&mut self, kind: Values, a: &wgpu::Buffer, b: &wgpu::Buffer, c: &wgpu::Buffer) {
        let params = Params {
            kind: kind as u32,
            ..self.params()
        };
        let rows = self.rows();
        self.run(Kernel::Norms, params, &[&rows, a, b, c], Spread::Rows);
    }

    /// Chooses the `k` largest keys of every row.
    fn select(
        &mut self,
        kind: Keys,
        k: usize,
        around: &Around,
        x: &wgpu::Buffer,
        gradient: &wgpu::Buffer,
    ) {
        let count = self.count(kind);
        let params = Params {
            kind: kind as u32,
            k: k.min(count) as u32,
            count: count as u32,
            ..self.params()
        };
        let bytes = self.grid.rows * count * size_of::<u32>();
        self.keys = self.device.storage("keys", bytes as u64);
        let (rows, keys) = (self.rows(), self.keys.clone());
        let Around {
            clean,
            lower,
            upper,
        } = around;
        let buffers = [&rows, x, clean, gradient, lower, upper, &keys];
        self.run(Kernel::Keys, params, &buffers, Spread::Places(count));
        self.run(Kernel::Select, params, &[&rows, &keys], Spread::Rows);
    }

    /// Keys of a row.
    fn count(&self, kind: Keys) -> usize {
        match kind {
            Keys::Open => self.grid.len(),
            Keys::Pixel | Keys::Gain => self.grid.plane(),
        }
    }

    /// `z = x + size d`.
    pub fn step(
        &mut self,
        ball: Ball,
        around: &Around,
        x: &wgpu::Buffer,
        gradient: &wgpu::Buffer,
        z: &wgpu::Buffer,
    ) {
        self.norms(Values::Free, gradient, &around.lower, &around.upper);
        let mut params = self.ball(ball);
        match ball {
            Ball::L1(_) => {
                let k = row::hundredth(self.grid.len());
                self.select(Keys::Open, k, around, x, gradient);
                params.count = self.grid.len() as u32;
            }
            Ball::L0(k) => self.select(Keys::Pixel, k as usize, around, x, gradient),
            _ => {}
        }
        let (rows, keys) = (self.rows(), self.keys.clone());
        let buffers = [&rows, x, gradient, &around.lower, &around.upper, &keys, z];
        self.run(Kernel::Step, params, &buffers, self.values());
    }

    /// `z` into the ball, then into the box.
    pub fn project(&mut self, ball: Ball, around: &Around, z: &wgpu::Buffer) {
        let params = self.ball(ball);
        let rows = self.rows();
        match ball {
            Ball::L2(_) => self.norms(Values::Delta, z, &around.clean, &around.clean),
            Ball::L1(_) => {
                self.run(
                    Kernel::Soften,
                    params,
                    &[&rows, z, &around.clean],
                    Spread::Rows,
                );
            }
            Ball::L0(k) => self.select(Keys::Gain, k as usize, around, z, &around.clean),
            _ => {}
        }
        let keys = self.keys.clone();
        let Around {
            clean,
            lower,
            upper,
        } = around;
        let buffers = [&rows, clean, lower, upper, &keys, z];
        self.run(Kernel::Place, params, &buffers, self.values());
    }

    /// Parameters of a ball; its kinds' numbers are the shaders'.
    fn ball(&self, ball: Ball) -> Params {
        let (kind, radius) = match ball {
            Ball::Box | Ball::Fourier(..) => (0, 0.0),
            Ball::Linf(r) => (1, row::radius(r)),
            Ball::L2(r) => (2, row::radius(r)),
            Ball::L1(r) => (3, row::radius(r)),
            Ball::L0(_) => (4, 0.0),
        };
        Params {
            kind,
            radius: radius.min(f32::MAX),
            count: self.grid.plane() as u32,
            ..self.params()
        }
    }

    /// Runs what is on the list, then reads `buffer` into `values`.
    pub fn read(self, buffer: &wgpu::Buffer, values: &mut [f32]) -> Result<()> {
        let found: Vec<f32> = self.finish(buffer, values.len())?;
        values.copy_from_slice(&found);
        Ok(())
    }

    /// Runs what is on the list, then reads `count` numbers of `buffer`.
    pub fn finish<T: Pod>(self, buffer: &wgpu::Buffer, count: usize) -> Result<Vec<T>> {
        self.device.queue.submit([self.encoder.finish()]);
        self.device.read(buffer, count)
    }
}
