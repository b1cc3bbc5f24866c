//! Steps and projections of one row, for every ball but the Fourier one.

use super::place::{boxed, delta, sign, toward};
use super::select::Selection;
use super::sweep::{each_block, largest, sums};
use crate::compute::{Ball, Bounds, Grid, Size};
use rayon::prelude::*;

/// l1 and l2 projections aim this far inside, so that what is measured in float32 is inside.
pub const INSIDE: f32 = 1.0 - 1e-6;
/// A gradient without a larger value counts as zero.
pub const FLAT: f32 = f32::MIN_POSITIVE;
/// Newton steps for the threshold of the l1 projection; it takes about ten.
const NEWTON: usize = 64;

/// One row of [`Bounds`] and its shape.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    pub clean: &'a [f32],
    pub lower: &'a [f32],
    pub upper: &'a [f32],
    pub plane: usize,
}

/// Elements that move in a step for l1: one in a hundred.
pub fn hundredth(len: usize) -> usize {
    len.div_ceil(100)
}

/// A radius that is a number and not negative.
pub fn radius(r: f32) -> f32 {
    r.max(0.0)
}

impl<'a> Row<'a> {
    /// Row `row` of a batch.
    pub fn new(grid: Grid, bounds: Bounds<'a>, row: usize) -> Self {
        let range = row * grid.len()..(row + 1) * grid.len();
        Self {
            clean: &bounds.clean[range.clone()],
            lower: &bounds.lower[range.clone()],
            upper: &bounds.upper[range],
            plane: grid.plane(),
        }
    }

    /// The values of a pixel's channels.
    fn pixel<'v>(&self, values: &'v [f32], pixel: usize) -> impl Iterator<Item = f32> + use<'v> {
        values.iter().skip(pixel).step_by(self.plane).copied()
    }

    /// `x + size d` into `x`.
    pub fn step(&self, ball: Ball, x: &mut [f32], gradient: &[f32], size: f32) {
        let free = |[g, l, u]: [f32; 3]| if l == u { 0.0 } else { g };
        let inputs = [gradient, self.lower, self.upper];
        let odd = |v| f64::from(u8::from(!free(v).is_finite()));
        let top = largest(inputs, |v| free(v).abs());
        if top < FLAT || sums(inputs, |v| [odd(v)])[0] > 0.0 {
            return;
        }
        match ball {
            Ball::Box => self.add(x, gradient, |_, g, l, u| size * (sign(g) * (0.5 * (u - l)))),
            Ball::Linf(_) => self.add(x, gradient, |_, g, _, _| size * sign(g)),
            Ball::L2(_) => {
                let inverse = 1.0 / top;
                let square = |v| f64::from(free(v) * inverse).powi(2);
                let norm = sums(inputs, |v| [square(v)])[0].sqrt();
                let scale = size / norm as f32;
                self.add(x, gradient, |_, g, _, _| scale * (g * inverse));
            }
            Ball::L1(_) => {
                let keys = self.open_keys(x, gradient, size);
                let selection = Selection::of(&keys, hundredth(x.len()));
                let each = size / selection.chosen.max(1) as f32;
                self.add(x, gradient, |i, g, _, _| {
                    let chosen = keys.get(i).is_some_and(|&key| selection.has(key, i));
                    if chosen { each * sign(g) } else { 0.0 }
                });
            }
            Ball::L0(k) => {
                let keys = self.pixel_keys(gradient);
                let selection = Selection::of(&keys, k as usize);
                self.add(x, gradient, |i, g, _, _| {
                    let pixel = i % self.plane;
                    let chosen = keys
                        .get(pixel)
                        .is_some_and(|&key| selection.has(key, pixel));
                    if chosen { size * sign(g) } else { 0.0 }
                });
            }
            Ball::Fourier(..) => {}
        }
    }

    /// Adds `step(place, gradient, lower, upper)` where the element is free.
    fn add(
        &self,
        x: &mut [f32],
        gradient: &[f32],
        step: impl Fn(usize, f32, f32, f32) -> f32 + Sync,
    ) {
        each_block(x, |range, x| {
            let bounds = self.lower[range.clone()]
                .iter()
                .zip(&self.upper[range.clone()]);
            let values = x.iter_mut().zip(&gradient[range.clone()]).zip(bounds);
            for (i, ((x, &g), (&l, &u))) in values.enumerate() {
                if l != u {
                    *x += step(range.start + i, g, l, u);
                }
            }
        });
    }

    /// `|g|` of the elements that the box lets take the step, 0 of the others.
    fn open_keys(&self, x: &[f32], gradient: &[f32], size: f32) -> Vec<u32> {
        let bounds = self.lower.iter().zip(self.upper);
        let values = x.iter().zip(gradient).zip(bounds);
        let key = |((&x, &g), (&l, &u)): ((&f32, &f32), (&f32, &f32))| {
            let up = (g > 0.0) == (size > 0.0);
            let open = l != u && if up { x < u } else { x > l };
            if open { g.abs().to_bits() } else { 0 }
        };
        values.map(key).collect()
    }

    /// `sum_c |g|` of every pixel.
    fn pixel_keys(&self, gradient: &[f32]) -> Vec<u32> {
        let mut sum = vec![0.0_f32; self.plane];
        let planes = gradient.chunks_exact(self.plane);
        let bounds = self
            .lower
            .chunks_exact(self.plane)
            .zip(self.upper.chunks_exact(self.plane));
        for (g, (l, u)) in planes.zip(bounds) {
            for (((sum, g), l), u) in sum.iter_mut().zip(g).zip(l).zip(u) {
                *sum += if l == u { 0.0 } else { g.abs() };
            }
        }
        sum.into_iter().map(f32::to_bits).collect()
    }

    /// Into the ball, then into the box.
    pub fn project(&self, ball: Ball, x: &mut [f32]) {
        match ball {
            Ball::Box | Ball::Fourier(..) => self.place(x, |_, x, _| x),
            Ball::Linf(r) => {
                let r = radius(r);
                self.place(x, |_, x, clean| {
                    let d = delta(x, clean);
                    let near = toward(clean, r.copysign(d));
                    if d.abs() > r { near } else { x }
                });
            }
            Ball::L2(r) => {
                let r = radius(r);
                let square = |[x, c]: [f32; 2]| [f64::from(delta(x, c)).powi(2)];
                let norm = sums([x, self.clean], square)[0].sqrt();
                if norm > f64::from(r) {
                    let scale = (f64::from(r) / norm) as f32 * INSIDE;
                    self.place(x, |_, x, clean| toward(clean, delta(x, clean) * scale));
                } else {
                    self.place(x, |_, x, _| x);
                }
            }
            Ball::L1(r) => match self.threshold(x, f64::from(radius(r))) {
                Some((threshold, scale)) => self.place(x, |_, x, clean| {
                    let d = delta(x, clean);
                    let less = (d.abs() - threshold).max(0.0) * scale;
                    toward(clean, less.copysign(d))
                }),
                None => self.place(x, |_, x, _| x),
            },
            Ball::L0(k) => {
                let pixels = (0..self.plane).into_par_iter().with_min_len(4096);
                let keys: Vec<u32> = pixels.map(|p| self.gain(x, p)).collect();
                let selection = Selection::of(&keys, k as usize);
                self.place(x, |i, x, clean| {
                    let pixel = i % self.plane;
                    let kept = keys
                        .get(pixel)
                        .is_some_and(|&key| selection.has(key, pixel));
                    if kept { x } else { clean }
                });
            }
        }
    }

    /// Replaces every value by `near(place, value, clean)`, inside the box.
    fn place(&self, x: &mut [f32], near: impl Fn(usize, f32, f32) -> f32 + Sync) {
        each_block(x, |range, x| {
            let bounds = self.lower[range.clone()]
                .iter()
                .zip(&self.upper[range.clone()]);
            let values = x.iter_mut().zip(&self.clean[range.clone()]).zip(bounds);
            for (i, ((x, &clean), (&l, &u))) in values.enumerate() {
                *x = boxed(near(range.start + i, *x, clean), clean, l, u);
            }
        });
    }

    /// The soft threshold t with `sum max(|delta| - t, 0) = r`, and a scale that makes up for rounding; `None` where
    /// the row is inside already. Newton's method on the convex sum, which comes from below and needs no sorting
    /// (Michelot 1986; Condat 2016, section 2).
    fn threshold(&self, x: &[f32], r: f64) -> Option<(f32, f32)> {
        let above = |threshold: f32| {
            let [sum, count] = sums([x, self.clean], |[x, c]| {
                let more = (delta(x, c).abs() - threshold).max(0.0);
                [f64::from(more), f64::from(u8::from(more > 0.0))]
            });
            (sum, count)
        };
        let mut threshold = 0.0_f32;
        let (mut sum, mut count) = above(threshold);
        if sum <= r {
            return None;
        }
        for _ in 0..NEWTON {
            let next = threshold + ((sum - r) / count.max(1.0)) as f32;
            if sum <= r || next <= threshold {
                break;
            }
            threshold = next;
            (sum, count) = above(threshold);
        }
        let scale = if sum > r { (r / sum) as f32 } else { 1.0 };
        Some((threshold, scale * INSIDE))
    }

    /// By how much keeping a pixel brings the row nearer to `x`: the key of the projection onto at most k pixels
    /// inside the box (arXiv 1909.05040). Above 0 for every pixel that differs.
    fn gain(&self, x: &[f32], pixel: usize) -> u32 {
        let bounds = self
            .pixel(self.lower, pixel)
            .zip(self.pixel(self.upper, pixel));
        let values = self
            .pixel(x, pixel)
            .zip(self.pixel(self.clean, pixel))
            .zip(bounds);
        let (mut gain, mut differs) = (0.0_f32, false);
        for ((x, clean), (l, u)) in values {
            let inside = boxed(x, clean, l, u) - clean;
            gain += (inside * (2.0 * delta(x, clean) - inside)).max(0.0);
            differs |= inside != 0.0;
        }
        gain.to_bits().max(u32::from(differs))
    }
}

/// The size of `x - clean`.
pub fn measure(x: &[f32], clean: &[f32], plane: usize) -> Size {
    let [square, absolute, sum] = sums([x, clean], |[x, c]| {
        let d = f64::from(delta(x, c));
        [d * d, d.abs(), d]
    });
    let mut differs = vec![false; plane];
    for (x, c) in x.chunks_exact(plane).zip(clean.chunks_exact(plane)) {
        for ((differs, &x), &c) in differs.iter_mut().zip(x).zip(c) {
            *differs |= delta(x, c) != 0.0;
        }
    }
    Size {
        linf: largest([x, clean], |[x, c]| delta(x, c).abs()),
        l2: square.sqrt() as f32,
        l1: absolute as f32,
        l0: differs.into_iter().filter(|d| *d).count() as u32,
        mean: (sum / x.len() as f64) as f32,
    }
}
