//! Pools of pairs, and the hardest negatives in them.

use super::pairs::{Pairs, Unit};
use crate::compute::{Factor, multiply};
use crate::error::Result;
use crate::task::Task;
use rayon::prelude::*;

/// Rows of scores that are looked through at a time.
const ROWS: usize = 128;

/// The hardest negatives of a pair.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hard {
    /// Score of the pair itself.
    pub(super) own: f64,
    /// The pair whose caption scores highest with this one's image, with that score.
    pub(super) text: Option<(u32, f64)>,
    /// The pair whose image scores highest with this one's caption.
    pub(super) image: Option<(u32, f64)>,
}

/// Pool k holds the pairs that are the k-th of their image.
pub(super) fn pools(owners: &[u32], images: usize) -> Vec<Vec<u32>> {
    let mut seen = vec![0_usize; images];
    let mut pools: Vec<Vec<u32>> = Vec::new();
    for (n, &image) in owners.iter().enumerate() {
        let place = &mut seen[image as usize];
        if *place == pools.len() {
            pools.push(Vec::new());
        }
        pools[*place].push(n as u32);
        *place += 1;
    }
    pools
}

/// The best so far, by place in the pool; the first of equals.
type Best = Option<(u32, f64)>;

fn better(best: Best, place: usize, score: f64) -> Best {
    match best {
        Some((_, high)) if score <= high => best,
        _ => Some((place as u32, score)),
    }
}

/// What a block of rows says: own scores and best columns of its rows, best row of each column.
type Part = (Vec<(f64, Best)>, Vec<Best>);

/// The hardest negatives of the pairs of `pool`, in its order.
///
/// # Errors
/// Cancellation.
pub(super) fn hardest(
    pool: &[u32],
    unit: &Unit<'_>,
    pairs: &Pairs<'_>,
    task: &Task,
) -> Result<Vec<Hard>> {
    let images: Vec<f64> = pool
        .iter()
        .flat_map(|&n| unit.image(pairs.owners[n as usize]))
        .copied()
        .collect();
    let texts: Vec<f64> = pool.iter().flat_map(|&n| unit.text(n)).copied().collect();
    let left_out = left_out(pool, pairs);
    let one = |(at, rows): (usize, &[f64])| -> Result<Part> {
        task.check()?;
        let first = at * ROWS;
        let mut scores = vec![0.0; rows.len() / unit.outputs * pool.len()];
        multiply(
            Factor::new(rows, unit.outputs),
            Factor::new(&texts, unit.outputs).transposed(),
            &mut scores,
            false,
        );
        let mut columns: Vec<Best> = vec![None; pool.len()];
        let lines = scores.chunks_exact(pool.len()).enumerate();
        let lines = lines.map(|(r, line)| {
            let row = first + r;
            let from = left_out.partition_point(|&(i, _)| i < row as u32);
            let mut left_out = left_out[from..]
                .iter()
                .take_while(|&&(i, _)| i == row as u32)
                .map(|&(_, j)| j as usize)
                .peekable();
            let mut best = None;
            for (j, (&score, column)) in line.iter().zip(&mut columns).enumerate() {
                if left_out.next_if_eq(&j).is_none() {
                    best = better(best, j, score);
                    *column = better(*column, row, score);
                }
            }
            (line[row], best)
        });
        let lines = lines.collect();
        Ok((lines, columns))
    };
    let blocks = images.par_chunks(ROWS * unit.outputs).enumerate();
    let parts: Vec<Part> = blocks.map(one).collect::<Result<_>>()?;
    let mut columns: Vec<Best> = vec![None; pool.len()];
    for (_, part) in &parts {
        for (column, part) in columns.iter_mut().zip(part) {
            if let Some((row, score)) = *part {
                *column = better(*column, row as usize, score);
            }
        }
    }
    let pair = |best: Best| best.map(|(place, score)| (pool[place as usize], score));
    let rows = parts.iter().flat_map(|(rows, _)| rows).zip(&columns);
    let hard = rows.map(|(&(own, text), &image)| Hard {
        own,
        text: pair(text),
        image: pair(image),
    });
    Ok(hard.collect())
}

/// Places of the pool, image and caption, that are no negatives of one another: each pair itself, and what was confirmed.
/// Sorted.
fn left_out(pool: &[u32], pairs: &Pairs<'_>) -> Vec<(u32, u32)> {
    let mut all: Vec<(u32, u32)> = (0..pool.len() as u32).map(|n| (n, n)).collect();
    if !pairs.confirmed.is_empty() {
        let places: std::collections::HashMap<u32, u32> = pool
            .iter()
            .zip(0..)
            .map(|(&n, place)| (pairs.owners[n as usize], place))
            .collect();
        for &(image, pair) in pairs.confirmed {
            // A pool lists its pairs in rising order.
            let caption = pool.binary_search(&pair).ok();
            if let (Some(&row), Some(column)) = (places.get(&image), caption) {
                all.push((row, column as u32));
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}
