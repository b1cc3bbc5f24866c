//! What rows are moved for: the loss of the trained classifier under attack, and its slope in every value trained on.

use super::ridge::Ridge;
use crate::error::{Error, Result};
use crate::learn::linear::Problem;
use crate::learn::linear::loss::{logistic, slope};
use crate::learn::linear::norm::{Norm, length, sign};
use crate::learn::linear::rows::Rows;

/// Over which share of the size to withstand the loss bends from 0 to a straight line.
const BEND: f64 = 0.1;

/// The loss and its slope.
#[derive(Debug, Clone, PartialEq)]
pub struct Outer {
    /// `mean b log(1 + exp((size - r_i) / b))`, in the units of the rows: how far the exact radii `r_i` of the unchanged rows stay
    /// below the size to withstand; b is a tenth of it.
    pub loss: f64,
    /// Its derivative in every value of the changed rows: `[rows, values]`.
    pub slope: Vec<f64>,
    /// The weights that were trained on the changed rows.
    pub weights: Vec<f64>,
}

/// The loss of [`super::ridge`] regression on `changed`, under attack of `unchanged` by perturbations of size `against` in
/// `norm`. The slope passes through the normal equations `(Z'Z + r) w = Z'1`: with h = (Z'Z + r)^-1 dL/dw it is
/// `(1 - Z_i . w) h - (Z_i . h) w` for row i.
///
/// # Errors
/// Sets of other shapes; normal equations that cannot be solved.
pub fn outer(
    unchanged: &Problem,
    changed: &Problem,
    (norm, against): (Norm, f64),
    penalty: f64,
) -> Result<Outer> {
    if changed.width() != unchanged.width() {
        return Err(Error::request(
            "the changed rows have another number of values",
            "Change rows without adding values.",
        ));
    }
    let found = at(unchanged.rows(), changed.rows(), (norm, against), penalty)?;
    // A row is its Z times its label.
    let labels = changed.labels().iter();
    let slope = found.rows.iter().zip(labels);
    let slope = slope.flat_map(|(row, y)| row.iter().map(|v| v * f64::from(*y)));
    Ok(Outer {
        loss: found.loss,
        slope: slope.collect(),
        weights: found.weights,
    })
}

/// The same for rows times their labels.
pub(super) struct At {
    pub loss: f64,
    pub weights: Vec<f64>,
    pub rows: Rows,
}

pub(super) fn at(
    unchanged: &Rows,
    changed: &Rows,
    attack: (Norm, f64),
    penalty: f64,
) -> Result<At> {
    let solved = Ridge::new(changed, penalty)?;
    let w = &solved.weights;
    let (loss, by_weights) = attacked(unchanged, w, attack);
    let h = solved.inverse(changed, by_weights);
    let (scores, along) = (changed.times(w), changed.times(&h));
    let mut values = Vec::with_capacity(changed.count() * changed.width());
    for (score, along) in scores.iter().zip(&along) {
        let pairs = h.iter().zip(w);
        values.extend(pairs.map(|(h, w)| (1.0 - score) * h - along * w));
    }
    Ok(At {
        loss,
        rows: Rows::new(values, changed.width()),
        weights: solved.weights,
    })
}

/// The loss of `w` under attack, and its derivative in `w`; at a weight of 0 the dual norm's slope is taken for 0.
fn attacked(rows: &Rows, w: &[f64], (norm, against): (Norm, f64)) -> (f64, Vec<f64>) {
    let count = rows.count() as f64;
    let bend = BEND * against;
    let dual: f64 = match norm {
        Norm::L2 => length(w),
        _ => w.iter().map(|v| v.abs()).sum(),
    };
    if dual == 0.0 {
        return (bend * logistic(-against / bend), vec![0.0; w.len()]);
    }
    let scores = rows.times(w);
    let beyond: Vec<f64> = scores.iter().map(|s| (s / dual - against) / bend).collect();
    let loss = bend * beyond.iter().map(|m| logistic(*m)).sum::<f64>() / count;
    // d loss / d r_i.
    let pulls: Vec<f64> = beyond.iter().map(|m| -slope(*m) / count).collect();
    let pulled: f64 = pulls.iter().zip(&scores).map(|(p, s)| p * s).sum();
    let sum = rows.combine(&pulls);
    let by_weights = sum.iter().zip(w).map(|(sum, w)| {
        let own = if norm == Norm::L2 { w / dual } else { sign(*w) };
        sum / dual - pulled / (dual * dual) * own
    });
    (loss, by_weights.collect())
}
