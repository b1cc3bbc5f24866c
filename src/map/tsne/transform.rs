//! Two-dimensional Fourier transforms line by line, on all threads.

use rayon::prelude::*;
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};
use std::sync::Arc;

/// Rows and columns that are turned at once: they fit into the cache.
const BAND: usize = 16;

/// Transforms of lines of one length.
pub struct Plan {
    size: usize,
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
}

/// The smallest size of at least `least` whose transforms are fast: 16 times a product of 2, 3 and 5.
pub fn fitting(least: usize) -> usize {
    let smooth = |size: &usize| {
        let mut rest = *size;
        for factor in [2, 3, 5] {
            while rest.is_multiple_of(factor) {
                rest /= factor;
            }
        }
        rest == 1
    };
    let first = least.max(1).div_ceil(16);
    // The next power of 2 ends the search.
    let sizes = first..=first.next_power_of_two();
    16 * sizes.into_iter().find(smooth).unwrap_or(first)
}

impl Plan {
    /// For lines of `size` values.
    pub fn new(size: usize) -> Self {
        let mut planner = FftPlanner::new();
        Self {
            size,
            forward: planner.plan_fft_forward(size),
            inverse: planner.plan_fft_inverse(size),
        }
    }

    /// Values of a line.
    pub fn size(&self) -> usize {
        self.size
    }

    fn scratch(&self) -> Vec<Complex<f32>> {
        let (there, back) = (&self.forward, &self.inverse);
        let most = there
            .get_inplace_scratch_len()
            .max(back.get_inplace_scratch_len());
        vec![Complex::default(); most]
    }

    fn lines(&self, fft: &Arc<dyn Fft<f32>>, rows: &mut [Complex<f32>]) {
        rows.par_chunks_exact_mut(self.size)
            .with_min_len(8)
            .for_each_init(
                || self.scratch(),
                |scratch, line| fft.process_with_scratch(line, scratch),
            );
    }

    /// Transforms each line.
    pub fn forward(&self, rows: &mut [Complex<f32>]) {
        self.lines(&self.forward, rows);
    }

    /// Transforms each line back; the values are multiplied by the size.
    pub fn inverse(&self, rows: &mut [Complex<f32>]) {
        self.lines(&self.inverse, rows);
    }

    /// Transforms each column, which is given by its first `length` values and 0 beyond, has `change` change it, and
    /// transforms it back; gives what `change` returned for each.
    pub fn through(
        &self,
        columns: &mut [Complex<f32>],
        length: usize,
        change: impl Fn(usize, &mut [Complex<f32>]) -> f64 + Sync,
    ) -> Vec<f64> {
        columns
            .par_chunks_exact_mut(length)
            .with_min_len(8)
            .enumerate()
            .map_init(
                || (self.scratch(), vec![Complex::default(); self.size]),
                |(scratch, line), (column, values)| {
                    line[..length].copy_from_slice(values);
                    line[length..].fill(Complex::default());
                    self.forward.process_with_scratch(line, scratch);
                    let returned = change(column, line);
                    self.inverse.process_with_scratch(line, scratch);
                    values.copy_from_slice(&line[..length]);
                    returned
                },
            )
            .collect()
    }

    /// Transforms a square along both axes.
    pub fn square(&self, all: &mut Vec<Complex<f32>>) {
        let mut turned = Vec::new();
        self.forward(all);
        turn(all, self.size, &mut turned);
        self.forward(&mut turned);
        turn(&turned, self.size, all);
    }
}

/// The columns of the matrix `from` of `height` rows, as the rows of `to`.
pub fn turn(from: &[Complex<f32>], height: usize, to: &mut Vec<Complex<f32>>) {
    let width = from.len() / height;
    to.resize(from.len(), Complex::default());
    to.par_chunks_mut(BAND * height)
        .enumerate()
        .for_each(|(band, lines)| {
            for first in (0..height).step_by(BAND) {
                for (i, line) in lines.chunks_exact_mut(height).enumerate() {
                    let column = band * BAND + i;
                    for row in first..(first + BAND).min(height) {
                        line[row] = from[row * width + column];
                    }
                }
            }
        });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_fast_and_hardly_larger() {
        for least in 1..3000 {
            let size = fitting(least);
            assert!(
                size >= least && size <= least.max(16) * 4 / 3 + 16,
                "{least}: {size}"
            );
            assert!(size.is_multiple_of(16));
        }
        assert_eq!([640, 641, 720].map(fitting), [640, 720, 720]);
    }

    #[test]
    fn a_square_is_transformed_as_the_definition_says() {
        let size = 16;
        let mut random = fastrand::Rng::with_seed(2);
        let values: Vec<Complex<f32>> = (0..size * size)
            .map(|_| Complex::new(random.f32() - 0.5, random.f32() - 0.5))
            .collect();
        let mut got = values.clone();
        Plan::new(size).square(&mut got);
        for (u, v) in [(0, 0), (3, 0), (5, 14)] {
            let mut right = Complex::new(0.0_f64, 0.0);
            for (x, y) in (0..size * size).map(|i| (i / size, i % size)) {
                let angle = -std::f64::consts::TAU * ((u * x + v * y) as f64) / size as f64;
                let value = values[x * size + y];
                let value = Complex::new(f64::from(value.re), f64::from(value.im));
                right += value * Complex::from_polar(1.0, angle);
            }
            let got = got[u * size + v];
            assert!((f64::from(got.re) - right.re).abs() < 1e-4, "{got} {right}");
            assert!((f64::from(got.im) - right.im).abs() < 1e-4);
        }
    }

    #[test]
    fn columns_come_back_and_turned_twice_is_the_same() {
        let plan = Plan::new(48);
        let values: Vec<Complex<f32>> = (0..20 * 33).map(|i| Complex::new(i as f32, 1.0)).collect();
        let (mut turned, mut back) = (Vec::new(), Vec::new());
        turn(&values, 20, &mut turned);
        assert_eq!(turned[20], values[1]);
        let sums = plan.through(&mut turned, 20, |column, line| {
            for value in line {
                *value /= 48.0;
            }
            column as f64
        });
        assert_eq!(sums[32], 32.0);
        turn(&turned, 33, &mut back);
        assert!(back.iter().zip(&values).all(|(a, b)| (a - b).norm() < 1e-3));
    }
}
