//! The table of an attacked set: one line per query of the first figure.

use super::asked::Asked;
use super::checkpoint::{RowDone, UnitDone};
use crate::retrieval::Side;
use serde::Serialize;

/// One query of the table: those of the first figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowReport {
    /// Its picture's row in the dataset.
    pub image: usize,
    /// The picture's name.
    pub name: String,
    /// The caption that looks for the picture, where captions were attacked alone.
    pub caption: Option<usize>,
    /// Rank of the best right candidate before.
    pub rank_before: u32,
    /// The same at the largest radius.
    pub rank_after: u32,
    /// Margin `wrong - right` before; NaN (null in JSON) where there are too few wrong candidates.
    pub margin_before: f32,
    /// The same at the largest radius.
    pub margin_after: f32,
    /// The smallest radius tried at which it breaks: 0 where it was wrong before, `None` where it stands.
    pub smallest_eps: Option<f32>,
    /// Largest change at that radius (at the largest one where it stands).
    pub linf: f32,
    /// Euclidean norm of that change.
    pub l2: f32,
    /// Gradients computed for the picture, for all figures.
    pub gradients: u32,
    /// Forward runs besides.
    pub queries: u32,
}

/// One line per query of the first figure, of `side`, the most easily broken first; `name` calls a picture by its row.
pub(super) fn table(
    asked: &Asked<'_>,
    rows: &[&RowDone],
    (side, eps): (Side, &[f32]),
    name: &dyn Fn(usize) -> String,
) -> Vec<RowReport> {
    let credit = asked.credit();
    let largest = eps.last().copied().unwrap_or(0.0);
    let margin = |of: &[Option<f32>]| of.first().copied().flatten().unwrap_or(f32::NAN);
    let line = |row: &RowDone, unit: &UnitDone| {
        let breaks = eps
            .iter()
            .find_map(|&e| unit.exact(credit, e, 0).map(|at| (e, &unit.finds[at])));
        let last = unit.shown(credit, largest, 0).map(|at| &unit.finds[at]);
        let size = breaks.map(|(_, f)| f).or(last).map(|f| f.size);
        let size = size.unwrap_or_default();
        let smallest = breaks.map(|(eps, find)| match find.norm {
            Some(norm) if asked.settings.method.is_minimal() => norm,
            _ => eps,
        });
        RowReport {
            image: row.image,
            name: name(row.image),
            caption: unit.caption,
            rank_before: unit.before.rank,
            rank_after: last.map_or(unit.before.rank, |f| f.rank),
            margin_before: margin(&unit.before.margins),
            margin_after: margin(last.map_or(&unit.before.margins, |f| &f.margins)),
            smallest_eps: if unit.before.reached[0] {
                Some(0.0)
            } else {
                smallest
            },
            linf: size.linf,
            l2: size.l2,
            gradients: row.gradients,
            queries: row.queries,
        }
    };
    let units = rows.iter().flat_map(|row| {
        let of_side = row.units.iter().filter(|u| u.side() == side);
        of_side.map(|unit| line(row, unit))
    });
    let mut table: Vec<RowReport> = units.collect();
    table.sort_by(|a, b| {
        let eps = |r: &RowReport| r.smallest_eps.unwrap_or(f32::INFINITY);
        let gap = |r: &RowReport| -r.margin_after;
        eps(a)
            .total_cmp(&eps(b))
            .then(gap(a).total_cmp(&gap(b)))
            .then((a.image, a.caption).cmp(&(b.image, b.caption)))
    });
    table
}
