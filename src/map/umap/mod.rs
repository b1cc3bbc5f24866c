//! UMAP: a layout in which joined points are near and random others are not (`McInnes`, Healy and Melville, arXiv
//! 1802.03426).
//!
//! Where umap-learn samples the edges and moves both ends of one at a time, here every point moves itself once an epoch:
//! by all of its edges, each as strongly as it would be sampled, and by random others, as they all were at the end of
//! the epoch before. Its step towards its neighbours ends at their weighted mean at most, as the moves of many edges at
//! once would throw it past them. On Flickr8k this keeps more of the neighbourhoods than edge after edge does. Which
//! others are drawn follows from a hash of seed, epoch, point and count: the layout is the same whatever the number of
//! threads, and an epoch is what one thread per point of a GPU would compute.

mod curve;
mod fuzzy;

use crate::compute::{Attraction, Edges, Engine, mixed};
use crate::error::Result;
use crate::map::graph::Graph;
use crate::map::neighbours::Neighbours;
use crate::task::Task;
use curve::fitted;
use fuzzy::graph;

/// How a map is laid out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Nearest neighbours that each point is joined to.
    pub neighbours: usize,
    /// How near points may lie on the map.
    pub min_dist: f32,
    /// The distance at which membership fades.
    pub spread: f32,
    /// Passes over the edges; 0: 300 up to 10,000 points, else 200.
    pub epochs: usize,
    /// Random points that repel, per sample of an edge that attracts.
    pub negatives: u32,
    /// Step of the first epoch; it falls to 0.
    pub rate: f32,
    /// What random numbers follow from.
    pub seed: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            neighbours: 15,
            min_dist: 0.1,
            spread: 1.0,
            epochs: 0,
            negatives: 5,
            rate: 1.0,
            seed: 0,
        }
    }
}

impl Settings {
    /// The epochs that `points` points take.
    fn passes(&self, points: usize) -> usize {
        match self.epochs {
            0 if points <= 10_000 => 300,
            0 => 200,
            given => given,
        }
    }
}

/// How far the start reaches from its centre.
const REACH: f32 = 10.0;

/// Lays out the points whose nearest neighbours are `neighbours`, from `start` (of any scale) on. `watch` sees the
/// layout about fifty times on the way.
///
/// # Errors
/// Neighbours or places that are not those of the points, settings that fit no curve, or cancellation.
pub fn layout(
    engine: &dyn Engine,
    neighbours: &Neighbours,
    start: &[[f32; 2]],
    settings: &Settings,
    watch: &mut dyn FnMut(&[[f32; 2]]),
    task: &Task,
) -> Result<Vec<[f32; 2]>> {
    let points = start.len();
    neighbours.check_start(start)?;
    let curve = fitted(settings.min_dist, settings.spread)?;
    let graph = shares(graph(neighbours, points, settings.neighbours));
    let epochs = settings.passes(points);
    let problem = Attraction {
        edges: Edges {
            starts: &graph.starts,
            targets: &graph.targets,
            shares: &graph.weights,
        },
        curve,
        epochs,
        rate: settings.rate,
        negatives: settings.negatives as f32,
        seed: settings.seed,
    };
    task.begin("Laying out the map", epochs as u64);
    engine.attract(&problem, scattered(start, settings.seed), watch, task)
}

/// Weights as shares of the largest: how often umap-learn would sample an edge.
fn shares(mut graph: Graph) -> Graph {
    let most = graph.weights.iter().copied().fold(0.0, f32::max);
    graph.weights.iter_mut().for_each(|weight| *weight /= most);
    graph
}

/// `start`, brought to a reach of 10 around its centre, and each point moved a little by chance: those at one place
/// would attract each other nowhere.
fn scattered(start: &[[f32; 2]], seed: u32) -> Vec<[f32; 2]> {
    let n = start.len().max(1) as f64;
    let centre = [0, 1].map(|a| start.iter().map(|p| f64::from(p[a])).sum::<f64>() / n);
    let off = |place: &[f32; 2], a: usize| f64::from(place[a]) - centre[a];
    let reach = start
        .iter()
        .flat_map(|p| [off(p, 0).abs(), off(p, 1).abs()])
        .fold(0.0, f64::max);
    let scale = if reach > 0.0 {
        f64::from(REACH) / reach
    } else {
        0.0
    };
    let chance = |i: usize, a: u32| {
        let drawn = mixed(seed ^ mixed((2 * i) as u32 + a));
        (drawn as f32 / u32::MAX as f32 - 0.5) * REACH * 1e-3
    };
    let moved = |(i, place): (usize, &[f32; 2])| {
        [0, 1].map(|a| (off(place, a) * scale) as f32 + chance(i, a as u32))
    };
    start.iter().enumerate().map(moved).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compute::Cpu;
    use crate::map::neighbours::by_force;

    /// Three clusters on a line of directions, and their first coordinates as a start.
    fn clusters(each: usize) -> (Vec<f32>, Vec<[f32; 2]>) {
        let mut random = fastrand::Rng::with_seed(3);
        let mut data = Vec::new();
        for i in 0..3 * each {
            let row: Vec<f32> = (0..8)
                .map(|a| f32::from(u8::from(a == i % 3)) + 0.3 * (random.f32() - 0.5))
                .collect();
            data.extend(row);
        }
        let start = data.chunks(8).map(|row| [row[0], row[1]]).collect();
        (data, start)
    }

    fn laid(data: &[f32], start: &[[f32; 2]], threads: usize) -> Vec<[f32; 2]> {
        let near = by_force(data, 8, 15);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let run = || {
            let task = Task::detached();
            layout(&Cpu, &near, start, &Settings::default(), &mut |_| {}, &task).unwrap()
        };
        pool.build().unwrap().install(run)
    }

    #[test]
    fn clusters_stay_together_and_apart_and_threads_change_nothing() {
        let (data, start) = clusters(100);
        let map = laid(&data, &start, 1);
        assert_eq!(map, laid(&data, &start, 3));
        let distance = |i: usize, j: usize| {
            let [x, y] = [0, 1].map(|a| map[i][a] - map[j][a]);
            x.hypot(y)
        };
        for i in 0..map.len() {
            let nearest = (0..map.len())
                .filter(|&j| j != i)
                .min_by(|&a, &b| distance(i, a).total_cmp(&distance(i, b)));
            assert_eq!(nearest.unwrap() % 3, i % 3);
        }
    }

    #[test]
    fn few_and_equal_points_have_places() {
        for points in [0, 1, 2, 3, 40] {
            let data = vec![1.0; points * 8];
            let map = laid(&data, &vec![[0.0; 2]; points], 2);
            assert_eq!(map.len(), points);
            assert!(map.iter().flatten().all(|v| v.is_finite()), "{map:?}");
        }
    }

    #[test]
    fn faults_and_cancellation_are_said() {
        let near = by_force(&[1.0, 0.0, 0.0, 1.0], 2, 1);
        let (settings, task) = (Settings::default(), Task::detached());
        let mut seen = 0;
        let mut watch = |_: &[[f32; 2]]| seen += 1;
        assert!(layout(&Cpu, &near, &[[0.0; 2]; 3], &settings, &mut watch, &task).is_err());
        let start = [[f32::NAN, 0.0], [0.0, 0.0]];
        assert!(layout(&Cpu, &near, &start, &settings, &mut watch, &task).is_err());
        assert!(layout(&Cpu, &near, &[[0.0; 2]; 2], &settings, &mut watch, &task).is_ok());
        task.cancel();
        let cancelled = layout(&Cpu, &near, &[[0.0; 2]; 2], &settings, &mut watch, &task);
        assert!(cancelled.is_err_and(|e| e.is_cancelled()));
        assert_eq!(seen, 50);
    }
}
