//! Where an attack may go: the rows of a batch, a ball around each, a box around all.

use super::threat::Threat;
pub use crate::compute::pick_rows as pick;
use crate::compute::{Ball, Bounds, Engine, Grid, Noise, ResidentBounds, Size};
use crate::error::{Error, Result};
use std::sync::Arc;

/// Where the rows of a batch may go: a ball around each, inside a box.
#[derive(Debug, Clone)]
pub struct Space {
    /// Shape of the batch.
    pub grid: Grid,
    /// The ball.
    pub ball: Ball,
    bounds: Arc<ResidentBounds>,
    keys: Vec<u32>,
}

impl Space {
    /// Pictures with pixels in [0, 1] under `threat`. `clean` is `[rows, channels, height, width]`; `keys` names each
    /// row for the random streams (its index in the dataset, say).
    ///
    /// # Errors
    /// Sizes that do not fit; a radius that is negative or not finite; a region outside the picture or a mask that
    /// frees nothing.
    pub fn pictures(grid: Grid, clean: Vec<f32>, threat: &Threat, keys: Vec<u32>) -> Result<Self> {
        threat.check()?;
        let mut free = vec![false; grid.plane()];
        for (at, free) in free.iter_mut().enumerate() {
            *free = threat.is_free(grid, at / grid.width, at % grid.width);
        }
        if !free.contains(&true) {
            return Err(Error::request(
                format!(
                    "the region or mask leaves no pixel of {} x {} to change",
                    grid.width, grid.height
                ),
                "Choose a rectangle inside the picture, or a mask with some white.",
            ));
        }
        let bound = |limit: f32, side: fn(f32, f32) -> f32| -> Vec<f32> {
            let value = |(i, &c): (usize, &f32)| {
                if free[i % grid.plane()] {
                    side(limit, c)
                } else {
                    c
                }
            };
            clean.iter().enumerate().map(value).collect()
        };
        // A clean value outside [0, 1] (rounding of a resize) stays allowed.
        let (lower, upper) = (bound(0.0, f32::min), bound(1.0, f32::max));
        Self::new(grid, threat.ball(), clean, lower, upper, keys)
    }

    /// Raw tensors that may go anywhere in `lower..=upper`, starting from the middle. A row is `[1, 1, values]` of
    /// `grid`, whatever the model calls it.
    ///
    /// # Errors
    /// Sizes that do not fit; a lower bound above its upper one, or not finite (the row and value are named).
    pub fn boxed(grid: Grid, lower: Vec<f32>, upper: Vec<f32>, keys: Vec<u32>) -> Result<Self> {
        let middle = |(l, u): (&f32, &f32)| (l + (u - l) * 0.5).clamp(*l, *u);
        let bad = lower
            .iter()
            .zip(&upper)
            .position(|(l, u)| !(l <= u && l.is_finite() && u.is_finite()));
        if let Some(at) = bad {
            return Err(Error::request(
                format!(
                    "row {}, value {} of the box: {} to {} is no range",
                    at / grid.len().max(1),
                    at % grid.len().max(1),
                    lower[at],
                    upper[at]
                ),
                "Lower bounds must be finite and not above the upper ones.",
            ));
        }
        let clean = lower.iter().zip(&upper).map(middle).collect();
        Self::new(grid, Ball::Box, clean, lower, upper, keys)
    }

    fn new(
        grid: Grid,
        ball: Ball,
        clean: Vec<f32>,
        lower: Vec<f32>,
        upper: Vec<f32>,
        keys: Vec<u32>,
    ) -> Result<Self> {
        let sizes = [clean.len(), lower.len(), upper.len()];
        if sizes != [grid.total(); 3] || keys.len() != grid.rows {
            return Err(Error::request(
                format!(
                    "{sizes:?} values and {} keys do not fit {grid:?}",
                    keys.len()
                ),
                "Clean values and both bounds need one number per value of the batch.",
            ));
        }
        Ok(Self {
            grid,
            ball,
            bounds: Arc::new(ResidentBounds::new(clean, lower, upper)),
            keys,
        })
    }

    /// Rows in the batch.
    pub fn rows(&self) -> usize {
        self.grid.rows
    }

    /// Values of a row.
    pub fn len(&self) -> usize {
        self.grid.len()
    }

    /// Is there no row?
    pub fn is_empty(&self) -> bool {
        self.grid.rows == 0
    }

    /// The rows without perturbation.
    pub fn clean(&self) -> &[f32] {
        self.bounds.clean()
    }

    /// The lowest values.
    pub fn lower(&self) -> &[f32] {
        self.bounds.lower()
    }

    /// The highest values.
    pub fn upper(&self) -> &[f32] {
        self.bounds.upper()
    }

    /// The rows' names for the random streams.
    pub fn keys(&self) -> &[u32] {
        &self.keys
    }

    /// The three arrays together; an engine with a device keeps its copy of them for as long as this space lives.
    pub fn bounds(&self) -> Bounds<'_> {
        self.bounds.view()
    }

    /// The radius in units of a step's size: 1 where a step is a share of the box ([`Ball::Box`], [`Ball::L0`]).
    pub fn radius(&self) -> f32 {
        match self.ball {
            Ball::Linf(r) | Ball::L2(r) | Ball::L1(r) | Ball::Fourier(r, _) => r,
            Ball::Box | Ball::L0(_) => 1.0,
        }
    }

    /// The space of some of the rows, in the order of `rows`.
    #[must_use]
    pub fn pick(&self, rows: &[usize]) -> Self {
        Self {
            grid: self.grid.with_rows(rows.len()),
            ball: self.ball,
            bounds: self.bounds.pick(self.len(), rows),
            keys: rows.iter().map(|&r| self.keys[r]).collect(),
        }
    }

    /// The same rows in another ball: for attacks that look for the smallest perturbation.
    #[must_use]
    pub fn with_ball(mut self, ball: Ball) -> Self {
        self.ball = ball;
        self
    }

    /// Brings `x` into ball and box.
    ///
    /// # Errors
    /// A lost device.
    pub fn project(&self, engine: &dyn Engine, x: &mut [f32]) -> Result<()> {
        engine.project(self.grid, self.ball, self.bounds(), x)
    }

    /// Moves `x` by `share` of the radius in the direction of steepest ascent and projects.
    ///
    /// # Errors
    /// A lost device.
    pub fn ascend(
        &self,
        engine: &dyn Engine,
        x: &mut [f32],
        gradient: &[f32],
        share: f32,
    ) -> Result<()> {
        let size = vec![share * self.radius(); self.rows()];
        engine.ascend(self.grid, self.ball, self.bounds(), x, gradient, &size)
    }

    /// A random point of each row: uniform in the box for l-inf and [`Ball::Box`]; on a random direction at the full
    /// radius otherwise, as APGD starts.
    ///
    /// # Errors
    /// A lost device.
    pub fn random(&self, engine: &dyn Engine, seed: u64, stream: u32) -> Result<Vec<f32>> {
        let mut x = self.clean().to_vec();
        match self.ball {
            Ball::Linf(r) => {
                let noise = engine.noise(self.grid, Noise::Uniform, seed, stream, &self.keys)?;
                for (x, n) in x.iter_mut().zip(noise) {
                    *x += r * n;
                }
                self.project(engine, &mut x)?;
            }
            Ball::Box => {
                let noise = engine.noise(self.grid, Noise::Uniform, seed, stream, &self.keys)?;
                for (at, n) in noise.into_iter().enumerate() {
                    let (l, u) = (self.lower()[at], self.upper()[at]);
                    x[at] = (l + (u - l) * f32::midpoint(n, 1.0)).clamp(l, u);
                }
            }
            _ => {
                // The direction of steepest ascent of random numbers, in the ball's own geometry.
                let noise = engine.noise(self.grid, Noise::Normal, seed, stream, &self.keys)?;
                self.ascend(engine, &mut x, &noise, 1.0)?;
            }
        }
        Ok(x)
    }

    /// The size of each row's perturbation.
    ///
    /// # Errors
    /// A lost device.
    pub fn measure(&self, engine: &dyn Engine, x: &[f32]) -> Result<Vec<Size>> {
        engine.measure(self.grid, self.clean(), x)
    }
}

/// Puts the rows of `from` at `rows` of `to`.
pub fn put(to: &mut [f32], from: &[f32], len: usize, rows: &[usize]) {
    if len == 0 {
        return;
    }
    for (&r, row) in rows.iter().zip(from.chunks_exact(len)) {
        to[r * len..(r + 1) * len].copy_from_slice(row);
    }
}
