//! Which attacks reach the closed form of a linear model, and in which norms.

use crate::attack::description::Method;
use crate::attack::threat::Norm;
use crate::attack::white;
use crate::compute::{Band, Grid};

/// Rows of at most this many values are changed in one of them by a step in l1: one in a hundred, rounded up.
const ONE_AT_A_TIME: usize = 100;

/// The attacks that reach the closed form of a linear model with rows of `grid`, each with a norm, in the order of
/// l2, l-inf, l1, Fourier-l-inf.
///
/// Steepest ascent (FGSM, PGD, MI-FGSM, APGD) goes along the gradient in the geometry of the norm, the Fourier ascent
/// in that of Fourier-l-inf; `DeepFool` and FAB go to the linearised boundary, in l2, l-inf and l1. Not among them:
///
/// * Steepest ascent in l1 on rows of more than 100 values. Its step moves one value in a hundred, all by the same
///   amount (SLIDE, arXiv 1904.13000), where the optimum changes only the one with the largest weight: it stays short of it
///   by the mean of the weights that it moves against the largest.
/// * `DeepFool` and FAB in Fourier-l-inf, where they minimise l2 instead.
/// * Carlini & Wagner, whose variable is a share of the box, and here there is none.
/// * Attacks by queries, noise, one perturbation for all rows, and attacks made of others.
pub fn pairs(grid: Grid) -> Vec<(Method, Norm)> {
    let fourier = Norm::Fourier(Band::ALL);
    let one = grid.len() <= ONE_AT_A_TIME;
    let mut pairs = Vec::new();
    for norm in [Norm::L2, Norm::Linf, Norm::L1, fourier] {
        for description in white::LIST {
            let reaches = match description.name {
                "fgsm" | "pgd" | "mi-fgsm" | "apgd" => norm != Norm::L1 || one,
                "deepfool" | "fab" => norm != fourier,
                "fourier" => norm == fourier,
                _ => false,
            };
            if reaches {
                pairs.push((Method(description), norm));
            }
        }
    }
    pairs
}
