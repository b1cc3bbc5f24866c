//! The GPU's form of [`Perturb`]: each call uploads some rows, runs its kernels and reads the result back. The bounds
//! of an attack stay on the device.

mod batch;
mod params;
mod resident;

use super::Gpu;
use super::kernels::Kernel;
use crate::compute::steps::{check, fourier, lengths, within};
use crate::compute::{Ball, Bounds, Grid, Noise, Perturb, Size, Square};
use crate::error::Result;
use batch::{Batch, NormKind, Threads, rows_at_a_time};
use params::{RowState, StepParams};
use resident::{DeviceBounds, DeviceCopy};
use std::ops::Range;

impl Gpu {
    /// Calls `work` with every chunk of the batch: the chunk on the device, its rows, and its values.
    fn in_chunks(
        &self,
        grid: Grid,
        sizes: &[f32],
        mut work: impl FnMut(Batch<'_>, Range<usize>, Range<usize>) -> Result<()>,
    ) -> Result<()> {
        if grid.is_empty() {
            return Ok(());
        }
        let (device, _turn) = self.turn();
        let at_a_time = rows_at_a_time(device, grid)?;
        for first in (0..grid.rows).step_by(at_a_time) {
            let rows = first..(first + at_a_time).min(grid.rows);
            let sizes = sizes.get(rows.clone()).unwrap_or_default();
            let values = rows.start * grid.len()..rows.end * grid.len();
            let batch = Batch::new(device, grid.with_rows(rows.len()), sizes);
            work(batch, rows, values)?;
        }
        Ok(())
    }

    /// As [`Gpu::in_chunks`], with the bounds of each chunk on the device.
    fn in_bounds(
        &self,
        grid: Grid,
        bounds: Bounds<'_>,
        sizes: &[f32],
        mut work: impl FnMut(Batch<'_>, &DeviceBounds, Range<usize>, Range<usize>) -> Result<()>,
    ) -> Result<()> {
        let device = &self.device;
        let copy = DeviceCopy::of(device, grid, rows_at_a_time(device, grid)?, bounds)?;
        self.in_chunks(grid, sizes, |batch, rows, values| {
            let bounds = match &copy {
                Some(copy) => copy.chunk(rows.start),
                None => DeviceBounds::upload(device, bounds, &values),
            };
            work(batch, &bounds, rows, values)
        })
    }
}

impl Perturb for Gpu {
    fn ascend(
        &self,
        grid: Grid,
        ball: Ball,
        bounds: Bounds<'_>,
        x: &mut [f32],
        gradient: &[f32],
        size: &[f32],
    ) -> Result<()> {
        check(grid, &lengths(bounds), &[size.len()])?;
        check(grid, &[x.len(), gradient.len()], &[])?;
        if let Ball::Fourier(eps, band) = ball {
            fourier::step(self, grid, band, bounds, x, gradient, size)?;
            return fourier::project(self, grid, eps, band, bounds, x);
        }
        self.in_bounds(grid, bounds, size, |mut batch, bounds, _, range| {
            let from = batch.upload("x", &x[range.clone()]);
            let gradient = batch.upload("gradient", &gradient[range.clone()]);
            let z = batch.empty("z");
            batch.step(ball, bounds, &from, &gradient, &z);
            batch.project(ball, bounds, &z);
            batch.read(&z, &mut x[range])
        })
    }

    fn project(&self, grid: Grid, ball: Ball, bounds: Bounds<'_>, x: &mut [f32]) -> Result<()> {
        check(grid, &lengths(bounds), &[])?;
        check(grid, &[x.len()], &[])?;
        if let Ball::Fourier(eps, band) = ball {
            return fourier::project(self, grid, eps, band, bounds, x);
        }
        self.in_bounds(grid, bounds, &[], |mut batch, bounds, _, range| {
            let z = batch.upload("x", &x[range.clone()]);
            batch.project(ball, bounds, &z);
            batch.read(&z, &mut x[range])
        })
    }

    fn momentum_step(
        &self,
        grid: Grid,
        ball: Ball,
        bounds: Bounds<'_>,
        x: &mut [f32],
        before: &mut [f32],
        gradient: &[f32],
        size: &[f32],
        alpha: f32,
    ) -> Result<()> {
        check(grid, &lengths(bounds), &[size.len()])?;
        check(grid, &[x.len(), before.len(), gradient.len()], &[])?;
        if let Ball::Fourier(eps, band) = ball {
            let ball = (eps, band);
            return fourier::momentum_step(
                self, grid, ball, bounds, x, before, gradient, size, alpha,
            );
        }
        self.in_bounds(grid, bounds, size, |mut batch, bounds, _, range| {
            let from = batch.upload("x", &x[range.clone()]);
            let last = batch.upload("before", &before[range.clone()]);
            let gradient = batch.upload("gradient", &gradient[range.clone()]);
            let z = batch.empty("z");
            batch.step(ball, bounds, &from, &gradient, &z);
            batch.project(ball, bounds, &z);
            let params = StepParams {
                alpha,
                ..batch.params()
            };
            batch.run(Kernel::Blend, params, &[&from, &last, &z], batch.values());
            batch.project(ball, bounds, &z);
            before[range.clone()].copy_from_slice(&x[range.clone()]);
            batch.read(&z, &mut x[range])
        })
    }

    fn accumulate(
        &self,
        grid: Grid,
        velocity: &mut [f32],
        gradient: &[f32],
        decay: f32,
    ) -> Result<()> {
        check(grid, &[velocity.len(), gradient.len()], &[])?;
        self.in_chunks(grid, &[], |mut batch, _, range| {
            let gradient = batch.upload("gradient", &gradient[range.clone()]);
            let sum = batch.upload("velocity", &velocity[range.clone()]);
            batch.norms(NormKind::Plain, &gradient, &gradient, &gradient);
            let params = StepParams {
                alpha: decay,
                ..batch.params()
            };
            let rows = batch.rows();
            batch.run(
                Kernel::Accumulate,
                params,
                &[&rows, &gradient, &sum],
                batch.values(),
            );
            batch.read(&sum, &mut velocity[range])
        })
    }

    fn noise(
        &self,
        grid: Grid,
        kind: Noise,
        seed: u64,
        stream: u32,
        keys: &[u32],
    ) -> Result<Vec<f32>> {
        check(grid, &[], &[keys.len()])?;
        let mut values = vec![0.0; grid.total()];
        self.in_chunks(grid, &[], |mut batch, rows, range| {
            let keys = batch.upload("keys", &keys[rows]);
            let found = batch.empty("noise");
            let blocks = grid.len().div_ceil(4);
            let params = StepParams {
                kind: match kind {
                    Noise::Uniform => 0,
                    Noise::Sign => 1,
                    Noise::Normal => 2,
                },
                count: blocks as u32,
                seed: [seed as u32, (seed >> 32) as u32],
                stream,
                ..batch.params()
            };
            batch.run(
                Kernel::Noise,
                params,
                &[&keys, &found],
                Threads::Places(blocks),
            );
            batch.read(&found, &mut values[range])
        })?;
        Ok(values)
    }

    fn paint_squares(
        &self,
        grid: Grid,
        bounds: Bounds<'_>,
        x: &mut [f32],
        eps: f32,
        squares: &[Square],
        signs: &[u32],
    ) -> Result<()> {
        check(grid, &lengths(bounds), &[squares.len(), signs.len()])?;
        check(grid, &[x.len()], &[])?;
        let squares: Vec<[u32; 4]> = squares
            .iter()
            .map(|square| within(grid, *square))
            .map(|s| [s.top, s.left, s.height, s.width])
            .collect();
        self.in_bounds(grid, bounds, &[], |mut batch, bounds, rows, range| {
            let picture = batch.upload("x", &x[range.clone()]);
            let squares = batch.upload("squares", &squares[rows.clone()]);
            let signs = batch.upload("signs", &signs[rows]);
            let params = StepParams {
                radius: eps,
                ..batch.params()
            };
            let buffers = [
                &squares,
                &signs,
                &bounds.clean,
                &bounds.lower,
                &bounds.upper,
                &picture,
            ];
            batch.run(Kernel::Squares, params, &buffers, batch.values());
            batch.read(&picture, &mut x[range])
        })
    }

    fn measure(&self, grid: Grid, clean: &[f32], x: &[f32]) -> Result<Vec<Size>> {
        check(grid, &[clean.len(), x.len()], &[])?;
        let mut sizes = vec![Size::default(); grid.rows];
        self.in_chunks(grid, &[], |mut batch, rows, range| {
            let clean = batch.upload("clean", &clean[range.clone()]);
            let x = batch.upload("x", &x[range]);
            batch.norms(NormKind::Delta, &x, &clean, &clean);
            let states: Vec<RowState> = {
                let buffer = batch.rows();
                batch.finish(&buffer, rows.len())?
            };
            for (size, state) in sizes[rows].iter_mut().zip(states) {
                *size = Size {
                    linf: state.linf,
                    l2: state.l2 * state.linf,
                    l1: state.l1 * state.linf,
                    l0: state.pixels,
                    mean: state.sum * state.linf / grid.len() as f32,
                };
            }
            Ok(())
        })?;
        Ok(sizes)
    }
}
