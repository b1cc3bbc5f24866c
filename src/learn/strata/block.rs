//! Inner products of some pairs with sums and with one another, by matrix products.
//!
//! <a x', S> = a . (S x): S x is made once for each image of a block, then one dot product of factors is left for each
//! pair. <a x', b y'> = (a . b)(x . y), the second once for each two images.

use super::dot::dot;
use super::gradients::Gradients;
use crate::compute::{Factor, multiply};
use std::collections::HashMap;

/// Pairs of a block: a matrix product of so many rows runs at full speed, and its Gram matrix stays small.
pub(super) const SIZE: usize = 512;

/// Some pairs with their images, each image once.
pub(super) struct Block {
    /// Pairs.
    pub(super) size: usize,
    inputs: usize,
    outputs: usize,
    /// The images, `[images, inputs]`.
    rows: Vec<f64>,
    /// Of each term: factors `[size, outputs]`, and which image of the block each is multiplied with.
    terms: Vec<(Vec<f64>, Vec<u32>)>,
}

impl Block {
    pub(super) fn new(gradients: &Gradients, pairs: &[u32]) -> Self {
        let mut rows = Vec::new();
        let mut places: HashMap<u32, u32> = HashMap::new();
        let mut terms = Vec::with_capacity(gradients.terms().len());
        for term in gradients.terms() {
            let mut factors = Vec::with_capacity(pairs.len() * gradients.outputs());
            let mut images = Vec::with_capacity(pairs.len());
            for &n in pairs {
                let image = term.images[n as usize];
                let next = places.len() as u32;
                images.push(*places.entry(image).or_insert_with(|| {
                    rows.extend_from_slice(gradients.row(image));
                    next
                }));
                factors.extend_from_slice(gradients.factor(term, n as usize));
            }
            terms.push((factors, images));
        }
        Self {
            size: pairs.len(),
            inputs: gradients.inputs(),
            outputs: gradients.outputs(),
            rows,
            terms,
        }
    }

    /// Images of the block.
    pub(super) fn images(&self) -> usize {
        self.rows.len() / self.inputs
    }

    /// Multiplications of [`Block::with_sum`], about.
    pub(super) fn cost_of_sum(&self) -> usize {
        (self.images() * self.inputs + self.terms.len() * self.size) * self.outputs
    }

    /// Multiplications of [`Block::with`] for each pair of the other block, about.
    pub(super) fn cost_of_pair(&self) -> usize {
        let terms = self.terms.len();
        terms * (self.images() * self.inputs + terms * self.size * self.outputs)
    }

    /// `out[n] = <g_n, sum>` with a sum of gradients, `[outputs, inputs]`.
    pub(super) fn with_sum(&self, sum: &[f64], out: &mut [f64]) {
        let mut seen = vec![0.0; self.images() * self.outputs];
        let (rows, sum) = (
            Factor::new(&self.rows, self.inputs),
            Factor::new(sum, self.inputs),
        );
        multiply(rows, sum.transposed(), &mut seen, false);
        out.fill(0.0);
        for (factors, images) in &self.terms {
            let all = factors.chunks_exact(self.outputs).zip(images);
            for (out, (factor, &image)) in out.iter_mut().zip(all) {
                *out += dot(
                    factor,
                    &seen[image as usize * self.outputs..][..self.outputs],
                );
            }
        }
    }

    /// `[other.size, self.size]`: the inner products with the pairs of `other`.
    pub(super) fn with(&self, other: &Self) -> Vec<f64> {
        let mut images = vec![0.0; other.images() * self.images()];
        let factor = |values| Factor::new(values, self.inputs);
        multiply(
            factor(&other.rows),
            factor(&self.rows).transposed(),
            &mut images,
            false,
        );
        let mut products = vec![0.0; other.size * self.size];
        let mut out = vec![0.0; other.size * self.size];
        for (theirs, their_images) in &other.terms {
            for (ours, our_images) in &self.terms {
                let factor = |values| Factor::new(values, self.outputs);
                multiply(
                    factor(theirs),
                    factor(ours).transposed(),
                    &mut products,
                    false,
                );
                let lines = out.chunks_exact_mut(self.size);
                let lines = lines.zip(products.chunks_exact(self.size));
                for ((out, products), &image) in lines.zip(their_images) {
                    let line = &images[image as usize * self.images()..][..self.images()];
                    for ((out, product), &ours) in out.iter_mut().zip(products).zip(our_images) {
                        *out += product * line[ours as usize];
                    }
                }
            }
        }
        out
    }

    /// The inner products of the pair at `at` with all of the block.
    pub(super) fn line(&self, at: usize) -> Vec<f64> {
        let mut out = vec![0.0; self.size];
        for (theirs, their_images) in &self.terms {
            let factor = &theirs[at * self.outputs..][..self.outputs];
            let image = their_images[at] as usize;
            let row = &self.rows[image * self.inputs..][..self.inputs];
            let rows = self.rows.chunks_exact(self.inputs);
            let images: Vec<f64> = rows.map(|other| dot(row, other)).collect();
            for (ours, our_images) in &self.terms {
                let all = ours.chunks_exact(self.outputs).zip(our_images);
                for (out, (ours, &image)) in out.iter_mut().zip(all) {
                    *out += dot(factor, ours) * images[image as usize];
                }
            }
        }
        out
    }

    /// `sum += sum over n of weights[n] g_n`, `[outputs, inputs]`.
    pub(super) fn add_to(&self, weights: &[f64], sum: &mut [f64]) {
        // By image first: images of several pairs enter the large product once.
        let mut factors = vec![0.0; self.images() * self.outputs];
        for (values, images) in &self.terms {
            let all = values.chunks_exact(self.outputs).zip(images).zip(weights);
            for ((values, &image), weight) in all {
                let to = &mut factors[image as usize * self.outputs..][..self.outputs];
                for (to, value) in to.iter_mut().zip(values) {
                    *to += weight * value;
                }
            }
        }
        multiply(
            Factor::new(&factors, self.outputs).transposed(),
            Factor::new(&self.rows, self.inputs),
            sum,
            true,
        );
    }
}
