//! How much the pairs of a stratum repeat one another.

use super::block::{Block, SIZE};
use super::dot::dot;
use super::factors::Factors;
use super::gradients::Gradients;
use super::labels::Strata;
use super::sums::sum;
use crate::error::Result;
use crate::task::Task;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// An image that pairs are pushed away from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opposed {
    /// The image, by its number among the rows of the factors.
    pub image: u32,
    /// Pairs of the stratum whose hardest image it is.
    pub pairs: usize,
}

/// What is known of one stratum.
#[derive(Debug, Clone, PartialEq)]
pub struct Redundancy {
    /// Which.
    pub stratum: usize,
    /// `N_k`.
    pub pairs: usize,
    /// How many different pulls they make: mean |g|^2 / |mean g|^2. 1 where all gradients are the same, `N_k` where they
    /// are orthogonal and of one length; `None` where they cancel out or are 0.
    pub pulls: Option<f64>,
    /// Part of the step that they make: <sum over the stratum, sum over all> / |sum over all|^2. Adds up to 1 over the
    /// strata; below 0 where they pull against the others. `None` where the step is 0.
    pub share: Option<f64>,
    /// Mean cosine of their gradients with the stratum's mean, over gradients that are not 0.
    pub cosine: Option<f64>,
    /// Sum over the stratum of |g - mean|^2.
    pub scatter: f64,
    /// The pairs, from the middle outwards: by the distance of their gradient from the mean.
    pub members: Vec<u32>,
    /// Images that the pairs are pushed away from, the most frequent first.
    pub opposed: Vec<Opposed>,
}

impl Redundancy {
    /// The pair whose gradient is nearest to the mean; `None` in an empty stratum.
    pub fn nearest(&self) -> Option<u32> {
        self.members.first().copied()
    }

    /// Pairs for each different pull: 1 where each says something of its own.
    pub fn redundancy(&self) -> Option<f64> {
        self.pulls.map(|pulls| self.pairs as f64 / pulls)
    }
}

/// What is known of each stratum, in the order of the strata. `factors` say what pairs are pushed away from.
///
/// # Errors
/// Labels that do not fit, cancellation.
pub fn redundancies(
    gradients: &Gradients,
    strata: &Strata,
    factors: Option<&Factors>,
    task: &Task,
) -> Result<Vec<Redundancy>> {
    strata.check(gradients)?;
    let members = strata.members();
    task.begin("Measuring redundancy", 0);
    let sums = |pairs: &Vec<u32>| -> Result<Vec<f64>> {
        task.check()?;
        Ok(sum(gradients, pairs))
    };
    // Strata are summed up twice, so that the sum of all is known without keeping that of each.
    let mut step = vec![0.0; gradients.parameters()];
    for part in members.chunks(rayon::current_num_threads()) {
        let parts: Vec<Vec<f64>> = part.par_iter().map(sums).collect::<Result<_>>()?;
        for part in parts {
            for (to, value) in step.iter_mut().zip(part) {
                *to += value;
            }
        }
    }
    let all = members.par_iter().enumerate();
    all.map(|(stratum, pairs)| {
        let sum = sums(pairs)?;
        Ok(one(gradients, stratum, pairs, &sum, &step, factors))
    })
    .collect()
}

fn one(
    gradients: &Gradients,
    stratum: usize,
    pairs: &[u32],
    sum: &[f64],
    step: &[f64],
    factors: Option<&Factors>,
) -> Redundancy {
    let count = pairs.len() as f64;
    let squares = |n: &u32| gradients.squares()[*n as usize];
    let total: f64 = pairs.iter().map(squares).sum();
    let (sum_square, step_square) = (dot(sum, sum), dot(step, step));
    let length = sum_square.sqrt();
    // What rounding leaves of sums that cancel out is no pull.
    let pulls_at_all = sum_square > 1e-20 * count * total;
    let (mut cosines, mut with_length) = (0.0, 0.0);
    let mut members: Vec<(u32, f64)> = Vec::with_capacity(pairs.len());
    for part in pairs.chunks(SIZE) {
        let mut products = vec![0.0; part.len()];
        Block::new(gradients, part).with_sum(sum, &mut products);
        for (n, product) in part.iter().zip(products) {
            let square = squares(n);
            if square > 0.0 {
                cosines += product / (square.sqrt() * length);
                with_length += 1.0;
            }
            members.push((*n, square - 2.0 * product / count));
        }
    }
    members.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    let mut opposed: BTreeMap<u32, usize> = BTreeMap::new();
    let pushed = |factors: &'_ Factors| -> Vec<u32> {
        let all = pairs
            .iter()
            .filter_map(|&n| factors.pushed_from(n as usize));
        all.collect()
    };
    for image in factors.map(pushed).unwrap_or_default() {
        *opposed.entry(image).or_default() += 1;
    }
    let mut opposed: Vec<Opposed> = opposed
        .into_iter()
        .map(|(image, pairs)| Opposed { image, pairs })
        .collect();
    opposed.sort_by_key(|o| (std::cmp::Reverse(o.pairs), o.image));
    Redundancy {
        stratum,
        pairs: pairs.len(),
        pulls: pulls_at_all.then(|| count * total / sum_square),
        share: (step_square > 0.0).then(|| dot(sum, step) / step_square),
        cosine: (pulls_at_all && with_length > 0.0).then(|| cosines / with_length),
        scatter: (total - sum_square / count.max(1.0)).max(0.0),
        members: members.into_iter().map(|(n, _)| n).collect(),
        opposed,
    }
}
