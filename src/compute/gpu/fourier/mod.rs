//! The GPU's transform: `shaders/fft.wgsl` over rows, then columns; `shaders/fft_stage.wgsl` for lines beyond 1024.
//!
//! Planes go through in chunks that fit the device's buffers; the plan of the last size is kept.

mod lines;
mod plan;

pub use plan::Fourier;

use super::Gpu;
use crate::compute::fourier::{check, level, limit, tidy};
use crate::compute::{Band, Cpu, Grid, Spectrum};
use crate::error::Result;
use crate::task::lock;
use plan::{Plan, What};

/// Bytes of a chunk's spectrum: short dispatches, little memory.
const CHUNK: u64 = 64 << 20;

impl Gpu {
    /// Planes that one chunk takes; 0 where the device cannot: a plane beyond its buffers, a side with a prime
    /// factor for which the plain sum would take too long.
    fn chunk(&self, grid: Grid) -> usize {
        let limits = self.device.wgpu.limits();
        let most = limits
            .max_storage_buffer_binding_size
            .min(limits.max_buffer_size);
        let bytes = 8 * grid.plane() as u64;
        if bytes > most || !lines::quick(grid.height) || !lines::quick(grid.width) {
            return 0;
        }
        let fits = (CHUNK.min(most) / bytes).max(1) as usize;
        fits.min(grid.rows * grid.channels)
    }

    /// Transforms `values` in place, chunk by chunk.
    fn over_planes(
        &self,
        grid: Grid,
        band: Band,
        what: What,
        chunk: usize,
        values: &mut [f32],
    ) -> Result<()> {
        let _one = lock(&self.busy);
        let fourier = self.fourier.get_or_init(|| Fourier::new(&self.device));
        let mut plan = lock(&fourier.plan);
        let mut ready = plan
            .take()
            .filter(|p| p.serves(grid, chunk))
            .unwrap_or_else(|| Plan::new(&self.device, fourier, grid, chunk));
        ready.set_band(&self.device, band);
        for chunk in values.chunks_mut(chunk * grid.plane()) {
            chunk.copy_from_slice(&ready.run(&self.device, fourier, chunk, what)?);
        }
        *plan = Some(ready);
        Ok(())
    }
}

impl Spectrum for Gpu {
    fn magnitudes(&self, grid: Grid, values: &[f32]) -> Result<Vec<f32>> {
        check(grid, values.len())?;
        if grid.total() == 0 {
            return Ok(Vec::new());
        }
        let chunk = self.chunk(grid);
        if chunk == 0 {
            return Cpu.magnitudes(grid, values);
        }
        let mut sizes = values.to_vec();
        self.over_planes(grid, Band::ALL, What::Magnitudes, chunk, &mut sizes)?;
        Ok(sizes)
    }

    fn flatten(&self, grid: Grid, band: Band, values: &mut [f32]) -> Result<()> {
        check(grid, values.len())?;
        if grid.total() == 0 {
            return Ok(());
        }
        let chunk = self.chunk(grid);
        if chunk == 0 {
            return Cpu.flatten(grid, band, values);
        }
        tidy(grid, values);
        level(grid, values);
        self.over_planes(grid, band, What::Flatten, chunk, values)
    }

    fn clip(&self, grid: Grid, eps: f32, band: Band, values: &mut [f32]) -> Result<()> {
        check(grid, values.len())?;
        if grid.total() == 0 {
            return Ok(());
        }
        let chunk = self.chunk(grid);
        if chunk == 0 {
            return Cpu.clip(grid, eps, band, values);
        }
        tidy(grid, values);
        self.over_planes(grid, band, What::Clip(limit(eps)), chunk, values)
    }
}
