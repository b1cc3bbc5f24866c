//! The repulsion of t-SNE among all points in one pass: their density on a grid, convolved with the force by Fourier
//! transforms (Linderman et al., Nature Methods 16, 2019), which takes about as long for any number of points.
//!
//! Cubic B-splines bring the points onto the grid and read the forces off it. What they smooth is divided out in the
//! spectrum, so that the grid may be coarser than with polynomials. Both directions of the force are one complex number,
//! and the sum of all similarities follows from the spectrum: one transform there and one back are enough.

use super::kernel::Kernel;
use super::pairs::{SUM, pairs};
use super::transform::turn;
use rayon::prelude::*;
use rustfft::num_complex::Complex;

/// Distance of the nodes: forces change over a distance of 1.
const SPACING: f32 = 0.5;
/// Nodes along an axis, at most; a wider map has them farther apart.
const NODES: usize = 1000;
/// Nodes that a map spans at least, as long as they are no nearer than this.
const FEWEST: f32 = 32.0;
const LEAST: f32 = 1e-7;
/// Empty nodes around the points, which the splines reach.
const MARGIN: usize = 3;
/// Nodes beyond the grid within which what the splines smooth fades.
const FADE: usize = 10;
/// Points up to which all pairs are summed instead: that is exact, and no slower.
const FEW: usize = 1000;
/// Points whose density one task sums.
const PART: usize = 25_000;
/// Points whose forces one task reads.
const CHUNK: usize = 512;

/// Computes repulsions; keeps what stays the same from one step to the next.
#[derive(Default)]
pub struct Field {
    kernel: Option<Kernel>,
    /// Rows of the grid, each of the plan's size.
    rows: Vec<Complex<f32>>,
    /// Their columns.
    columns: Vec<Complex<f32>>,
}

/// Where a grid lies.
#[derive(Debug, Clone, Copy)]
struct Frame {
    low: [f32; 2],
    spacing: f32,
    nodes: usize,
}

impl Frame {
    /// Around `places`.
    fn around(places: &[[f32; 2]]) -> Self {
        let (mut low, mut high) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
        for place in places {
            for a in 0..2 {
                low[a] = low[a].min(place[a]);
                high[a] = high[a].max(place[a]);
            }
        }
        let span = (high[0] - low[0]).max(high[1] - low[1]).max(0.0);
        let mut spacing = SPACING;
        // The forces within a small map are small, and would drown in the rounding of those across a wide grid.
        while span < FEWEST * spacing && spacing > LEAST {
            spacing /= 2.0;
        }
        while span / spacing > NODES as f32 {
            // In steps, as each spacing has its own kernel.
            spacing *= 1.05;
        }
        Self {
            low,
            spacing,
            nodes: (span / spacing) as usize + 1 + 2 * MARGIN,
        }
    }

    /// The first of the four nodes that `place` has a part of along each axis, and its parts of them.
    fn parts(&self, place: [f32; 2]) -> [(usize, [f32; 4]); 2] {
        [0, 1].map(|a| {
            let at = (place[a] - self.low[a]) / self.spacing + MARGIN as f32;
            let node = (at as usize).clamp(1, self.nodes - 3);
            (node - 1, spline(at - node as f32))
        })
    }
}

/// Values of the cubic B-spline at the four nodes around a point that is `t` beyond the second.
fn spline(t: f32) -> [f32; 4] {
    let s = 1.0 - t;
    let (a, d) = (s * s * s / 6.0, t * t * t / 6.0);
    [
        a,
        2.0 / 3.0 - t * t + 0.5 * t * t * t,
        2.0 / 3.0 - s * s + 0.5 * s * s * s,
        d,
    ]
}

impl Field {
    /// For each of `places` the sum over all others of `(place - other) / (1 + d^2)^2` with their distance `d`, into
    /// `forces`; the sum of `1 / (1 + d^2)` over all pairs in both orders is returned.
    pub fn repulsions(&mut self, places: &[[f32; 2]], forces: &mut [[f32; 2]]) -> f64 {
        if places.len() <= FEW {
            return pairs(places, forces);
        }
        let frame = Frame::around(places);
        let least = 2 * (frame.nodes + FADE);
        let kernel = match self.kernel.take() {
            Some(kernel) if kernel.fits(least, frame.spacing) => kernel,
            _ => Kernel::new(least, frame.spacing),
        };
        let kernel = self.kernel.insert(kernel);
        let plan = &kernel.plan;
        let (size, nodes) = (plan.size(), frame.nodes);
        let density = density(places, frame);
        self.rows.clear();
        self.rows.resize(nodes * size, Complex::default());
        for (row, density) in self
            .rows
            .chunks_exact_mut(size)
            .zip(density.chunks_exact(nodes))
        {
            for (value, &density) in row.iter_mut().zip(density) {
                value.re = density;
            }
        }
        plan.forward(&mut self.rows);
        turn(&self.rows, nodes, &mut self.columns);
        let (force, similarity) = (&kernel.force, &kernel.similarity);
        let sums = plan.through(&mut self.columns, nodes, |column, values| {
            let line = column * size..(column + 1) * size;
            let mut sum = 0.0;
            let kernels = force[line.clone()].iter().zip(&similarity[line]);
            for (value, (force, &similarity)) in values.iter_mut().zip(kernels) {
                sum += f64::from(value.norm_sqr() * similarity);
                *value *= force;
            }
            sum
        });
        turn(&self.columns, size, &mut self.rows);
        plan.inverse(&mut self.rows);
        let rows = &self.rows;
        forces
            .par_chunks_mut(CHUNK)
            .zip(places.par_chunks(CHUNK))
            .for_each(|(forces, places)| {
                for (force, &place) in forces.iter_mut().zip(places) {
                    *force = read(rows, size, frame.parts(place));
                }
            });
        // Each point is similar to itself, on this grid by a little less than 1.
        let points = places.len() as f64;
        (sums.iter().sum::<f64>() - kernel.own * points).max(SUM * points)
    }
}

/// How many points each node has a part of, `[nodes, nodes]`, rows along y. By parts of the points that do not depend on
/// the number of threads.
fn density(places: &[[f32; 2]], frame: Frame) -> Vec<f32> {
    let nodes = frame.nodes;
    let parts: Vec<Vec<f32>> = places
        .par_chunks(places.len().div_ceil(8).max(PART))
        .map(|places| {
            let mut grid = vec![0.0; nodes * nodes];
            for &place in places {
                let [(left, along), (top, down)] = frame.parts(place);
                for (row, down) in down.into_iter().enumerate() {
                    let start = (top + row) * nodes + left;
                    for (value, along) in grid[start..start + 4].iter_mut().zip(along) {
                        *value += down * along;
                    }
                }
            }
            grid
        })
        .collect();
    let mut parts = parts.into_iter();
    let mut grid = parts.next().unwrap_or_default();
    for part in parts {
        grid.iter_mut().zip(part).for_each(|(sum, v)| *sum += v);
    }
    grid
}

/// The force at a point that has these parts of the nodes.
fn read(
    rows: &[Complex<f32>],
    size: usize,
    [(left, along), (top, down)]: [(usize, [f32; 4]); 2],
) -> [f32; 2] {
    let mut sum = Complex::default();
    for (row, down) in down.into_iter().enumerate() {
        let start = (top + row) * size + left;
        for (value, along) in rows[start..start + 4].iter().zip(along) {
            sum += value * (down * along);
        }
    }
    [sum.re, sum.im]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::tsne::pairs::exact;

    fn random(points: usize, span: f32) -> Vec<[f32; 2]> {
        let mut random = fastrand::Rng::with_seed(6);
        let mut one = || span * (random.f32() - 0.5);
        (0..points).map(|_| [one(), 0.7 * one()]).collect()
    }

    #[test]
    fn repulsions_are_near_the_sums_over_all_pairs() {
        let mut field = Field::default();
        // One field, whose kernels change on the way.
        for (span, most) in [(1e-4, 1e-3), (3.0, 1e-3), (40.0, 4e-2), (500.0, 6e-2)] {
            let places = random(1500, span);
            let mut forces = vec![[0.0; 2]; places.len()];
            let total = field.repulsions(&places, &mut forces);
            let (mut off, mut all, mut right) = (0.0, 0.0, 0.0);
            for (i, got) in forces.iter().enumerate() {
                let (force, sum) = exact(&places, i);
                right += sum;
                for a in 0..2 {
                    off += (f64::from(got[a]) - force[a]).powi(2);
                    all += force[a].powi(2);
                }
            }
            let error = (off / all).sqrt();
            println!(
                "span {span}: force {error:.2e}, sum {:.2e}",
                total / right - 1.0
            );
            assert!(error < most, "span {span}: {error}");
            assert!(
                (total / right - 1.0).abs() < 0.01,
                "span {span}: {total} {right}"
            );
        }
    }

    #[test]
    fn few_points_and_far_ones_are_no_fault() {
        let mut field = Field::default();
        assert_eq!(field.repulsions(&[], &mut []), 0.0);
        for places in [
            vec![[0.0; 2]],
            vec![[2.0; 2]; 30],
            vec![[-1e6, 0.0], [1e6, 1.0]],
        ] {
            let mut forces = vec![[0.0; 2]; places.len()];
            let total = field.repulsions(&places, &mut forces);
            assert!(total.is_finite() && total > 0.0);
            assert!(
                forces.iter().flatten().all(|f| f.abs() < 1e-3),
                "{forces:?}"
            );
        }
    }

    #[test]
    fn splines_sum_to_one() {
        for i in 0..=10_u8 {
            let parts = spline(f32::from(i) / 10.0);
            assert!((parts.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{parts:?}");
        }
    }
}
