//! A batch on the device: its buffers, and the kernels run on it one after the other.

use super::params::{RowState, StepParams};
use super::resident::DeviceBounds;
use crate::compute::gpu::commands::Commands;
use crate::compute::gpu::device::Device;
use crate::compute::gpu::kernels::Kernel;
use crate::compute::{Ball, Grid, steps::row};
use crate::error::{Error, Result};
use bytemuck::{Pod, Zeroable};

/// Most workgroups along a row; a thread takes several values of a longer one.
const GROUPS: u32 = 4096;
/// Values of a batch that are on the device at a time, where the device's own limit is no lower: 64 MiB an array.
const VALUES: usize = 1 << 24;

/// Kinds of values whose norms are taken; `shaders/norms.wgsl` has the same numbers.
#[derive(Debug, Clone, Copy)]
pub enum NormKind {
    /// A gradient where elements are free.
    Free = 0,
    /// A perturbation.
    Delta = 1,
    /// An array as it is.
    Plain = 2,
}

/// Kinds of keys; `shaders/keys.wgsl` has the same numbers.
#[derive(Debug, Clone, Copy)]
enum KeyKind {
    Open = 0,
    Pixel = 1,
    Gain = 2,
}

/// How a kernel's threads are laid over the batch.
#[derive(Debug, Clone, Copy)]
pub enum Threads {
    /// A workgroup for each row.
    Rows,
    /// A thread for each of so many places of each row.
    Places(usize),
}

/// Some rows of a batch on the device.
pub struct Batch<'a> {
    device: &'a Device,
    grid: Grid,
    rows: wgpu::Buffer,
    keys: wgpu::Buffer,
    commands: Commands<'a>,
}

/// Rows of a batch that go to the device at a time.
pub fn rows_at_a_time(device: &Device, grid: Grid) -> Result<usize> {
    let values = (device.largest_buffer() / size_of::<f32>() as u64) as usize;
    let most = device.wgpu.limits().max_compute_workgroups_per_dimension as usize;
    if grid.len() > values {
        return Err(Error::compute(
            format!(
                "a picture of {} values does not fit the GPU's largest buffer",
                grid.len()
            ),
            "Use the CPU engine (--compute cpu).",
        ));
    }
    Ok((VALUES.min(values) / grid.len().max(1)).clamp(1, most))
}

impl<'a> Batch<'a> {
    /// `sizes`: lengths of the rows' steps, where there are any.
    pub fn new(device: &'a Device, grid: Grid, sizes: &[f32]) -> Self {
        let mut states = vec![RowState::zeroed(); grid.rows];
        for (state, size) in states.iter_mut().zip(sizes) {
            state.size = *size;
        }
        Self {
            device,
            grid,
            rows: device.upload("row states", &states),
            keys: device.storage("keys", 0),
            commands: Commands::new(device),
        }
    }

    /// A buffer of these numbers.
    pub fn upload<T: Pod>(&self, label: &str, values: &[T]) -> wgpu::Buffer {
        self.device.upload(label, values)
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
    pub fn params(&self) -> StepParams {
        StepParams {
            plane: self.grid.plane() as u32,
            channels: self.grid.channels as u32,
            width: self.grid.width as u32,
            ..StepParams::zeroed()
        }
    }

    /// Puts `kernel` on the list; `buffers` are its bindings from 1 on.
    pub fn run(
        &mut self,
        kernel: Kernel,
        params: StepParams,
        buffers: &[&wgpu::Buffer],
        threads: Threads,
    ) {
        let rows = self.grid.rows as u32;
        let groups = match threads {
            Threads::Rows => [rows, 1],
            Threads::Places(count) => [kernel.groups(count, 1)[0].clamp(1, GROUPS), rows],
        };
        self.commands.run(kernel, &params, buffers, groups);
    }

    /// One thread for each value.
    pub fn values(&self) -> Threads {
        Threads::Places(self.grid.len())
    }

    /// The norms of every row of `a`; what `b` and `c` are depends on the kind, see `shaders/norms.wgsl`.
    pub fn norms(&mut self, kind: NormKind, a: &wgpu::Buffer, b: &wgpu::Buffer, c: &wgpu::Buffer) {
        let params = StepParams {
            kind: kind as u32,
            ..self.params()
        };
        let rows = self.rows();
        self.run(Kernel::Norms, params, &[&rows, a, b, c], Threads::Rows);
    }

    /// Chooses the `k` largest keys of every row.
    fn select(
        &mut self,
        kind: KeyKind,
        k: usize,
        bounds: &DeviceBounds,
        x: &wgpu::Buffer,
        gradient: &wgpu::Buffer,
    ) {
        let count = self.count(kind);
        let params = StepParams {
            kind: kind as u32,
            k: k.min(count) as u32,
            count: count as u32,
            ..self.params()
        };
        let bytes = self.grid.rows * count * size_of::<u32>();
        self.keys = self.device.storage("keys", bytes as u64);
        let (rows, keys) = (self.rows(), self.keys.clone());
        let DeviceBounds {
            clean,
            lower,
            upper,
        } = bounds;
        let buffers = [&rows, x, clean, gradient, lower, upper, &keys];
        self.run(Kernel::Keys, params, &buffers, Threads::Places(count));
        self.run(Kernel::Select, params, &[&rows, &keys], Threads::Rows);
    }

    /// Keys of a row.
    fn count(&self, kind: KeyKind) -> usize {
        match kind {
            KeyKind::Open => self.grid.len(),
            KeyKind::Pixel | KeyKind::Gain => self.grid.plane(),
        }
    }

    /// `z = x + size d`.
    pub fn step(
        &mut self,
        ball: Ball,
        bounds: &DeviceBounds,
        x: &wgpu::Buffer,
        gradient: &wgpu::Buffer,
        z: &wgpu::Buffer,
    ) {
        self.norms(NormKind::Free, gradient, &bounds.lower, &bounds.upper);
        let mut params = self.ball(ball);
        match ball {
            Ball::L1(_) => {
                let k = row::hundredth(self.grid.len());
                self.select(KeyKind::Open, k, bounds, x, gradient);
                params.count = self.grid.len() as u32;
            }
            Ball::L0(k) => self.select(KeyKind::Pixel, k as usize, bounds, x, gradient),
            _ => {}
        }
        let (rows, keys) = (self.rows(), self.keys.clone());
        let buffers = [&rows, x, gradient, &bounds.lower, &bounds.upper, &keys, z];
        self.run(Kernel::Step, params, &buffers, self.values());
    }

    /// `z` into the ball, then into the box.
    pub fn project(&mut self, ball: Ball, bounds: &DeviceBounds, z: &wgpu::Buffer) {
        let params = self.ball(ball);
        let rows = self.rows();
        match ball {
            Ball::L2(_) => self.norms(NormKind::Delta, z, &bounds.clean, &bounds.clean),
            Ball::L1(_) => {
                self.run(
                    Kernel::Soften,
                    params,
                    &[&rows, z, &bounds.clean],
                    Threads::Rows,
                );
            }
            Ball::L0(k) => self.select(KeyKind::Gain, k as usize, bounds, z, &bounds.clean),
            _ => {}
        }
        let keys = self.keys.clone();
        let DeviceBounds {
            clean,
            lower,
            upper,
        } = bounds;
        let buffers = [&rows, clean, lower, upper, &keys, z];
        self.run(Kernel::Place, params, &buffers, self.values());
    }

    /// Parameters of a ball; `shaders/prelude/step.wgsl` has the same numbers for its kinds.
    fn ball(&self, ball: Ball) -> StepParams {
        let (kind, radius) = match ball {
            Ball::Box | Ball::Fourier(..) => (0, 0.0),
            Ball::Linf(r) => (1, row::radius(r)),
            Ball::L2(r) => (2, row::radius(r)),
            Ball::L1(r) => (3, row::radius(r)),
            Ball::L0(_) => (4, 0.0),
        };
        StepParams {
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
        self.commands.read(buffer, count)
    }
}
