//! The first two principal components: the plane on which the points vary most.

mod eigen;

use crate::compute::Embeddings;
use crate::compute::add_gram;
use crate::error::Result;
use crate::task::Task;
use eigen::largest;
use rayon::prelude::*;

/// Rows that are widened to float64 at once.
const BLOCK: usize = 1024;
/// Columns of a panel of the covariance.
const PANEL: usize = 64;

/// The plane and the points on it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Components {
    /// Where each point is: how far from the mean along both axes.
    pub places: Vec<[f32; 2]>,
    /// Share of the variance along each axis; 0 where nothing varies.
    pub explained: [f64; 2],
    /// Both axes: of unit norm, the entry of largest magnitude above 0; all 0 where nothing varies.
    pub axes: [Vec<f64>; 2],
}

/// The first two principal components of the rows of `points`, as they are stored, in float64.
///
/// # Errors
/// Cancellation.
pub fn components(points: &Embeddings, task: &Task) -> Result<Components> {
    let (rows, dim) = (points.rows(), points.dim());
    if rows == 0 {
        return Ok(Components::default());
    }
    task.begin("Finding the principal components", 2 * rows as u64);
    let mean = mean(points, task)?;
    let covariance = scatter(points, &mean, task)?;
    let total: f64 = (0..dim).map(|i| covariance[i * dim + i]).sum();
    let mut axes: Vec<Vec<f64>> = Vec::new();
    let mut explained = [0.0; 2];
    for share in &mut explained {
        let (value, axis) = largest(&covariance, dim, &axes, task)?;
        *share = if total > 0.0 {
            (value / total).clamp(0.0, 1.0)
        } else {
            0.0
        };
        axes.push(upright(axis));
    }
    let along = |row: &[f32], axis: &[f64]| {
        let each = row.iter().zip(&mean).zip(axis);
        each.map(|((&v, m), a)| (f64::from(v) - m) * a).sum::<f64>() as f32
    };
    let second = axes.pop().unwrap_or_default();
    let first = axes.pop().unwrap_or_default();
    let places = (0..rows)
        .into_par_iter()
        .map(|i| [&first, &second].map(|axis| along(points.row(i), axis)))
        .collect();
    Ok(Components {
        places,
        explained,
        axes: [first, second],
    })
}

/// `axis` or its opposite: the one whose entry of largest magnitude is above 0.
fn upright(mut axis: Vec<f64>) -> Vec<f64> {
    let most = axis.iter().fold(
        0.0,
        |most: f64, &v| if v.abs() > most.abs() { v } else { most },
    );
    if most < 0.0 {
        for v in &mut axis {
            *v = -*v;
        }
    }
    axis
}

fn mean(points: &Embeddings, task: &Task) -> Result<Vec<f64>> {
    let (rows, dim) = (points.rows(), points.dim());
    let blocks: Vec<Vec<f64>> = points
        .data()
        .par_chunks(BLOCK * dim)
        .map(|block| {
            let mut sums = vec![0.0; dim];
            for row in block.chunks_exact(dim) {
                for (sum, &v) in sums.iter_mut().zip(row) {
                    *sum += f64::from(v);
                }
            }
            task.add((block.len() / dim) as u64);
            sums
        })
        .collect();
    task.check()?;
    let mut mean = vec![0.0; dim];
    for sums in &blocks {
        for (mean, sum) in mean.iter_mut().zip(sums) {
            *mean += sum / rows as f64;
        }
    }
    Ok(mean)
}

/// The rows' products with each other about their mean, `[dim, dim]`: the covariance times the number of rows.
fn scatter(points: &Embeddings, mean: &[f64], task: &Task) -> Result<Vec<f64>> {
    let dim = points.dim();
    let starts: Vec<usize> = (0..dim).step_by(PANEL).collect();
    let width = |start: usize| PANEL.min(dim - start);
    // Panels on and above the diagonal.
    let mut panels: Vec<(usize, usize, Vec<f64>)> = starts
        .iter()
        .flat_map(|&i| {
            starts
                .iter()
                .filter(move |&&j| j >= i)
                .map(move |&j| (i, j))
        })
        .map(|(i, j)| (i, j, vec![0.0; width(i) * width(j)]))
        .collect();
    let mut wide = Vec::new();
    for block in points.data().chunks(BLOCK * dim) {
        task.check()?;
        wide.resize(block.len(), 0.0);
        wide.par_chunks_exact_mut(dim)
            .zip(block.par_chunks_exact(dim))
            .for_each(|(wide, row)| {
                for ((wide, &v), mean) in wide.iter_mut().zip(row).zip(mean) {
                    *wide = f64::from(v) - mean;
                }
            });
        panels
            .par_iter_mut()
            .for_each(|(i, j, sums)| add_gram(&wide, dim, *i, *j, sums, width(*i)));
        task.add((block.len() / dim) as u64);
    }
    let mut all = vec![0.0; dim * dim];
    for (i, j, sums) in &panels {
        for (a, row) in sums.chunks_exact(width(*j)).enumerate() {
            for (b, &sum) in row.iter().enumerate() {
                all[(i + a) * dim + j + b] = sum;
                all[(j + b) * dim + i + a] = sum;
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(data: Vec<f32>, dim: usize) -> Components {
        let points = Embeddings::new(data, dim).unwrap();
        components(&points, &Task::detached()).unwrap()
    }

    #[test]
    fn a_case_by_hand() {
        // Unit rows: their mean is 0; they vary 4 along the second coordinate, 2 along the first, in all 6.
        let data = [[1, 0], [-1, 0], [0, 1], [0, 1], [0, -1], [0, -1]];
        let got = found(data.into_iter().flatten().map(|v| v as f32).collect(), 2);
        assert!((got.explained[0] - 4.0 / 6.0).abs() < 1e-12, "{got:?}");
        assert!((got.explained[1] - 2.0 / 6.0).abs() < 1e-12);
        assert!((got.axes[0][1] - 1.0).abs() < 1e-12 && (got.axes[1][0] - 1.0).abs() < 1e-12);
        assert!((got.places[2][0] - 1.0).abs() < 1e-6 && got.places[2][1].abs() < 1e-6);
        assert!((got.places[1][1] + 1.0).abs() < 1e-6);
    }

    /// More rows than a block and more columns than a panel, around two directions of which one is weaker.
    fn wide() -> Vec<f32> {
        let mut random = fastrand::Rng::with_seed(4);
        (0..BLOCK + 300)
            .flat_map(|_| {
                let (a, b) = (random.f32() - 0.5, 0.6 * (random.f32() - 0.5));
                let row: Vec<f32> = (0..PANEL + 9)
                    .map(|j| {
                        let sides = [(j as f32 * 0.37).sin(), (j as f32 * 1.1).cos()];
                        0.3 + a * sides[0] + b * sides[1] + 0.2 * (random.f32() - 0.5)
                    })
                    .collect();
                row
            })
            .collect()
    }

    #[test]
    fn the_axes_are_eigenvectors_of_the_covariance_and_threads_change_nothing() {
        let dim = PANEL + 9;
        let points = Embeddings::new(wide(), dim).unwrap();
        let got = components(&points, &Task::detached()).unwrap();
        let one = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .unwrap();
        assert_eq!(one.install(|| found(wide(), dim)), got);
        // The covariance by its definition.
        let n = points.rows();
        let mean: Vec<f64> = (0..dim)
            .map(|j| (0..n).map(|i| f64::from(points.row(i)[j])).sum::<f64>() / n as f64)
            .collect();
        let product = |axis: &[f64]| {
            let mut sum = vec![0.0; dim];
            for i in 0..n {
                let off = |j: usize| f64::from(points.row(i)[j]) - mean[j];
                let along: f64 = (0..dim).map(|j| off(j) * axis[j]).sum();
                (0..dim).for_each(|j| sum[j] += off(j) * along);
            }
            sum
        };
        for axis in &got.axes {
            let moved = product(axis);
            let value: f64 = moved.iter().zip(axis).map(|(m, a)| m * a).sum();
            for (m, a) in moved.iter().zip(axis) {
                assert!((m - value * a).abs() < 1e-9 * value, "{m} {a} {value}");
            }
        }
        assert!(
            got.explained[0] > got.explained[1] && got.explained[1] > 0.02,
            "{:?}",
            got.explained
        );
    }

    #[test]
    fn few_and_equal_points_have_places() {
        assert_eq!(found(Vec::new(), 3), Components::default());
        for rows in [1, 2, 50] {
            let got = found(vec![1.0; 3 * rows], 3);
            assert!(
                got.places.iter().flatten().all(|v| v.abs() < 1e-6),
                "{got:?}"
            );
            assert!(got.explained.iter().all(|v| v.is_finite()));
        }
        let one_axis = found(vec![1.0, -1.0, 1.0], 1);
        assert!((one_axis.explained[0] - 1.0).abs() < 1e-9 && one_axis.explained[1] == 0.0);
        assert!(one_axis.places.iter().all(|p| p[1] == 0.0));
    }
}
