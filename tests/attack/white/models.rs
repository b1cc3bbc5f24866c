//! The models of the victims: linear ones with their optima, and one that bends.

use super::closed::{Closed, GRID};
use nearmiss::attack::Norm;

pub fn normal(rng: &mut fastrand::Rng) -> f64 {
    (-2.0 * (1.0 - rng.f64()).ln()).sqrt() * (std::f64::consts::TAU * rng.f64()).cos()
}

/// Weights of a linear model, and its margins of the others over class 0 at the middle grey.
pub struct Linear {
    pub weights: Vec<Vec<f64>>,
    pub bias: Vec<f64>,
}

impl Linear {
    /// Class 0 leads by `lead` to `lead + 1` at 0.5.
    pub fn new(classes: usize, lead: f64, seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let weights: Vec<Vec<f64>> = (0..classes)
            .map(|_| (0..GRID.len()).map(|_| normal(&mut rng)).collect())
            .collect();
        let at_grey = |w: &Vec<f64>| 0.5 * w.iter().sum::<f64>();
        let gap = |k: usize| {
            if k == 0 {
                0.0
            } else {
                lead + (k - 1) as f64 / classes as f64
            }
        };
        let bias = weights
            .iter()
            .enumerate()
            .map(|(k, w)| -at_grey(w) - gap(k))
            .collect();
        Self { weights, bias }
    }

    pub fn victim(&self, rows: usize) -> Closed {
        let (weights, bias) = (self.weights.clone(), self.bias.clone());
        let model = move |x: &[f64]| {
            let dot = |w: &Vec<f64>| w.iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
            let z = weights.iter().zip(&bias).map(|(w, b)| dot(w) + b).collect();
            (z, weights.clone())
        };
        Closed::new(GRID, vec![0; rows], Box::new(model))
    }

    /// The largest margin within radius 1 of grey is `margin + eps * dual`: margin at grey and dual norm, by class.
    pub fn duals(&self, norm: Norm) -> Vec<(f64, f64)> {
        let of_class = |k: usize| {
            let pairs = self.weights[k].iter().zip(&self.weights[0]);
            let w: Vec<f64> = pairs.map(|(a, b)| a - b).collect();
            let margin = self.bias[k] - self.bias[0] + 0.5 * w.iter().sum::<f64>();
            (margin, dual(norm, &w))
        };
        (1..self.weights.len()).map(of_class).collect()
    }
}

/// The dual norm.
pub fn dual(norm: Norm, w: &[f64]) -> f64 {
    match norm {
        Norm::Linf => w.iter().map(|v| v.abs()).sum(),
        Norm::L2 => w.iter().map(|v| v * v).sum::<f64>().sqrt(),
        Norm::L1 => w.iter().fold(0.0, |m, v| m.max(v.abs())),
        // Parseval: the sum of the magnitudes of the orthonormal transform, written out.
        Norm::Fourier(_) => w.chunks_exact(GRID.plane()).map(spectrum_sum).sum(),
        Norm::L0 | Norm::Free => f64::NAN,
    }
}

pub fn spectrum_sum(plane: &[f64]) -> f64 {
    let (h, w) = (GRID.height, GRID.width);
    let mut sum = 0.0;
    for (fy, fx) in (0..h).flat_map(|y| (0..w).map(move |x| (y, x))) {
        let (mut re, mut im) = (0.0, 0.0);
        for (at, v) in plane.iter().enumerate() {
            let turns = (fy * (at / w)) as f64 / h as f64 + (fx * (at % w)) as f64 / w as f64;
            re += v * (std::f64::consts::TAU * turns).cos();
            im -= v * (std::f64::consts::TAU * turns).sin();
        }
        sum += (re * re + im * im).sqrt() / ((h * w) as f64).sqrt();
    }
    sum
}

/// Two layers of tanh; class 0 leads by far, so that nobody is fooled.
pub fn bent(rows: usize, seed: u64) -> Closed {
    let mut rng = fastrand::Rng::with_seed(seed);
    let (hidden, len, classes) = (24, GRID.len(), 5);
    let mut matrix = |n: usize, m: usize, scale: f64| -> Vec<Vec<f64>> {
        (0..n)
            .map(|_| (0..m).map(|_| scale * normal(&mut rng)).collect())
            .collect()
    };
    let (first, second) = (matrix(hidden, len, 4.0), matrix(classes, hidden, 1.0));
    let model = move |x: &[f64]| {
        let inner = |w: &Vec<f64>| w.iter().zip(x).map(|(w, x)| w * (x - 0.4)).sum::<f64>();
        let h: Vec<f64> = first.iter().map(|w| inner(w).tanh()).collect();
        let z = second.iter().enumerate().map(|(k, w)| {
            let lead = if k == 0 { 60.0 } else { 0.0 };
            lead + w.iter().zip(&h).map(|(w, h)| w * h).sum::<f64>()
        });
        let row = |w: &Vec<f64>| -> Vec<f64> {
            let at = |i: usize| {
                (0..hidden)
                    .map(|j| w[j] * (1.0 - h[j] * h[j]) * first[j][i])
                    .sum()
            };
            (0..len).map(at).collect()
        };
        (z.collect(), second.iter().map(row).collect())
    };
    Closed::new(GRID, vec![0; rows], Box::new(model))
}
