//! All eigenvectors of a symmetric matrix.

use crate::error::{Error, Result};
use crate::learn::unstoppable::unstoppable;
use crate::task::Task;
use nalgebra::{DMatrix, SymmetricEigen};

/// Eigenvalues of the symmetric `matrix` `[width, width]`, the largest first, and their orthonormal eigenvectors, one a row.
/// The library cannot be stopped: on cancellation its thread is left to end by itself.
///
/// # Errors
/// Cancellation; a matrix for which no eigenvectors are found.
pub fn eigen(matrix: Vec<f64>, width: usize, task: &Task) -> Result<(Vec<f64>, Vec<f64>)> {
    let failed = |what: String| {
        Error::compute(
            format!("the directions of what is retained cannot be found: {what}"),
            "Look for values in the embeddings that are not finite.",
        )
    };
    if matrix.iter().any(|value| !value.is_finite()) {
        return Err(failed("a value is not finite".into()));
    }
    let work = move || SymmetricEigen::new(DMatrix::from_vec(width, width, matrix));
    let found = unstoppable(work, failed, task)?;
    let mut order: Vec<usize> = (0..width).collect();
    let values = found.eigenvalues.as_slice();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    let vectors = found.eigenvectors.as_slice();
    let rows = order.iter().flat_map(|&k| &vectors[k * width..][..width]);
    Ok((
        order.iter().map(|&k| values[k]).collect(),
        rows.copied().collect(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_those_of_the_matrix_in_order() {
        let task = Task::detached();
        let matrix = vec![2.0, 1.0, 0.0, 1.0, 2.0, 0.0, 0.0, 0.0, 5.0];
        let (values, vectors) = eigen(matrix.clone(), 3, &task).unwrap();
        for (value, right) in values.iter().zip([5.0, 3.0, 1.0]) {
            assert!((value - right).abs() < 1e-12);
        }
        for (k, vector) in vectors.chunks(3).enumerate() {
            for (i, own) in vector.iter().enumerate() {
                let moved: f64 = (0..3).map(|j| matrix[3 * i + j] * vector[j]).sum();
                assert!((moved - values[k] * own).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn cancelled_work_and_broken_values_are_refused() {
        let task = Task::detached();
        assert!(eigen(vec![f64::NAN], 1, &task).is_err());
        task.cancel();
        assert!(eigen(vec![1.0], 1, &task).is_err_and(|error| error.is_cancelled()));
    }
}
