//! The largest margin that any linear classifier has, with a certificate: [`max_margin`].

use super::basis::Basis;
use super::norm::{Norm, sign};
use super::problem::Problem;
use super::program::{Pair, shortest, smallest};
use crate::error::{Error, Result};
use crate::task::Task;

/// Products of rows and groups up to which all groups are solved at once.
const WHOLE: usize = 200_000;
/// The relative gap at which no more groups are taken in.
const CLOSED: f64 = 1e-9;
/// Rounds of taking in groups at most.
const ROUNDS: usize = 60;
/// A combination of rows that is shorter than this part of the longest row is nothing but rounding.
const NOTHING: f64 = 1e-5;

/// The maximal margin in a norm, between two bounds that do not rely on the solver's word.
#[derive(Debug, Clone, PartialEq)]
pub struct MaxMargin {
    /// The norm.
    pub norm: Norm,
    /// The middle of `lower` and `upper`.
    pub value: f64,
    /// `upper - lower`; it may be below 0 by rounding.
    pub gap: f64,
    /// The margin of `weights`: no maximal margin is smaller.
    pub lower: f64,
    /// `|sum alpha_i Z_i|`: no margin is larger, because a margin is at most any mean of `Z_i . w / |w|_dual`.
    pub upper: f64,
    /// The classifier, of dual norm 1.
    pub weights: Vec<f64>,
    /// The share of each row in the certificate: at least 0, sum 1; above 0 for the rows that lie at the margin.
    pub alpha: Vec<f64>,
}

/// The classifier with the largest margin of all in `norm`; `None` where no classifier tells the groups apart.
///
/// l2 is a quadratic program among the rows. The others minimise the norm of a combination of rows: linear programs for
/// l-inf and l1, a second-order cone program for Fourier l-inf. Of long rows, only the values (or frequencies) that bound
/// the result are taken in, until both bounds meet.
///
/// # Errors
/// More rows or values than can be solved in bearable time; the solver fails, or ends far from the optimum; cancellation.
pub fn max_margin(problem: &Problem, norm: Norm, task: &Task) -> Result<Option<MaxMargin>> {
    task.begin(format!("Maximal {} margin", norm.title()), 0);
    let found = match norm {
        Norm::L2 => {
            let gram = problem.rows().gram();
            judged(problem, norm, shortest(problem.rows(), &gram, task)?)?
        }
        _ => by_groups(problem, norm, task)?,
    };
    let longest = problem
        .rows()
        .iter()
        .map(|row| norm.size(row, problem.fourier()));
    let longest = longest.fold(0.0, f64::max);
    if found.lower > 0.0 {
        return Ok(Some(found));
    }
    if found.upper <= NOTHING * longest {
        return Ok(None);
    }
    Err(Error::compute(
        format!(
            "the maximal {} margin was only found to lie between {:.3e} and {:.3e}",
            norm.title(),
            found.lower,
            found.upper
        ),
        "Look for rows with values far larger or smaller than the others.",
    ))
}

/// What a pair proves.
pub(super) fn judged(problem: &Problem, norm: Norm, pair: Pair) -> Result<MaxMargin> {
    let Pair { alpha, mut weights } = pair;
    let fourier = problem.fourier();
    let upper = norm.size(&problem.rows().combine(&alpha), fourier);
    let dual = norm.dual(&weights, fourier);
    if dual > 0.0 {
        weights.iter_mut().for_each(|w| *w /= dual);
    }
    let lower = problem.margin(&weights, norm)?;
    Ok(MaxMargin {
        norm,
        value: f64::midpoint(lower, upper),
        gap: upper - lower,
        lower,
        upper,
        weights,
        alpha,
    })
}

/// Solves with few groups at first, and takes in those that the result violates.
fn by_groups(problem: &Problem, norm: Norm, task: &Task) -> Result<MaxMargin> {
    let basis = Basis::new(problem, norm);
    let (count, all) = (problem.count(), basis.groups.len());
    let mean = basis.rows.combine(&vec![1.0 / count as f64; count]);
    let size = |values: &[f64]| {
        let amplitudes = basis.groups.iter().map(|group| group.amplitude(values));
        match norm {
            Norm::L1 => amplitudes.sum(),
            _ => amplitudes.fold(0.0, f64::max),
        }
    };
    // The mean of the rows is one combination; where it all but vanishes, the size of the rows says more.
    let longest = basis.rows.iter().map(size).fold(0.0, f64::max);
    let scale = size(&mean).max(1e-3 * longest);
    let mut work = Work {
        used: vec![false; all],
        fixed: vec![0.0; basis.rows.width()],
    };
    if count * all <= WHOLE {
        work.used.fill(true);
    } else {
        let gram = problem.rows().gram();
        let near = shortest(problem.rows(), &gram, task)?;
        work.take_in(&basis, norm, &basis.rows.combine(&near.alpha), 4 * count);
    }
    let mut best: Option<MaxMargin> = None;
    for _ in 0..ROUNDS {
        let used: Vec<usize> = (0..all).filter(|&at| work.used[at]).collect();
        let fixed = (norm == Norm::L1).then_some(&*work.fixed);
        let pair = smallest(&basis, norm, &used, fixed, scale, task)?;
        let combined = basis.rows.combine(&pair.alpha);
        let weights = basis.weights(pair.weights);
        let found = judged(
            problem,
            norm,
            Pair {
                weights,
                alpha: pair.alpha,
            },
        )?;
        let closed = found.gap <= CLOSED * found.upper;
        best = Some(match best.take() {
            Some(best) => best.joined(found),
            None => found,
        });
        if closed || used.len() == all || !work.take_in(&basis, norm, &combined, 2 * count) {
            break;
        }
        task.add(1);
    }
    best.ok_or_else(|| Error::compute("no round of the solver ended", "Try fewer rows."))
}

impl MaxMargin {
    /// The better bound of each side.
    fn joined(mut self, other: Self) -> Self {
        if other.lower > self.lower {
            (self.lower, self.weights) = (other.lower, other.weights);
        }
        if other.upper < self.upper {
            (self.upper, self.alpha) = (other.upper, other.alpha);
        }
        self.gap = self.upper - self.lower;
        self.value = f64::midpoint(self.lower, self.upper);
        self
    }
}

/// The groups at work.
struct Work {
    used: Vec<bool>,
    /// l1: the sign of each value that is not at work, and 0 for those that are.
    fixed: Vec<f64>,
}

impl Work {
    /// Takes in the groups, `most` of them, that bound the combination of rows `combined` and are not at work yet: the
    /// largest amplitudes, or for l1 those whose sign is not the one fixed. Were there any?
    fn take_in(&mut self, basis: &Basis<'_>, norm: Norm, combined: &[f64], most: usize) -> bool {
        let bound = self.bound(basis, combined);
        let first = !self.used.contains(&true);
        let mut found: Vec<(f64, usize)> = Vec::new();
        for (at, group) in basis.groups.iter().enumerate() {
            if self.used[at] {
                continue;
            }
            let amplitude = group.amplitude(combined);
            if norm != Norm::L1 {
                if amplitude > bound {
                    found.push((amplitude, at));
                }
            } else if first {
                // Those nearest to a change of sign.
                self.fixed[at] = sign(combined[at]);
                found.push((-amplitude, at));
            } else if combined[at] * self.fixed[at] < 0.0 {
                found.push((amplitude, at));
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        // Where many signs are wrong, all of them are: they do not get right by waiting.
        let taken = if norm == Norm::L1 && !first {
            found.len()
        } else {
            most
        };
        for &(_, at) in found.iter().take(taken) {
            self.used[at] = true;
            self.fixed[basis.groups[at].start] = 0.0;
        }
        !found.is_empty()
    }

    /// The largest amplitude at work; -1 where there is none.
    fn bound(&self, basis: &Basis<'_>, combined: &[f64]) -> f64 {
        let used = basis
            .groups
            .iter()
            .zip(&self.used)
            .filter(|(_, used)| **used);
        let amplitudes = used.map(|(group, _)| group.amplitude(combined));
        amplitudes.fold(-1.0, f64::max)
    }
}
