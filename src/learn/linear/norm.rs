//! The norms in which perturbations are measured, and what they make of a linear classifier.

use super::fourier::Fourier;
use crate::names::named;
use rustfft::num_complex::Complex;

/// How the size of a perturbation is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Norm {
    /// Euclidean length.
    L2,
    /// The largest change of a value.
    Linf,
    /// The sum of all changes.
    L1,
    /// The largest amplitude in the orthonormal Fourier transform of each channel.
    FourierLinf,
}

const NORMS: [(Norm, &str, &str, &str); 4] = [
    (Norm::L2, "l2", "l2", "The Euclidean length."),
    (
        Norm::Linf,
        "linf",
        "l-inf",
        "The largest change of a value.",
    ),
    (Norm::L1, "l1", "l1", "The sum of the sizes of all changes."),
    (
        Norm::FourierLinf,
        "flinf",
        "Fourier l-inf",
        "The largest amplitude of any frequency.",
    ),
];

named!(
    Norm,
    "norm",
    NORMS,
    |a, b| a == b,
    "What it measures, in a sentence."
);

impl Norm {
    /// Its place in [`Norm::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// The size of the perturbation `delta`, a row of the shape of `fourier`.
    pub fn size(self, delta: &[f64], fourier: &Fourier) -> f64 {
        match self {
            Self::L2 => length(delta),
            Self::Linf => largest(delta),
            Self::L1 => delta.iter().map(|v| v.abs()).sum(),
            Self::FourierLinf => {
                let amplitudes = fourier.spectrum(delta).into_iter().map(Complex::norm);
                amplitudes.fold(0.0, f64::max)
            }
        }
    }

    /// The dual norm of the weights `w`: how much a perturbation of size 1 changes `w . x` at most.
    pub fn dual(self, w: &[f64], fourier: &Fourier) -> f64 {
        match self {
            Self::L2 => length(w),
            Self::Linf => Self::L1.size(w, fourier),
            Self::L1 => largest(w),
            Self::FourierLinf => fourier.spectrum(w).into_iter().map(Complex::norm).sum(),
        }
    }

    /// The perturbation of size 1 that lowers `w . x` most: by the dual norm of `w`. Values on which nothing depends are 0,
    /// so that it is smaller than 1 where all of `w` is 0; of several largest weights, l1 changes the first.
    pub fn worst(self, w: &[f64], fourier: &Fourier) -> Vec<f64> {
        match self {
            Self::L2 => {
                let length = length(w);
                let shrink = if length > 0.0 { -1.0 / length } else { 0.0 };
                w.iter().map(|v| v * shrink).collect()
            }
            Self::Linf => w.iter().map(|&v| -sign(v)).collect(),
            Self::L1 => {
                let mut delta = vec![0.0; w.len()];
                let most = largest(w);
                if let Some(at) = w.iter().position(|v| v.abs() == most) {
                    delta[at] = -sign(w[at]);
                }
                delta
            }
            Self::FourierLinf => {
                let phase = |value: Complex<f64>| {
                    let size = value.norm();
                    if size > 0.0 {
                        -value / size
                    } else {
                        Complex::default()
                    }
                };
                let spectrum = fourier.spectrum(w);
                fourier.row(spectrum.into_iter().map(phase).collect())
            }
        }
    }
}

/// -1, 0 or 1; 0 of 0, unlike `f64::signum`.
pub(super) fn sign(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value.signum() }
}

/// Euclidean length.
pub(super) fn length(values: &[f64]) -> f64 {
    // Scaled by the largest, so that no square leaves the range of float64.
    let most = largest(values);
    if most == 0.0 || !most.is_finite() {
        return most;
    }
    let squares = values.iter().map(|v| (v / most).powi(2));
    most * squares.sum::<f64>().sqrt()
}

/// The largest size of a value.
pub(super) fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |most: f64, v| most.max(v.abs()))
}
