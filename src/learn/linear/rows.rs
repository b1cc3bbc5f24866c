//! A dense float64 matrix with the products that training and margins need.

use rayon::prelude::*;

/// Products of more terms than this are shared among threads.
const SHARED: usize = 1 << 19;
/// Columns that are summed at a time: they stay in the first-level cache.
const BLOCK: usize = 1024;

/// A matrix `[count, width]`, row-major.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    values: Vec<f64>,
    width: usize,
}

impl Rows {
    /// `values` as rows of `width`, at least 1, by which their number can be divided.
    pub fn new(values: Vec<f64>, width: usize) -> Self {
        Self { values, width }
    }

    pub fn count(&self) -> usize {
        self.values.len() / self.width
    }

    pub fn width(&self) -> usize {
        self.width
    }

    pub fn row(&self, at: usize) -> &[f64] {
        &self.values[at * self.width..(at + 1) * self.width]
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.values.chunks_exact(self.width)
    }

    /// Every row changed by `change` into one of as many values.
    pub fn map(&self, change: impl Fn(&[f64]) -> Vec<f64> + Send + Sync) -> Self {
        let rows: Vec<Vec<f64>> = self
            .values
            .par_chunks_exact(self.width)
            .map(change)
            .collect();
        Self::new(rows.concat(), self.width)
    }

    /// The columns `kept` alone.
    pub fn columns(&self, kept: &[usize]) -> Self {
        let values = self.iter().flat_map(|row| kept.iter().map(|&j| row[j]));
        Self::new(values.collect(), kept.len().max(1))
    }

    pub fn transposed(&self) -> Self {
        let count = self.count();
        let mut values = vec![0.0; self.values.len()];
        for (i, row) in self.iter().enumerate() {
            for (j, value) in row.iter().enumerate() {
                values[j * count + i] = *value;
            }
        }
        Self::new(values, count)
    }

    /// Inner products of all rows with `vector`, into `out`.
    pub fn times_into(&self, vector: &[f64], out: &mut [f64]) {
        if self.values.len() > SHARED {
            let rows = self.values.par_chunks_exact(self.width);
            out.par_iter_mut()
                .zip(rows)
                .for_each(|(out, row)| *out = dot(row, vector));
        } else {
            for (out, row) in out.iter_mut().zip(self.iter()) {
                *out = dot(row, vector);
            }
        }
    }

    pub fn times(&self, vector: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.count()];
        self.times_into(vector, &mut out);
        out
    }

    /// The sum of the rows, each times its value of `weights`, into `out`. Rows of weight 0 cost nothing. The order of
    /// additions does not depend on threads.
    pub fn combine_into(&self, weights: &[f64], out: &mut [f64]) {
        let live: Vec<(&[f64], f64)> = self
            .iter()
            .zip(weights)
            .filter(|(_, weight)| **weight != 0.0)
            .map(|(row, weight)| (row, *weight))
            .collect();
        if live.len() * self.width > SHARED {
            let blocks = out.par_chunks_mut(BLOCK).enumerate();
            blocks.for_each(|(at, block)| sum(&live, at * BLOCK, block));
        } else {
            for (at, block) in out.chunks_mut(BLOCK).enumerate() {
                sum(&live, at * BLOCK, block);
            }
        }
    }

    pub fn combine(&self, weights: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.width];
        self.combine_into(weights, &mut out);
        out
    }

    /// Inner products of all rows with each other: `[count, count]`.
    pub fn gram(&self) -> Self {
        let count = self.count();
        let pairs = (0..count).into_par_iter().flat_map_iter(|i| {
            let own = self.row(i);
            (0..count).map(move |j| if j < i { 0.0 } else { dot(own, self.row(j)) })
        });
        let mut values: Vec<f64> = pairs.collect();
        for i in 0..count {
            for j in 0..i {
                values[i * count + j] = values[j * count + i];
            }
        }
        Self::new(values, count)
    }
}

/// The part of a weighted sum of rows that begins at column `from`.
fn sum(rows: &[(&[f64], f64)], from: usize, block: &mut [f64]) {
    block.fill(0.0);
    let (fours, rest) = rows.as_chunks::<4>();
    for [a, b, c, d] in fours {
        let (p, q, r, s) = (a.1, b.1, c.1, d.1);
        let part = from..from + block.len();
        let [a, b, c, d] = [a, b, c, d].map(|row| &row.0[part.clone()]);
        let columns = a.iter().zip(b).zip(c).zip(d);
        for (out, (((a, b), c), d)) in block.iter_mut().zip(columns) {
            *out += (p * a + q * b) + (r * c + s * d);
        }
    }
    for (row, weight) in rest {
        for (out, value) in block.iter_mut().zip(&row[from..]) {
            *out += weight * value;
        }
    }
}

/// The inner product, in eight running sums that the compiler can keep in vector registers.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (eights, rest) = a.as_chunks::<8>();
    let (others, other_rest) = b.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (a, b) in eights.iter().zip(others) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    let rest: f64 = rest.iter().zip(other_rest).map(|(a, b)| a * b).sum();
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + b) + (c + d)) + ((e + f) + (g + h)) + rest
}
