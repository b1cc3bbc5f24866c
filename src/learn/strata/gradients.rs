//! Gradients of many pairs, kept as products.

use super::dot::dot;
use crate::error::{Error, Result};
use std::sync::Arc;

/// One product per pair: `factors[n] rows[images[n]]'`.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// The left factors, `[pairs, outputs]`.
    pub factors: Vec<f64>,
    /// The row that each is multiplied with; `[pairs]`.
    pub images: Vec<u32>,
}

/// A gradient `[outputs, inputs]` for each pair: the sum of one product (rank 1) or of two (rank 2).
#[derive(Debug, Clone)]
pub struct Gradients {
    rows: Arc<Vec<f64>>,
    inputs: usize,
    outputs: usize,
    terms: Vec<Term>,
    squares: Vec<f64>,
}

impl Gradients {
    /// From `rows`, `[images, inputs]`, and terms with factors `[pairs, outputs]`.
    ///
    /// # Errors
    /// No pairs, terms of other shapes, values that are not finite.
    pub fn new(
        rows: Arc<Vec<f64>>,
        inputs: usize,
        outputs: usize,
        terms: Vec<Term>,
    ) -> Result<Self> {
        let pairs = terms.first().map_or(0, |term| term.images.len());
        if pairs == 0 || inputs == 0 || outputs == 0 || u32::try_from(pairs).is_err() {
            return Err(Error::request(
                format!("{pairs} pairs cannot be grouped by their gradients"),
                "Open a dataset with captions.",
            ));
        }
        let images = rows.len() / inputs;
        let fits = |term: &Term| {
            term.images.len() == pairs
                && term.factors.len() == pairs * outputs
                && term.images.iter().all(|&i| (i as usize) < images)
        };
        if rows.len() != images * inputs || !terms.iter().all(fits) {
            return Err(Error::request(
                "the factors of the gradients do not fit together",
                "Give one factor and one image for each pair.",
            ));
        }
        let mut gradients = Self {
            rows,
            inputs,
            outputs,
            terms,
            squares: Vec::new(),
        };
        let squares = (0..pairs).map(|n| gradients.inner(n, &gradients, n).max(0.0));
        gradients.squares = squares.collect();
        if gradients.squares.iter().any(|square| !square.is_finite()) {
            return Err(Error::request(
                "some gradients are not finite",
                "Use embeddings and weights without NaN and infinite values.",
            ));
        }
        Ok(gradients)
    }

    /// Points that are rows: pair n is `rows[owners[n]]`, `rows` being `[images, dim]`. They are gradients with one output
    /// and factor 1, so that k-means on rows is k-means on gradients.
    ///
    /// # Errors
    /// As [`Gradients::new`].
    pub fn of_rows(rows: &[f32], dim: usize, owners: &[u32]) -> Result<Self> {
        let wide = rows.iter().map(|&v| f64::from(v)).collect();
        let term = Term {
            factors: vec![1.0; owners.len()],
            images: owners.to_vec(),
        };
        Self::new(Arc::new(wide), dim, 1, vec![term])
    }

    /// Number of pairs; at least one.
    pub fn len(&self) -> usize {
        self.squares.len()
    }

    /// Never: there is at least one pair.
    pub fn is_empty(&self) -> bool {
        self.squares.is_empty()
    }

    /// Values of a row.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Values of a factor.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Values of one gradient.
    pub fn parameters(&self) -> usize {
        self.inputs * self.outputs
    }

    /// The products that are added.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Row `image`.
    pub fn row(&self, image: u32) -> &[f64] {
        &self.rows[image as usize * self.inputs..][..self.inputs]
    }

    /// Rows that factors are multiplied with.
    pub fn images(&self) -> usize {
        self.rows.len() / self.inputs
    }

    /// `|g_n|^2` of each pair.
    pub fn squares(&self) -> &[f64] {
        &self.squares
    }

    /// The factor of pair `n` in a term.
    pub(super) fn factor<'a>(&self, term: &'a Term, n: usize) -> &'a [f64] {
        &term.factors[n * self.outputs..][..self.outputs]
    }

    /// `<g_n, h_m>` with gradient m of `other`: the sum over terms of `(a . b)(x . y)`.
    ///
    /// # Panics
    /// Gradients of another shape, pairs that are not there.
    pub fn inner(&self, n: usize, other: &Self, m: usize) -> f64 {
        let mut sum = 0.0;
        for a in &self.terms {
            for b in &other.terms {
                let factors = dot(self.factor(a, n), other.factor(b, m));
                sum += factors * dot(self.row(a.images[n]), other.row(b.images[m]));
            }
        }
        sum
    }

    /// Some of the pairs, in this order; rows are shared.
    ///
    /// # Errors
    /// No pairs.
    ///
    /// # Panics
    /// Pairs that are not there.
    pub fn gather(&self, pairs: &[u32]) -> Result<Self> {
        if pairs.is_empty() {
            return Err(Error::request(
                "no pairs are left to be grouped",
                "Choose some pairs.",
            ));
        }
        let part = |term: &Term| Term {
            factors: {
                let all = pairs.iter().flat_map(|&n| self.factor(term, n as usize));
                all.copied().collect()
            },
            images: pairs.iter().map(|&n| term.images[n as usize]).collect(),
        };
        Ok(Self {
            rows: Arc::clone(&self.rows),
            inputs: self.inputs,
            outputs: self.outputs,
            terms: self.terms.iter().map(part).collect(),
            squares: pairs.iter().map(|&n| self.squares[n as usize]).collect(),
        })
    }
}
