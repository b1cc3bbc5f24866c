//! Hubness: captions and images that are near everything, and win over the right one again and again.

use crate::compute::{Direction, Embeddings, Engine, Groups, Hit, RankOptions, TopK};
use crate::error::Result;
use crate::task::Task;

/// How often each candidate is among the `k` nearest of the queries: `N_k` of Radovanovic, Nanopoulos and Ivanovic
/// (JMLR 11, 2010).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Occurrence {
    /// Nearest candidates counted per query.
    pub k: usize,
    /// `N_k` of each candidate.
    pub counts: Vec<u32>,
    /// `E[(N_k - mean)^3] / sigma^3`, the population's; 0 where all are equal. Above 0 there are hubs.
    pub skewness: f64,
    /// Candidates that are among the nearest of no query.
    pub anti_hubs: usize,
    /// Mean of `N_k`.
    pub mean: f64,
    /// Largest `N_k`.
    pub most: u32,
    /// Candidates by `N_k`: the first bin counts those from 0 on, each is `bin_width` wide.
    pub bins: Vec<usize>,
    /// Width of a bin.
    pub bin_width: u32,
}

/// Bins of `N_k`, at most.
const BINS: u32 = 40;

impl Occurrence {
    /// The candidates with the largest `N_k`, ties by row.
    pub fn largest(&self, most: usize) -> Vec<(u32, u32)> {
        let mut order: Vec<u32> = (0..self.counts.len() as u32).collect();
        let count = |i: u32| self.counts[i as usize];
        order.sort_by(|&a, &b| count(b).cmp(&count(a)).then(a.cmp(&b)));
        order.truncate(most);
        order.into_iter().map(|i| (i, count(i))).collect()
    }
}

/// Counts the hits of `top`, the best candidates of each query, over `candidates` candidates.
pub fn occurrence(top: &TopK, candidates: usize) -> Occurrence {
    let mut counts = vec![0_u32; candidates];
    for hit in &top.hits {
        if let Some(count) = counts.get_mut(hit.index as usize) {
            *count += 1;
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let bin_width = (most + 1).div_ceil(BINS);
    let mut bins = vec![0; (most / bin_width + 1) as usize];
    for &count in &counts {
        bins[(count / bin_width) as usize] += 1;
    }
    let sum: u64 = counts.iter().map(|&n| u64::from(n)).sum();
    Occurrence {
        k: top.k,
        skewness: skewness(&counts),
        anti_hubs: counts.iter().filter(|&&n| n == 0).count(),
        mean: sum as f64 / candidates.max(1) as f64,
        most,
        bins,
        bin_width,
        counts,
    }
}

/// Skewness of the population `counts`, `m3 / m2^(3/2)` (what `scipy.stats.skew` computes); 0 where all are equal.
pub fn skewness(counts: &[u32]) -> f64 {
    let n = counts.len().max(1) as f64;
    let mean = counts.iter().map(|&c| f64::from(c)).sum::<f64>() / n;
    let moment = |power: i32| {
        let each = counts.iter().map(|&c| (f64::from(c) - mean).powi(power));
        each.sum::<f64>() / n
    };
    let variance = moment(2);
    if variance > 0.0 {
        moment(3) / variance.powf(1.5)
    } else {
        0.0
    }
}

/// `N_k` of both sides.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Neighbours {
    /// Of the captions, queried by images.
    pub texts: Occurrence,
    /// Of the images, queried by captions.
    pub images: Occurrence,
}

/// Counts how often each caption and image is among the `k` nearest of the other side: one pass over the similarity,
/// as for a ranking.
///
/// # Errors
/// Shapes that do not fit, a lost device, or cancellation.
pub fn neighbours(
    engine: &dyn Engine,
    images: &Embeddings,
    texts: &Embeddings,
    groups: &Groups,
    k: usize,
    task: &Task,
) -> Result<Neighbours> {
    let options = RankOptions { k, margin: None };
    let ranking = engine.rank(images, texts, groups, options, task)?;
    // The ranking keeps negatives; the right ones are neighbours too.
    let (mut of_images, mut of_texts) = (ranking.i2t.negatives, ranking.t2i.negatives);
    for image in 0..groups.images() {
        for text in groups.range(image) {
            let hit = |index: usize| Hit {
                score: ranking.pairs[text],
                index: index as u32,
            };
            of_images.offer(image, hit(text));
            of_texts.offer(text, hit(image));
        }
    }
    Ok(Neighbours {
        texts: occurrence(&of_images, texts.rows()),
        images: occurrence(&of_texts, images.rows()),
    })
}

/// A candidate that is somebody's hardest negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hub {
    /// Its row.
    pub item: u32,
    /// Queries that it wins: it is their hardest negative, and the right one does not rank first.
    pub wins: u32,
    /// Queries that it nearly wins: their hardest negative, within the band below the right one.
    pub near: u32,
    /// Queries whose hardest negative it is.
    pub hardest: u32,
}

/// The candidates that win or nearly win (within `band`) some query of `direction`: by wins, then near ones, then row.
pub fn hubs(direction: &Direction, candidates: usize, band: f32) -> Vec<Hub> {
    let mut all: Vec<Hub> = (0..candidates as u32)
        .map(|item| Hub {
            item,
            ..Hub::default()
        })
        .collect();
    for (q, hit) in direction.hardest.iter().enumerate() {
        if let Some(hub) = all.get_mut(hit.index as usize) {
            hub.hardest += 1;
            if direction.ranks[q] > 1 {
                hub.wins += 1;
            } else if direction.margin(q) < band {
                hub.near += 1;
            }
        }
    }
    all.retain(|h| h.wins > 0 || h.near > 0);
    all.sort_by(|a, b| (b.wins, b.near, a.item).cmp(&(a.wins, a.near, b.item)));
    all
}

/// The queries that `item` wins, by row.
pub fn lost_to(direction: &Direction, item: u32) -> Vec<u32> {
    (0..direction.ranks.len())
        .filter(|&q| direction.ranks[q] > 1 && direction.hardest[q].index == item)
        .map(|q| q as u32)
        .collect()
}
