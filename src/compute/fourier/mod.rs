//! The 2-D Fourier transform of pictures: the CPU's form (`rustfft`), and what both engines share.

mod cpu;

use super::{Band, Grid};
use crate::error::{Error, Result};
use rayon::prelude::*;

/// [`Spectrum::clip`](super::Spectrum::clip) clips at `eps (1 - ROOM)`, so that no rounding of the inverse transform,
/// about 5e-7 of eps in all sizes tested, leads beyond eps.
const ROOM: f32 = 4e-6;
/// [`Spectrum::flatten`](super::Spectrum::flatten) takes magnitudes up to this part of a plane's root mean square
/// for rounding of the transform, hence for 0; float32 leaves about 1e-6.
pub(super) const NOISE: f32 = 1e-5;
/// Largest value that is transformed: its sums over a picture and their squares stay in range.
const LARGEST: f32 = 1e30;

/// Checks that `values` fill `grid`.
pub(super) fn check(grid: Grid, values: usize) -> Result<()> {
    if grid.total() == values {
        return Ok(());
    }
    Err(Error::request(
        format!(
            "{values} values are no {} pictures of {} x {} x {}",
            grid.rows, grid.channels, grid.height, grid.width
        ),
        "Give as many values as the pictures have.",
    ))
}

/// The magnitude at which both engines clip for `eps`; 0 for NaN and below 0.
pub(super) fn limit(eps: f32) -> f32 {
    eps.max(0.0) * (1.0 - ROOM)
}

/// Which frequencies of a plane lie in `band`, zero frequency first; the same for `f` and `-f`.
pub fn mask(height: usize, width: usize, band: Band) -> Vec<bool> {
    // The band's ends are float32: 0.1 is meant where 0.100000001 stands.
    let (low, high) = (f64::from(band.low) - 1e-7, f64::from(band.high) + 1e-7);
    let squares = |n: usize| -> Vec<f64> {
        let square = |k: usize| (k.min(n - k) as f64 / n as f64).powi(2);
        (0..n).map(square).collect()
    };
    let (down, across) = (squares(height), squares(width));
    let inside = |y: f64, x: f64| {
        let radius = (2.0 * (y + x)).sqrt();
        radius >= low && radius <= high
    };
    let all = down
        .iter()
        .flat_map(|&y| across.iter().map(move |&x| inside(y, x)));
    all.collect()
}

/// Zeroes rows with a value that is NaN or beyond 1e30.
pub(super) fn tidy(grid: Grid, values: &mut [f32]) {
    values.par_chunks_mut(grid.len()).for_each(|row| {
        // NaN fails the comparison too.
        if !row.iter().all(|v| v.abs() <= LARGEST) {
            row.fill(0.0);
        }
    });
}

/// Scales each plane to a root mean square of 1, planes of zeros apart: then [`NOISE`] is one number, and gradients
/// as small as float32 holds keep their phases.
pub(super) fn level(grid: Grid, values: &mut [f32]) {
    values.par_chunks_mut(grid.plane()).for_each(|plane| {
        let energy: f64 = plane.iter().map(|&v| f64::from(v).powi(2)).sum();
        if energy > 0.0 {
            let factor = (plane.len() as f64 / energy).sqrt();
            for v in plane {
                *v = (f64::from(*v) * factor) as f32;
            }
        }
    });
}
