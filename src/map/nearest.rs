//! The nearest neighbours of every point, exactly, from the engine in use.

use super::Neighbours;
use crate::compute::{Embeddings, Engine, Hit, Search};
use crate::error::Result;
use crate::task::Task;

/// Points whose neighbours are looked for at a time.
const BLOCK: usize = 16_384;

/// The `k` nearest neighbours of each row of `points`, which have unit norm, by the cosine; fewer where there are fewer
/// points. Exact, in blocks: memory is the points and the answer.
///
/// # Errors
/// A lost device, or cancellation.
pub fn nearest(
    engine: &dyn Engine,
    points: &Embeddings,
    k: usize,
    task: &Task,
) -> Result<Neighbours> {
    let n = points.rows();
    let k = k.min(n.saturating_sub(1));
    let mut found = Neighbours {
        k,
        rows: Vec::with_capacity(n * k),
        distances: Vec::with_capacity(n * k),
    };
    if k == 0 {
        return Ok(found);
    }
    task.begin("Looking for the nearest neighbours", n as u64);
    for first in (0..n).step_by(BLOCK) {
        let last = (first + BLOCK).min(n);
        let queries = points.slice(first..last);
        let without: Vec<_> = (first..last).map(|i| i..i + 1).collect();
        let search = Search {
            k,
            without: &without,
            at_most: &[],
        };
        let top = engine.search(&queries, points, &search, &task.quiet())?;
        for (i, hits) in (first..last).zip(top.hits.chunks(k)) {
            let far = |hit: &Hit| {
                let gap = distance(points, i, hit.index as usize, hit.score);
                (gap, hit.index)
            };
            let mut near: Vec<(f32, u32)> = hits.iter().map(far).collect();
            near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            found.rows.extend(near.iter().map(|n| n.1));
            found.distances.extend(near.iter().map(|n| n.0));
        }
        task.add((last - first) as u64);
    }
    Ok(found)
}

/// The distance of two rows of unit norm whose cosine is `score`; near 1 that has lost the digits that count.
fn distance(points: &Embeddings, i: usize, j: usize, score: f32) -> f32 {
    if score < 0.999 {
        return (2.0 - 2.0 * f64::from(score)).sqrt() as f32;
    }
    let square = |(&a, &b): (&f32, &f32)| (f64::from(a) - f64::from(b)).powi(2);
    let both = points.row(i).iter().zip(points.row(j));
    both.map(square).sum::<f64>().sqrt() as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compute::Cpu;

    #[test]
    fn the_nearest_are_those_of_a_plain_search() {
        let mut random = fastrand::Rng::with_seed(3);
        let values = (0..60 * 8).map(|_| random.f32() - 0.5).collect();
        let points = Embeddings::new(values, 8).expect("whole rows");
        let found = nearest(&Cpu, &points, 7, &Task::detached()).expect("runs");
        assert_eq!((found.k, found.rows.len() / found.k.max(1)), (7, 60));
        for i in 0..60 {
            let gap = |j: usize| {
                let pairs = points.row(i).iter().zip(points.row(j));
                pairs
                    .map(|(a, b)| f64::from(a - b).powi(2))
                    .sum::<f64>()
                    .sqrt()
            };
            let mut all: Vec<usize> = (0..60).filter(|&j| j != i).collect();
            all.sort_by(|&a, &b| gap(a).total_cmp(&gap(b)));
            for (at, &right) in all[..7].iter().enumerate() {
                let (row, distance) = (found.rows[i * 7 + at], found.distances[i * 7 + at]);
                assert_eq!(row as usize, right);
                assert!((f64::from(distance) - gap(right)).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn few_points_have_few_neighbours_and_equal_ones_distance_0() {
        let engine = Cpu;
        let three = Embeddings::new(vec![1.0, 0.0, 1.0, 0.0, 0.0, 1.0], 2).expect("whole rows");
        let found = nearest(&engine, &three, 15, &Task::detached()).expect("runs");
        assert_eq!((found.k, &found.rows[..2]), (2, &[1, 2][..]));
        assert_eq!(found.distances[0], 0.0);
        assert!((found.distances[1] - 2.0_f32.sqrt()).abs() < 1e-6);
        let one = three.slice(0..1);
        let found = nearest(&engine, &one, 15, &Task::detached()).expect("runs");
        assert_eq!((found.k, found.rows.len() / found.k.max(1)), (0, 0));
    }
}
