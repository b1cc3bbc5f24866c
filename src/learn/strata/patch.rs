//! A patch of pairs, and its inner products with the sums of all strata.

use super::block::Block;
use super::totals::{Move, Totals};

/// Pairs that are visited one after the other. Their inner products with the sums are kept from one visit to the next.
pub(super) struct Patch {
    /// The pairs.
    pub(super) pairs: Vec<u32>,
    /// `<g_n, S_k>`, `[strata, pairs]`; empty until the first visit.
    pub(super) products: Vec<f64>,
    /// Moves that the products know of.
    pub(super) known: usize,
    /// Pairs moved on the last visit.
    pub(super) moved: usize,
}

impl Patch {
    pub(super) fn new(pairs: Vec<u32>) -> Self {
        Self {
            moved: pairs.len(),
            products: Vec::new(),
            known: 0,
            pairs,
        }
    }

    /// Moves each pair to its best stratum where that lowers J; all products of the patch follow each move.
    /// Returns the sum of the changes of J.
    pub(super) fn visit(
        &mut self,
        block: &dyn Fn() -> Block,
        squares: &[f64],
        totals: &mut Totals,
        labels: &mut [u32],
        moves: &mut Vec<Move>,
    ) -> f64 {
        let size = self.pairs.len();
        // Many moves are ahead: all inner products of the patch at once; else a line for each move.
        let mut lines = Lines::new(block, size, self.moved * 8 > size);
        self.moved = 0;
        let mut change = 0.0;
        for at in 0..size {
            let n = self.pairs[at] as usize;
            let square = squares[n];
            let from = labels[n] as usize;
            let product = |k: usize| self.products[k * size + at];
            let Some((to, less)) = totals.best(square, Some(from), product) else {
                continue;
            };
            change += less;
            self.moved += 1;
            labels[n] = to as u32;
            totals.shift(from, to, square);
            let line = lines.of(at, block);
            let (a, b) = (from * size, to * size);
            for (l, product) in line.iter().enumerate() {
                self.products[a + l] -= product;
                self.products[b + l] += product;
            }
            moves.push(Move {
                pair: n as u32,
                from: from as u32,
                to: to as u32,
            });
        }
        change
    }
}

/// Inner products of a patch's pairs with one another.
struct Lines {
    block: Option<Block>,
    all: Vec<f64>,
    one: Vec<f64>,
    size: usize,
}

impl Lines {
    fn new(block: &dyn Fn() -> Block, size: usize, many: bool) -> Self {
        let block = many.then(block);
        Self {
            all: block.as_ref().map_or_else(Vec::new, |b| b.with(b)),
            block,
            one: Vec::new(),
            size,
        }
    }

    /// Those of the pair at `at`.
    fn of(&mut self, at: usize, block: &dyn Fn() -> Block) -> &[f64] {
        if !self.all.is_empty() {
            return &self.all[at * self.size..][..self.size];
        }
        let block = self.block.get_or_insert_with(block);
        self.one = block.line(at);
        &self.one
    }
}
