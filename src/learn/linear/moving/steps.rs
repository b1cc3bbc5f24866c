//! Moving rows.

use super::asked::Asked;
use super::outer::at;
use super::ridge::penalty_of;
use crate::error::Result;
use crate::learn::linear::Problem;
use crate::learn::linear::norm::{Norm, length, sign};
use crate::learn::linear::rows::Rows;
use crate::task::Task;

/// The first step over the radius; the last ones go to 0.
const STEP: f64 = 0.25;

/// Rows that were moved.
pub struct Moved {
    /// They, with the labels that they had; values that did not move are the same to the bit.
    pub problem: Problem,
    /// The weight of `|w|^2` in the training that they were moved for: 1e-3 of the mean of `|Z_i|^2` of the unchanged rows.
    pub penalty: f64,
    /// How far each row moved, in the norm that was asked for.
    pub sizes: Vec<f64>,
    /// The loss under attack before each step and after the last one.
    pub losses: Vec<f64>,
    /// The step whose rows these are: that of the smallest loss, the first of equal ones.
    pub best: usize,
}

impl Moved {
    /// How far the row that moved most did.
    pub fn largest(&self) -> f64 {
        self.sizes.iter().copied().fold(0.0, f64::max)
    }

    /// How far rows moved on average.
    pub fn mean(&self) -> f64 {
        self.sizes.iter().sum::<f64>() / self.sizes.len().max(1) as f64
    }
}

/// Moves the rows of `problem` down the loss under attack of the classifier that is trained on them: steepest descent in the
/// norm of the radius (signs in l-inf, every row by the same length in l2), with steps that shrink evenly from a quarter of the
/// radius to 0, each followed by the projection of every row into its ball. Values may leave the range that they had, such as
/// 0 to 1 of pixels. With a radius of 0 no step is taken.
///
/// # Errors
/// As [`Asked::check_of`]; cancellation.
pub fn moved(problem: &Problem, asked: &Asked, task: &Task) -> Result<Moved> {
    asked.check_of(problem)?;
    let unchanged = problem.rows();
    let width = unchanged.width();
    let penalty = penalty_of(unchanged);
    let steps = if asked.radius > 0.0 { asked.steps } else { 0 };
    task.begin("Moving rows", steps as u64);
    let mut moves = vec![0.0; unchanged.count() * width];
    let mut rows = unchanged.clone();
    let mut kept = rows.clone();
    let (mut losses, mut best) = (Vec::with_capacity(steps + 1), 0);
    // Without a radius there is no size of its own to withstand, and nothing to choose between.
    let last = if steps == 0 { 0 } else { steps + 1 };
    for step in 0..last {
        task.check()?;
        let found = at(unchanged, &rows, (asked.norm, asked.against()), penalty)?;
        if step == 0 || found.loss < losses[best] {
            best = step;
            kept = rows.clone();
        }
        losses.push(found.loss);
        if step == steps {
            break;
        }
        let far = STEP * asked.radius * (1.0 - step as f64 / steps as f64);
        for (moves, slope) in moves.chunks_exact_mut(width).zip(found.rows.iter()) {
            descend(moves, slope, far, asked);
        }
        rows = added(unchanged, &moves);
        task.add(1);
    }
    let sizes = kept.iter().zip(unchanged.iter()).map(|(kept, was)| {
        let apart = kept.iter().zip(was).map(|(kept, was)| kept - was);
        asked
            .norm
            .size(&apart.collect::<Vec<f64>>(), problem.fourier())
    });
    let sizes = sizes.collect();
    let labels = problem.labels();
    let values = kept.iter().zip(labels);
    let values = values.flat_map(|(row, y)| row.iter().map(|v| v * f64::from(*y)));
    Ok(Moved {
        problem: Problem::new(values.collect(), labels, problem.fourier().shape())?,
        penalty,
        sizes,
        losses,
        best,
    })
}

/// One row's move: down its slope by `far`, then back into the ball.
fn descend(moves: &mut [f64], slope: &[f64], far: f64, asked: &Asked) {
    let radius = asked.radius;
    if asked.norm == Norm::Linf {
        for (moved, slope) in moves.iter_mut().zip(slope) {
            *moved = (*moved - far * sign(*slope)).clamp(-radius, radius);
        }
        return;
    }
    let steep = length(slope);
    if steep > 0.0 {
        for (moved, slope) in moves.iter_mut().zip(slope) {
            *moved -= far * slope / steep;
        }
    }
    let long = length(moves);
    if long > radius {
        for moved in moves {
            *moved *= radius / long;
        }
    }
}

/// `rows` with `moves` added; what does not move keeps its sign of 0 too.
fn added(rows: &Rows, moves: &[f64]) -> Rows {
    let pairs = rows.iter().flatten().zip(moves);
    let values = pairs.map(|(v, m)| if *m == 0.0 { *v } else { v + m });
    Rows::new(values.collect(), rows.width())
}
