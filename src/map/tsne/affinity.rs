//! How likely t-SNE takes two points for neighbours (van der Maaten and Hinton, JMLR 9, 2008).

use crate::map::graph::Graph;
use crate::map::neighbours::Neighbours;
use rayon::prelude::*;

/// Neighbours per unit of perplexity: those beyond would have no weight.
const REACH: f64 = 3.0;
/// Steps of the bisection, and how near it comes to the logarithm of the perplexity.
const STEPS: usize = 100;
const NEAR: f64 = 1e-6;

/// The symmetric affinities of `points` points: each the sum of both sides' probabilities, together twice the number of
/// points. Each point's probabilities are those of a Gaussian with this `perplexity`, or a third of the neighbours
/// where there are too few for it.
pub fn affinities(neighbours: &Neighbours, points: usize, perplexity: f64) -> Graph {
    let wanted = (REACH * perplexity).ceil().max(1.0) as usize;
    let k = wanted.min(neighbours.k);
    let aim = perplexity.min(k as f64 / REACH).max(1.0).ln();
    let mut rows = vec![0_u32; points * k];
    let mut weights = vec![0.0_f32; points * k];
    if k > 0 {
        rows.par_chunks_mut(k)
            .zip(weights.par_chunks_mut(k))
            .enumerate()
            .for_each(|(i, (rows, weights))| {
                let (own, distances) = neighbours.of(i, k);
                rows.copy_from_slice(own);
                probabilities(distances, aim, weights);
            });
    }
    Graph::united(points, k, &rows, &weights, |a, b| a + b)
}

/// Probabilities of neighbours at the ascending `distances` whose entropy is `aim`, or the nearest to it that there is.
fn probabilities(distances: &[f32], aim: f64, weights: &mut [f32]) {
    let least = distances.first().map_or(0.0, |&d| f64::from(d).powi(2));
    let squares: Vec<f64> = distances
        .iter()
        .map(|&d| f64::from(d).powi(2) - least)
        .collect();
    let mean = squares.iter().sum::<f64>() / squares.len().max(1) as f64;
    let (mut low, mut high) = (0.0, f64::INFINITY);
    let mut narrow = if mean > 0.0 { 1.0 / mean } else { 1.0 };
    for _ in 0..STEPS {
        let (mut sum, mut moment) = (0.0, 0.0);
        for &square in &squares {
            let weight = (-square * narrow).exp();
            sum += weight;
            moment += weight * square;
        }
        let entropy = sum.ln() + narrow * moment / sum;
        if (entropy - aim).abs() < NEAR {
            break;
        }
        if entropy > aim {
            low = narrow;
            narrow = if high.is_finite() {
                f64::midpoint(low, high)
            } else {
                narrow * 2.0
            };
        } else {
            high = narrow;
            narrow = f64::midpoint(low, high);
        }
    }
    let each = squares.iter().map(|&square| (-square * narrow).exp());
    let sum: f64 = each.clone().sum();
    for (weight, value) in weights.iter_mut().zip(each) {
        *weight = (value / sum) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_have_the_perplexity() {
        let distances: Vec<f32> = (0..60_u8).map(|i| 0.3 + 0.01 * f32::from(i)).collect();
        let mut weights = vec![0.0; 60];
        probabilities(&distances, 20_f64.ln(), &mut weights);
        let entropy: f64 = weights
            .iter()
            .map(|&p| -f64::from(p) * f64::from(p).ln())
            .sum();
        assert!((entropy.exp() - 20.0).abs() < 1e-3, "{}", entropy.exp());
        assert!(weights.windows(2).all(|w| w[0] > w[1]));
    }

    #[test]
    fn equal_and_few_distances_are_no_fault() {
        for (distances, aim) in [
            (vec![0.0; 9], 3.0_f64),
            (vec![0.5; 9], 3.0),
            (vec![0.1], 1.0),
        ] {
            let mut weights = vec![0.0; distances.len()];
            probabilities(&distances, aim.ln(), &mut weights);
            let each = 1.0 / distances.len() as f32;
            assert!(
                weights.iter().all(|w| (w - each).abs() < 1e-6),
                "{weights:?}"
            );
        }
        // More duplicates than the perplexity: they share all.
        let mut weights = vec![0.0; 4];
        probabilities(&[0.0, 0.0, 0.0, 0.7], 2_f64.ln(), &mut weights);
        assert!(
            (weights[0] - 1.0 / 3.0).abs() < 1e-6 && weights[3] < 1e-6,
            "{weights:?}"
        );
    }

    #[test]
    fn affinities_sum_to_twice_the_points() {
        let near = Neighbours {
            k: 2,
            rows: vec![1, 2, 0, 2, 1, 0],
            distances: vec![0.1, 0.3, 0.1, 0.2, 0.2, 0.3],
        };
        let graph = affinities(&near, 3, 30.0);
        assert!((graph.weights.iter().sum::<f32>() - 6.0).abs() < 1e-5);
        assert_eq!(graph.starts, [0, 2, 4, 6]);
        assert_eq!(affinities(&Neighbours::default(), 1, 30.0).starts, [0, 0]);
    }
}
