//! A victim that is given perturbations: each row in units of its own radius.

use crate::attack::loss::Loss;
use crate::attack::victim::{AscentLoss, Classifier, ValueAndGradient, Verdict, Victim};
use crate::compute::Grid;
use crate::error::Result;
use crate::task::Task;

/// A classifier at `clean + radius z` for the values `z` of a row, computed in float64 and rounded to float32.
pub(super) struct Changes {
    inner: Classifier,
    grid: Grid,
    clean: Vec<f32>,
    radii: Vec<f64>,
}

impl Changes {
    /// `clean` has the shape of `grid`; one radius for each of its rows.
    pub(super) fn new(inner: Classifier, grid: Grid, clean: Vec<f32>, radii: Vec<f64>) -> Self {
        Self {
            inner,
            grid,
            clean,
            radii,
        }
    }

    /// The values of `rows` that the classifier is given for `z`.
    fn seen(&self, rows: &[usize], z: &[f32]) -> Vec<f32> {
        let len = self.grid.len();
        let each = rows.iter().zip(z.chunks_exact(len.max(1)));
        each.flat_map(|(&row, z)| {
            let radius = self.radii[row];
            let clean = &self.clean[row * len..(row + 1) * len];
            let values = clean.iter().zip(z);
            values.map(move |(&c, &z)| (f64::from(c) + radius * f64::from(z)) as f32)
        })
        .collect()
    }

    /// What the classifier is given for `z`, of all rows, less the rows themselves.
    pub(super) fn made(&self, z: &[f32]) -> Vec<f64> {
        let all: Vec<usize> = (0..self.grid.rows).collect();
        let seen = self.seen(&all, z);
        let values = seen.iter().zip(&self.clean);
        values.map(|(&x, &c)| f64::from(x) - f64::from(c)).collect()
    }
}

impl Victim for Changes {
    fn grid(&self) -> Grid {
        self.grid
    }

    fn has_gradient(&self) -> bool {
        self.inner.has_gradient()
    }

    fn refuses(&self, loss: Loss) -> Option<String> {
        self.inner.refuses(loss)
    }

    fn predict(&mut self, rows: &[usize], x: &[f32], task: &Task) -> Result<Vec<Verdict>> {
        let seen = self.seen(rows, x);
        self.inner.predict(rows, &seen, task)
    }

    fn confirm(&mut self, rows: &[usize], x: &[f32], task: &Task) -> Result<Vec<Verdict>> {
        let seen = self.seen(rows, x);
        self.inner.confirm(rows, &seen, task)
    }

    fn value_and_gradient(
        &mut self,
        rows: &[usize],
        x: &[f32],
        ascent: AscentLoss<'_>,
        task: &Task,
    ) -> Result<ValueAndGradient> {
        let seen = self.seen(rows, x);
        let mut slope = self.inner.value_and_gradient(rows, &seen, ascent, task)?;
        let gradients = slope.gradient.chunks_exact_mut(self.grid.len().max(1));
        for (&row, gradient) in rows.iter().zip(gradients) {
            for g in gradient {
                *g = (f64::from(*g) * self.radii[row]) as f32;
            }
        }
        Ok(slope)
    }

    fn runner_ups(
        &mut self,
        rows: &[usize],
        x: &[f32],
        k: usize,
        task: &Task,
    ) -> Result<Vec<Vec<u32>>> {
        let seen = self.seen(rows, x);
        self.inner.runner_ups(rows, &seen, k, task)
    }
}
