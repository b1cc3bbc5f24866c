//! The CPU's form of [`Perturb`]: rows in parallel, long rows block by block.

pub mod fourier;
pub mod philox;
mod place;
pub mod row;
mod select;
mod sweep;

use super::{Ball, Bounds, Cpu, Grid, Noise, Perturb, Size, Square};
use crate::error::{Error, Result};
use place::{boxed, toward};
use rayon::prelude::*;
use row::{FLAT, Row, measure};
use sweep::{each_block, sums};

/// Refuses arrays that do not hold one value per value of the batch, or per row.
pub fn check(grid: Grid, arrays: &[usize], of_rows: &[usize]) -> Result<()> {
    let total = arrays
        .iter()
        .find(|n| **n != grid.total())
        .map(|n| (n, grid.total()));
    let rows = of_rows
        .iter()
        .find(|n| **n != grid.rows)
        .map(|n| (n, grid.rows));
    match total.or(rows) {
        None => Ok(()),
        Some((found, wanted)) => Err(Error::request(
            format!("{found} numbers were given for a batch that takes {wanted}"),
            "Give every array the shape of the batch.",
        )),
    }
}

/// The lengths of all arrays.
pub fn lengths(bounds: Bounds<'_>) -> [usize; 3] {
    [bounds.clean, bounds.lower, bounds.upper].map(<[f32]>::len)
}

/// Values that one thread handles sooner than others are woken.
const FEW: usize = 1 << 15;

/// Runs `work` on every row of `values`, in parallel where there are many; it is told the row's number.
fn each_row(grid: Grid, values: &mut [f32], work: impl Fn(usize, &mut [f32]) + Sync) {
    if grid.is_empty() {
        return;
    }
    let work = |(row, values): (usize, &mut [f32])| work(row, values);
    if values.len() <= FEW {
        values
            .chunks_exact_mut(grid.len())
            .enumerate()
            .for_each(work);
    } else {
        let rows = values.par_chunks_exact_mut(grid.len()).enumerate();
        rows.for_each(work);
    }
}

/// `x + alpha (z - x) + (1 - alpha)(x - before)`, the point that APGD's momentum aims at, into `z`.
fn blend(z: &mut [f32], x: &[f32], before: &[f32], alpha: f32) {
    each_block(z, |range, z| {
        let values = x[range.clone()].iter().zip(&before[range]);
        for (z, (&x, &before)) in z.iter_mut().zip(values) {
            *z = x + alpha * (*z - x) + (1.0 - alpha) * (x - before);
        }
    });
}

impl Perturb for Cpu {
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
        each_row(grid, x, |row, x| {
            let place = Row::new(grid, bounds, row);
            place.step(ball, x, of_row(grid, gradient, row), size[row]);
            place.project(ball, x);
        });
        Ok(())
    }

    fn project(&self, grid: Grid, ball: Ball, bounds: Bounds<'_>, x: &mut [f32]) -> Result<()> {
        check(grid, &lengths(bounds), &[])?;
        check(grid, &[x.len()], &[])?;
        if let Ball::Fourier(eps, band) = ball {
            return fourier::project(self, grid, eps, band, bounds, x);
        }
        each_row(grid, x, |row, x| {
            Row::new(grid, bounds, row).project(ball, x);
        });
        Ok(())
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
        let mut z = x.to_vec();
        each_row(grid, &mut z, |row, z| {
            let place = Row::new(grid, bounds, row);
            place.step(ball, z, of_row(grid, gradient, row), size[row]);
            place.project(ball, z);
            blend(z, of_row(grid, x, row), of_row(grid, before, row), alpha);
            place.project(ball, z);
        });
        before.copy_from_slice(x);
        x.copy_from_slice(&z);
        Ok(())
    }

    fn accumulate(
        &self,
        grid: Grid,
        velocity: &mut [f32],
        gradient: &[f32],
        decay: f32,
    ) -> Result<()> {
        check(grid, &[velocity.len(), gradient.len()], &[])?;
        each_row(grid, velocity, |row, velocity| {
            let gradient = of_row(grid, gradient, row);
            let [sum] = sums([gradient], |[g]| [f64::from(g.abs())]);
            let mean = (sum / gradient.len() as f64) as f32;
            // A gradient without direction adds nothing.
            let counts = mean >= FLAT && mean.is_finite();
            each_block(velocity, |range, velocity| {
                for (v, &g) in velocity.iter_mut().zip(&gradient[range]) {
                    *v = decay * *v + if counts { g / mean } else { 0.0 };
                }
            });
        });
        Ok(())
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
        each_row(grid, &mut values, |row, values| {
            each_block(values, |range, block| {
                philox::fill(block, range.start, kind, seed, stream, keys[row]);
            });
        });
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
        each_row(grid, x, |row, x| {
            let (place, square) = (Row::new(grid, bounds, row), within(grid, squares[row]));
            let span = |first: u32, count: u32| first as usize..(first + count) as usize;
            let columns = span(square.left, square.width);
            for channel in 0..grid.channels {
                let up = signs[row] >> (channel % 32) & 1 == 1;
                let step = if up { eps } else { -eps };
                for line in span(square.top, square.height) {
                    let first = (channel * grid.height + line) * grid.width;
                    let range = first + columns.start..first + columns.end;
                    let limits = place.lower[range.clone()]
                        .iter()
                        .zip(&place.upper[range.clone()]);
                    let values = place.clean[range.clone()].iter().zip(limits);
                    for (x, (&clean, (&l, &u))) in x[range].iter_mut().zip(values) {
                        *x = boxed(toward(clean, step), clean, l, u);
                    }
                }
            }
        });
        Ok(())
    }

    fn measure(&self, grid: Grid, clean: &[f32], x: &[f32]) -> Result<Vec<Size>> {
        check(grid, &[clean.len(), x.len()], &[])?;
        if grid.is_empty() {
            return Ok(vec![Size::default(); grid.rows]);
        }
        let of = |(x, clean): (&[f32], &[f32])| measure(x, clean, grid.plane());
        let len = grid.len();
        Ok(if x.len() <= FEW {
            x.chunks_exact(len)
                .zip(clean.chunks_exact(len))
                .map(of)
                .collect()
        } else {
            let clean = clean.par_chunks_exact(len);
            x.par_chunks_exact(len).zip(clean).map(of).collect()
        })
    }
}

/// The part of a square inside the picture.
pub fn within(grid: Grid, square: Square) -> Square {
    let span = |first: u32, count: u32, size: usize| {
        let first = first.min(size as u32);
        (first, count.min(size as u32 - first))
    };
    let (top, height) = span(square.top, square.height, grid.height);
    let (left, width) = span(square.left, square.width, grid.width);
    Square {
        top,
        left,
        height,
        width,
    }
}

/// The values of one row.
fn of_row(grid: Grid, values: &[f32], row: usize) -> &[f32] {
    &values[row * grid.len()..(row + 1) * grid.len()]
}
