//! One descent: where it stands, and a sweep over all pairs.
//!
//! Inner products `<g_n, S_k>` are exact at every visit of a pair. Between two visits of a patch they are brought up to
//! date in the cheaper of two exact ways: by the moves made since, each for (inputs + outputs) multiplications a pair or
//! less, or from the sums `S_k`, for inputs x outputs per image and outputs per pair, in each stratum. Early sweeps, in
//! which most pairs move, cost the second, late ones next to nothing.

use super::block::{Block, SIZE};
use super::dot::dot;
use super::gradients::Gradients;
use super::labels::Strata;
use super::patch::Patch;
use super::sums::sums;
use super::totals::{Move, Totals};
use crate::error::Result;
use crate::task::Task;
use rayon::prelude::*;

/// A descent under way.
pub(super) struct Search<'a> {
    gradients: &'a Gradients,
    strata: usize,
    pub(super) labels: Vec<u32>,
    totals: Totals,
    /// `S_k`, `[strata, outputs x inputs]`, as of the first `summed` moves.
    sums: Vec<f64>,
    summed: usize,
    moves: Vec<Move>,
    patches: Vec<Patch>,
}

impl<'a> Search<'a> {
    /// From `start`; pairs are visited image by image, the images in the order of `random`.
    ///
    /// # Errors
    /// Cancellation.
    pub(super) fn new(
        gradients: &'a Gradients,
        start: &Strata,
        random: &mut fastrand::Rng,
        task: &Task,
    ) -> Result<Self> {
        let strata = start.count();
        let mut totals = Totals::new(strata);
        for (&label, &square) in start.labels().iter().zip(gradients.squares()) {
            totals.add(label as usize, square, 1.0);
        }
        let mut places: Vec<u32> = (0..gradients.images() as u32).collect();
        random.shuffle(&mut places);
        let mut order: Vec<u32> = (0..gradients.len() as u32).collect();
        let images = &gradients.terms()[0].images;
        order.sort_by_key(|&n| (places[images[n as usize] as usize], n));
        let patch = |pairs: &[u32]| {
            let mut pairs = pairs.to_vec();
            random.shuffle(&mut pairs);
            Patch::new(pairs)
        };
        Ok(Self {
            patches: order.chunks(SIZE).map(patch).collect(),
            labels: start.labels().to_vec(),
            sums: sums(gradients, start, task)?,
            summed: 0,
            moves: Vec::new(),
            gradients,
            strata,
            totals,
        })
    }

    /// J before the first sweep.
    pub(super) fn start_objective(&self) -> f64 {
        let sums = self.sums.chunks_exact(self.gradients.parameters());
        let parts = sums.zip(&self.totals.sizes).zip(&self.totals.squares);
        parts.map(|((s, n), q)| n * q - dot(s, s)).sum()
    }

    /// Visits every pair once. Returns how many moved and the change of J; `seen` hears how many pairs are visited.
    ///
    /// # Errors
    /// Cancellation.
    pub(super) fn sweep(
        &mut self,
        task: &Task,
        mut seen: impl FnMut(usize),
    ) -> Result<(usize, f64)> {
        let before = self.moves.len();
        let (mut change, mut visited) = (0.0, 0);
        let mut patches = std::mem::take(&mut self.patches);
        for patch in &mut patches {
            task.check()?;
            self.bring_up_to_date(patch, task)?;
            let pairs = patch.pairs.clone();
            let block = || Block::new(self.gradients, &pairs);
            change += patch.visit(
                &block,
                self.gradients.squares(),
                &mut self.totals,
                &mut self.labels,
                &mut self.moves,
            );
            patch.known = self.moves.len();
            visited += patch.pairs.len();
            seen(visited);
        }
        self.patches = patches;
        Ok((self.moves.len() - before, change))
    }

    fn bring_up_to_date(&mut self, patch: &mut Patch, task: &Task) -> Result<()> {
        let first = patch.products.is_empty();
        let since = &self.moves[patch.known..];
        if since.is_empty() && !first {
            return Ok(());
        }
        let block = Block::new(self.gradients, &patch.pairs);
        let by_moves = since.len().saturating_mul(block.cost_of_pair());
        if first || by_moves > self.strata * block.cost_of_sum() {
            self.sum_up(task)?;
            patch.products.resize(self.strata * block.size, 0.0);
            let parameters = self.gradients.parameters();
            let lines = patch.products.par_chunks_mut(block.size);
            let lines = lines.zip(self.sums.par_chunks(parameters));
            lines.for_each(|(line, sum)| block.with_sum(sum, line));
            return Ok(());
        }
        for part in since.chunks(SIZE * rayon::current_num_threads()) {
            task.check()?;
            let products = part.par_chunks(SIZE).map(|part| {
                let pairs: Vec<u32> = part.iter().map(|m| m.pair).collect();
                block.with(&Block::new(self.gradients, &pairs))
            });
            let products: Vec<Vec<f64>> = products.collect();
            let lines = products.iter().flat_map(|p| p.chunks_exact(block.size));
            for (line, change) in lines.zip(part) {
                let [from, to] = [change.from, change.to].map(|k| k as usize * block.size);
                for (l, product) in line.iter().enumerate() {
                    patch.products[from + l] -= product;
                    patch.products[to + l] += product;
                }
            }
        }
        Ok(())
    }

    /// Takes all moves into the sums.
    fn sum_up(&mut self, task: &Task) -> Result<()> {
        let mut changes: Vec<(Vec<u32>, Vec<f64>)> = vec![(Vec::new(), Vec::new()); self.strata];
        for change in &self.moves[self.summed..] {
            for (k, weight) in [(change.from, -1.0), (change.to, 1.0)] {
                let (pairs, weights) = &mut changes[k as usize];
                pairs.push(change.pair);
                weights.push(weight);
            }
        }
        self.summed = self.moves.len();
        let sums = self.sums.par_chunks_mut(self.gradients.parameters());
        sums.zip(&changes).try_for_each(|(sum, (pairs, weights))| {
            task.check()?;
            for (pairs, weights) in pairs.chunks(SIZE).zip(weights.chunks(SIZE)) {
                Block::new(self.gradients, pairs).add_to(weights, sum);
            }
            Ok(())
        })
    }
}
