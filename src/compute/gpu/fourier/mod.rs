//! The GPU's transform: `shaders/fft.wgsl` over rows, then columns; `shaders/fft_stage.wgsl` for lines beyond 1024.
//!
//! Planes are transformed in chunks that fit the device's buffers; the plan of the last size is kept.

mod lines;
mod plan;

pub use plan::Plan;

use super::Gpu;
use crate::compute::fourier::{check, level, limit, tidy};
use crate::compute::{Band, Cpu, Grid, Spectrum};
use crate::error::Result;
use crate::task::lock;
use plan::SpectrumOp;

/// Bytes of a chunk's spectrum: short dispatches, little memory.
const CHUNK: u64 = 64 << 20;

impl Gpu {
    /// Planes that one chunk takes; 0 where the device cannot: a plane beyond its buffers, a side with a prime
    /// factor for which the plain sum would take too long.
    fn chunk(&self, grid: Grid) -> usize {
        let most = self.device.largest_buffer();
        let bytes = 8 * grid.plane() as u64;
        if bytes > most || !lines::quick(grid.height) || !lines::quick(grid.width) {
            return 0;
        }
        let fits = (CHUNK.min(most) / bytes).max(1) as usize;
        fits.min(grid.rows * grid.channels)
    }

    /// Transforms `values` in place, chunk by chunk, and applies `op`.
    fn over_planes(
        &self,
        grid: Grid,
        band: Band,
        op: SpectrumOp,
        chunk: usize,
        values: &mut [f32],
    ) -> Result<()> {
        let (device, _turn) = self.turn();
        let mut kept = lock(&self.fourier);
        let mut plan = kept
            .take()
            .filter(|p| p.serves(grid, chunk))
            .unwrap_or_else(|| Plan::new(device, grid, chunk));
        plan.set_band(device, band);
        for chunk in values.chunks_mut(chunk * grid.plane()) {
            chunk.copy_from_slice(&plan.run(device, chunk, op)?);
        }
        *kept = Some(plan);
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
        self.over_planes(grid, Band::ALL, SpectrumOp::Magnitudes, chunk, &mut sizes)?;
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
        self.over_planes(grid, band, SpectrumOp::Flatten, chunk, values)
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
        self.over_planes(grid, band, SpectrumOp::Clip(limit(eps)), chunk, values)
    }
}
