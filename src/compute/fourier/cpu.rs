//! The CPU's transform: real rows two at a time, then the columns of half the spectrum; the other half is its mirror
//! image, so the inverse is real by construction.

use super::{NOISE, check, level, limit, mask, tidy};
use crate::compute::{Band, Cpu, Grid, Spectrum};
use crate::error::Result;
use crate::task::lock;
use rayon::prelude::*;
use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftDirection, FftPlanner};
use std::sync::{Arc, LazyLock, Mutex};

/// Lines of one piece of work: enough for whole cache lines when columns are gathered, few enough for many pieces.
const LINES: usize = 8;

/// The planner keeps every plan it has made.
static PLANNER: LazyLock<Mutex<FftPlanner<f32>>> = LazyLock::new(|| Mutex::new(FftPlanner::new()));

impl Spectrum for Cpu {
    fn magnitudes(&self, grid: Grid, values: &[f32]) -> Result<Vec<f32>> {
        check(grid, values.len())?;
        let mut sizes = vec![0.0; values.len()];
        if grid.total() > 0 {
            let transform = Transform::new(grid);
            sizes
                .par_chunks_mut(grid.plane())
                .zip(values.par_chunks(grid.plane()))
                .for_each(|(sizes, plane)| transform.magnitudes(plane, sizes));
        }
        Ok(sizes)
    }

    fn flatten(&self, grid: Grid, band: Band, values: &mut [f32]) -> Result<()> {
        check(grid, values.len())?;
        if grid.total() > 0 {
            tidy(grid, values);
            level(grid, values);
            pointwise(grid, band, values, |z| {
                let size = norm(z);
                if size > f64::from(NOISE) {
                    z * (1.0 / size) as f32
                } else {
                    Complex32::ZERO
                }
            });
        }
        Ok(())
    }

    fn clip(&self, grid: Grid, eps: f32, band: Band, values: &mut [f32]) -> Result<()> {
        check(grid, values.len())?;
        if grid.total() > 0 {
            tidy(grid, values);
            let limit = f64::from(limit(eps));
            pointwise(grid, band, values, |z| {
                let size = norm(z);
                if size > limit {
                    let factor = limit / size;
                    Complex32::new(
                        (f64::from(z.re) * factor) as f32,
                        (f64::from(z.im) * factor) as f32,
                    )
                } else {
                    z
                }
            });
        }
        Ok(())
    }
}

/// Applies `change` to the spectrum's values within `band`, zero to the others.
fn pointwise(
    grid: Grid,
    band: Band,
    values: &mut [f32],
    change: impl Fn(Complex32) -> Complex32 + Sync,
) {
    let transform = Transform::new(grid);
    let inside = mask(grid.height, grid.width, band);
    values
        .par_chunks_mut(grid.plane())
        .for_each(|plane| transform.filter(plane, &inside, &change));
}

/// In float64, where the squares neither overflow nor vanish.
fn norm(z: Complex32) -> f64 {
    (f64::from(z.re).powi(2) + f64::from(z.im).powi(2)).sqrt()
}

/// One transform there and back.
struct Line {
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
}

impl Line {
    fn new(length: usize) -> Self {
        let mut planner = lock(&PLANNER);
        Self {
            forward: planner.plan_fft(length, FftDirection::Forward),
            inverse: planner.plan_fft(length, FftDirection::Inverse),
        }
    }

    fn scratch(&self) -> Vec<Complex32> {
        let length = self.forward.get_inplace_scratch_len();
        vec![Complex32::ZERO; length.max(self.inverse.get_inplace_scratch_len())]
    }
}

/// The transform of planes of one size. A spectrum is kept column by column, `[width / 2 + 1, height]`.
struct Transform {
    height: usize,
    width: usize,
    half: usize,
    row: Line,
    column: Line,
    scale: f32,
}

impl Transform {
    fn new(grid: Grid) -> Self {
        Self {
            height: grid.height,
            width: grid.width,
            half: grid.width / 2 + 1,
            row: Line::new(grid.width),
            column: Line::new(grid.height),
            scale: (1.0 / (grid.plane() as f64).sqrt()) as f32,
        }
    }

    /// Rows of half the spectrum, `[height, half]`. Two real rows a and b go through one transform as `a + i b`.
    fn rows(&self, plane: &[f32]) -> Vec<Complex32> {
        let (width, half) = (self.width, self.half);
        let mut spectra = vec![Complex32::ZERO; self.height * half];
        spectra
            .par_chunks_mut(LINES * half)
            .zip(plane.par_chunks(LINES * width))
            .for_each_init(
                || (self.row.scratch(), Vec::new()),
                |(scratch, line), (spectra, rows)| {
                    for (pair, rows) in spectra.chunks_mut(2 * half).zip(rows.chunks(2 * width)) {
                        let (a, b) = rows.split_at(width);
                        line.clear();
                        line.extend(a.iter().enumerate().map(|(x, &re)| {
                            Complex32::new(re, b.get(x).copied().unwrap_or_default())
                        }));
                        self.row.forward.process_with_scratch(line, scratch);
                        let (to_a, to_b) = pair.split_at_mut(half);
                        let mirrored = |x: usize| line[(width - x) % width];
                        for (x, to) in to_a.iter_mut().enumerate() {
                            *to = (line[x] + mirrored(x).conj()) * 0.5;
                        }
                        for (x, to) in to_b.iter_mut().enumerate() {
                            let z = line[x] - mirrored(x).conj();
                            *to = Complex32::new(z.im, -z.re) * 0.5;
                        }
                    }
                },
            );
        spectra
    }

    /// The spectrum of `plane`; `finish` sees each column with its number and scratch for another transform.
    fn columns(
        &self,
        plane: &[f32],
        finish: impl Fn(usize, &mut [Complex32], &mut [Complex32]) + Sync,
    ) -> Vec<Complex32> {
        let (height, half) = (self.height, self.half);
        let rows = self.rows(plane);
        let mut columns = vec![Complex32::ZERO; half * height];
        columns
            .par_chunks_mut(LINES * height)
            .enumerate()
            .for_each_init(
                || self.column.scratch(),
                |scratch, (n, columns)| {
                    let first = n * LINES;
                    let count = columns.len() / height;
                    for (y, row) in rows.chunks_exact(half).enumerate() {
                        for (x, &z) in row[first..first + count].iter().enumerate() {
                            columns[x * height + y] = z * self.scale;
                        }
                    }
                    self.column.forward.process_with_scratch(columns, scratch);
                    for (x, column) in columns.chunks_exact_mut(height).enumerate() {
                        finish(first + x, column, scratch);
                    }
                },
            );
        columns
    }

    /// All magnitudes of `plane`.
    fn magnitudes(&self, plane: &[f32], sizes: &mut [f32]) {
        let columns = self.columns(plane, |_, _, _| {});
        let (height, width) = (self.height, self.width);
        for (y, sizes) in sizes.chunks_exact_mut(width).enumerate() {
            for (x, size) in sizes.iter_mut().enumerate() {
                let at = if x < self.half {
                    x * height + y
                } else {
                    (width - x) * height + (height - y) % height
                };
                *size = norm(columns[at]) as f32;
            }
        }
    }

    /// `plane <- F^-1(change(F(plane)))` over `inside`, zero elsewhere.
    fn filter(
        &self,
        plane: &mut [f32],
        inside: &[bool],
        change: &(impl Fn(Complex32) -> Complex32 + Sync),
    ) {
        let columns = self.columns(plane, |x, column, scratch| {
            for (z, &inside) in column
                .iter_mut()
                .zip(inside[x..].iter().step_by(self.width))
            {
                *z = if inside { change(*z) } else { Complex32::ZERO };
            }
            self.column.inverse.process_with_scratch(column, scratch);
        });
        plane
            .par_chunks_mut(LINES * self.width)
            .enumerate()
            .for_each_init(
                || (self.row.scratch(), Vec::new()),
                |(scratch, lines), (n, rows)| {
                    self.gather(&columns, n * LINES, rows.len() / self.width, lines);
                    self.row.inverse.process_with_scratch(lines, scratch);
                    for (rows, line) in rows
                        .chunks_mut(2 * self.width)
                        .zip(lines.chunks_exact(self.width))
                    {
                        let (a, b) = rows.split_at_mut(self.width);
                        for (to, z) in a.iter_mut().zip(line) {
                            *to = z.re * self.scale;
                        }
                        for (to, z) in b.iter_mut().zip(line) {
                            *to = z.im * self.scale;
                        }
                    }
                },
            );
    }

    /// The spectra a and b of rows `first .. first + count`, two by two, as the lines `a + i b`.
    fn gather(
        &self,
        columns: &[Complex32],
        first: usize,
        count: usize,
        lines: &mut Vec<Complex32>,
    ) {
        let width = self.width;
        lines.clear();
        lines.resize(count.div_ceil(2) * width, Complex32::ZERO);
        for (x, column) in columns.chunks_exact(self.height).enumerate() {
            let pairs = column[first..first + count].chunks(2);
            for (line, pair) in lines.chunks_exact_mut(width).zip(pairs) {
                let a = pair.first().copied().unwrap_or_default();
                let b = pair.get(1).copied().unwrap_or_default();
                let mirror = (width - x) % width;
                if mirror == x {
                    // Real but for rounding.
                    line[x] = Complex32::new(a.re, b.re);
                } else {
                    line[x] = Complex32::new(a.re - b.im, a.im + b.re);
                    line[mirror] = Complex32::new(a.re + b.im, b.re - a.im);
                }
            }
        }
    }
}
