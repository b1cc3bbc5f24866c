//! The largest eigenvalue of a symmetric matrix and its eigenvector.

use crate::error::Result;
use crate::task::Task;
use rayon::prelude::*;

/// Steps at most; ordinary covariances take some dozens.
const STEPS: usize = 2000;
/// Residual over eigenvalue at which a vector is exact.
const EXACT: f64 = 1e-13;
/// Steps between two looks at the task.
const BETWEEN: usize = 16;
/// Parts of a vector smaller than this are rounding.
const NOTHING: f64 = 1e-14;

/// The largest eigenvalue of the symmetric `matrix` `[dim, dim]`, which has none below 0, among the vectors that are
/// orthogonal to `taken`, and its eigenvector of unit norm; 0 and zeros where there is none.
///
/// Each step takes the best vector of the plane of the present one, its residual and the last change: locally optimal
/// conjugate gradients (Knyazev, SIAM J. Sci. Comput. 23, 2001), which near eigenvalues slow down far less than powers.
///
/// # Errors
/// Cancellation.
pub fn largest(
    matrix: &[f64],
    dim: usize,
    taken: &[Vec<f64>],
    task: &Task,
) -> Result<(f64, Vec<f64>)> {
    let none = (0.0, vec![0.0; dim]);
    let trace: f64 = (0..dim).map(|i| matrix[i * dim + i]).sum();
    // Another start each time: what one start has of the vectors of equal eigenvalues is taken with the first.
    let mut random = fastrand::Rng::with_seed(1 + taken.len() as u64);
    let start = (0..dim).map(|_| random.f64() - 0.5).collect();
    let Some(mut vector) = orthonormal(start, &[taken]) else {
        return Ok(none);
    };
    let mut image = product(matrix, &vector);
    let mut value = dot(&vector, &image);
    let mut change: Option<Vec<f64>> = None;
    for step in 0..STEPS {
        if step % BETWEEN == 0 {
            task.check()?;
        }
        let residual: Vec<f64> = image
            .iter()
            .zip(&vector)
            .map(|(m, v)| m - value * v)
            .collect();
        let small = EXACT * value.max(EXACT * trace);
        // What leans out of the complement of `taken` is no error.
        let Some(residual) = cleared(residual, &[taken]).filter(|r| dot(r, r).sqrt() > small)
        else {
            break;
        };
        let mut basis = vec![vector];
        for direction in [Some(residual), change.take()].into_iter().flatten() {
            if let Some(direction) = orthonormal(direction, &[taken, &basis]) {
                basis.push(direction);
            }
        }
        let mut images = vec![image];
        images.extend(basis[1..].iter().map(|b| product(matrix, b)));
        let weights = best(&basis, &images);
        vector = combined(&basis, &weights);
        change = Some(combined(&basis[1..], &weights[1..]));
        // Rounding adds up in sums of sums.
        let norm = dot(&vector, &vector).sqrt();
        for v in &mut vector {
            *v /= norm;
        }
        image = product(matrix, &vector);
        value = dot(&vector, &image);
    }
    // Less than rounding leaves of the matrix is nothing.
    if value <= NOTHING * trace {
        return Ok(none);
    }
    Ok((value, vector))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn product(matrix: &[f64], vector: &[f64]) -> Vec<f64> {
    let rows = matrix.par_chunks_exact(vector.len()).with_min_len(64);
    rows.map(|row| dot(row, vector)).collect()
}

fn combined(vectors: &[Vec<f64>], weights: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; vectors.first().map_or(0, Vec::len)];
    for (vector, weight) in vectors.iter().zip(weights) {
        for (sum, v) in sum.iter_mut().zip(vector) {
            *sum += weight * v;
        }
    }
    sum
}

/// `vector` less its parts along the orthonormal vectors of `bases`; `None` where only rounding is left.
fn cleared(mut vector: Vec<f64>, bases: &[&[Vec<f64>]]) -> Option<Vec<f64>> {
    let before = dot(&vector, &vector).sqrt();
    // The second pass takes away what the first one's rounding left.
    for _ in 0..2 {
        for other in bases.iter().flat_map(|basis| basis.iter()) {
            let along = dot(&vector, other);
            for (v, o) in vector.iter_mut().zip(other) {
                *v -= along * o;
            }
        }
    }
    (before > 0.0 && dot(&vector, &vector).sqrt() > NOTHING * before).then_some(vector)
}

/// As [`cleared`], of unit norm.
fn orthonormal(vector: Vec<f64>, bases: &[&[Vec<f64>]]) -> Option<Vec<f64>> {
    let mut vector = cleared(vector, bases)?;
    let norm = dot(&vector, &vector).sqrt();
    for v in &mut vector {
        *v /= norm;
    }
    Some(vector)
}

/// Weights of the at most three orthonormal vectors of `basis` in the vector of the largest quotient, by Jacobi's
/// rotations; the first one's is not below 0.
fn best(basis: &[Vec<f64>], images: &[Vec<f64>]) -> Vec<f64> {
    let n = basis.len();
    let mut small = [[0.0; 3]; 3];
    let mut turned = [[0.0; 3]; 3];
    for (i, vector) in basis.iter().enumerate() {
        turned[i][i] = 1.0;
        for (j, image) in images.iter().enumerate() {
            small[i][j] = dot(vector, image);
        }
    }
    for _ in 0..30 {
        for (p, q) in [(0, 1), (0, 2), (1, 2)] {
            let lean = f64::midpoint(small[p][q], small[q][p]);
            if q >= n || lean == 0.0 {
                continue;
            }
            let ratio = (small[q][q] - small[p][p]) / (2.0 * lean);
            let t = ratio.signum() / (ratio.abs() + ratio.hypot(1.0));
            let c = 1.0 / t.hypot(1.0);
            let s = t * c;
            for row in small.iter_mut().chain(turned.iter_mut()) {
                (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
            }
            let (a, b) = (small[p], small[q]);
            for k in 0..3 {
                (small[p][k], small[q][k]) = (c * a[k] - s * b[k], s * a[k] + c * b[k]);
            }
        }
    }
    let most = (0..n).max_by(|&a, &b| small[a][a].total_cmp(&small[b][b]));
    let column = most.unwrap_or(0);
    let sign = if turned[0][column] < 0.0 { -1.0 } else { 1.0 };
    (0..n).map(|i| sign * turned[i][column]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A symmetric matrix with these eigenvalues, turned by reflections.
    fn matrix(values: &[f64]) -> Vec<f64> {
        let n = values.len();
        let mut random = fastrand::Rng::with_seed(8);
        let mut all = vec![0.0; n * n];
        for (i, &value) in values.iter().enumerate() {
            all[i * n + i] = value;
        }
        for _ in 0..3 {
            let side: Vec<f64> = (0..n).map(|_| random.f64() - 0.5).collect();
            let norm = dot(&side, &side);
            let moved = product(&all, &side);
            let along = dot(&side, &moved);
            for i in 0..n {
                for j in 0..n {
                    all[i * n + j] += (4.0 * along / norm * side[i] * side[j]
                        - 2.0 * (moved[i] * side[j] + side[i] * moved[j]))
                        / norm;
                }
            }
        }
        all
    }

    #[test]
    fn near_and_equal_eigenvalues_are_told_apart() {
        let task = Task::detached();
        let mut values: Vec<f64> = (0..80).map(|i| 1.0 + f64::from(i) * 1e-3).collect();
        values.extend([2.0, 2.0, 1.99]);
        let all = matrix(&values);
        let mut taken = Vec::new();
        for right in [2.0, 2.0, 1.99, 1.079, 1.078] {
            let (value, vector) = largest(&all, values.len(), &taken, &task).unwrap();
            assert!((value - right).abs() < 1e-9, "{value} {right}");
            let moved = product(&all, &vector);
            let off = moved
                .iter()
                .zip(&vector)
                .map(|(m, v)| (m - value * v).abs());
            assert!(off.fold(0.0, f64::max) < 1e-10);
            assert!(taken.iter().all(|t| dot(t, &vector).abs() < 1e-9));
            taken.push(vector);
        }
    }

    #[test]
    fn nothing_is_found_where_nothing_is() {
        let task = Task::detached();
        assert_eq!(
            largest(&[0.0; 9], 3, &[], &task).unwrap(),
            (0.0, vec![0.0; 3])
        );
        assert_eq!(
            largest(&[5.0], 1, &[vec![1.0]], &task).unwrap(),
            (0.0, vec![0.0])
        );
        let (value, vector) = largest(&[5.0], 1, &[], &task).unwrap();
        assert!((value - 5.0).abs() < 1e-12 && vector[0].abs() == 1.0);
    }

    #[test]
    fn the_search_is_cancelled() {
        let task = Task::detached();
        task.cancel();
        assert!(largest(&[1.0], 1, &[], &task).is_err_and(|e| e.is_cancelled()));
    }
}
