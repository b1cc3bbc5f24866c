//! Rows that a linear classifier is right about, with their closed-form radii.

use nearmiss::attack::confirm::{Confirm, Confirmed, confirm};
use nearmiss::attack::{Method, Network, Norm};
use nearmiss::compute::{Band, Cpu, Grid};
use nearmiss::learn::linear::{Norm as Closed, Problem, Shape, classifier};
use nearmiss::runtime::Provider;
use nearmiss::task::Task;
use std::sync::Arc;

pub const FOURIER: Norm = Norm::Fourier(Band::ALL);

/// Rows that a linear classifier is right about.
pub struct Case {
    pub network: Arc<Network>,
    pub grid: Grid,
    pub rows: Vec<f32>,
    pub labels: Vec<usize>,
    pub radii: Vec<(Norm, Vec<f64>)>,
}

impl Case {
    /// Of the float32 `rows`, `[labels.len(), values of shape]`.
    pub fn new(w: &[f64], rows: Vec<f32>, labels: &[i8], shape: Shape) -> Self {
        let exact = rows.iter().map(|&v| f64::from(v)).collect();
        let problem = Problem::new(exact, labels, shape).unwrap();
        let radii = Closed::ALL.map(|closed| {
            let norm = match closed {
                Closed::L2 => Norm::L2,
                Closed::Linf => Norm::Linf,
                Closed::L1 => Norm::L1,
                Closed::FourierLinf => FOURIER,
            };
            (norm, problem.radii(w, closed).unwrap())
        });
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("linear.onnx");
        std::fs::write(&path, classifier(w, 0.0, shape).unwrap()).unwrap();
        let network = Network::open(&path, &Provider::ALL, &Task::detached()).unwrap();
        Self {
            network: network.into(),
            grid: Grid {
                rows: labels.len(),
                channels: shape.channels,
                height: shape.height,
                width: shape.width,
            },
            rows,
            labels: labels.iter().map(|&y| usize::from(y > 0)).collect(),
            radii: radii.to_vec(),
        }
    }

    /// Twelve rows, six of each class, between `least` and twice that from the boundary in l2.
    pub fn made(shape: Shape, least: f64) -> Self {
        let mut rng = fastrand::Rng::with_seed(7);
        let values = shape.values().unwrap();
        let w: Vec<f64> = (0..values).map(|_| rng.f64() - 0.5).collect();
        let square: f64 = w.iter().map(|v| v * v).sum();
        let labels: Vec<i8> = (0..12).map(|row| [1, -1][row % 2]).collect();
        let row = |(row, &y): (usize, &i8)| -> Vec<f32> {
            let x: Vec<f64> = (0..values).map(|_| rng.f64()).collect();
            let score: f64 = x.iter().zip(&w).map(|(x, w)| x * w).sum();
            let wanted = f64::from(y) * least * (1.0 + row as f64 / 12.0) * square.sqrt();
            let moved = x.iter().zip(&w);
            moved
                .map(|(x, w)| (x + (wanted - score) / square * w) as f32)
                .collect()
        };
        let rows = labels.iter().enumerate().flat_map(row).collect();
        Self::new(&w, rows, &labels, shape)
    }

    pub fn asked<'a>(&'a self, pairs: &'a [(Method, Norm)]) -> Confirm<'a> {
        Confirm {
            network: &self.network,
            grid: self.grid,
            rows: &self.rows,
            labels: &self.labels,
            radii: &self.radii,
            pairs,
            engine: &Cpu,
            seed: 0,
        }
    }

    pub fn run(&self, pairs: &[(Method, Norm)]) -> Vec<Confirmed> {
        confirm(&self.asked(pairs), &Task::detached()).unwrap()
    }
}
