//! How large perturbations are, in the norm of the threat model and in the usual ones.

use super::super::threat::Norm;
use super::SetRequest;
use crate::compute::{Band, Engine, Grid, Size, band_mask};
use crate::error::Result;

/// The usual sizes of each row of `x` (pictures of the model's shape, one after the other), and its size in the norm of
/// `request`: `None` for a threat model that has none.
pub(super) fn measure(
    request: &SetRequest,
    clean: &[f32],
    x: &[f32],
) -> Result<Vec<(Size, Option<f32>)>> {
    let engine = request.set.engine.as_ref();
    let one = request.set.network.grid();
    let grid = one.with_rows(x.len() / one.len().max(1));
    let sizes = engine.measure(grid, clean, x)?;
    let spectra = match request.settings.threat.norm {
        Norm::Fourier(band) => Some(spectral(engine, grid, band, clean, x)?),
        _ => None,
    };
    let of = |(at, size): (usize, Size)| {
        let norm = match request.settings.threat.norm {
            Norm::Linf => Some(size.linf),
            Norm::L2 => Some(size.l2),
            Norm::L1 => Some(size.l1),
            Norm::L0 => Some(size.l0 as f32),
            Norm::Fourier(_) => spectra.as_ref().map(|s| s[at]),
            Norm::Free => None,
        };
        (size, norm)
    };
    Ok(sizes.into_iter().enumerate().map(of).collect())
}

/// Part of a perturbation's largest magnitude that float32 may leave outside its band.
const LEAK: f32 = 1e-4;

/// The Fourier-l-inf norm of each row of `x - clean`: the largest magnitude of any frequency of any channel; infinite
/// where it reaches beyond `band`.
fn spectral(
    engine: &dyn Engine,
    grid: Grid,
    band: Band,
    clean: &[f32],
    x: &[f32],
) -> Result<Vec<f32>> {
    let delta: Vec<f32> = x.iter().zip(clean).map(|(x, c)| x - c).collect();
    let magnitudes = engine.magnitudes(grid, &delta)?;
    let inside = band_mask(grid.height, grid.width, band);
    let norm = |row: &[f32]| {
        let (mut within, mut beyond) = (0.0_f32, 0.0_f32);
        for plane in row.chunks_exact(grid.plane().max(1)) {
            for (&m, &inside) in plane.iter().zip(&inside) {
                let largest = if inside { &mut within } else { &mut beyond };
                *largest = largest.max(m);
            }
        }
        if beyond > LEAK * within.max(1e-6) {
            f32::INFINITY
        } else {
            within
        }
    };
    Ok(magnitudes
        .chunks_exact(grid.len().max(1))
        .map(norm)
        .collect())
}
