//! Gradient descent on two full layers, `w2 . (W1 x)`.

use super::choices::Training;
use super::direct::Descent;
use crate::learn::linear::problem::Problem;
use crate::learn::linear::rows::{Rows, dot};

/// Two full layers in the space of rows: `W1` stays its start plus sums of rows, so what it gives each row and the inner
/// products of the rows say it all, and no step looks at a row's values.
pub(super) struct TwoLayers<'a> {
    rows: &'a Rows,
    gram: Rows,
    /// `W1` at the start, `[hidden, width]`.
    start: Rows,
    /// `W1` is the start plus the sum of `w2' * row_i` with these `w2`, `[rows, hidden]`.
    parts: Vec<f64>,
    /// `Z_i W1'`, `[rows, hidden]`.
    inner: Vec<f64>,
    second: Vec<f64>,
    slopes: Vec<f64>,
    margins: Vec<f64>,
    moved: Vec<f64>,
}

impl<'a> TwoLayers<'a> {
    pub fn new(problem: &'a Problem, training: &Training) -> Self {
        let rows = problem.rows();
        let start = Rows::new(training.first_layer(rows.width()), rows.width());
        let inner = rows.iter().flat_map(|row| start.times(row));
        let (count, hidden) = (rows.count(), start.count());
        Self {
            rows,
            gram: rows.gram(),
            inner: inner.collect(),
            start,
            parts: vec![0.0; count * hidden],
            second: vec![0.0; hidden],
            slopes: vec![0.0; hidden],
            margins: vec![0.0; count],
            moved: vec![0.0; count],
        }
    }
}

impl Descent for TwoLayers<'_> {
    fn margins(&self) -> &[f64] {
        &self.margins
    }

    fn step(&mut self, weights: &[f64], rate: f64) {
        let hidden = self.second.len();
        self.gram.combine_into(weights, &mut self.moved);
        self.slopes.fill(0.0);
        let inner = self.inner.chunks_exact(hidden).zip(weights);
        for (row, &weight) in inner.filter(|(_, weight)| **weight != 0.0) {
            for (slope, value) in self.slopes.iter_mut().zip(row) {
                *slope += weight * value;
            }
        }
        let parts = self.parts.chunks_exact_mut(hidden).zip(weights);
        for (row, &weight) in parts.filter(|(_, weight)| **weight != 0.0) {
            for (part, second) in row.iter_mut().zip(&self.second) {
                *part += rate * weight * second;
            }
        }
        let inner = self.inner.chunks_exact_mut(hidden).zip(&self.moved);
        for (row, &moved) in inner {
            for (value, second) in row.iter_mut().zip(&self.second) {
                *value += rate * moved * second;
            }
        }
        for (second, slope) in self.second.iter_mut().zip(&self.slopes) {
            *second += rate * slope;
        }
        let inner = self.inner.chunks_exact(hidden);
        for (margin, row) in self.margins.iter_mut().zip(inner) {
            *margin = dot(row, &self.second);
        }
    }

    fn classifier(&self) -> Vec<f64> {
        let hidden = self.second.len();
        let parts = self.parts.chunks_exact(hidden);
        let parts: Vec<f64> = parts.map(|row| dot(row, &self.second)).collect();
        let mut w = self.rows.combine(&parts);
        for (value, own) in w.iter_mut().zip(self.start.combine(&self.second)) {
            *value += own;
        }
        w
    }
}
