//! Which groups of coordinates a maximal margin is solved with, where there are too many to solve with all.

use super::basis::Basis;
use super::norm::{Norm, sign};

/// Groups at the start, for each row.
const FIRST: usize = 6;
/// Groups that are taken in at a time, for each row.
const MORE: usize = 2;
/// Halvings of the interval in a search along a line.
const HALVINGS: usize = 40;

/// The groups at work.
pub(super) struct Work<'a> {
    basis: &'a Basis<'a>,
    norm: Norm,
    pub used: Vec<bool>,
    /// l1: the sign of each value that is not at work, and 0 for those that are.
    pub fixed: Vec<f64>,
    /// l1: the combination of rows at which signs were fixed.
    centre: Vec<f64>,
}

impl<'a> Work<'a> {
    /// Every group.
    pub fn all(basis: &'a Basis<'a>, norm: Norm) -> Self {
        Self {
            used: vec![true; basis.groups.len()],
            fixed: vec![0.0; basis.rows.width()],
            centre: Vec::new(),
            basis,
            norm,
        }
    }

    /// The groups that bound the combination of rows `near` most: the largest amplitudes, and for l1 the values that are
    /// nearest to a change of sign.
    pub fn few(basis: &'a Basis<'a>, norm: Norm, near: Vec<f64>) -> Self {
        let mut work = Self::all(basis, norm);
        work.used.fill(false);
        if norm == Norm::L1 {
            work.fix(near);
        } else {
            work.enlarge(&near, FIRST * basis.rows.count());
        }
        work
    }

    /// Takes in groups that bound the combination of rows `combined`, which is the best for those at work, and are not at
    /// work yet. Were there any?
    pub fn take_in(&mut self, combined: &[f64]) -> bool {
        let most = MORE * self.basis.rows.count();
        if self.norm != Norm::L1 {
            return self.enlarge(combined, most);
        }
        let wrong = (0..combined.len()).filter(|&at| combined[at] * self.fixed[at] < 0.0);
        let wrong: Vec<usize> = wrong.collect();
        if wrong.len() > most {
            // Too far from where the signs were fixed: they are fixed anew at the best place on the way.
            self.fix(best_between(&self.centre, combined));
        } else {
            for &at in &wrong {
                self.used[at] = true;
                self.fixed[at] = 0.0;
            }
        }
        !wrong.is_empty()
    }

    /// Fixes signs as those of `centre`, but for the values next to 0.
    fn fix(&mut self, centre: Vec<f64>) {
        let mut order: Vec<usize> = (0..centre.len()).collect();
        order.sort_by(|&a, &b| centre[a].abs().total_cmp(&centre[b].abs()));
        self.fixed = centre.iter().map(|v| sign(*v)).collect();
        self.used.fill(false);
        for &at in order.iter().take(FIRST * self.basis.rows.count()) {
            self.used[at] = true;
            self.fixed[at] = 0.0;
        }
        self.centre = centre;
    }

    /// Takes in the largest amplitudes, `most` of them, above all that are at work.
    fn enlarge(&mut self, combined: &[f64], most: usize) -> bool {
        let groups = self.basis.groups.iter().zip(&self.used);
        let amplitudes = groups.map(|(group, used)| (group.amplitude(combined), *used));
        let amplitudes: Vec<(f64, bool)> = amplitudes.collect();
        let at_work = amplitudes.iter().filter(|(_, used)| *used);
        let bound = at_work.fold(-1.0, |most: f64, (amplitude, _)| most.max(*amplitude));
        let mut found: Vec<usize> = (0..amplitudes.len())
            .filter(|&at| !amplitudes[at].1 && amplitudes[at].0 > bound)
            .collect();
        found.sort_by(|&a, &b| amplitudes[b].0.total_cmp(&amplitudes[a].0));
        for &at in found.iter().take(most) {
            self.used[at] = true;
        }
        !found.is_empty()
    }
}

/// The combination between `from` and `to` whose l1 norm is smallest.
fn best_between(from: &[f64], to: &[f64]) -> Vec<f64> {
    // The norm is convex along the line: its slope tells on which side the best place lies.
    let slope = |part: f64| -> f64 {
        let pairs = from.iter().zip(to);
        pairs
            .map(|(from, to)| (to - from) * sign(from + part * (to - from)))
            .sum()
    };
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if slope(middle) > 0.0 {
            high = middle;
        } else {
            low = middle;
        }
    }
    let pairs = from.iter().zip(to);
    pairs.map(|(from, to)| from + high * (to - from)).collect()
}
