//! The point of a polytope that lies nearest to the origin, refined on the rows themselves.
//!
//! A quadratic program over inner products knows the square of the distance to the rounding of the longest row's square: of
//! a margin that is a ten thousandth of the rows it has a few digits. Here distances come from the rows.

use super::rows::{Rows, dot};
use crate::error::Result;
use crate::task::Task;

/// Rows whose share in the combination to begin with is below this part of the largest are left out.
const NO_SHARE: f64 = 1e-6;
/// A row whose part outside of the span of the others is below this part of it adds no direction.
const DEPENDENT: f64 = 1e-11;
/// What rounding makes of an inner product, as a part of the product of the lengths.
const ROUNDING: f64 = 1e-14;
/// Rows taken in at most, beyond those to begin with.
const ROUNDS: usize = 200;
/// Multiplications of one solution at most: larger ones are not refined.
const BEARABLE: usize = 2_000_000_000;

/// The shares of the rows (at least 0, sum 1) whose combination is nearest to the origin, by the algorithm of Wolfe (1976,
/// "Finding the nearest point in a polytope"), begun with the rows that have a share in `alpha`.
///
/// `None` where they are too many for that, or where they do not get nearer.
///
/// # Errors
/// Cancellation.
pub(super) fn nearest(rows: &Rows, alpha: &[f64], task: &Task) -> Result<Option<Vec<f64>>> {
    let most = alpha.iter().copied().fold(0.0, f64::max);
    let mut corral = Corral::default();
    for (row, share) in alpha.iter().enumerate() {
        if *share > NO_SHARE * most {
            corral.rows.push(row);
            corral.shares.push(*share);
        }
    }
    corral.sum_to_one();
    for _ in 0..ROUNDS {
        if corral.work(rows) > BEARABLE {
            return Ok(None);
        }
        if !corral.settle(rows, task)? {
            return Ok(None);
        }
        let point = rows.combine(&corral.spread(rows.count()));
        let along = rows.times(&point);
        let lowest = (0..along.len()).min_by(|a, b| along[*a].total_cmp(&along[*b]));
        let square = dot(&point, &point);
        let is_nearer = |row: usize| {
            let length = dot(rows.row(row), rows.row(row)).sqrt();
            square - along[row] > ROUNDING * square.sqrt() * length && !corral.rows.contains(&row)
        };
        // Wolfe's condition: no row lies on the near side of the plane through the point.
        match lowest.filter(|row| is_nearer(*row)) {
            Some(row) => {
                corral.rows.push(row);
                corral.shares.push(0.0);
            }
            None => return Ok(Some(corral.spread(rows.count()))),
        }
    }
    Ok(Some(corral.spread(rows.count())))
}

/// Rows of which none lies in the affine hull of the others, with the share of each.
#[derive(Default)]
struct Corral {
    rows: Vec<usize>,
    shares: Vec<f64>,
}

impl Corral {
    /// Multiplications of one [`affine_minimum`].
    fn work(&self, rows: &Rows) -> usize {
        4 * self.rows.len() * self.rows.len() * rows.width()
    }

    /// One share for each of `count` rows.
    fn spread(&self, count: usize) -> Vec<f64> {
        let mut all = vec![0.0; count];
        for (row, share) in self.rows.iter().zip(&self.shares) {
            all[*row] = *share;
        }
        all
    }

    fn sum_to_one(&mut self) {
        let sum: f64 = self.shares.iter().sum();
        for share in &mut self.shares {
            *share /= sum;
        }
    }

    fn drop_at(&mut self, at: usize) {
        self.rows.remove(at);
        self.shares.remove(at);
    }

    /// Goes to the nearest point of the affine hull; where that lies outside of the rows' hull, as far towards it as the
    /// hull reaches, without the row that it lost there, and again. `false` where no row is left to go on with.
    fn settle(&mut self, rows: &Rows, task: &Task) -> Result<bool> {
        loop {
            task.check()?;
            let shares = match affine_minimum(rows, &self.rows) {
                Affine::Shares(shares) => shares,
                Affine::Dependent(at) => {
                    self.drop_at(at);
                    self.sum_to_one();
                    continue;
                }
            };
            if shares.iter().all(|share| *share > 0.0) {
                self.shares = shares;
                self.sum_to_one();
                return Ok(true);
            }
            let mut reach = 1.0;
            let mut lost = 0;
            for (at, (from, to)) in self.shares.iter().zip(&shares).enumerate() {
                if *to <= 0.0 {
                    let until = from / (from - to).max(f64::MIN_POSITIVE);
                    if until <= reach {
                        (reach, lost) = (until, at);
                    }
                }
            }
            for (from, to) in self.shares.iter_mut().zip(&shares) {
                *from = (*from + reach * (to - *from)).max(0.0);
            }
            self.drop_at(lost);
            if self.rows.is_empty() || self.shares.iter().all(|share| *share == 0.0) {
                return Ok(false);
            }
            self.sum_to_one();
        }
    }
}

enum Affine {
    Shares(Vec<f64>),
    /// The row at this place lies in the affine hull of those before it.
    Dependent(usize),
}

/// The shares, of sum 1 and any sign, whose combination of `chosen` rows is shortest.
///
/// With differences `d_j = z_j - z_0` made orthonormal (Gram and Schmidt, each twice), the shortest `z_0 + sum b_j d_j` is
/// `z_0` without its parts along them.
fn affine_minimum(rows: &Rows, chosen: &[usize]) -> Affine {
    let origin = rows.row(chosen[0]);
    let count = chosen.len() - 1;
    let mut axes: Vec<Vec<f64>> = Vec::with_capacity(count);
    // Upper triangular: difference j is the sum of `part[j][i]` times axis i.
    let mut parts: Vec<Vec<f64>> = Vec::with_capacity(count);
    for (at, row) in chosen.iter().enumerate().skip(1) {
        let mut rest: Vec<f64> = rows
            .row(*row)
            .iter()
            .zip(origin)
            .map(|(z, o)| z - o)
            .collect();
        let longest = dot(&rest, &rest).max(dot(origin, origin)).sqrt();
        let mut part = vec![0.0; axes.len()];
        for _ in 0..2 {
            for (part, axis) in part.iter_mut().zip(&axes) {
                *part += take_out(&mut rest, axis);
            }
        }
        let length = dot(&rest, &rest).sqrt();
        if length <= DEPENDENT * longest {
            return Affine::Dependent(at);
        }
        for value in &mut rest {
            *value /= length;
        }
        part.push(length);
        axes.push(rest);
        parts.push(part);
    }
    let mut rest = origin.to_vec();
    let mut along = vec![0.0; count];
    for _ in 0..2 {
        for (along, axis) in along.iter_mut().zip(&axes) {
            *along += take_out(&mut rest, axis);
        }
    }
    let mut shares = vec![0.0; count];
    for j in (0..count).rev() {
        let later: f64 = (j + 1..count).map(|k| parts[k][j] * shares[k]).sum();
        shares[j] = (-along[j] - later) / parts[j][j];
    }
    let first = 1.0 - shares.iter().sum::<f64>();
    shares.insert(0, first);
    Affine::Shares(shares)
}

/// Takes the part along `axis`, of length 1, out of `vector`; how long it was.
fn take_out(vector: &mut [f64], axis: &[f64]) -> f64 {
    let part = dot(vector, axis);
    for (value, axis) in vector.iter_mut().zip(axis) {
        *value -= part * axis;
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(rows: &[&[f64]], alpha: &[f64]) -> Vec<f64> {
        let rows = Rows::new(rows.concat(), rows[0].len());
        nearest(&rows, alpha, &Task::detached()).unwrap().unwrap()
    }

    #[test]
    fn the_nearest_point_of_segments_corners_and_faces() {
        let close = |found: Vec<f64>, right: &[f64]| {
            assert!(
                found.iter().zip(right).all(|(a, b)| (a - b).abs() < 1e-12),
                "{found:?}"
            );
        };
        close(
            shares(&[&[1.0, 0.0], &[0.0, 1.0]], &[0.9, 0.1]),
            &[0.5, 0.5],
        );
        close(
            shares(&[&[1.0, 1.0], &[2.0, 1.0]], &[0.5, 0.5]),
            &[1.0, 0.0],
        );
        // Begun at the wrong corner, and with a row twice.
        let square: [&[f64]; 4] = [&[1.0, 3.0], &[4.0, 3.0], &[1.0, -1.0], &[1.0, 3.0]];
        close(
            shares(&square, &[0.0, 1.0, 0.0, 0.0]),
            &[0.25, 0.0, 0.75, 0.0],
        );
    }

    #[test]
    fn a_point_a_millionth_of_its_rows_away_is_known_to_ten_digits() {
        let (far, near) = (1e3, 1e-3);
        let found = shares(&[&[far, near], &[-2.0 * far, near]], &[0.7, 0.3]);
        assert!((found[0] - 2.0 / 3.0).abs() < 1e-14);
        let point = found[0] * far - found[1] * 2.0 * far;
        assert!(point.abs() < 1e-10 * far, "{point}");
    }
}
