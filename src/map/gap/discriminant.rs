//! The linear discriminant of two sides, in closed form.

use crate::compute::Embeddings;
use crate::compute::add_gram;
use rayon::prelude::*;

/// Part of the mean variance that is added to each: with fewer rows than values some are 0.
const RIDGE: f64 = 1e-3;
/// Columns of the products that one task sums.
const PANEL: usize = 64;
/// Rows that are widened at once.
const BLOCK: usize = 1024;
/// Squared distances and variances of unit rows below this are rounding.
const NOTHING: f64 = 1e-12;

/// Counts, sums and products of the rows of both sides.
pub(super) struct Moments {
    dim: usize,
    count: [f64; 2],
    sum: [Vec<f64>; 2],
    products: [Vec<f64>; 2],
}

impl Moments {
    fn none(dim: usize) -> Self {
        Self {
            dim,
            count: [0.0; 2],
            sum: [vec![0.0; dim], vec![0.0; dim]],
            products: [vec![0.0; dim * dim], vec![0.0; dim * dim]],
        }
    }

    /// Of the rows of a fold; columns of the products in parallel.
    pub fn of(sides: [&Embeddings; 2], fold: &[Vec<u32>; 2], dim: usize) -> Self {
        let mut moments = Self::none(dim);
        let mut wide = Vec::new();
        for side in 0..2 {
            moments.count[side] = fold[side].len() as f64;
            for rows in fold[side].chunks(BLOCK) {
                wide.clear();
                for &row in rows {
                    wide.extend(sides[side].row(row as usize).iter().map(|&v| f64::from(v)));
                }
                for row in wide.chunks_exact(dim) {
                    moments.sum[side]
                        .iter_mut()
                        .zip(row)
                        .for_each(|(sum, v)| *sum += v);
                }
                moments.products[side]
                    .par_chunks_mut(PANEL * dim)
                    .enumerate()
                    .for_each(|(n, out)| {
                        let own = out.len() / dim;
                        add_gram(&wide, dim, n * PANEL, 0, out, own);
                    });
            }
        }
        moments
    }

    /// Those of all `parts` together.
    pub fn all<'a>(parts: impl Iterator<Item = &'a Self>, dim: usize) -> Self {
        let mut all = Self::none(dim);
        for part in parts {
            for side in 0..2 {
                all.count[side] += part.count[side];
                let sums = all.sum[side].iter_mut().zip(&part.sum[side]);
                sums.for_each(|(sum, v)| *sum += v);
                let products = all.products[side].iter_mut().zip(&part.products[side]);
                products.for_each(|(sum, v)| *sum += v);
            }
        }
        all
    }

    /// Weights and bias of the discriminant whose sides count alike: the within-side covariance solved for the
    /// difference of the means, the boundary half way. `None` where the means are one.
    pub fn classifier(&self) -> Option<(Vec<f64>, f64)> {
        let dim = self.dim;
        if self.count.contains(&0.0) {
            return None;
        }
        let mean = |side: usize| -> Vec<f64> {
            self.sum[side]
                .iter()
                .map(|sum| sum / self.count[side])
                .collect()
        };
        let means = [mean(0), mean(1)];
        let mut within = vec![0.0; dim * dim];
        for (side, mean) in means.iter().enumerate() {
            let share = 1.0 / (2.0 * self.count[side]);
            for i in 0..dim {
                for j in 0..dim {
                    let outer = mean[i] * mean[j] / 2.0;
                    within[i * dim + j] += self.products[side][i * dim + j] * share - outer;
                }
            }
        }
        let trace: f64 = (0..dim).map(|i| within[i * dim + i]).sum();
        let off: Vec<f64> = means[0].iter().zip(&means[1]).map(|(a, b)| a - b).collect();
        let apart: f64 = off.iter().map(|v| v * v).sum();
        if apart < NOTHING {
            return None;
        }
        // Where all rows of a side are one, any ridge will do.
        let ridge = (RIDGE * trace / dim as f64).max(NOTHING);
        (0..dim).for_each(|i| within[i * dim + i] += ridge);
        let weights = solved(within, off, dim)?;
        let half = means[0].iter().zip(&means[1]).zip(&weights);
        let bias = -half
            .map(|((a, b), w)| f64::midpoint(*a, *b) * w)
            .sum::<f64>();
        Some((weights, bias))
    }
}

/// In four sums, which the compiler turns into vectors.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (heads, tails) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest = heads.remainder().iter().zip(tails.remainder());
    let rest: f64 = rest.map(|(a, b)| a * b).sum();
    for (a, b) in heads.zip(tails) {
        for lane in 0..4 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    rest + sums.iter().sum::<f64>()
}

/// `x` of `matrix x = right` for a symmetric positive definite matrix, by Cholesky; `None` where it is none.
fn solved(mut matrix: Vec<f64>, mut right: Vec<f64>, dim: usize) -> Option<Vec<f64>> {
    for i in 0..dim {
        let (above, own) = matrix.split_at_mut(i * dim);
        for j in 0..=i {
            let other = if j < i {
                &above[j * dim..j * dim + j]
            } else {
                &[]
            };
            let inner = if j < i {
                dot(&own[..j], other)
            } else {
                dot(&own[..j], &own[..j])
            };
            let rest = own[j] - inner;
            if j < i {
                own[j] = rest / above[j * dim + j];
            } else if rest > 0.0 {
                own[j] = rest.sqrt();
            } else {
                return None;
            }
        }
    }
    for i in 0..dim {
        let inner: f64 = (0..i).map(|j| matrix[i * dim + j] * right[j]).sum();
        right[i] = (right[i] - inner) / matrix[i * dim + i];
    }
    for i in (0..dim).rev() {
        let inner: f64 = (i + 1..dim).map(|j| matrix[j * dim + i] * right[j]).sum();
        right[i] = (right[i] - inner) / matrix[i * dim + i];
    }
    Some(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equations_are_solved() {
        // A = [[4, 2], [2, 3]], x = [1, -2].
        let x = solved(vec![4.0, 2.0, 2.0, 3.0], vec![0.0, -4.0], 2).unwrap();
        assert!(
            (x[0] - 1.0).abs() < 1e-12 && (x[1] + 2.0).abs() < 1e-12,
            "{x:?}"
        );
        assert_eq!(solved(vec![1.0, 2.0, 2.0, 1.0], vec![1.0, 1.0], 2), None);
    }
}
