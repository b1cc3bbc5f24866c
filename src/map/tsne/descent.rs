//! The descent of t-SNE.

use super::field::Field;
use crate::map::graph::Graph;
use rayon::prelude::*;

/// Points that one task moves.
const CHUNK: usize = 128;
/// Forces computed at once: loops of this length become vectors.
const LANES: usize = 8;

/// The state of the descent.
pub(super) struct Descent {
    graph: Graph,
    /// Where the points are.
    pub places: Vec<[f32; 2]>,
    next: Vec<[f32; 2]>,
    /// The last move of each point, and what its rate is multiplied by.
    moves: Vec<[[f32; 2]; 2]>,
    repulsions: Vec<[f32; 2]>,
    field: Field,
}

impl Descent {
    /// From `places` on, by the affinities `graph`.
    pub fn new(graph: Graph, places: Vec<[f32; 2]>) -> Self {
        Self {
            graph,
            next: places.clone(),
            moves: vec![[[0.0; 2], [1.0; 2]]; places.len()],
            repulsions: vec![[0.0; 2]; places.len()],
            places,
            field: Field::default(),
        }
    }

    /// A quarter of the gradient of the divergence by the place of `point`, attraction times `exaggeration`, where all
    /// similarities sum to `total`.
    fn gradient(&self, point: usize, exaggeration: f32, total: f64) -> [f32; 2] {
        let pull = self.attraction(point);
        let push = self.repulsions[point];
        let likely = exaggeration / (2.0 * self.places.len() as f32);
        let share = (1.0 / total) as f32;
        [0, 1].map(|a| likely * pull[a] - share * push[a])
    }

    /// The sum over the neighbours of `point` of `affinity (place - other) / (1 + d^2)`.
    fn attraction(&self, point: usize) -> [f32; 2] {
        let own = self.places[point];
        let (targets, weights) = self.graph.of(point);
        let (mut x, mut y) = ([0.0_f32; LANES], [0.0_f32; LANES]);
        for (targets, given) in targets.chunks(LANES).zip(weights.chunks(LANES)) {
            let mut off = [[0.0_f32; LANES]; 2];
            let mut weights = [0.0_f32; LANES];
            for (lane, (&target, &weight)) in targets.iter().zip(given).enumerate() {
                let other = self.places[target as usize];
                off[0][lane] = own[0] - other[0];
                off[1][lane] = own[1] - other[1];
                weights[lane] = weight;
            }
            for lane in 0..LANES {
                let (dx, dy) = (off[0][lane], off[1][lane]);
                let force = weights[lane] / (1.0 + dx * dx + dy * dy);
                x[lane] += force * dx;
                y[lane] += force * dy;
            }
        }
        [x, y].map(|v| v.iter().sum())
    }

    /// One step: the last move goes on by `momentum`, and the gradient adds to it, more where it keeps its direction.
    pub fn step(&mut self, exaggeration: f32, momentum: f32, rate: f32) {
        let mut repulsions = std::mem::take(&mut self.repulsions);
        let total = self.field.repulsions(&self.places, &mut repulsions);
        self.repulsions = repulsions;
        let mut next = std::mem::take(&mut self.next);
        let mut moves = std::mem::take(&mut self.moves);
        next.par_chunks_mut(CHUNK)
            .zip(moves.par_chunks_mut(CHUNK))
            .enumerate()
            .for_each(|(chunk, (next, moves))| {
                for (i, (place, [last, gain])) in next.iter_mut().zip(moves).enumerate() {
                    let point = chunk * CHUNK + i;
                    let gradient = self.gradient(point, exaggeration, total);
                    for a in 0..2 {
                        let turns = last[a] * gradient[a] >= 0.0;
                        gain[a] = if turns { gain[a] * 0.8 } else { gain[a] + 0.2 }.max(0.01);
                        last[a] = momentum * last[a] - rate * gain[a] * gradient[a];
                        place[a] = self.places[point][a] + last[a];
                    }
                }
            });
        centre(&mut next);
        self.moves = moves;
        self.next = std::mem::replace(&mut self.places, next);
    }
}

/// Takes the mean off.
fn centre(places: &mut [[f32; 2]]) {
    let n = places.len().max(1) as f64;
    let mean = [0, 1].map(|a| (places.iter().map(|p| f64::from(p[a])).sum::<f64>() / n) as f32);
    for place in places {
        place[0] -= mean[0];
        place[1] -= mean[1];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::neighbours::by_force;
    use crate::map::tsne::affinity::affinities;

    #[test]
    fn the_gradient_is_that_of_the_divergence() {
        let mut random = fastrand::Rng::with_seed(1);
        let data: Vec<f32> = (0..60 * 8).map(|_| random.f32()).collect();
        let near = by_force(&data, 8, 30);
        let places: Vec<[f32; 2]> = (0..60)
            .map(|_| [4.0 * random.f32(), 4.0 * random.f32()])
            .collect();
        let graph = affinities(&near, 60, 10.0);
        let mut descent = Descent::new(graph.clone(), places.clone());
        let mut repulsions = vec![[0.0; 2]; 60];
        let total = descent.field.repulsions(&places, &mut repulsions);
        descent.repulsions = repulsions;
        // Up to what does not depend on the places.
        let divergence = |places: &[[f64; 2]]| {
            let similar = |i: usize, j: usize| {
                let [x, y] = [0, 1].map(|a| places[i][a] - places[j][a]);
                1.0 / (1.0 + x * x + y * y)
            };
            let pairs = (0..60 * 60)
                .map(|p| (p / 60, p % 60))
                .filter(|(i, j)| i != j);
            let all: f64 = pairs.map(|(i, j)| similar(i, j)).sum();
            let mut sum = 0.0;
            for i in 0..60 {
                let (targets, weights) = graph.of(i);
                for (&j, &weight) in targets.iter().zip(weights) {
                    sum -= f64::from(weight) / 120.0 * (similar(i, j as usize) / all).ln();
                }
            }
            sum
        };
        let wide: Vec<[f64; 2]> = places.iter().map(|p| p.map(f64::from)).collect();
        let mut most = 0.0_f64;
        let mut off = 0.0_f64;
        for point in 0..60 {
            let got = descent.gradient(point, 1.0, total);
            for a in 0..2 {
                let moved = |by: f64| {
                    let mut moved = wide.clone();
                    moved[point][a] += by;
                    divergence(&moved)
                };
                let right = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                most = most.max(right.abs());
                off = off.max((4.0 * f64::from(got[a]) - right).abs());
            }
        }
        assert!(off < 1e-3 * most, "{off} of {most}");
    }
}
