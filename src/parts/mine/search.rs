//! Longer lists: queries whose lists ended too early are searched in the set, cut by cut.

use super::local::Miner;
use super::outcome::Waiting;
use crate::compute::{Embeddings, Engine, Hit, Search};
use crate::error::Result;
use crate::parts::plan::RankPlan;
use crate::parts::run::{FileMark, Run};
use crate::parts::stage::{Set, Want};
use crate::parts::state::{Arrays, Read};
use crate::retrieval::Side;
use crate::retrieval::mine::MineOptions;
use crate::task::Task;
use std::collections::BTreeSet;
use std::ops::Range;

/// Bytes of hits that one search may keep.
const ROOM: usize = 64 << 20;

/// A candidate with the score that orders it, as a product in float32, and the exact one.
#[derive(Debug, Clone, Copy)]
struct Kept {
    hit: Hit,
    exact: f32,
}

/// Of some queries the best candidates at their floors and below.
#[derive(Debug, Default)]
pub(super) struct Longer {
    /// Candidates kept for each.
    page: usize,
    of: Vec<Vec<Kept>>,
    /// Of each query which scores are closer than can be told apart.
    ties: Vec<f32>,
}

/// Highest score that counts: a window counts every negative; without one, those above the bound of all filters are
/// passed over.
fn most(options: &MineOptions, waiting: &Waiting) -> f32 {
    match options.window() {
        Some(_) => f32::INFINITY,
        None => options.bounds(waiting.unit.score).1,
    }
}

/// Searches these cuts of the other side for `page` candidates of each query.
///
/// # Errors
/// A part is missing or damaged; the engine fails; cancellation.
pub(super) fn search(
    (run, rank): (&Run, &RankPlan),
    miner: &mut Miner<'_>,
    engine: &dyn Engine,
    asking: &[&Waiting],
    (cuts, page): (Range<usize>, usize),
    task: &Task,
) -> Result<Longer> {
    let of_images = miner.side == Side::Image;
    let numbers: Vec<u32> = asking.iter().map(|w| w.unit.query).collect();
    let queries = rows(miner, &numbers)?;
    let own = numbers.iter().map(|&n| miner.positives(n));
    let own: Vec<Range<u32>> = own.collect::<Result<_>>()?;
    let set = Set::new(run, rank);
    let mut longer = Longer {
        page,
        of: vec![Vec::new(); numbers.len()],
        ties: vec![0.0; numbers.len()],
    };
    let workers = rayon::current_num_threads() + 1;
    let chunk = (ROOM / (page.max(1) * size_of::<Hit>() * workers)).max(1);
    task.begin("Looking further down", (cuts.len() * numbers.len()) as u64);
    for n in cuts {
        let want = if of_images { Want::Texts } else { Want::Images };
        let cut = set.load(rank.cut(of_images, n), want, task)?;
        let Some(candidates) = cut.rows else { continue };
        let first = if of_images {
            cut.first_text
        } else {
            cut.first_image
        };
        let within = first..first + candidates.rows();
        let at = |n: u32| (n as usize).clamp(within.start, within.end) - within.start;
        for from in (0..numbers.len()).step_by(chunk) {
            task.check()?;
            let part = from..(from + chunk).min(numbers.len());
            let without: Vec<Range<usize>> = own[part.clone()]
                .iter()
                .map(|own| at(own.start)..at(own.end))
                .collect();
            let at_most: Vec<f32> = part
                .clone()
                .map(|q| {
                    longer.ties[q] = queries.tie(q, &candidates);
                    let list = &asking[q].list;
                    list.floor.min(most(&miner.plan.options, asking[q])) + longer.ties[q]
                })
                .collect();
            let search = Search {
                k: page,
                without: &without,
                at_most: &at_most,
            };
            let asked = queries.slice(part.clone());
            let found = engine.search(&asked, &candidates, &search, &task.quiet())?;
            for (row, q) in part.clone().enumerate() {
                let new = found.row(row).iter().filter(|hit| hit.index != u32::MAX);
                longer.of[q].extend(new.map(|hit| Kept {
                    hit: Hit {
                        score: hit.score,
                        index: hit.index + first as u32,
                    },
                    exact: queries.dot(q, &candidates, hit.index as usize),
                }));
            }
            longer.cut_to_page(part.clone());
            task.add(part.len() as u64);
        }
    }
    Ok(longer)
}

impl Longer {
    /// Keeps the best of each of these queries.
    fn cut_to_page(&mut self, queries: Range<usize>) {
        for kept in &mut self.of[queries] {
            kept.sort_by(|a, b| a.hit.order(&b.hit));
            kept.truncate(self.page);
        }
    }

    /// Adds what was found for the same queries among other candidates.
    pub fn merge(&mut self, other: Self) {
        if self.of.is_empty() {
            *self = other;
            return;
        }
        for (own, more) in self.of.iter_mut().zip(other.of) {
            own.extend(more);
        }
        self.cut_to_page(0..self.of.len());
    }

    /// Goes on with the lists, in order: what was found below their floors, complete above the last of it where the page
    /// is full. `total`: candidates in all.
    pub fn lengthen<'a>(&self, lists: impl Iterator<Item = &'a mut Waiting>, total: usize) {
        for ((waiting, found), tie) in lists.zip(&self.of).zip(&self.ties) {
            let list = &mut waiting.list;
            let floor = match found.last() {
                Some(last) if found.len() == self.page && self.page < total => last.hit.score + tie,
                _ => f32::NEG_INFINITY,
            };
            let before = list.floor;
            let mut more: Vec<Hit> = found
                .iter()
                .map(|kept| Hit {
                    score: kept.exact,
                    index: kept.hit.index,
                })
                .filter(|hit| hit.score > floor && hit.score <= before)
                .collect();
            more.sort_by(Hit::order);
            list.hits.extend(more);
            list.floor = floor.min(before);
        }
    }

    /// The bytes of a file of it.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        let mut arrays = Arrays::default();
        let mut so_far = 0;
        let mut ends = vec![0_u64];
        ends.extend(self.of.iter().map(|kept| {
            so_far += kept.len() as u64;
            so_far
        }));
        let all = || self.of.iter().flatten();
        let real = |value: fn(&Kept) -> f32| -> Vec<f32> { all().map(value).collect() };
        let indices: Vec<u32> = all().map(|kept| kept.hit.index).collect();
        arrays.add("ends", &ends, 1);
        arrays.add("ties", &self.ties, 1);
        arrays.add("scores", &real(|kept| kept.hit.score), 1);
        arrays.add("exact", &real(|kept| kept.exact), 1);
        arrays.add("indices", &indices, 1);
        arrays.bytes()
    }

    /// Of a file of a search for `page` candidates each.
    ///
    /// # Errors
    /// It is missing or damaged.
    pub fn read(run: &Run, file: &FileMark, page: usize) -> Result<Self> {
        let bytes = run.read(file)?;
        let read = Read::of(file, &bytes)?;
        let ends: Vec<u64> = read.get("ends")?.0;
        let (scores, exact): (Vec<f32>, Vec<f32>) = (read.get("scores")?.0, read.get("exact")?.0);
        let indices: Vec<u32> = read.get("indices")?.0;
        let kept = |at: usize| {
            Some(Kept {
                hit: Hit {
                    score: *scores.get(at)?,
                    index: *indices.get(at)?,
                },
                exact: *exact.get(at)?,
            })
        };
        let of = ends.windows(2).map(|ends| {
            let own = ends[0] as usize..ends[1] as usize;
            own.filter_map(kept).collect()
        });
        Ok(Self {
            page,
            of: of.collect(),
            ties: read.get("ties")?.0,
        })
    }
}

/// The rows of these queries, in this order.
fn rows(miner: &mut Miner<'_>, numbers: &[u32]) -> Result<Embeddings> {
    let mut images = BTreeSet::new();
    for &n in numbers {
        images.insert(match miner.side {
            Side::Image => n,
            Side::Text => miner.whole.owner(n)?,
        });
    }
    let local = miner.whole.local(&images)?;
    let row = |&n: &u32| local.row(miner.side, n);
    let own: Vec<u32> = numbers.iter().filter_map(row).collect();
    let side = match miner.side {
        Side::Image => &local.embedded.images,
        Side::Text => &local.embedded.texts,
    };
    Ok(side.gather(&own))
}
