//! The dual of a maximal margin: the combination of rows whose norm is smallest.

use super::basis::{Basis, Group};
use super::cone::{Column, Program, Solved, bearable, solve};
use super::norm::Norm;
use super::rows::Rows;
use crate::error::Result;
use crate::task::Task;
use clarabel::solver::SupportedConeT as Cone;

/// A combination of rows with the weights that belong to it.
pub(super) struct Pair {
    /// In the simplex, one value for each row.
    pub alpha: Vec<f64>,
    /// In the coordinates of the basis.
    pub weights: Vec<f64>,
}

/// The shortest combination of rows, among which `gram` has the inner products: `min |sum alpha_i Z_i|_2`.
pub(super) fn shortest(rows: &Rows, gram: &Rows, task: &Task) -> Result<Pair> {
    let count = rows.count();
    bearable(count, count)?;
    let size = (0..count).map(|i| gram.row(i)[i]).fold(0.0, f64::max);
    let square = |j: usize| (0..=j).map(|i| (i, gram.row(i)[j] / size)).collect();
    let mut program = Program {
        squares: (0..count).map(square).collect(),
        linear: vec![0.0; count],
        columns: (0..count).map(|i| vec![(0, 1.0), (1 + i, -1.0)]).collect(),
        bounds: vec![0.0; 1 + count],
        cones: vec![Cone::ZeroConeT(1), Cone::NonnegativeConeT(count)],
    };
    program.bounds[0] = 1.0;
    let alpha = simplex(&solve(program, task)?.x);
    let weights = rows.combine(&alpha);
    Ok(Pair { alpha, weights })
}

/// `min |sum alpha_i Z_i|` in `norm`, one that looks at groups of coordinates, where only the groups `used` count, and for
/// l1 the others with the signs that `fixed` has. `size` is the order of magnitude of the result.
pub(super) fn smallest(
    basis: &Basis<'_>,
    norm: Norm,
    used: &[usize],
    fixed: Option<&[f64]>,
    size: f64,
    task: &Task,
) -> Result<Pair> {
    let rows = &basis.rows;
    let groups: Vec<Group> = used.iter().map(|&at| basis.groups[at]).collect();
    let places: Vec<usize> = groups
        .iter()
        .flat_map(|group| group.start..group.start + group.width)
        .collect();
    bearable(rows.count(), places.len())?;
    let (count, width) = (rows.count(), places.len());
    // Variables: alpha, its combination, then bounds of amplitudes. Rows: the sum of alpha, the combination, alpha >= 0,
    // amplitudes within bounds.
    let mut columns: Vec<Column> = rows
        .iter()
        .enumerate()
        .map(|(i, row)| {
            let values = places.iter().enumerate();
            let values = values.map(|(at, &place)| (1 + at, row[place] / size));
            std::iter::once((0, 1.0))
                .chain(values.filter(|(_, value)| *value != 0.0))
                .chain([(1 + width + i, -1.0)])
                .collect()
        })
        .collect();
    let first = 1 + width + count;
    let mut cones = vec![Cone::ZeroConeT(1 + width), Cone::NonnegativeConeT(count)];
    let mut linear = vec![0.0; count + width];
    let rows_used = if norm == Norm::FourierLinf {
        discs(&groups, first, &mut columns, &mut cones)
    } else {
        intervals(width, first, norm == Norm::Linf, &mut columns, &mut cones)
    };
    linear.resize(columns.len(), 1.0);
    if let Some(fixed) = fixed {
        for (linear, row) in linear.iter_mut().zip(rows.iter()) {
            *linear = super::rows::dot(row, fixed) / size;
        }
    }
    let mut bounds = vec![0.0; first + rows_used];
    bounds[0] = 1.0;
    let program = Program {
        linear,
        columns,
        bounds,
        cones,
        ..Program::default()
    };
    let Solved { x, multipliers } = solve(program, task)?;
    let mut weights = fixed.map_or_else(|| vec![0.0; rows.width()], <[f64]>::to_vec);
    for (&place, value) in places.iter().zip(&multipliers[1..]) {
        weights[place] = *value;
    }
    Ok(Pair {
        alpha: simplex(&x[..count]),
        weights,
    })
}

/// Every value of the combination within a bound: one for all, or one for each. The number of rows.
fn intervals(
    width: usize,
    first: usize,
    common: bool,
    columns: &mut Vec<Column>,
    cones: &mut Vec<Cone<f64>>,
) -> usize {
    let pair = |at: usize, sign: f64| [(first + 2 * at, -1.0), (first + 2 * at + 1, sign)];
    for at in 0..width {
        let [low, high] = pair(at, 1.0);
        columns.push(vec![(1 + at, -1.0), low, high]);
    }
    let bounds = (0..width).map(|at| pair(at, -1.0));
    if common {
        columns.push(bounds.flatten().collect());
    } else {
        columns.extend(bounds.map(Vec::from));
    }
    cones.push(Cone::NonnegativeConeT(2 * width));
    2 * width
}

/// The amplitude of every group within one bound. The number of rows.
fn discs(
    groups: &[Group],
    first: usize,
    columns: &mut Vec<Column>,
    cones: &mut Vec<Cone<f64>>,
) -> usize {
    let mut bound = Column::new();
    let (mut at, mut row) = (0, first);
    for group in groups {
        bound.push((row, -group.scale));
        row += 1;
        for _ in 0..group.width {
            columns.push(vec![(1 + at, -1.0), (row, -1.0)]);
            at += 1;
            row += 1;
        }
        cones.push(Cone::SecondOrderConeT(1 + group.width));
    }
    columns.push(bound);
    row - first
}

/// `values` without what is below 0, with a sum of 1.
fn simplex(values: &[f64]) -> Vec<f64> {
    let kept: Vec<f64> = values.iter().map(|v| v.max(0.0)).collect();
    let sum: f64 = kept.iter().sum();
    if sum > 0.0 {
        kept.iter().map(|v| v / sum).collect()
    } else {
        vec![1.0 / values.len() as f64; values.len()]
    }
}
