//! Logistic regression with a penalty on the dual norm of the weights: [`penalised`].

use super::basis::Basis;
use super::loss::{logistic, slope};
use super::norm::Norm;
use super::problem::Problem;
use super::prox::{dual, shrink, size};
use crate::error::{Error, Result};
use crate::task::Task;

/// The gap between objective and bound at which the search ends.
const CLOSED: f64 = 1e-9;
/// Iterations at most.
const MOST: u64 = 200_000;

/// The minimiser of a penalised loss, with a bound on how much better any other could be.
#[derive(Debug, Clone, PartialEq)]
pub struct Penalised {
    /// Its weights, as long as a row.
    pub weights: Vec<f64>,
    /// `mean log(1 + exp(-Z_i . w)) + penalty |w|_dual`.
    pub objective: f64,
    /// No weights have a lower objective than this, by the dual problem; 1e-9 below `objective`, unless 200,000 iterations
    /// did not get there.
    pub bound: f64,
    /// The loss alone.
    pub loss: f64,
    /// Iterations made.
    pub iterations: u64,
}

/// Minimises the mean logistic loss plus `penalty` times the dual norm of the weights, by proximal gradient steps with
/// momentum that is given up where it leads uphill (arXiv 1204.3982), of a length found by backtracking. `start`: weights
/// to begin with, those of a near penalty; zeros where there are none.
///
/// # Errors
/// A penalty that is not above 0, or a start that does not fit; cancellation.
pub fn penalised(
    problem: &Problem,
    norm: Norm,
    penalty: f64,
    start: Option<&[f64]>,
    task: &Task,
) -> Result<Penalised> {
    if !(penalty.is_finite() && penalty > 0.0) {
        return Err(Error::request(
            format!("{penalty} is no weight of a penalty"),
            "Choose a number above 0.",
        ));
    }
    if let Some(start) = start {
        problem.scores(start)?;
    }
    task.begin(format!("Penalty on the weights, {}", norm.title()), 0);
    let basis = Basis::new(problem, norm);
    let mut search = Search::new(&basis, norm, penalty, start);
    let mut iterations = 0;
    while search.objective - search.bound > CLOSED && iterations < MOST {
        task.check()?;
        search.advance();
        iterations += 1;
        task.add(1);
    }
    let Search {
        best,
        objective,
        loss,
        bound,
        ..
    } = search;
    Ok(Penalised {
        weights: basis.weights(best),
        objective,
        bound,
        loss,
        iterations,
    })
}

/// Weights and what they give each row.
#[derive(Clone)]
struct Point {
    w: Vec<f64>,
    margins: Vec<f64>,
}

impl Point {
    fn loss(&self) -> f64 {
        let all = self.margins.iter().map(|m| logistic(*m));
        all.sum::<f64>() / self.margins.len() as f64
    }

    /// `to + part (to - from)`.
    fn beyond(from: &Self, to: &Self, part: f64) -> Self {
        let beyond = |from: &[f64], to: &[f64]| {
            let both = to.iter().zip(from);
            both.map(|(to, from)| to + part * (to - from)).collect()
        };
        Self {
            w: beyond(&from.w, &to.w),
            margins: beyond(&from.margins, &to.margins),
        }
    }
}

/// A search under way, in the coordinates of `basis`.
struct Search<'a> {
    basis: &'a Basis<'a>,
    norm: Norm,
    penalty: f64,
    now: Point,
    /// Where the slope is taken: beyond `now`, by momentum.
    ahead: Point,
    momentum: f64,
    /// Bounds the curvature along a step.
    curvature: f64,
    /// No curvature is larger.
    most: f64,
    best: Vec<f64>,
    objective: f64,
    loss: f64,
    bound: f64,
}

impl<'a> Search<'a> {
    fn new(basis: &'a Basis<'a>, norm: Norm, penalty: f64, start: Option<&[f64]>) -> Self {
        let rows = &basis.rows;
        let w = start.map_or_else(|| vec![0.0; rows.width()], |w| basis.coordinates(w));
        let now = Point {
            margins: rows.times(&w),
            w,
        };
        // The logistic loss curves by 1/4 at most; the largest square of a matrix is at most the sum of all.
        let squares = rows.iter().map(|row| super::rows::dot(row, row));
        let most = squares.sum::<f64>() / (4 * rows.count()) as f64;
        let loss = now.loss();
        Self {
            objective: loss + penalty * dual(basis, norm, &now.w),
            best: now.w.clone(),
            loss,
            bound: 0.0,
            basis,
            norm,
            penalty,
            ahead: now.clone(),
            now,
            momentum: 1.0,
            curvature: most / 16.0,
            most,
        }
    }

    fn advance(&mut self) {
        let rows = &self.basis.rows;
        let count = rows.count() as f64;
        let shares: Vec<f64> = self.ahead.margins.iter().map(|m| slope(*m)).collect();
        let weights: Vec<f64> = shares.iter().map(|share| share / count).collect();
        // Minus the gradient.
        let down = rows.combine(&weights);
        self.raise(&shares, size(self.basis, self.norm, &down));
        let loss = self.ahead.loss();
        let next = self.step(&down, loss);
        let uphill: f64 = (0..next.w.len())
            .map(|j| (self.ahead.w[j] - next.w[j]) * (next.w[j] - self.now.w[j]))
            .sum();
        let part = if uphill > 0.0 {
            self.momentum = 1.0;
            0.0
        } else {
            let before = self.momentum;
            self.momentum = f64::midpoint(1.0, (1.0 + 4.0 * before * before).sqrt());
            (before - 1.0) / self.momentum
        };
        self.ahead = Point::beyond(&self.now, &next, part);
        self.now = next;
        let loss = self.now.loss();
        let objective = loss + self.penalty * dual(self.basis, self.norm, &self.now.w);
        if objective < self.objective {
            (self.objective, self.loss) = (objective, loss);
            self.best.clone_from(&self.now.w);
        }
    }

    /// One proximal step from `ahead`, short enough for the curvature there.
    fn step(&mut self, down: &[f64], loss: f64) -> Point {
        self.curvature *= 0.9;
        loop {
            let from = &self.ahead.w;
            let length = 1.0 / self.curvature;
            let mut w: Vec<f64> = from.iter().zip(down).map(|(w, d)| w + length * d).collect();
            shrink(self.basis, self.norm, &mut w, self.penalty * length);
            let next = Point {
                margins: self.basis.rows.times(&w),
                w,
            };
            let (mut along, mut square) = (0.0, 0.0);
            for ((to, from), down) in next.w.iter().zip(from).zip(down) {
                along += (to - from) * down;
                square += (to - from).powi(2);
            }
            let allowed = loss - along + 0.5 * self.curvature * square;
            // The last bits of a loss say nothing of its curvature.
            if self.curvature >= self.most || next.loss() <= allowed + 1e-16 {
                return next;
            }
            self.curvature = (2.0 * self.curvature).min(self.most);
        }
    }

    /// Takes the bound of the dual problem, `mean H(q_i)` where `|mean q_i Z_i| <= penalty`, H the entropy: `shares` shrunk
    /// until they fit.
    fn raise(&mut self, shares: &[f64], size: f64) {
        let fit = if size > self.penalty {
            self.penalty / size
        } else {
            1.0
        };
        let entropy = |share: &f64| {
            let q = share * fit;
            let part = |q: f64| if q > 0.0 { -q * q.ln() } else { 0.0 };
            part(q) - (1.0 - q) * (-q).ln_1p()
        };
        // A share of 1 to the last bit has next to no entropy, and none that can be computed.
        let open = |share: &&f64| **share < 1.0;
        let sum: f64 = shares.iter().filter(open).map(entropy).sum();
        self.bound = self.bound.max(sum / shares.len() as f64);
    }
}
