//! Ranks in two spaces at once, the embeddings and the map, block by block.

use super::ranks::{Nearest, beyond};
use crate::compute::Embeddings;
use crate::compute::product;
use rayon::prelude::*;

/// What is summed over the points.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    /// Ranks beyond `k` in truth, of neighbours on the map.
    pub false_ranks: f64,
    /// Ranks beyond `k` on the map, of true neighbours.
    pub lost_ranks: f64,
    /// Neighbours of both.
    pub kept: u64,
}

impl Sums {
    /// Adds those of other points.
    pub fn add(&mut self, other: Self) {
        self.false_ranks += other.false_ranks;
        self.lost_ranks += other.lost_ranks;
        self.kept += other.kept;
    }
}

/// The two spaces.
pub(super) struct Spaces<'a> {
    points: &'a Embeddings,
    squares: Vec<f32>,
    map: &'a [[f32; 2]],
    k: usize,
}

impl<'a> Spaces<'a> {
    /// The rows of `points` and their places, of which `k` neighbours count.
    pub fn new(points: &'a Embeddings, map: &'a [[f32; 2]], k: usize) -> Self {
        Self {
            points,
            squares: squares(points),
            map,
            k,
        }
    }

    /// Measures the points `rows`.
    pub fn block(&self, rows: &[u32]) -> Sums {
        let (n, dim) = (self.points.rows(), self.points.dim());
        let mut own = Vec::with_capacity(rows.len() * dim);
        for &row in rows {
            own.extend_from_slice(self.points.row(row as usize));
        }
        let mut products = vec![0.0_f32; rows.len() * n];
        product(&own, self.points.data(), dim, &mut products);
        let (mut near, mut places) = (Nearest::new(self.k), Nearest::new(self.k));
        let mut distances = vec![0.0_f32; n];
        let mut sums = Sums::default();
        for (&row, far) in rows.iter().zip(products.chunks_exact_mut(n)) {
            // Half the squared distance less what is the same for all: it orders as the distance does.
            for (value, &square) in far.iter_mut().zip(&self.squares) {
                *value = square - *value;
            }
            let here = self.map[row as usize];
            for (value, place) in distances.iter_mut().zip(self.map) {
                let (x, y) = (place[0] - here[0], place[1] - here[1]);
                *value = x * x + y * y;
            }
            // The point itself is farther than all others, and so in nobody's way.
            far[row as usize] = f32::INFINITY;
            distances[row as usize] = f32::INFINITY;
            let truth = near.find(far);
            let shown = places.find(&distances);
            for &other in shown {
                if truth.contains(&other) {
                    sums.kept += 1;
                } else {
                    sums.false_ranks += beyond(far, other, self.k);
                }
            }
            for other in truth.iter().filter(|other| !shown.contains(other)) {
                sums.lost_ranks += beyond(&distances, *other, self.k);
            }
        }
        sums
    }
}

/// Half of each row's squared norm.
fn squares(points: &Embeddings) -> Vec<f32> {
    (0..points.rows())
        .into_par_iter()
        .map(|i| {
            let square: f64 = points
                .row(i)
                .iter()
                .map(|&v| f64::from(v) * f64::from(v))
                .sum();
            (square / 2.0) as f32
        })
        .collect()
}
