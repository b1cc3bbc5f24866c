//! Which points are joined, and how strongly: both layouts stand on it.

use rayon::prelude::*;

/// Symmetric, in compressed rows; in each row by ascending target.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Graph {
    /// The edges of point `i` are `starts[i]..starts[i + 1]`.
    pub starts: Vec<usize>,
    /// The other end of each.
    pub targets: Vec<u32>,
    /// How strong each is, in (0, 1].
    pub weights: Vec<f32>,
}

impl Graph {
    /// The targets and weights of `point`.
    pub fn of(&self, point: usize) -> (&[u32], &[f32]) {
        let range = self.starts[point]..self.starts[point + 1];
        (&self.targets[range.clone()], &self.weights[range])
    }

    /// Symmetric, of the directed edges `[points, k]` with their `weights`: `unite` says how strong an edge is that has
    /// the one weight there and the other one back (0 where there is none). It must not mind their order. Edges of 0
    /// are left out.
    pub fn united(
        points: usize,
        k: usize,
        rows: &[u32],
        weights: &[f32],
        unite: impl Fn(f32, f32) -> f32 + Sync,
    ) -> Self {
        let there = sorted(k, rows, weights);
        let back = turned(points, k, &there);
        let edges: Vec<Vec<(u32, f32)>> = (0..points)
            .into_par_iter()
            .map(|i| merged(&there[i * k..(i + 1) * k], back.of(i), &unite))
            .collect();
        let mut graph = Self {
            starts: Vec::with_capacity(points + 1),
            ..Self::default()
        };
        graph.starts.push(0);
        for own in edges {
            graph.targets.extend(own.iter().map(|e| e.0));
            graph.weights.extend(own.iter().map(|e| e.1));
            graph.starts.push(graph.targets.len());
        }
        graph
    }
}

/// Edges with their weights, each row by ascending target.
fn sorted(k: usize, rows: &[u32], weights: &[f32]) -> Vec<(u32, f32)> {
    let mut edges: Vec<(u32, f32)> = rows.iter().copied().zip(weights.iter().copied()).collect();
    if k > 0 {
        edges
            .par_chunks_mut(k)
            .for_each(|own| own.sort_unstable_by_key(|e| e.0));
    }
    edges
}

/// The same edges from their targets' side; each row is by ascending source, as the sources are read in order.
fn turned(points: usize, k: usize, edges: &[(u32, f32)]) -> Graph {
    let mut starts = vec![0; points + 1];
    for &(target, _) in edges {
        starts[target as usize + 1] += 1;
    }
    for i in 0..points {
        starts[i + 1] += starts[i];
    }
    let mut next = starts.clone();
    let mut graph = Graph {
        starts,
        targets: vec![0; edges.len()],
        weights: vec![0.0; edges.len()],
    };
    for (n, &(target, weight)) in edges.iter().enumerate() {
        let place = next[target as usize];
        next[target as usize] += 1;
        graph.targets[place] = (n / k) as u32;
        graph.weights[place] = weight;
    }
    graph
}

/// Both sides' edges of one point.
fn merged(
    there: &[(u32, f32)],
    (sources, weights): (&[u32], &[f32]),
    unite: impl Fn(f32, f32) -> f32,
) -> Vec<(u32, f32)> {
    let mut edges = Vec::with_capacity(there.len() + sources.len());
    let (mut a, mut b) = (0, 0);
    while a < there.len() || b < sources.len() {
        let left = there.get(a).map_or(u32::MAX, |e| e.0);
        let right = sources.get(b).copied().unwrap_or(u32::MAX);
        let target = left.min(right);
        let (mut forth, mut back) = (0.0, 0.0);
        if left == target {
            forth = there[a].1;
            a += 1;
        }
        if right == target {
            back = weights[b];
            b += 1;
        }
        let weight = unite(forth, back);
        if weight > 0.0 {
            edges.push((target, weight));
        }
    }
    edges
}
