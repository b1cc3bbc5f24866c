//! Strata of pairs that come in batches, where factors of all do not fit or change as heads learn.
//!
//! Kept are `N_k`, the sum of `|g|^2` and `S_k` of each stratum. A pair that comes for the first time joins the stratum
//! with the lowest `F_k`, which is what J rises by; one that comes again is moved as in a descent. Within a batch sums
//! follow each pair. It is approximate: the first pairs are placed by few others, and what was added by earlier gradients
//! is taken off by today's. Where all gradients stay the same and nothing is forgotten, later passes are sweeps of the
//! descent, batch by batch.

use super::block::{Block, SIZE};
use super::dot::dot;
use super::gradients::Gradients;
use super::totals::Totals;
use crate::error::{Error, Result};
use rayon::prelude::*;

/// Running strata.
#[derive(Debug, Clone)]
pub struct Online {
    totals: Totals,
    /// `S_k`, `[strata, outputs x inputs]`.
    sums: Vec<f64>,
    inputs: usize,
    outputs: usize,
    kept: f64,
}

impl Online {
    /// `strata` strata without pairs, of gradients `[outputs, inputs]`. Before each batch all sums and sizes are multiplied
    /// by `kept`: 1 forgets nothing.
    ///
    /// # Errors
    /// No strata, gradients without values, a share that is none.
    pub fn new(strata: usize, inputs: usize, outputs: usize, kept: f64) -> Result<Self> {
        if strata == 0 || inputs == 0 || outputs == 0 || !(kept > 0.0 && kept <= 1.0) {
            return Err(Error::request(
                format!("{strata} strata that keep {kept} of what they know cannot be"),
                "Give at least one stratum and a share above 0, up to 1.",
            ));
        }
        Ok(Self {
            totals: Totals::new(strata),
            sums: vec![0.0; strata * inputs * outputs],
            inputs,
            outputs,
            kept,
        })
    }

    /// Strata.
    pub fn strata(&self) -> usize {
        self.totals.sizes.len()
    }

    /// Pairs of each stratum, what is forgotten left out.
    pub fn sizes(&self) -> &[f64] {
        &self.totals.sizes
    }

    /// J of what is kept.
    pub fn objective(&self) -> f64 {
        let sums = self.sums.chunks_exact(self.inputs * self.outputs);
        let all = sums.zip(&self.totals.sizes).zip(&self.totals.squares);
        all.map(|((s, n), q)| (n * q - dot(s, s)).max(0.0)).sum()
    }

    /// Takes in pairs that come for the first time; returns the stratum of each.
    ///
    /// # Errors
    /// Gradients of another shape.
    pub fn take(&mut self, batch: &Gradients) -> Result<Vec<u32>> {
        let mut labels = vec![None; batch.len()];
        self.pass(batch, &mut labels)?;
        Ok(labels.into_iter().flatten().collect())
    }

    /// Moves pairs that came before, from the strata `labels` they are in; returns how many moved.
    ///
    /// # Errors
    /// Gradients of another shape, labels that do not fit.
    pub fn move_again(&mut self, batch: &Gradients, labels: &mut [u32]) -> Result<usize> {
        let strata = self.strata();
        if labels.len() != batch.len() || labels.iter().any(|&k| k as usize >= strata) {
            return Err(Error::request(
                format!("the labels are not those of {strata} strata"),
                "Give the strata that the pairs were put into.",
            ));
        }
        let mut new: Vec<Option<u32>> = labels.iter().map(|&k| Some(k)).collect();
        let moved = self.pass(batch, &mut new)?;
        for (label, new) in labels.iter_mut().zip(new) {
            *label = new.unwrap_or(*label);
        }
        Ok(moved)
    }

    fn pass(&mut self, batch: &Gradients, labels: &mut [Option<u32>]) -> Result<usize> {
        if (batch.inputs(), batch.outputs()) != (self.inputs, self.outputs) {
            return Err(Error::request(
                format!(
                    "gradients of {} by {} do not fit strata of {} by {}",
                    batch.outputs(),
                    batch.inputs(),
                    self.outputs,
                    self.inputs
                ),
                "Go on with gradients of the same heads.",
            ));
        }
        self.forget();
        let order: Vec<u32> = (0..batch.len() as u32).collect();
        let mut moved = 0;
        for pairs in order.chunks(SIZE) {
            moved += self.part(batch, pairs, labels);
        }
        Ok(moved)
    }

    fn forget(&mut self) {
        if self.kept < 1.0 {
            let sizes = self.totals.sizes.iter_mut();
            let all = sizes.chain(&mut self.totals.squares).chain(&mut self.sums);
            all.for_each(|v| *v *= self.kept);
        }
    }

    fn part(&mut self, batch: &Gradients, pairs: &[u32], labels: &mut [Option<u32>]) -> usize {
        let block = Block::new(batch, pairs);
        let (size, parameters) = (pairs.len(), self.inputs * self.outputs);
        let mut products = vec![0.0; self.strata() * size];
        let lines = products.par_chunks_mut(size);
        lines
            .zip(self.sums.par_chunks(parameters))
            .for_each(|(line, sum)| block.with_sum(sum, line));
        let gram = block.with(&block);
        // Of each stratum, what is added of each pair.
        let mut added = vec![0.0; self.strata() * size];
        let mut moved = 0;
        for (at, &n) in pairs.iter().enumerate() {
            let square = batch.squares()[n as usize];
            let from = labels[n as usize].map(|k| k as usize);
            let product = |k: usize| products[k * size + at];
            let Some((to, _)) = self.totals.best(square, from, product) else {
                continue;
            };
            moved += 1;
            labels[n as usize] = Some(to as u32);
            let changes = [from.map(|k| (k, -1.0)), Some((to, 1.0))];
            for (k, weight) in changes.into_iter().flatten() {
                self.totals.add(k, square, weight);
                added[k * size + at] += weight;
                let line = &gram[at * size..][..size];
                for (product, inner) in products[k * size..][..size].iter_mut().zip(line) {
                    *product += weight * inner;
                }
            }
        }
        let sums = self.sums.par_chunks_mut(parameters);
        sums.zip(added.par_chunks(size)).for_each(|(sum, added)| {
            let places = (0..size).filter(|&at| added[at] != 0.0);
            let (few, weights): (Vec<u32>, Vec<f64>) =
                places.map(|at| (pairs[at], added[at])).unzip();
            if !few.is_empty() {
                Block::new(batch, &few).add_to(&weights, sum);
            }
        });
        moved
    }
}
