//! What runs are given in files.

use crate::dataset::npy::{read_array, read_npy};
use crate::error::{Error, Result};
use crate::learn::Ground;
use std::path::Path;

/// Start weights of one side, `[out, in]`.
///
/// # Errors
/// It cannot be read, or has another shape.
pub fn matrix(path: &Path, ground: &Ground, outputs: usize) -> Result<Vec<f32>> {
    let (values, rows, columns) = read_npy(path)?;
    let inputs = ground.embedded.images.dim();
    if (rows, columns) != (outputs, inputs) {
        return Err(Error::dataset(
            path,
            format!(
                "has the shape [{rows}, {columns}]; heads of {inputs} to {outputs} values have [{outputs}, {inputs}]"
            ),
            "Give weights of that shape, or another --dim.",
        ));
    }
    Ok(values)
}

/// The captions of every step.
///
/// # Errors
/// It cannot be read, or is no matrix of captions.
pub fn order(path: &Path) -> Result<Vec<Vec<u32>>> {
    // Beyond it float32 does not hold every whole number.
    const MOST: f32 = 16_777_216.0;
    let (values, shape) = read_array(path)?;
    let remedy = "Write an array of whole numbers, [steps, batch].";
    let &[_, batch] = shape.as_slice() else {
        return Err(Error::dataset(
            path,
            "is no matrix of steps by pairs",
            remedy,
        ));
    };
    if let Some(wrong) = values
        .iter()
        .find(|v| v.fract() != 0.0 || !(0.0..MOST).contains(*v))
    {
        return Err(Error::dataset(
            path,
            format!("holds {wrong}, which is no caption"),
            remedy,
        ));
    }
    let rows = values.chunks_exact(batch.max(1));
    Ok(rows
        .map(|row| row.iter().map(|&v| v as u32).collect())
        .collect())
}
