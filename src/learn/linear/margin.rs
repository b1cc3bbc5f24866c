//! The largest margin that any linear classifier has, with a certificate: [`max_margin`].

use super::basis::Basis;
use super::nearest::nearest;
use super::norm::Norm;
use super::problem::Problem;
use super::program::{Pair, shortest, smallest};
use super::prox::size;
use super::work::Work;
use crate::error::{Error, Result};
use crate::task::Task;

/// Values of all rows up to which all groups are solved at once.
const WHOLE: usize = 80_000;
/// Values of all rows up to which l-inf and l1 close their bounds in about a minute: neighbours in larger pictures are so
/// alike that too many values take part.
const MOST: usize = 3_000_000;
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
        Norm::L2 => euclidean(problem, task)?,
        _ => by_groups(problem, norm, task)?,
    };
    if found.lower > 0.0 {
        return Ok(Some(found));
    }
    vanishes(problem, &found)?;
    Ok(None)
}

/// The l2 margin by a quadratic program over inner products, refined on the rows where that leaves the bounds apart.
pub(super) fn euclidean(problem: &Problem, task: &Task) -> Result<MaxMargin> {
    let rows = problem.rows();
    let pair = shortest(rows, &rows.gram(), task)?;
    let refined = nearest(rows, &pair.alpha, task)?;
    let found = judged(problem, Norm::L2, pair)?;
    Ok(match refined {
        Some(pair) => found.joined(judged(problem, Norm::L2, pair)?),
        None => found,
    })
}

/// Checks that the combination of rows in `found`, whose weights are wrong about a row, is nothing but rounding.
///
/// # Errors
/// It is more.
pub(super) fn vanishes(problem: &Problem, found: &MaxMargin) -> Result<()> {
    if found.upper <= NOTHING * longest(problem, found.norm) {
        return Ok(());
    }
    Err(Error::compute(
        format!(
            "the maximal {} margin was only found to lie between {:.3e} and {:.3e}",
            found.norm.title(),
            found.lower,
            found.upper
        ),
        "Look for rows with values far larger or smaller than the others.",
    ))
}

/// The size of the largest row in `norm`.
pub(super) fn longest(problem: &Problem, norm: Norm) -> f64 {
    let rows = problem.rows().iter();
    let sizes = rows.map(|row| norm.size(row, problem.fourier()));
    sizes.fold(0.0, f64::max)
}

/// What a pair proves.
pub(super) fn judged(problem: &Problem, norm: Norm, pair: Pair) -> Result<MaxMargin> {
    let Pair { alpha, mut weights } = pair;
    let fourier = problem.fourier();
    let upper = norm.size(&problem.rows().combine(&alpha), fourier);
    let dual = norm.dual(&weights, fourier);
    if dual > 0.0 {
        for w in &mut weights {
            *w /= dual;
        }
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
    if norm != Norm::FourierLinf && problem.count() * problem.width() > MOST {
        return Err(Error::request(
            format!(
                "{} rows of {} values are too many for a maximal {} margin: at most {MOST} values can be solved",
                problem.count(),
                problem.width(),
                norm.title()
            ),
            "Choose fewer rows, or make the pictures smaller; l2 and Fourier l-inf can be solved.",
        ));
    }
    let basis = Basis::new(problem, norm);
    let (count, all) = (problem.count(), basis.groups.len());
    let mean = basis.rows.combine(&vec![1.0 / count as f64; count]);
    // The mean of the rows is one combination; where it all but vanishes, the size of the rows says more.
    let longest = basis.rows.iter().map(|row| size(&basis, norm, row));
    let longest = longest.fold(0.0, f64::max);
    let scale = size(&basis, norm, &mean).max(1e-3 * longest);
    let mut work = if count * basis.rows.width() <= WHOLE {
        Work::all(&basis, norm)
    } else {
        let gram = problem.rows().gram();
        let near = shortest(problem.rows(), &gram, task)?;
        Work::few(&basis, norm, basis.rows.combine(&near.alpha))
    };
    let mut best: Option<MaxMargin> = None;
    for _ in 0..ROUNDS {
        let used: Vec<usize> = (0..all).filter(|&at| work.used[at]).collect();
        let fixed = (norm == Norm::L1).then_some(&*work.fixed);
        let mut pair = smallest(&basis, norm, &used, fixed, scale, task)?;
        let combined = basis.rows.combine(&pair.alpha);
        pair.weights = basis.weights(pair.weights);
        let found = judged(problem, norm, pair)?;
        let best = match best.take() {
            Some(before) => best.insert(before.joined(found)),
            None => best.insert(found),
        };
        if best.gap <= CLOSED * best.upper || used.len() == all || !work.take_in(&combined) {
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
