//! Spherical k-means (Dhillon and Modha, 2001) with k-means++ seeding, and the order in which similar clusters are
//! neighbours.

use crate::compute::{Embeddings, Engine};
use crate::error::Result;
use crate::task::Task;
use rayon::prelude::*;

/// Points that the centres are made from.
const SAMPLE: usize = 20_000;
/// Rounds, at most.
const ROUNDS: usize = 25;
/// The random numbers' seed: the same data always give the same clusters.
const SEED: u64 = 20_230_725;

/// Clusters of points.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Clusters {
    /// The cluster of each point; similar clusters have near numbers.
    pub of: Vec<u32>,
    /// Cosine of each point with the centre of its cluster.
    pub closeness: Vec<f32>,
    /// Clusters.
    pub count: usize,
}

/// Clusters `points` into `count` clusters (a number that suits their number where it is not given), from a fixed
/// seed. Centres are made from 20,000 points at most; every point is assigned to the nearest.
///
/// # Errors
/// A lost device, or cancellation.
pub fn clusters(
    engine: &dyn Engine,
    points: &Embeddings,
    count: Option<usize>,
    task: &Task,
) -> Result<Clusters> {
    let usual = ((points.rows() as f64 / 8.0).sqrt().round() as usize).clamp(2, 96);
    let count = count.unwrap_or(usual).clamp(1, points.rows().max(1));
    task.begin("Clustering the images", ROUNDS as u64 + 2);
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut rows: Vec<u32> = (0..points.rows() as u32).collect();
    random.shuffle(&mut rows);
    rows.truncate(SAMPLE.max(count));
    let sample = points.gather(&rows);
    let mut centres = seeds(&sample, count, &mut random, task)?;
    task.add(1);
    let mut before = Vec::new();
    for _ in 0..ROUNDS {
        let found = engine.top_k(&sample, &centres, 1, &task.quiet())?.hits;
        let of: Vec<u32> = found.iter().map(|hit| hit.index).collect();
        if of == before {
            break;
        }
        let closeness: Vec<f32> = found.iter().map(|hit| hit.score).collect();
        centres = means(&sample, &of, &closeness, count)?;
        before = of;
        task.add(1);
    }
    let order = chain(&centres);
    let centres = centres.gather(&order);
    let found = engine.top_k(points, &centres, 1, &task.quiet())?.hits;
    Ok(Clusters {
        of: found.iter().map(|hit| hit.index).collect(),
        closeness: found.iter().map(|hit| hit.score).collect(),
        count,
    })
}

/// k-means++ (Arthur and Vassilvitskii, 2007): each next centre is a point drawn with probability proportional to its
/// distance, `1 - cosine`, from the nearest so far.
fn seeds(
    points: &Embeddings,
    count: usize,
    random: &mut fastrand::Rng,
    task: &Task,
) -> Result<Embeddings> {
    let mut chosen = vec![random.u32(0..points.rows() as u32)];
    let mut distance = vec![f32::INFINITY; points.rows()];
    while chosen.len() < count {
        task.check()?;
        let last = chosen[chosen.len() - 1] as usize;
        distance.par_iter_mut().enumerate().for_each(|(i, d)| {
            *d = d.min((1.0 - points.dot(i, points, last)).max(0.0));
        });
        let total: f64 = distance.iter().map(|&d| f64::from(d)).sum();
        let mut left = random.f64() * total;
        let drawn = distance.iter().position(|&d| {
            left -= f64::from(d);
            left < 0.0
        });
        // Fewer different points than centres: any will do.
        let any = random.u32(0..points.rows() as u32);
        chosen.push(drawn.map_or(any, |i| i as u32));
    }
    Ok(points.gather(&chosen))
}

/// The mean direction of each cluster's points. An empty cluster gets the point that is farthest from its centre.
fn means(points: &Embeddings, of: &[u32], closeness: &[f32], count: usize) -> Result<Embeddings> {
    let dim = points.dim();
    let mut sums = vec![0.0_f64; count * dim];
    let mut sizes = vec![0_usize; count];
    for (i, &cluster) in of.iter().enumerate() {
        let cluster = cluster as usize;
        sizes[cluster] += 1;
        for (sum, &v) in sums[cluster * dim..].iter_mut().zip(points.row(i)) {
            *sum += f64::from(v);
        }
    }
    let mut farthest: Vec<usize> = (0..of.len()).collect();
    farthest.sort_by(|&a, &b| closeness[a].total_cmp(&closeness[b]).then(a.cmp(&b)));
    let mut farthest = farthest.into_iter();
    for cluster in (0..count).filter(|&c| sizes[c] == 0) {
        if let Some(i) = farthest.next() {
            for (sum, &v) in sums[cluster * dim..].iter_mut().zip(points.row(i)) {
                *sum = f64::from(v);
            }
        }
    }
    Embeddings::new(sums.into_iter().map(|v| v as f32).collect(), dim)
}

/// An order of the centres in which neighbours are similar: from the one least like the others always on to the most
/// similar one left, then parts turned round as long as that helps (2-opt).
fn chain(centres: &Embeddings) -> Vec<u32> {
    let n = centres.rows();
    let like: Vec<f32> = (0..n * n)
        .map(|at| centres.dot(at / n, centres, at % n))
        .collect();
    let pair = |a: usize, b: usize| like[a * n + b];
    let total = |a: usize| (0..n).map(|b| pair(a, b)).sum::<f32>();
    let mut left: Vec<usize> = (0..n).collect();
    let Some(first) = (0..n).min_by(|&a, &b| total(a).total_cmp(&total(b))) else {
        return Vec::new();
    };
    left.retain(|&c| c != first);
    let mut order = vec![first];
    let mut last = first;
    while let Some(next) = left
        .iter()
        .copied()
        .max_by(|&a, &b| pair(last, a).total_cmp(&pair(last, b)))
    {
        left.retain(|&c| c != next);
        order.push(next);
        last = next;
    }
    for _ in 0..50 {
        let mut better = false;
        for a in 1..n {
            for b in a + 1..n {
                let before = pair(order[a - 1], order[a])
                    + order.get(b + 1).map_or(0.0, |&c| pair(order[b], c));
                let after = pair(order[a - 1], order[b])
                    + order.get(b + 1).map_or(0.0, |&c| pair(order[a], c));
                if after > before + 1e-6 {
                    order[a..=b].reverse();
                    better = true;
                }
            }
        }
        if !better {
            break;
        }
    }
    order.into_iter().map(|c| c as u32).collect()
}
