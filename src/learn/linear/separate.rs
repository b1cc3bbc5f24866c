//! Can a linear classifier tell the groups apart at all, and what is chosen where none can.

use super::cone::{Program, bearable, solve};
use super::margin::{euclidean, longest, vanishes};
use super::norm::{Norm, length};
use super::problem::Problem;
use crate::error::Result;
use crate::task::Task;
use clarabel::solver::SupportedConeT as Cone;

/// The weight of `|w|^2 / 2` in a soft margin, over the mean of `|Z_i|^2`.
const SOFTNESS: f64 = 1e-4;

/// Whether any classifier is right about all rows, with what proves it.
#[derive(Debug, Clone, PartialEq)]
pub enum Separability {
    /// One is.
    Apart {
        /// It, of length 1.
        weights: Vec<f64>,
        /// Its smallest `Z_i . w`: above 0, and the maximal l2 margin.
        margin: f64,
    },
    /// None is: a combination of rows is 0 to rounding, and every classifier would have to be right about it too.
    Mixed {
        /// The share of each row in the combination: at least 0, sum 1.
        alpha: Vec<f64>,
        /// The length of the combination over that of the longest row: what the solver leaves, below 1e-5.
        length: f64,
    },
}

/// Decides whether the groups can be told apart.
///
/// # Errors
/// More rows than can be solved in bearable time; the solver fails; cancellation.
pub fn separability(problem: &Problem, task: &Task) -> Result<Separability> {
    task.begin("Telling the groups apart", 0);
    let found = euclidean(problem, task)?;
    if found.lower > 0.0 {
        return Ok(Separability::Apart {
            weights: found.weights,
            margin: found.lower,
        });
    }
    vanishes(problem, &found)?;
    Ok(Separability::Mixed {
        length: found.upper / longest(problem, Norm::L2),
        alpha: found.alpha,
    })
}

/// The classifier that errs least: `min mean max(0, 1 - Z_i . w) + penalty |w|^2 / 2`, for groups that no classifier tells
/// apart (Cortes and Vapnik 1995).
#[derive(Debug, Clone, PartialEq)]
pub struct SoftMargin {
    /// Its weights, as long as a row.
    pub weights: Vec<f64>,
    /// The weight of `|w|^2 / 2`: 1e-4 of the mean of `|Z_i|^2`, so that the scale of the rows does not matter.
    pub penalty: f64,
    /// `mean max(0, 1 - Z_i . w)`.
    pub hinge: f64,
    /// The objective over its lower bound from the dual: what is left to gain; below 0 by rounding.
    pub gap: f64,
    /// The share of rows that it is right about, 0 to 1.
    pub right: f64,
}

/// Finds the soft margin, by a quadratic program among the rows.
///
/// # Errors
/// As [`separability`].
pub fn soft_margin(problem: &Problem, task: &Task) -> Result<SoftMargin> {
    task.begin("Soft margin", 0);
    let rows = problem.rows();
    let count = rows.count();
    bearable(count, count)?;
    let gram = rows.gram();
    let mean = (0..count).map(|i| gram.row(i)[i]).sum::<f64>() / count as f64;
    let penalty = SOFTNESS * mean;
    // w is the sum of rows times a / (penalty n), with a between 0 and 1.
    let unit = 1.0 / (penalty * count as f64);
    let square = |j: usize| (0..=j).map(|i| (i, gram.row(i)[j] * unit)).collect();
    let mut bounds = vec![0.0; count];
    bounds.resize(2 * count, 1.0);
    let program = Program {
        squares: (0..count).map(square).collect(),
        linear: vec![-1.0; count],
        columns: (0..count)
            .map(|i| vec![(i, -1.0), (count + i, 1.0)])
            .collect(),
        bounds,
        cones: vec![Cone::NonnegativeConeT(2 * count)],
    };
    let parts = solve(program, task)?.x;
    let parts: Vec<f64> = parts.iter().map(|a| a.clamp(0.0, 1.0)).collect();
    let mut weights = rows.combine(&parts);
    for w in &mut weights {
        *w *= unit;
    }
    let scores = rows.times(&weights);
    let hinge = scores.iter().map(|s| (1.0 - s).max(0.0)).sum::<f64>() / count as f64;
    let square = penalty * length(&weights).powi(2);
    let right = scores.iter().filter(|s| **s > 0.0).count();
    Ok(SoftMargin {
        penalty,
        hinge,
        gap: hinge + square - parts.iter().sum::<f64>() / count as f64,
        right: right as f64 / count as f64,
        weights,
    })
}
