//! How large perturbations are, in a norm.

use crate::attack::threat::Norm;
use crate::compute::{Engine, Grid};
use crate::error::Result;

/// The size of each row of `made`, of the shape of `grid`: in float64, but for the Fourier transform, which is the
/// engine's. 0 in norms without a radius.
pub(super) fn sizes(engine: &dyn Engine, norm: Norm, grid: Grid, made: &[f64]) -> Result<Vec<f64>> {
    let each = made.chunks_exact(grid.len().max(1));
    let largest = |row: &[f64]| row.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
    let sizes = match norm {
        Norm::Linf => each.map(largest).collect(),
        Norm::L2 => each
            .map(|row| row.iter().map(|v| v * v).sum::<f64>().sqrt())
            .collect(),
        Norm::L1 => each.map(|row| row.iter().map(|v| v.abs()).sum()).collect(),
        Norm::Fourier(_) => {
            let values: Vec<f32> = made.iter().map(|&v| v as f32).collect();
            let magnitudes = engine.magnitudes(grid, &values)?;
            let magnitudes: Vec<f64> = magnitudes.into_iter().map(f64::from).collect();
            let each = magnitudes.chunks_exact(grid.len().max(1));
            each.map(largest).collect()
        }
        Norm::L0 | Norm::Free => vec![0.0; grid.rows],
    };
    Ok(sizes)
}
