//! How the similarity of two rows is measured, and what the norms of rows are before any is changed.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// How the similarity of two rows is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The cosine of their angle: rows are brought to unit norm.
    #[default]
    Cosine,
    /// Their dot product: norms count.
    Dot,
}

impl Measure {
    /// Both, the usual one first.
    pub const ALL: [Self; 2] = [Self::Cosine, Self::Dot];

    /// The name that arguments and files call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cosine => "cosine",
            Self::Dot => "dot",
        }
    }

    /// What it is called in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Cosine => "cosine",
            Self::Dot => "dot product",
        }
    }

    /// As a report says it: "by cosine".
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Cosine => "by cosine",
            Self::Dot => "by dot product",
        }
    }
}

impl FromStr for Measure {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|m| m.name() == text);
        known.ok_or_else(|| "one of cosine, dot".into())
    }
}

/// The norms of the rows of a matrix before any row is scaled.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Norms {
    /// The smallest norm of a row that is not zero; 0 where there is none.
    pub least: f64,
    /// The largest norm; 0 where there is none.
    pub most: f64,
    /// Rows that are not zero and whose norm differs from 1 by more than [`Norms::ROUNDING`].
    pub off: usize,
    /// Rows that are zero throughout, rising.
    pub zeros: Vec<u32>,
}

impl Norms {
    /// A norm this near to 1 is 1 but for the rounding of a half-precision export.
    pub const ROUNDING: f64 = 1e-3;

    /// Of `data`, shape `[data.len() / dim, dim]`; NaN and infinite values are not looked for.
    pub fn of(data: &[f32], dim: usize) -> Self {
        let norms: Vec<f64> = data.par_chunks_exact(dim.max(1)).map(norm).collect();
        let mut found = Self {
            least: f64::INFINITY,
            ..Self::default()
        };
        for (row, &norm) in norms.iter().enumerate() {
            if norm == 0.0 {
                found.zeros.push(row as u32);
                continue;
            }
            found.least = found.least.min(norm);
            found.most = found.most.max(norm);
            found.off += usize::from((norm - 1.0).abs() > Self::ROUNDING);
        }
        if found.least.is_infinite() {
            found.least = 0.0;
        }
        found
    }
}

/// Euclidean norm, accumulated in float64.
pub(super) fn norm(values: &[f32]) -> f64 {
    let squares = values.iter().map(|&v| f64::from(v) * f64::from(v));
    squares.sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norms_are_told_as_they_were() {
        let data = [3.0, 4.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.2];
        let norms = Norms::of(&data, 2);
        assert_eq!((norms.off, norms.zeros), (2, vec![1]));
        assert!((norms.least - 0.2).abs() < 1e-6 && (norms.most - 5.0).abs() < 1e-12);
        assert_eq!(Norms::of(&[0.0; 4], 2).least, 0.0);
    }
}
