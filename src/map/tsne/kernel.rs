//! The forces of t-SNE on a grid, as what the spectrum of the density is multiplied by.

use super::transform::{Plan, fitting};
use rayon::prelude::*;
use rustfft::num_complex::Complex;

/// The kernels for one size and spacing of the grid.
pub(super) struct Kernel {
    /// Transforms of lines of the grid.
    pub plan: Plan,
    spacing: f32,
    /// Transform of the force (along x, and i times along y), `[size, size]`.
    pub force: Vec<Complex<f32>>,
    /// Transform of the similarity.
    pub similarity: Vec<f32>,
    /// How similar a point is to itself on this grid, on average over where it lies between the nodes.
    pub own: f64,
}

impl Kernel {
    /// Does it serve a grid of at least `least` nodes along an axis, `spacing` apart? A little too large costs less than
    /// another kernel.
    pub fn fits(&self, least: usize, spacing: f32) -> bool {
        let size = fitting(least);
        (least..=size + size / 8).contains(&self.plan.size()) && self.spacing == spacing
    }

    /// For a grid of at least `least` nodes along an axis, `spacing` apart.
    pub fn new(least: usize, spacing: f32) -> Self {
        let size = fitting(least);
        let plan = Plan::new(size);
        let distance = |i: usize| {
            let steps = if i < size / 2 {
                i as f32
            } else {
                i as f32 - size as f32
            };
            // Half way around it is as far to either side.
            if 2 * i == size {
                (steps * spacing, 0.0)
            } else {
                (steps * spacing, 1.0)
            }
        };
        let kernel = |value: &(dyn Fn(usize, usize) -> Complex<f32> + Sync)| {
            let mut all = vec![Complex::default(); size * size];
            let lines = all.par_chunks_exact_mut(size).enumerate();
            lines.for_each(|(x, line)| {
                line.iter_mut()
                    .enumerate()
                    .for_each(|(y, v)| *v = value(x, y));
            });
            plan.square(&mut all);
            all
        };
        let similar = |x: usize, y: usize| {
            let (x, y) = (distance(x).0, distance(y).0);
            1.0 / (1.0 + x * x + y * y)
        };
        let mut force = kernel(&|x, y| {
            let similarity = similar(x, y);
            let ((x, own_x), (y, own_y)) = (distance(x), distance(y));
            Complex::new(own_x * x, own_y * y) * (similarity * similarity)
        });
        let mut similarity = kernel(&|x, y| Complex::new(similar(x, y), 0.0));
        // What the splines leave of each frequency, on the way in and on the way out.
        let kept: Vec<f32> = (0..size)
            .map(|k| {
                let angle = std::f64::consts::TAU * k as f64 / size as f64;
                (((2.0 + angle.cos()) / 3.0).powi(2)) as f32
            })
            .collect();
        let area = (size * size) as f32;
        for kernel in [&mut force, &mut similarity] {
            for (x, line) in kernel.chunks_exact_mut(size).enumerate() {
                for (value, kept_y) in line.iter_mut().zip(&kept) {
                    *value /= area * kept[x] * kept_y;
                }
            }
        }
        let similarity: Vec<f32> = similarity.iter().map(|v| v.re).collect();
        Self {
            own: own(&similarity, size),
            plan,
            spacing,
            force,
            similarity,
        }
    }
}

/// The similarity at distance 0 with this transform, read through the splines: the mean over places between the nodes,
/// of which the spline of seventh degree is the square.
fn own(similarity: &[f32], size: usize) -> f64 {
    let square: Vec<f64> = (0..size)
        .map(|k| {
            let angle = std::f64::consts::TAU * k as f64 / size as f64;
            let waves = [1191.0, 120.0, 1.0].into_iter().zip([1.0, 2.0, 3.0]);
            let sum: f64 = waves.map(|(part, n)| 2.0 * part * (n * angle).cos()).sum();
            (2416.0 + sum) / 5040.0
        })
        .collect();
    let lines = similarity.chunks_exact(size).zip(&square);
    let along = |line: &[f32]| {
        line.iter()
            .zip(&square)
            .map(|(&v, s)| f64::from(v) * s)
            .sum::<f64>()
    };
    lines.map(|(line, square)| square * along(line)).sum()
}
