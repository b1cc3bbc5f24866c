//! Two groups of rows that a linear classifier without bias is to tell apart: [`Problem`].

use super::fourier::Fourier;
use super::norm::Norm;
use super::rows::Rows;
use super::shape::Shape;
use crate::error::{Error, Result};

/// Rows at most: methods that work among rows keep a square of this side (128 MiB).
pub const MOST_ROWS: usize = 4096;
/// Values of all rows at most (1 GiB).
pub const MOST_VALUES: usize = 1 << 27;
/// The range of sizes whose products stay far inside that of float64.
const RANGE: f64 = 1e60;

/// Rows `x_i` with labels `y_i` of +1 or -1, kept as `Z_i = y_i x_i`: the classifier `w` is right about row i where
/// `Z_i . w > 0`. There is no bias: add a column of ones for one.
pub struct Problem {
    rows: Rows,
    labels: Vec<i8>,
    fourier: Fourier,
}

impl Problem {
    /// `rows` float64 `[labels.len(), values of shape]`, row-major and used as they are; `labels` +1 and -1.
    ///
    /// # Errors
    /// Fewer than one row of each label, another label, a number of values that does not fit, a value that is not finite
    /// or beyond 1e60, only zeros, or more than [`MOST_ROWS`] rows or [`MOST_VALUES`] values.
    pub fn new(mut rows: Vec<f64>, labels: &[i8], shape: Shape) -> Result<Self> {
        let width = shape.values()?;
        let count = labels.len();
        if labels.iter().any(|&y| y != 1 && y != -1) {
            return Err(refused(
                "a label is neither +1 nor -1".into(),
                "Label the two groups +1 and -1.",
            ));
        }
        if !(labels.contains(&1) && labels.contains(&-1)) {
            return Err(refused(
                "one of the two groups is empty".into(),
                "Choose at least one row for each group.",
            ));
        }
        if count > MOST_ROWS || count.saturating_mul(width) > MOST_VALUES {
            return Err(refused(
                format!(
                    "{count} rows of {width} values are too many: at most {MOST_ROWS} rows and {MOST_VALUES} values fit"
                ),
                "Choose fewer rows, or make the pictures smaller.",
            ));
        }
        if rows.len() != count * width {
            return Err(refused(
                format!("{} values are not {count} rows of {width}", rows.len()),
                "Give as many values per row as the shape has.",
            ));
        }
        if !rows.iter().all(|v| v.abs() <= RANGE) {
            return Err(refused(
                "a value is not finite, or larger than 1e60".into(),
                "Leave the row out, or scale the values.",
            ));
        }
        if rows.iter().all(|v| *v == 0.0) {
            return Err(refused(
                "every value is 0".into(),
                "Choose rows that are not empty.",
            ));
        }
        for (row, y) in rows.chunks_exact_mut(width).zip(labels) {
            for value in row {
                *value *= f64::from(*y);
            }
        }
        Ok(Self {
            rows: Rows::new(rows, width),
            labels: labels.to_vec(),
            fourier: Fourier::new(shape)?,
        })
    }

    /// `Z`: rows times their labels.
    pub(super) fn rows(&self) -> &Rows {
        &self.rows
    }

    /// The transform of its rows, which [`Norm::FourierLinf`] needs.
    pub fn fourier(&self) -> &Fourier {
        &self.fourier
    }

    /// Rows.
    pub fn count(&self) -> usize {
        self.labels.len()
    }

    /// Values of a row.
    pub fn width(&self) -> usize {
        self.rows.width()
    }

    /// The label of each row: +1 or -1.
    pub fn labels(&self) -> &[i8] {
        &self.labels
    }

    /// Row `row` as it was given.
    ///
    /// # Errors
    /// There is no such row.
    pub fn row(&self, row: usize) -> Result<Vec<f64>> {
        let Some(&label) = self.labels.get(row) else {
            return Err(self.no_row(row));
        };
        let signed = self.rows().row(row).iter();
        Ok(signed.map(|v| v * f64::from(label)).collect())
    }

    fn no_row(&self, row: usize) -> Error {
        refused(
            format!("there is no row {row} among {}", self.count()),
            "Choose one of the rows.",
        )
    }

    /// `Z_i . w` of every row: above 0 where `w` is right.
    ///
    /// # Errors
    /// `w` has not [`Problem::width`] values, or one that is not finite.
    pub fn scores(&self, w: &[f64]) -> Result<Vec<f64>> {
        if w.len() != self.width() || !w.iter().all(|v| v.is_finite()) {
            return Err(refused(
                format!("the classifier is not {} finite weights", self.width()),
                "Give one weight for each value of a row.",
            ));
        }
        Ok(self.rows.times(w))
    }

    /// The distance of every row from the boundary of `w` in `norm`, `Z_i . w / |w|_dual`: how large a perturbation must
    /// be to change the answer, and below 0 how far beyond the boundary a row lies. 0 for all where `w` is 0.
    ///
    /// # Errors
    /// As [`Problem::scores`].
    pub fn radii(&self, w: &[f64], norm: Norm) -> Result<Vec<f64>> {
        let scores = self.scores(w)?;
        let dual = norm.dual(w, &self.fourier);
        let radius = |score: f64| if dual > 0.0 { score / dual } else { 0.0 };
        Ok(scores.into_iter().map(radius).collect())
    }

    /// The margin of `w` in `norm`: the smallest of [`Problem::radii`].
    ///
    /// # Errors
    /// As [`Problem::scores`].
    pub fn margin(&self, w: &[f64], norm: Norm) -> Result<f64> {
        Ok(least(&self.radii(w, norm)?))
    }

    /// The perturbation of row `row`, of size 1 in `norm`, that lowers `y w . x` most: by the dual norm of `w`.
    ///
    /// # Errors
    /// As [`Problem::scores`], and where there is no such row.
    pub fn worst_case(&self, w: &[f64], norm: Norm, row: usize) -> Result<Vec<f64>> {
        self.scores(w)?;
        let Some(&label) = self.labels.get(row) else {
            return Err(self.no_row(row));
        };
        let towards: Vec<f64> = w.iter().map(|v| v * f64::from(label)).collect();
        Ok(norm.worst(&towards, &self.fourier))
    }
}

/// The smallest of `values`.
pub(super) fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn refused(what: String, remedy: &str) -> Error {
    Error::request(what, remedy)
}
