//! The Fourier-l-inf ball (arXiv 2102.08868), for both engines: the engine does the transforms, the rest is here.

use super::place::{boxed, delta, toward};
use super::row::{FLAT, radius};
use super::sweep::{each_block, largest, sums};
use super::{blend, each_row};
use crate::compute::fourier::mask;
use crate::compute::{Band, Bounds, Grid, Spectrum};
use crate::error::Result;
use rayon::prelude::*;

/// Rounds of clipping magnitudes and box.
const ROUNDS: usize = 4;
/// Attempts at shrinking a row until its rounded values are inside.
const SHRINKS: i32 = 8;
/// What counts as zero outside the band, in units of eps.
const NOTHING: f32 = 1e-5;
/// Perturbations are clamped here, so that the squares of their magnitudes stay finite.
const FAR: f32 = 1e12;

/// `x + size d`, d of magnitude 1 at every frequency of the band.
pub fn step(
    engine: &impl Spectrum,
    grid: Grid,
    band: Band,
    bounds: Bounds<'_>,
    x: &mut [f32],
    gradient: &[f32],
    size: &[f32],
) -> Result<()> {
    if grid.total() == 0 {
        return Ok(());
    }
    let mut field = gradient.to_vec();
    each_row(grid, &mut field, |row, field| {
        let range = row * grid.len()..(row + 1) * grid.len();
        let (lower, upper) = (&bounds.lower[range.clone()], &bounds.upper[range]);
        for ((g, l), u) in field.iter_mut().zip(lower).zip(upper) {
            *g = if l == u { 0.0 } else { *g };
        }
        let top = largest([field], |[g]| g.abs());
        let odd = sums([field], |[g]| [f64::from(u8::from(!g.is_finite()))])[0];
        if top < FLAT || odd > 0.0 {
            field.fill(0.0);
        } else {
            // The direction does not depend on the scale; magnitudes near 1 keep their digits.
            for g in field {
                *g /= top;
            }
        }
    });
    engine.flatten(grid, band, &mut field)?;
    each_row(grid, x, |row, x| {
        let size = size[row];
        let field = &field[row * grid.len()..];
        each_block(x, |range, x| {
            for (x, d) in x.iter_mut().zip(&field[range]) {
                *x += size * d;
            }
        });
    });
    Ok(())
}

/// Which rows are inside the box.
fn boxed_rows(grid: Grid, bounds: Bounds<'_>, x: &[f32]) -> Vec<bool> {
    let limits = bounds
        .lower
        .par_chunks_exact(grid.len())
        .zip(bounds.upper.par_chunks_exact(grid.len()));
    let rows = x.par_chunks_exact(grid.len()).zip(limits);
    let inside = |(x, (l, u)): (&[f32], (&[f32], &[f32]))| {
        let mut values = x.iter().zip(l).zip(u);
        values.all(|((x, l), u)| l <= x && x <= u)
    };
    rows.map(inside).collect()
}

/// Rows gathered from a batch: those that are not done yet.
struct Gathered {
    grid: Grid,
    rows: Vec<usize>,
    delta: Vec<f32>,
}

impl Gathered {
    fn gather(grid: Grid, bounds: Bounds<'_>, x: &[f32], rows: Vec<usize>) -> Self {
        let mut found = vec![0.0; rows.len() * grid.len()];
        each_row(grid, &mut found, |n, found| {
            let at = rows[n] * grid.len();
            each_block(found, |range, found| {
                let range = at + range.start..at + range.end;
                let values = x[range.clone()].iter().zip(&bounds.clean[range]);
                for (d, (&x, &c)) in found.iter_mut().zip(values) {
                    *d = delta(x, c).clamp(-FAR, FAR);
                }
            });
        });
        Self {
            grid: grid.with_rows(rows.len()),
            rows,
            delta: found,
        }
    }

    /// Largest magnitude of each row inside the band, and outside it.
    fn peaks(&self, engine: &impl Spectrum, band: Band) -> Result<Vec<[f32; 2]>> {
        let magnitudes = engine.magnitudes(self.grid, &self.delta)?;
        let band = mask(self.grid.height, self.grid.width, band);
        let rows = magnitudes.chunks_exact(self.grid.len());
        let peaks = rows.map(|row| {
            let mut peaks = [0.0_f32; 2];
            for plane in row.chunks_exact(self.grid.plane()) {
                for (&m, &inside) in plane.iter().zip(&band) {
                    let peak = &mut peaks[usize::from(!inside)];
                    *peak = peak.max(m);
                }
            }
            peaks
        });
        Ok(peaks.collect())
    }

    /// Keeps the rows of these entries.
    fn keep(&mut self, wanted: &[bool]) {
        let len = self.grid.len();
        let mut kept = 0;
        for (n, _) in wanted.iter().enumerate().filter(|(_, w)| **w) {
            self.delta.copy_within(n * len..(n + 1) * len, kept * len);
            self.rows[kept] = self.rows[n];
            kept += 1;
        }
        self.rows.truncate(kept);
        self.delta.truncate(kept * len);
        self.grid.rows = kept;
    }

    /// `clean + delta` inside the box, rounded towards clean, into the batch.
    fn scatter(&self, bounds: Bounds<'_>, x: &mut [f32]) {
        let len = self.grid.len();
        for (&row, found) in self.rows.iter().zip(self.delta.chunks_exact(len)) {
            let at = row * len;
            each_block(&mut x[at..at + len], |range, x| {
                let all = at + range.start..at + range.end;
                let limits = bounds.lower[all.clone()]
                    .iter()
                    .zip(&bounds.upper[all.clone()]);
                let values = found[range].iter().zip(&bounds.clean[all]).zip(limits);
                for (x, ((&d, &c), (&l, &u))) in x.iter_mut().zip(values) {
                    *x = boxed(toward(c, d), c, l, u);
                }
            });
        }
    }
}

/// Into the ball and the box: clips magnitudes and values in turn, then shrinks the rows whose magnitudes are still
/// too large. The box is convex and holds clean, so shrinking keeps both. What the box puts outside a limited band
/// cannot be shrunk away: there the band holds only as well as the rounds made it.
pub fn project(
    engine: &impl Spectrum,
    grid: Grid,
    eps: f32,
    band: Band,
    bounds: Bounds<'_>,
    x: &mut [f32],
) -> Result<()> {
    if grid.total() == 0 {
        return Ok(());
    }
    let eps = radius(eps);
    let mut inside_box = boxed_rows(grid, bounds, x);
    let mut left = Gathered::gather(grid, bounds, x, (0..grid.rows).collect());
    for round in 0..=ROUNDS {
        let peaks = left.peaks(engine, band)?;
        let open = |(row, [inside, outside]): (&usize, &[f32; 2])| {
            *inside > eps || *outside > NOTHING * eps || !inside_box[*row]
        };
        let open: Vec<bool> = left.rows.iter().zip(&peaks).map(open).collect();
        left.keep(&open);
        if left.rows.is_empty() || round == ROUNDS {
            break;
        }
        engine.clip(left.grid, eps, band, &mut left.delta)?;
        left.scatter(bounds, x);
        inside_box.fill(true);
        left = Gathered::gather(grid, bounds, x, left.rows);
    }
    for attempt in 0..=SHRINKS {
        let peaks: Vec<f32> = left
            .peaks(engine, Band::ALL)?
            .iter()
            .map(|p| p[0])
            .collect();
        let over: Vec<bool> = peaks.iter().map(|p| *p > eps).collect();
        left.keep(&over);
        if left.rows.is_empty() {
            break;
        }
        // Rounding to float32 adds magnitude of its own: each attempt aims further inside, the last one at clean.
        let aim = eps * (1.0 - 1e-6 * 4.0_f32.powi(attempt));
        let over = peaks.into_iter().filter(|p| *p > eps);
        for (delta, peak) in left.delta.chunks_exact_mut(grid.len()).zip(over) {
            let scale = if attempt == SHRINKS { 0.0 } else { aim / peak };
            for d in delta {
                *d *= scale;
            }
        }
        left.scatter(bounds, x);
        left = Gathered::gather(grid, bounds, x, left.rows);
    }
    Ok(())
}

/// [`crate::compute::Perturb::momentum_step`].
#[allow(clippy::too_many_arguments)] // the trait's own
pub fn momentum_step(
    engine: &impl Spectrum,
    grid: Grid,
    (eps, band): (f32, Band),
    bounds: Bounds<'_>,
    x: &mut [f32],
    before: &mut [f32],
    gradient: &[f32],
    size: &[f32],
    alpha: f32,
) -> Result<()> {
    let mut z = x.to_vec();
    step(engine, grid, band, bounds, &mut z, gradient, size)?;
    project(engine, grid, eps, band, bounds, &mut z)?;
    blend(&mut z, x, before, alpha);
    project(engine, grid, eps, band, bounds, &mut z)?;
    before.copy_from_slice(x);
    x.copy_from_slice(&z);
    Ok(())
}
