//! What a stratification is worth: its objective, and the variance of mean gradients estimated with it.

use super::gradients::Gradients;
use super::labels::Strata;
use super::systematic;
use super::table::Table;
use crate::error::Result;
use crate::task::Task;
use serde::{Deserialize, Serialize};

/// Variances E |estimate - mean|^2 of the mean gradient, estimated from as many pairs as there are strata.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Variances {
    /// Pairs.
    pub pairs: usize,
    /// Pairs drawn: the number of strata.
    pub draws: usize,
    /// |mean gradient|^2.
    pub mean_square: f64,
    /// Variance of one pair drawn from all: mean |g - mean|^2.
    pub single: f64,
    /// Pairs drawn from all, with replacement: single / draws.
    pub uniform: f64,
    /// No pair twice: times (pairs - draws) / (pairs - 1).
    pub without_replacement: f64,
    /// The objective J of the strata.
    pub objective: f64,
    /// One pair of each stratum, weighted by `N_k / N`: `J / N^2`.
    pub stratified: f64,
    /// As many pairs of each stratum as is its share, drawn systematically ([`super::sampling::systematic`]).
    pub proportional: f64,
}

impl Variances {
    /// `variance` as a share of |mean gradient|^2, as the paper normalises it; `None` where the mean gradient is 0.
    pub fn normalised(&self, variance: f64) -> Option<f64> {
        (self.mean_square > 0.0).then(|| variance / self.mean_square)
    }

    /// How much `variance` is above that of uniform draws with replacement, as a share of it; below where negative.
    /// `None` where all gradients are the same.
    pub fn above_uniform(&self, variance: f64) -> Option<f64> {
        (self.uniform > 0.0).then(|| variance / self.uniform - 1.0)
    }
}

/// `J = sum over k of N_k sum over i in k of |g_i - C_k|^2 = sum over k of (N_k sum |g_i|^2 - |S_k|^2)`.
///
/// # Errors
/// Labels that do not fit, cancellation.
pub fn objective(gradients: &Gradients, strata: &Strata, task: &Task) -> Result<f64> {
    Ok(Table::new(gradients, strata, task)?.objective())
}

/// All variances of these strata.
///
/// # Errors
/// As [`objective`].
pub fn variances(gradients: &Gradients, strata: &Strata, task: &Task) -> Result<Variances> {
    let table = Table::new(gradients, strata, task)?;
    let (pairs, draws) = (gradients.len(), strata.count());
    let (n, k) = (pairs as f64, draws as f64);
    let single = table.all.scatter() / n;
    let uniform = single / k;
    let objective = table.objective();
    Ok(Variances {
        pairs,
        draws,
        mean_square: table.all.mean_square(),
        single,
        uniform,
        without_replacement: uniform * (n - k).max(0.0) / (n - 1.0).max(1.0),
        objective,
        stratified: objective / (n * n),
        proportional: systematic::variance(&table, draws),
    })
}
