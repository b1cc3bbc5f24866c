//! What a move reads and changes of the strata besides their sums.

/// A pair that changed its stratum.
#[derive(Debug, Clone, Copy)]
pub(super) struct Move {
    pub(super) pair: u32,
    pub(super) from: u32,
    pub(super) to: u32,
}

/// `N_k` and the sum of |g|^2 of each stratum.
#[derive(Debug, Clone, Default)]
pub(super) struct Totals {
    pub(super) sizes: Vec<f64>,
    pub(super) squares: Vec<f64>,
}

impl Totals {
    pub(super) fn new(strata: usize) -> Self {
        Self {
            sizes: vec![0.0; strata],
            squares: vec![0.0; strata],
        }
    }

    pub(super) fn add(&mut self, k: usize, square: f64, weight: f64) {
        self.sizes[k] += weight;
        self.squares[k] += weight * square;
    }

    pub(super) fn shift(&mut self, from: usize, to: usize, square: f64) {
        self.add(from, square, -1.0);
        self.add(to, square, 1.0);
        if self.sizes[from] < 0.5 {
            // Empty: what rounding left is no square.
            (self.sizes[from], self.squares[from]) = (0.0, 0.0);
        }
    }

    /// The stratum to which a gradient of this square is moved from `from`, and by how much J changes with it: to the
    /// lowest `F_k = N_k |g|^2 - 2 <g, S_k> + sum of |g_j|^2`, the first of equals. `None` where no move lowers J by more
    /// than rounding. Without `from`, the stratum that it joins. `product` gives `<g, S_k>`.
    pub(super) fn best(
        &self,
        square: f64,
        from: Option<usize>,
        product: impl Fn(usize) -> f64,
    ) -> Option<(usize, f64)> {
        let all = self.sizes.iter().zip(&self.squares).enumerate();
        let cost = |k: usize, size: f64, squares: f64| size * square - 2.0 * product(k) + squares;
        let costs = all.map(|(k, (&size, &squares))| (k, cost(k, size, squares)));
        let lowest = costs.reduce(|best, next| if next.1 < best.1 { next } else { best });
        let (to, there) = lowest?;
        let Some(from) = from else {
            return Some((to, there));
        };
        let here = cost(from, self.sizes[from], self.squares[from]);
        let rounding = 1e-11 * (self.sizes[from] * square + self.squares[from]);
        (to != from && here - there > rounding).then_some((to, there - here))
    }
}
