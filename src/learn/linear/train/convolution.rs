//! Gradient descent on two layers of which the first is a circular convolution.

use super::choices::Training;
use super::direct::Descent;
use crate::learn::linear::fourier::{Bin, Fourier};
use crate::learn::linear::problem::Problem;
use crate::learn::linear::rows::Rows;
use std::f64::consts::FRAC_1_SQRT_2;

/// `u[p] = d^-1/2 sum_k w1[k] x[(p + k) mod shape]` and `sum_p w2[p] u[p]`, channel by channel, in Fourier coordinates:
/// there the classifier is `F w1 . F w2`, frequency by frequency, and gradient descent is the same, because the transform
/// keeps lengths.
pub(super) struct Convolution<'a> {
    fourier: &'a Fourier,
    rows: Rows,
    first: Vec<f64>,
    second: Vec<f64>,
    product: Vec<f64>,
    slopes: Vec<f64>,
    margins: Vec<f64>,
}

impl<'a> Convolution<'a> {
    pub fn new(problem: &'a Problem, training: &Training) -> Self {
        let fourier = problem.fourier();
        let width = problem.width();
        Self {
            fourier,
            rows: problem.rows().map(|row| fourier.pack(row)),
            first: fourier.pack(&training.first_layer(width)),
            second: vec![0.0; width],
            product: vec![0.0; width],
            slopes: vec![0.0; width],
            margins: vec![0.0; problem.count()],
        }
    }
}

impl Descent for Convolution<'_> {
    fn margins(&self) -> &[f64] {
        &self.margins
    }

    fn step(&mut self, weights: &[f64], rate: f64) {
        self.rows.combine_into(weights, &mut self.slopes);
        let mut at = 0;
        for &bin in self.fourier.bins() {
            let own = at..at + bin.width();
            at = own.end;
            let first = &mut self.first[own.clone()];
            let second = &mut self.second[own.clone()];
            descend(bin, first, second, &self.slopes[own.clone()], rate);
            multiply(first, second, &mut self.product[own]);
        }
        self.rows.times_into(&self.product, &mut self.margins);
    }

    fn classifier(&self) -> Vec<f64> {
        self.fourier.unpack(&self.product)
    }
}

/// One step at a frequency: each factor by the slope times the other's conjugate.
fn descend(bin: Bin, first: &mut [f64], second: &mut [f64], slope: &[f64], rate: f64) {
    if bin.is_pair() {
        // Coordinates are sqrt 2 times the complex value's.
        let by = rate * FRAC_1_SQRT_2;
        let ([a, b], [c, d]) = ([first[0], first[1]], [second[0], second[1]]);
        let [re, im] = [slope[0], slope[1]];
        first[0] += by * (c * re + d * im);
        first[1] += by * (c * im - d * re);
        second[0] += by * (a * re + b * im);
        second[1] += by * (a * im - b * re);
    } else {
        let (a, c) = (first[0], second[0]);
        first[0] += rate * c * slope[0];
        second[0] += rate * a * slope[0];
    }
}

fn multiply(first: &[f64], second: &[f64], out: &mut [f64]) {
    match (first, second, out) {
        ([a, b], [c, d], [re, im]) => {
            *re = FRAC_1_SQRT_2 * (a * c - b * d);
            *im = FRAC_1_SQRT_2 * (a * d + b * c);
        }
        (first, second, out) => out[0] = first[0] * second[0],
    }
}
