//! Where the ranks and the hard negatives of a run lie: of all its queries, or of as many as are read in reasonable time.

use super::finished::{Finished, Negative};
use crate::compute::{Direction, Hit};
use crate::error::Result;
use crate::retrieval::structure::{Margins, margins};
use crate::retrieval::{Metrics, rank_bins, recall_curve};
use crate::task::Task;
use std::cmp::Ordering;
use std::collections::HashMap;

/// Queries of a side that are read at most, but for the rest of a range.
pub const MOST_QUERIES: usize = 2_000_000;

/// Queries with the smallest margins that are listed of each side.
pub const SMALLEST: usize = 1000;

/// Candidates that are listed as hubs of each side.
const HUBS: usize = 200;

/// Half the width of the band of the near misses.
const BAND: f32 = 0.02;

/// Which queries something is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Queries that were read.
    pub read: usize,
    /// Queries that were ranked.
    pub ranked: usize,
    /// Images or captions in all: more than were ranked where queries were drawn.
    pub all: usize,
}

impl Extent {
    /// Was every ranked query read?
    pub fn is_all(&self) -> bool {
        self.read == self.ranked
    }
}

/// A candidate that is the hardest negative of many queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hub {
    /// Its number.
    pub candidate: u32,
    /// Queries whose hardest negative it is.
    pub queries: usize,
    /// Those among them that rank it before every right one.
    pub won: usize,
}

/// What is told of the queries of one side.
#[derive(Debug, Clone, PartialEq)]
pub struct SideSurvey {
    /// Of which queries.
    pub extent: Extent,
    /// Their metrics.
    pub metrics: Metrics,
    /// Ranks, from a first to a last one, with their queries.
    pub ranks: Vec<(u32, u32, usize)>,
    /// Recall at each rank at which it rises, in per cent.
    pub recall: Vec<(u32, f64)>,
    /// The margins.
    pub margins: Margins,
    /// The candidates that are hardest negative of the most queries, most first.
    pub hubs: Vec<Hub>,
    /// Candidates that are the hardest negative of any query.
    pub candidates: usize,
    /// The queries of the smallest margins, smallest first.
    pub smallest: Vec<Negative>,
}

/// What is told of a run: of images as queries, and of captions.
#[derive(Debug, Clone, PartialEq)]
pub struct Survey {
    /// Images, captions.
    pub sides: [SideSurvey; 2],
}

/// Reads the merged ranges, evenly spread ones where there are more than `most` queries of a side.
///
/// # Errors
/// A range is missing or damaged; cancellation.
pub fn survey(finished: &Finished, most: usize, task: &Task) -> Result<Survey> {
    let wanted = [true, false].map(|of_images| chosen(finished, of_images, most));
    let ranges = wanted.iter().map(Vec::len).sum::<usize>();
    task.begin("Reading merged ranges", ranges as u64);
    let images = side(finished, true, &wanted[0], task)?;
    let texts = side(finished, false, &wanted[1], task)?;
    Ok(Survey {
        sides: [images, texts],
    })
}

/// The ranges of a side that are read: all, or evenly spread ones of about `most` queries.
fn chosen(finished: &Finished, of_images: bool, most: usize) -> Vec<usize> {
    let own = finished.ranges.iter().filter(|r| r.of_images == of_images);
    let own: Vec<_> = own.collect();
    let queries = finished.queries(of_images);
    if queries <= most {
        return own.iter().map(|range| range.n).collect();
    }
    let count = (own.len() * most / queries.max(1)).clamp(1, own.len());
    (0..count).map(|i| own[i * own.len() / count].n).collect()
}

/// What is gathered while ranges are read.
#[derive(Default)]
struct Gathered {
    direction: Direction,
    /// For each hardest negative its queries, and those that it won.
    hubs: HashMap<u32, (usize, usize)>,
    smallest: Vec<Negative>,
}

impl Gathered {
    fn add(&mut self, finished: &Finished, range: &crate::parts::merge::Range) {
        let direction = &mut self.direction;
        for q in 0..range.numbers.len() {
            let (hit, rank) = (range.seen.hardest[q], range.seen.above[q] + 1);
            direction.ranks.push(rank);
            direction.positive.push(finished.score(range.best[q]));
            direction.hardest.push(Hit {
                score: finished.score(hit.score),
                index: hit.index,
            });
            let Some(negative) = finished.negative(range, q) else {
                continue;
            };
            let hub = self.hubs.entry(hit.index).or_default();
            hub.0 += 1;
            hub.1 += usize::from(rank > 1);
            self.smallest.push(negative);
        }
        self.keep_smallest();
    }

    fn keep_smallest(&mut self) {
        if self.smallest.len() > SMALLEST {
            self.smallest.select_nth_unstable_by(SMALLEST, order);
            self.smallest.truncate(SMALLEST);
        }
    }
}

/// Smaller margins first, equal ones by the number of the query.
fn order(a: &Negative, b: &Negative) -> Ordering {
    let margins = a.margin().total_cmp(&b.margin());
    margins.then_with(|| a.query.cmp(&b.query))
}

fn side(finished: &Finished, of_images: bool, ranges: &[usize], task: &Task) -> Result<SideSurvey> {
    let mut gathered = Gathered::default();
    for &n in ranges {
        task.check()?;
        gathered.add(finished, &finished.range(n)?);
        task.add(1);
    }
    let Gathered {
        direction,
        hubs,
        mut smallest,
    } = gathered;
    smallest.sort_unstable_by(order);
    let candidates = hubs.len();
    let mut hubs: Vec<Hub> = hubs
        .into_iter()
        .map(|(candidate, (queries, won))| Hub {
            candidate,
            queries,
            won,
        })
        .collect();
    hubs.sort_unstable_by_key(|hub| (std::cmp::Reverse(hub.queries), hub.candidate));
    hubs.truncate(HUBS);
    Ok(SideSurvey {
        extent: Extent {
            read: direction.ranks.len(),
            ranked: finished.queries(of_images),
            all: finished.all(of_images),
        },
        metrics: Metrics::from_ranks(&direction.ranks),
        ranks: rank_bins(&direction.ranks),
        recall: recall_curve(&direction.ranks),
        margins: margins(&direction, BAND),
        hubs,
        candidates,
        smallest,
    })
}
