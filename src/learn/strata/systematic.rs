//! The variance of systematic draws, in closed form.

use super::table::Table;

/// The variance of the mean of `draws` pairs drawn by [`super::sampling::systematic`]: pairs lie stratum after stratum, in
/// random order within each, and every (N / draws)-th is taken from a random start on.
///
/// Given the start, stratum k gives `m_k` pairs, the floor or the ceiling of its share, drawn without replacement; so the
/// variance is the mean over starts of
/// `sum over k of m_k / n^2 s_k^2 (N_k - m_k) / (N_k - 1) + |sum over k of (m_k / n) C_k - mean|^2`,
/// `s_k^2` the variance of one draw of stratum k. The `m_k` change at no more starts than there are strata.
pub(super) fn variance(table: &Table, draws: usize) -> f64 {
    let total = table.all.pairs;
    let n = (draws as f64).min(total);
    if n == 0.0 {
        return f64::INFINITY;
    }
    // Ends of the strata, in draws.
    let mut ends = Vec::with_capacity(table.spreads.len());
    let mut so_far = 0.0;
    for spread in &table.spreads {
        so_far += spread.pairs;
        ends.push(so_far * n / total);
    }
    let mut starts: Vec<f64> = ends.iter().map(|end| end.fract()).collect();
    starts.extend([0.0, 1.0]);
    starts.sort_by(f64::total_cmp);
    let mut variance = 0.0;
    for ends_at in starts.windows(2) {
        let length = ends_at[1] - ends_at[0];
        // Shares that are whole but for rounding make intervals that are empty.
        if length > 1e-9 {
            let start = ends_at[0] + 0.5 * length;
            variance += length * given(table, &ends, start, n);
        }
    }
    variance
}

/// What is added for starts around `start`, between 0 and 1.
fn given(table: &Table, ends: &[f64], start: f64, n: f64) -> f64 {
    let count = ends.len();
    let mut within = 0.0;
    // Coefficients of the sums S_k in the estimate's error: m_k / (n N_k) - 1 / N.
    let mut errors = vec![0.0; count];
    let mut before = 0.0;
    for ((end, spread), error) in ends.iter().zip(&table.spreads).zip(&mut errors) {
        // Draws start, start + 1, .. that lie before the end.
        let upto = (end - start).ceil().clamp(0.0, n);
        let drawn = upto - before;
        before = upto;
        if spread.pairs > 0.0 {
            let left = (spread.pairs - drawn).max(0.0) / (spread.pairs - 1.0).max(1.0);
            within += drawn / (n * n) * spread.scatter() / spread.pairs * left;
            *error = drawn / (n * spread.pairs) - 1.0 / table.all.pairs;
        }
    }
    let lines = table.products.chunks_exact(count).zip(&errors);
    let between: f64 = lines
        .map(|(line, error)| {
            let along: f64 = line.iter().zip(&errors).map(|(p, e)| p * e).sum();
            error * along
        })
        .sum();
    within + between.max(0.0)
}
