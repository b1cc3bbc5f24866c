//! t-SNE: a layout whose distances, by a heavy-tailed curve, are as likely as the affinities of the embeddings (van der
//! Maaten and Hinton, JMLR 9, 2008), by gradient descent with all repulsions at once (see [`super::field`]).
//!
//! The same whatever the number of threads: every point sums its own forces in one order.

mod affinity;
mod descent;
mod field;
mod kernel;
mod pairs;
mod transform;

use crate::compute::mixed;
use crate::error::{Error, Result};
use crate::map::neighbours::Neighbours;
use crate::task::Task;
use affinity::affinities;
use descent::Descent;

/// How a map is laid out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Number of neighbours that count, softly; it takes three times as many nearest neighbours.
    pub perplexity: f32,
    /// Steps of the descent.
    pub iterations: usize,
    /// What attraction is multiplied by in the first quarter of the steps.
    pub exaggeration: f32,
    /// What the small random shifts of the start follow from.
    pub seed: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            perplexity: 30.0,
            iterations: 1000,
            exaggeration: 12.0,
            seed: 0,
        }
    }
}

impl Settings {
    /// Nearest neighbours that [`layout`] wants; with fewer the perplexity is lower.
    pub fn neighbours(&self) -> usize {
        (3.0 * self.perplexity).ceil().max(1.0) as usize
    }
}

/// Spread of the start along its first axis.
const START: f64 = 1e-4;
/// Random shifts of the start, by its spread.
const SHIFT: f64 = 0.01;
/// The least rate at which places follow the gradient.
const RATE: f32 = 200.0;

/// Lays out the points whose nearest neighbours are `neighbours`, from `start` (of any scale) on. `watch` sees the
/// layout about fifty times on the way.
///
/// # Errors
/// Neighbours or places that are not those of the points, a perplexity below 1, or cancellation.
pub fn layout(
    neighbours: &Neighbours,
    start: &[[f32; 2]],
    settings: &Settings,
    watch: &mut dyn FnMut(&[[f32; 2]]),
    task: &Task,
) -> Result<Vec<[f32; 2]>> {
    let points = start.len();
    neighbours.check_start(start)?;
    if !(settings.perplexity.is_finite() && settings.perplexity >= 1.0) {
        return Err(Error::request(
            format!("no map has a perplexity of {}", settings.perplexity),
            "Give a perplexity of 1 or more; 5 to 50 are usual.",
        ));
    }
    let graph = affinities(neighbours, points, f64::from(settings.perplexity));
    let mut descent = Descent::new(graph, scaled(start, settings.seed));
    let rate = (points as f32 / settings.exaggeration.max(1.0)).max(RATE);
    let iterations = settings.iterations;
    task.begin("Laying out the map", iterations as u64);
    for step in 0..iterations {
        task.check()?;
        let early = step < iterations / 4;
        descent.step(
            if early { settings.exaggeration } else { 1.0 },
            if early { 0.5 } else { 0.8 },
            rate,
        );
        task.add(1);
        if step % iterations.div_ceil(50) == 0 {
            watch(&descent.places);
        }
    }
    Ok(descent.places)
}

/// `start` about its centre with a spread of 1e-4 along the first axis, each point moved a little by chance: those at
/// one place would never part.
fn scaled(start: &[[f32; 2]], seed: u32) -> Vec<[f32; 2]> {
    let n = start.len().max(1) as f64;
    let centre = [0, 1].map(|a| start.iter().map(|p| f64::from(p[a])).sum::<f64>() / n);
    let off = |place: &[f32; 2], a: usize| f64::from(place[a]) - centre[a];
    let spread = (start.iter().map(|p| off(p, 0).powi(2)).sum::<f64>() / n).sqrt();
    let scale = if spread > 0.0 { START / spread } else { 0.0 };
    let chance = |i: usize, a: u32| {
        let drawn = mixed(seed ^ mixed((2 * i) as u32 + a));
        (f64::from(drawn) / f64::from(u32::MAX) - 0.5) * START * SHIFT
    };
    let moved = |(i, place): (usize, &[f32; 2])| {
        [0, 1].map(|a| (off(place, a) * scale + chance(i, a as u32)) as f32)
    };
    start.iter().enumerate().map(moved).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::neighbours::by_force;

    /// Points of three clusters in turn.
    fn clusters(points: usize) -> Vec<f32> {
        let mut random = fastrand::Rng::with_seed(3);
        let value = |i: usize| f32::from(u8::from(i % 8 == i / 8 % 3)) + 0.3 * random.f32();
        (0..8 * points).map(value).collect()
    }

    fn laid(data: &[f32], threads: usize) -> Vec<[f32; 2]> {
        let near = by_force(data, 8, 30);
        let start: Vec<[f32; 2]> = data.chunks(8).map(|row| [row[0], row[1]]).collect();
        let settings = Settings {
            perplexity: 10.0,
            iterations: 400,
            ..Settings::default()
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let run = || layout(&near, &start, &settings, &mut |_| {}, &Task::detached());
        pool.build().unwrap().install(run).unwrap()
    }

    #[test]
    fn clusters_stay_together_and_apart_and_threads_change_nothing() {
        let data = clusters(300);
        let map = laid(&data, 1);
        assert_eq!(map, laid(&data, 3));
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
            let map = laid(&vec![1.0; 8 * points], 2);
            assert_eq!(map.len(), points);
            assert!(map.iter().flatten().all(|v| v.is_finite()), "{map:?}");
        }
    }

    #[test]
    fn faults_and_cancellation_are_said() {
        let near = by_force(&[1.0, 0.0, 0.0, 1.0], 2, 1);
        let task = Task::detached();
        let run = |start: &[[f32; 2]], perplexity: f32| {
            let settings = Settings {
                perplexity,
                iterations: 10,
                ..Settings::default()
            };
            layout(&near, start, &settings, &mut |_| {}, &task)
        };
        assert!(run(&[[0.0; 2]; 3], 30.0).is_err());
        assert!(run(&[[f32::NAN, 0.0], [0.0, 0.0]], 30.0).is_err());
        assert!(run(&[[0.0; 2]; 2], 0.5).is_err());
        assert!(run(&[[0.0; 2]; 2], f32::NAN).is_err());
        assert!(run(&[[0.0; 2]; 2], 30.0).is_ok());
        task.cancel();
        assert!(run(&[[0.0; 2]; 2], 30.0).is_err_and(|e| e.is_cancelled()));
    }
}
