//! The graph that UMAP lays out: which points are joined, and how strongly (arXiv 1802.03426, sections 3.1 and 4.3).

use crate::map::graph::Graph;
use crate::map::neighbours::Neighbours;
use rayon::prelude::*;

/// UMAP's graph: each point's distances to its `count` nearest neighbours as memberships, and their fuzzy union.
pub fn graph(neighbours: &Neighbours, points: usize, count: usize) -> Graph {
    let k = count.min(neighbours.k);
    let floor = mean(&neighbours.distances) * LEAST;
    let mut rows = vec![0_u32; points * k];
    let mut weights = vec![0.0_f32; points * k];
    if k > 0 {
        rows.par_chunks_mut(k)
            .zip(weights.par_chunks_mut(k))
            .enumerate()
            .for_each(|(i, (rows, weights))| {
                let (own, distances) = neighbours.of(i, k);
                rows.copy_from_slice(own);
                memberships(distances, floor, weights);
            });
    }
    Graph::united(points, k, &rows, &weights, |a, b| a + b - a * b)
}

/// The scale of a point's distances is at least this part of their mean, which bounds it for duplicates.
const LEAST: f64 = 1e-3;

/// Steps of the bisection, and how near the sum of memberships comes to its aim.
const STEPS: usize = 64;

const NEAR: f64 = 1e-5;

fn mean(values: &[f32]) -> f64 {
    let sum: f64 = values.iter().map(|&v| f64::from(v)).sum();
    sum / values.len().max(1) as f64
}

/// How strongly a point is joined to its neighbours at the ascending `distances`: 1 for the nearest that is no
/// duplicate, less for those beyond, so that all together are `log2` of their number (the point itself counts as one).
fn memberships(distances: &[f32], floor: f64, weights: &mut [f32]) {
    let nearest = distances
        .iter()
        .find(|&&d| d > 0.0)
        .map_or(0.0, |&d| f64::from(d));
    let beyond = |d: f32| (f64::from(d) - nearest).max(0.0);
    let aim = ((distances.len() + 1) as f64).log2();
    let (mut low, mut high, mut scale) = (0.0, f64::INFINITY, 1.0_f64);
    for _ in 0..STEPS {
        let sum: f64 = distances.iter().map(|&d| (-beyond(d) / scale).exp()).sum();
        if (sum - aim).abs() < NEAR {
            break;
        }
        if sum > aim {
            high = scale;
            scale = f64::midpoint(low, high);
        } else {
            low = scale;
            scale = if high.is_finite() {
                f64::midpoint(low, high)
            } else {
                scale * 2.0
            };
        }
    }
    // As umap-learn bounds it: by the point's own distances, or by all where it has none.
    let own = mean(distances) * LEAST;
    let scale = scale.max(if nearest > 0.0 { own } else { floor });
    for (weight, &d) in weights.iter_mut().zip(distances) {
        let far = beyond(d);
        // Nothing is farther than the nearest: all are joined alike, whatever the scale.
        *weight = if far > 0.0 && scale > 0.0 {
            (-far / scale).exp() as f32
        } else {
            1.0
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memberships_sum_to_the_logarithm_of_their_number() {
        let distances = [0.1, 0.3, 0.35, 0.5, 0.8, 0.9, 1.0];
        let mut weights = [0.0; 7];
        memberships(&distances, 0.0, &mut weights);
        assert_eq!(weights[0], 1.0);
        assert!(
            (weights.iter().sum::<f32>() - 3.0).abs() < 1e-4,
            "{weights:?}"
        );
        assert!(weights.windows(2).all(|w| w[0] > w[1]));
    }

    #[test]
    fn duplicates_are_joined_fully_and_do_not_set_the_nearest() {
        let mut weights = [0.0; 3];
        memberships(&[0.0, 0.2, 0.4], 1e-3, &mut weights);
        assert_eq!(weights[..2], [1.0, 1.0]);
        assert!(weights[2] < 1.0);
        memberships(&[0.0, 0.0, 0.0], 0.0, &mut weights);
        assert_eq!(weights, [1.0; 3]);
    }

    #[test]
    fn the_union_is_symmetric_and_right() {
        // 0 -> 1 (0.5), 1 -> 2 (0.25), 2 -> 1 (1).
        let graph = Graph::united(3, 1, &[1, 2, 1], &[0.5, 0.25, 1.0], |a, b| a + b - a * b);
        assert_eq!(graph.of(0), (&[1][..], &[0.5][..]));
        assert_eq!(graph.of(1), (&[0, 2][..], &[0.5, 1.0][..]));
        assert_eq!(graph.of(2), (&[1][..], &[1.0][..]));
    }

    #[test]
    fn no_points_and_no_neighbours_are_a_graph_without_edges() {
        let none = Neighbours::default();
        assert_eq!(graph(&none, 1, 15).starts, [0, 0]);
        assert_eq!(graph(&none, 0, 15).starts, [0]);
    }
}
