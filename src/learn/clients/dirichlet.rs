//! Shares drawn from a symmetric Dirichlet distribution.

use crate::learn::normal::{above_zero, normal};

/// `count` shares that sum to 1, drawn from the Dirichlet distribution of concentration `alpha` in each of them: gamma
/// variates divided by their sum.
pub fn shares(count: usize, alpha: f64, random: &mut fastrand::Rng) -> Vec<f64> {
    let logs: Vec<f64> = (0..count)
        .map(|_| log_gamma_variate(alpha, random))
        .collect();
    // By logarithms: of a small concentration all variates but one may be too small for a number.
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let parts: Vec<f64> = logs.iter().map(|log| (log - most).exp()).collect();
    let sum: f64 = parts.iter().sum();
    parts.iter().map(|part| part / sum).collect()
}

/// The logarithm of a gamma variate of this shape and scale 1 (Marsaglia and Tsang 2000; below shape 1 as they say, by one of
/// shape + 1 times a power of a uniform variate).
fn log_gamma_variate(shape: f64, random: &mut fastrand::Rng) -> f64 {
    if shape < 1.0 {
        return log_gamma_variate(shape + 1.0, random) + above_zero(random).ln() / shape;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(random);
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && above_zero(random).ln() < 0.5 * x * x + d * (1.0 - v + v.ln()) {
            return (d * v).ln();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_the_mean_and_the_variance_of_their_distribution() {
        const DRAWS: usize = 20_000;
        let mut random = fastrand::Rng::with_seed(3);
        for (count, alpha) in [(4, 0.1), (3, 1.0), (5, 20.0)] {
            let firsts: Vec<f64> = (0..DRAWS)
                .map(|_| {
                    let shares = shares(count, alpha, &mut random);
                    assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                    shares[0]
                })
                .collect();
            let mean = firsts.iter().sum::<f64>() / DRAWS as f64;
            let square = firsts.iter().map(|share| (share - mean).powi(2));
            let variance = square.sum::<f64>() / DRAWS as f64;
            // E = 1/n, Var = (n - 1) / (n^2 (n alpha + 1)).
            let n = count as f64;
            let wanted = (n - 1.0) / (n * n * (n * alpha + 1.0));
            assert!((mean - 1.0 / n).abs() < 0.01, "{count} {alpha}: {mean}");
            assert!(
                (variance / wanted - 1.0).abs() < 0.05,
                "{count} {alpha}: {variance}"
            );
        }
        // So small that one has it all, and it is still a number.
        let all = shares(6, 1e-3, &mut random);
        assert!(all.iter().all(|share| share.is_finite()));
        assert!(all.iter().copied().fold(0.0, f64::max) > 0.9);
    }
}
