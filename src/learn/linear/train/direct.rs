//! Optimizers on the weights themselves.

use crate::learn::linear::norm::{largest, sign};
use crate::learn::linear::problem::Problem;
use crate::learn::linear::rows::Rows;

/// What a method does between two looks at the loss.
pub(super) trait Descent {
    /// `Z_i . w` of every row.
    fn margins(&self) -> &[f64];

    /// Moves down the slope of which every row has `weights`, by `rate` times the gradient `-sum weights_i Z_i`.
    fn step(&mut self, weights: &[f64], rate: f64);

    /// The weights `w` of the classifier as it is now.
    fn classifier(&self) -> Vec<f64>;
}

/// Gradient descent in the space of rows: `w` stays a sum of rows, so their inner products say it all.
pub(super) struct Gradient<'a> {
    rows: &'a Rows,
    gram: Rows,
    /// `w` is the sum of rows times these.
    parts: Vec<f64>,
    margins: Vec<f64>,
    moved: Vec<f64>,
}

impl<'a> Gradient<'a> {
    pub fn new(problem: &'a Problem) -> Self {
        let zeros = vec![0.0; problem.count()];
        Self {
            rows: problem.rows(),
            gram: problem.rows().gram(),
            parts: zeros.clone(),
            margins: zeros.clone(),
            moved: zeros,
        }
    }
}

impl Descent for Gradient<'_> {
    fn margins(&self) -> &[f64] {
        &self.margins
    }

    fn step(&mut self, weights: &[f64], rate: f64) {
        // The square is symmetric; rows without weight cost nothing this way.
        self.gram.combine_into(weights, &mut self.moved);
        for (margin, moved) in self.margins.iter_mut().zip(&self.moved) {
            *margin += rate * moved;
        }
        for (part, weight) in self.parts.iter_mut().zip(weights) {
            *part += rate * weight;
        }
    }

    fn classifier(&self) -> Vec<f64> {
        self.rows.combine(&self.parts)
    }
}

/// Rows without the columns that are 0 in all of them, and the same by columns.
struct Live {
    rows: Rows,
    /// `[columns, rows]`.
    columns: Rows,
    places: Vec<usize>,
    width: usize,
}

impl Live {
    fn new(rows: &Rows) -> Self {
        let mut lives = vec![false; rows.width()];
        for row in rows.iter() {
            for (live, value) in lives.iter_mut().zip(row) {
                *live |= *value != 0.0;
            }
        }
        let places: Vec<usize> = (0..rows.width()).filter(|&j| lives[j]).collect();
        let kept = rows.columns(&places);
        Self {
            columns: kept.transposed(),
            rows: kept,
            places,
            width: rows.width(),
        }
    }

    /// `w` at all places.
    fn spread(&self, w: &[f64]) -> Vec<f64> {
        let mut whole = vec![0.0; self.width];
        for (&at, value) in self.places.iter().zip(w) {
            whole[at] = *value;
        }
        whole
    }
}

/// Sign descent. Signs seldom change, so the margins of the sign vector are kept up to date instead of made anew.
pub(super) struct Signs {
    live: Live,
    w: Vec<f64>,
    margins: Vec<f64>,
    slopes: Vec<f64>,
    /// The sign of every slope.
    turns: Vec<f64>,
    /// What the sign vector alone gives each row.
    along: Vec<f64>,
    /// Signs changed since `along` was made anew, which keeps its rounding errors apart from the number of steps.
    changes: usize,
}

impl Signs {
    pub fn new(problem: &Problem) -> Self {
        let live = Live::new(problem.rows());
        let (columns, rows) = (live.places.len(), problem.count());
        Self {
            live,
            w: vec![0.0; columns],
            margins: vec![0.0; rows],
            slopes: vec![0.0; columns],
            turns: vec![0.0; columns],
            along: vec![0.0; rows],
            changes: 0,
        }
    }
}

impl Descent for Signs {
    fn margins(&self) -> &[f64] {
        &self.margins
    }

    fn step(&mut self, weights: &[f64], rate: f64) {
        self.live.rows.combine_into(weights, &mut self.slopes);
        let mut size = 0.0;
        for (j, &slope) in self.slopes.iter().enumerate() {
            size += slope.abs();
            let now = sign(slope);
            if now != self.turns[j] {
                let change = now - self.turns[j];
                self.turns[j] = now;
                self.changes += 1;
                let column = self.live.columns.row(j);
                for (along, value) in self.along.iter_mut().zip(column) {
                    *along += change * value;
                }
            }
        }
        if self.changes > 100 * self.turns.len() {
            self.live.rows.times_into(&self.turns, &mut self.along);
            self.changes = 0;
        }
        let by = rate * size;
        for (w, sign) in self.w.iter_mut().zip(&self.turns) {
            *w += by * sign;
        }
        for (margin, along) in self.margins.iter_mut().zip(&self.along) {
            *margin += by * along;
        }
    }

    fn classifier(&self) -> Vec<f64> {
        self.live.spread(&self.w)
    }
}

/// Descent along the steepest coordinate.
pub(super) struct Coordinate {
    live: Live,
    w: Vec<f64>,
    margins: Vec<f64>,
    slopes: Vec<f64>,
}

impl Coordinate {
    pub fn new(problem: &Problem) -> Self {
        let live = Live::new(problem.rows());
        Self {
            w: vec![0.0; live.places.len()],
            slopes: vec![0.0; live.places.len()],
            margins: vec![0.0; problem.count()],
            live,
        }
    }
}

impl Descent for Coordinate {
    fn margins(&self) -> &[f64] {
        &self.margins
    }

    fn step(&mut self, weights: &[f64], rate: f64) {
        self.live.rows.combine_into(weights, &mut self.slopes);
        let most = largest(&self.slopes);
        let Some(at) = self.slopes.iter().position(|slope| slope.abs() == most) else {
            return;
        };
        let by = rate * self.slopes[at];
        self.w[at] += by;
        let column = self.live.columns.row(at);
        for (margin, value) in self.margins.iter_mut().zip(column) {
            *margin += by * value;
        }
    }

    fn classifier(&self) -> Vec<f64> {
        self.live.spread(&self.w)
    }
}
