//! Pictures of numbers made from perturbations and spectra, one picture at a time.

use crate::compute::Grid;

/// Added to magnitudes before their logarithm.
const TINY: f64 = 1e-12;

/// Numbers of a picture, `[height, width]`, and their range over the finite ones; `(0, 0)` where there are none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct View {
    /// Row by row.
    pub values: Vec<f32>,
    /// Smallest.
    pub low: f32,
    /// Largest.
    pub high: f32,
}

impl View {
    /// The view of `values`.
    pub fn new(values: Vec<f32>) -> Self {
        let finite = values.iter().copied().filter(|v| v.is_finite());
        let range = finite.fold(None, |range: Option<(f32, f32)>, v| {
            let (low, high) = range.unwrap_or((v, v));
            Some((low.min(v), high.max(v)))
        });
        let (low, high) = range.unwrap_or_default();
        Self { values, low, high }
    }
}

/// The mean of a picture's channels, `[height, width]`; `values` is `[channels, height, width]`.
pub fn channel_mean(grid: Grid, values: &[f32]) -> Vec<f32> {
    let count = grid.channels.max(1) as f64;
    over_channels(grid, values, |v| v, |sum| sum / count)
}

/// `sqrt(sum_c d^2)` at each pixel, `[height, width]`; `values` is `[channels, height, width]`.
pub fn pixel_norm(grid: Grid, values: &[f32]) -> Vec<f32> {
    over_channels(grid, values, |v| v * v, f64::sqrt)
}

/// `log10(mean over channels + 1e-12)` of a picture's `magnitudes`, `[channels, height, width]` with the zero
/// frequency first; it is moved to row `height / 2`, column `width / 2`.
pub fn log_spectrum(grid: Grid, magnitudes: &[f32]) -> View {
    let count = grid.channels.max(1) as f64;
    let log = |sum: f64| (sum / count + TINY).log10();
    let mut values = over_channels(grid, magnitudes, |v| v, log);
    if grid.width > 0 && values.len() == grid.plane() {
        for row in values.chunks_exact_mut(grid.width) {
            row.rotate_right(grid.width / 2);
        }
        values.rotate_right(grid.height / 2 * grid.width);
    }
    View::new(values)
}

/// `end(sum over channels of each(value))` at each pixel, in float64. Missing values count as 0.
fn over_channels(
    grid: Grid,
    values: &[f32],
    each: impl Fn(f64) -> f64,
    end: impl Fn(f64) -> f64,
) -> Vec<f32> {
    let mut sums = vec![0.0; grid.plane()];
    if !grid.is_empty() {
        for plane in values.chunks(grid.plane()).take(grid.channels) {
            for (sum, &v) in sums.iter_mut().zip(plane) {
                *sum += each(f64::from(v));
            }
        }
    }
    sums.into_iter().map(|sum| end(sum) as f32).collect()
}
