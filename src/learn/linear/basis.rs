//! Rows in the coordinates in which a norm looks at them one by one, or in pairs.

use super::norm::Norm;
use super::problem::Problem;
use super::rows::Rows;
use std::borrow::Cow;
use std::f64::consts::SQRT_2;

/// One coordinate, or the two of a complex frequency.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    pub start: usize,
    pub width: usize,
    /// What its length is divided by to be the amplitude: the two coordinates of a frequency stand for its opposite too.
    pub scale: f64,
}

impl Group {
    pub fn of<T>(self, values: &[T]) -> &[T] {
        &values[self.start..self.start + self.width]
    }

    pub fn amplitude(self, values: &[f64]) -> f64 {
        match self.of(values) {
            [one] => one.abs(),
            pair => pair.iter().map(|v| v * v).sum::<f64>().sqrt() / self.scale,
        }
    }
}

/// `Z` in real Fourier coordinates for [`Norm::FourierLinf`], and as it is for all others.
pub(super) struct Basis<'a> {
    problem: &'a Problem,
    norm: Norm,
    pub rows: Cow<'a, Rows>,
    pub groups: Vec<Group>,
}

impl<'a> Basis<'a> {
    pub fn new(problem: &'a Problem, norm: Norm) -> Self {
        let fourier = problem.fourier();
        let (rows, widths): (_, Vec<usize>) = if norm == Norm::FourierLinf {
            let packed = problem.rows().map(|row| fourier.pack(row));
            let widths = fourier.bins().iter().map(|bin| bin.width());
            (Cow::Owned(packed), widths.collect())
        } else {
            (Cow::Borrowed(problem.rows()), vec![1; problem.width()])
        };
        let mut start = 0;
        let groups = widths.into_iter().map(|width| {
            start += width;
            Group {
                start: start - width,
                width,
                scale: if width == 2 { SQRT_2 } else { 1.0 },
            }
        });
        Self {
            problem,
            norm,
            rows,
            groups: groups.collect(),
        }
    }

    /// Weights in these coordinates as weights of values.
    pub fn weights(&self, coordinates: Vec<f64>) -> Vec<f64> {
        match self.norm {
            Norm::FourierLinf => self.problem.fourier().unpack(&coordinates),
            _ => coordinates,
        }
    }

    /// The other way.
    pub fn coordinates(&self, weights: &[f64]) -> Vec<f64> {
        match self.norm {
            Norm::FourierLinf => self.problem.fourier().pack(weights),
            _ => weights.to_vec(),
        }
    }
}
