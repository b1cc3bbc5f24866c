//! k-means: centres seeded by k-means++ (Arthur and Vassilvitskii 2007), then rounds of Lloyd's.

use super::block::{Block, SIZE};
use super::dot::dot;
use super::gradients::Gradients;
use super::labels::Strata;
use super::sums::sums;
use crate::error::{Error, Result};
use crate::task::Task;
use rayon::prelude::*;

/// Rounds, at most.
const ROUNDS: usize = 100;

/// `count` strata of `points` with a low sum of squared distances to their means, the lowest of `starts` runs (at least
/// one): points are gradients, or rows ([`Gradients::of_rows`]). None is empty unless there are fewer distinct points.
///
/// # Errors
/// More strata than points, cancellation.
pub fn kmeans(
    points: &Gradients,
    count: usize,
    starts: usize,
    seed: u64,
    task: &Task,
) -> Result<Strata> {
    if count == 0 || count > points.len() {
        return Err(Error::request(
            format!(
                "{} pairs cannot be parted into {count} strata",
                points.len()
            ),
            format!("Choose from 1 to {} strata.", points.len()),
        ));
    }
    let starts = starts.max(1);
    task.begin("Grouping pairs by k-means", starts as u64);
    let order: Vec<u32> = (0..points.len() as u32).collect();
    let mut random = fastrand::Rng::with_seed(seed);
    let mut best: Option<(Strata, f64)> = None;
    for _ in 0..starts {
        let found = lloyd(points, &order, count, &mut random, task)?;
        if best.as_ref().is_none_or(|best| found.1 < best.1) {
            best = Some(found);
        }
        task.add(1);
    }
    best.map(|(strata, _)| strata).ok_or(Error::Cancelled)
}

/// One run: strata, and their sum of squared distances as of the last assignment.
fn lloyd(
    points: &Gradients,
    order: &[u32],
    count: usize,
    random: &mut fastrand::Rng,
    task: &Task,
) -> Result<(Strata, f64)> {
    let mut strata = Strata::new(seeds(points, order, count, random, task)?, count)?;
    let mut spread = f64::INFINITY;
    for round in 0..ROUNDS {
        let share = round as f64 / ROUNDS as f64;
        task.within(share, format!("round {}", round + 1));
        let (labels, sum) = assigned(points, order, &strata, task)?;
        spread = sum;
        if labels == strata.labels() {
            break;
        }
        strata = Strata::new(labels, count)?;
    }
    Ok((strata, spread))
}

/// The nearest of `count` points drawn by their squared distance from those drawn before.
fn seeds(
    points: &Gradients,
    order: &[u32],
    count: usize,
    random: &mut fastrand::Rng,
    task: &Task,
) -> Result<Vec<u32>> {
    let mut labels = vec![0; points.len()];
    let mut gaps = vec![f64::INFINITY; points.len()];
    let mut chosen = random.usize(..points.len());
    for k in 0..count {
        task.check()?;
        let centre = Block::new(points, &[chosen as u32]);
        let square = points.squares()[chosen];
        let parts = labels
            .par_chunks_mut(SIZE)
            .zip(gaps.par_chunks_mut(SIZE))
            .zip(order.par_chunks(SIZE));
        parts.for_each(|((labels, gaps), pairs)| {
            let products = Block::new(points, pairs).with(&centre);
            for (((label, gap), &n), product) in
                labels.iter_mut().zip(gaps).zip(pairs).zip(products)
            {
                let own = points.squares()[n as usize];
                let mut new = own - 2.0 * product + square;
                if new <= 1e-12 * (own + square) {
                    // Rounding: the same point.
                    new = 0.0;
                }
                if new < *gap {
                    (*gap, *label) = (new, k as u32);
                }
            }
        });
        let mut left = random.f64() * gaps.iter().sum::<f64>();
        let next = gaps.iter().position(|gap| {
            left -= gap;
            left < 0.0
        });
        match next {
            Some(next) => chosen = next,
            // All points lie on centres.
            None => break,
        }
    }
    Ok(labels)
}

/// The stratum whose mean is nearest to each point, and the sum of squared distances; strata that would be empty get the
/// points farthest from theirs.
fn assigned(
    points: &Gradients,
    order: &[u32],
    strata: &Strata,
    task: &Task,
) -> Result<(Vec<u32>, f64)> {
    let mut means = sums(points, strata, task)?;
    let parameters = points.parameters();
    let sizes = strata.sizes();
    for (mean, &size) in means.chunks_exact_mut(parameters).zip(&sizes) {
        for v in mean {
            *v /= size.max(1) as f64;
        }
    }
    let squares: Vec<f64> = means
        .chunks_exact(parameters)
        .zip(&sizes)
        .map(|(mean, &size)| match size {
            0 => f64::INFINITY,
            _ => dot(mean, mean),
        })
        .collect();
    let nearest = order.par_chunks(SIZE).map(|pairs| -> Result<_> {
        task.check()?;
        let block = Block::new(points, pairs);
        let mut products = vec![0.0; pairs.len()];
        let mut best = vec![(0_u32, f64::INFINITY); pairs.len()];
        for (k, mean) in means.chunks_exact(parameters).enumerate() {
            block.with_sum(mean, &mut products);
            for (best, product) in best.iter_mut().zip(&products) {
                let gap = squares[k] - 2.0 * product;
                if gap < best.1 {
                    *best = (k as u32, gap);
                }
            }
        }
        let gaps = best.iter().zip(pairs);
        let gaps = gaps.map(|(&(k, gap), &n)| (k, gap + points.squares()[n as usize]));
        Ok(gaps.collect::<Vec<(u32, f64)>>())
    });
    let nearest: Vec<Vec<(u32, f64)>> = nearest.collect::<Result<_>>()?;
    let (mut labels, gaps): (Vec<u32>, Vec<f64>) = nearest.into_iter().flatten().unzip();
    fill(&mut labels, &gaps, points.squares(), strata.count());
    Ok((labels, gaps.iter().sum()))
}

/// Gives each empty stratum the point farthest from its centre, of strata that keep one.
fn fill(labels: &mut [u32], gaps: &[f64], squares: &[f64], count: usize) {
    let mut sizes = vec![0_usize; count];
    for &label in &*labels {
        sizes[label as usize] += 1;
    }
    let empty: Vec<usize> = (0..count).filter(|&k| sizes[k] == 0).collect();
    if empty.is_empty() {
        return;
    }
    let mut far: Vec<usize> = (0..labels.len())
        .filter(|&n| gaps[n] > 1e-12 * squares[n])
        .collect();
    far.sort_by(|&a, &b| gaps[b].total_cmp(&gaps[a]));
    let mut far = far.into_iter();
    for k in empty {
        let Some(n) = far.find(|&n| sizes[labels[n] as usize] > 1) else {
            return;
        };
        sizes[labels[n] as usize] -= 1;
        labels[n] = k as u32;
        sizes[k] = 1;
    }
}
