//! The second round: queries whose lists ended too early are searched in the whole set, cut by cut, until enough is found.

use super::local::{Asked, Became, Miner, Waiting};
use super::task::TOGETHER;
use crate::compute::{Embeddings, Engine, Hit, Search};
use crate::error::Result;
use crate::parts::plan::RankPlan;
use crate::parts::run::Run;
use crate::parts::stage::{Set, Want};
use crate::retrieval::Side;
use crate::retrieval::mine::{List, MineOptions};
use crate::task::Task;
use std::collections::BTreeSet;
use std::ops::Range;

/// A candidate with the score that orders it, as a product in float32, and the exact one.
#[derive(Clone, Copy)]
struct Kept {
    hit: Hit,
    exact: f32,
}

/// Mines for units that wait; lines for each, in order. Reads the whole set once for each round.
///
/// # Errors
/// A part is missing or damaged; the engine fails; cancellation.
pub(super) fn further(
    run: &Run,
    rank: &RankPlan,
    miner: &mut Miner<'_>,
    engine: &dyn Engine,
    waiting: Vec<Waiting>,
    task: &Task,
) -> Result<Vec<Vec<u8>>> {
    let mut lines = vec![Vec::new(); waiting.len()];
    let mut left: Vec<(usize, Waiting)> = waiting.into_iter().enumerate().collect();
    let mut page = rank.k;
    let candidates = miner.plan.candidates(miner.side);
    while !left.is_empty() {
        page = miner
            .plan
            .options
            .next_page(page, candidates)
            .min(candidates);
        task.begin("Looking further down", left.len() as u64);
        lengthen(run, rank, miner, engine, &mut left, page, task)?;
        let mut rest = Vec::new();
        for part in left.chunks(TOGETHER) {
            task.check()?;
            let asked: Vec<Asked> = part.iter().map(|(_, w)| Asked::Unit(w.clone())).collect();
            for ((at, _), became) in part.iter().zip(miner.mine(&asked, task)?) {
                match became {
                    Became::Lines(own) => lines[*at] = own,
                    Became::Waits(waiting) => rest.push((*at, waiting)),
                }
            }
            task.add(part.len() as u64);
        }
        left = rest;
    }
    Ok(lines)
}

/// Highest score that counts: a window counts every negative; without one, those above the bound of all filters are
/// passed over.
fn most(options: &MineOptions, waiting: &Waiting) -> f32 {
    match options.window() {
        Some(_) => f32::INFINITY,
        None => options.bounds(waiting.unit.score).1,
    }
}

/// Lengthens the lists by `page` candidates each, from the floor down.
fn lengthen(
    run: &Run,
    rank: &RankPlan,
    miner: &mut Miner<'_>,
    engine: &dyn Engine,
    left: &mut [(usize, Waiting)],
    page: usize,
    task: &Task,
) -> Result<()> {
    let of_images = miner.side == Side::Image;
    let numbers: Vec<u32> = left.iter().map(|(_, w)| w.unit.query).collect();
    let queries = rows(miner, &numbers)?;
    let own: Vec<Range<u32>> = numbers
        .iter()
        .map(|&n| {
            if of_images {
                miner.whole.texts_of(n)
            } else {
                miner.whole.owner(n).map(|i| i..i + 1)
            }
        })
        .collect::<Result<_>>()?;
    let set = Set::new(run, rank);
    let [images, texts] = rank.cuts.counts();
    let mut kept: Vec<Vec<Kept>> = vec![Vec::new(); numbers.len()];
    let mut ties = vec![0.0; numbers.len()];
    for n in 0..if of_images { texts } else { images } {
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
        let without: Vec<Range<usize>> = own.iter().map(|own| at(own.start)..at(own.end)).collect();
        let at_most: Vec<f32> = left
            .iter()
            .enumerate()
            .map(|(q, (_, w))| {
                ties[q] = queries.tie(q, &candidates);
                w.list.floor.min(most(&miner.plan.options, w)) + ties[q]
            })
            .collect();
        let search = Search {
            k: page,
            without: &without,
            at_most: &at_most,
        };
        let found = engine.search(&queries, &candidates, &search, &task.quiet())?;
        for (q, kept) in kept.iter_mut().enumerate() {
            let new = found.row(q).iter().filter(|hit| hit.index != u32::MAX);
            kept.extend(new.map(|hit| Kept {
                hit: Hit {
                    score: hit.score,
                    index: hit.index + first as u32,
                },
                exact: queries.dot(q, &candidates, hit.index as usize),
            }));
            kept.sort_by(|a, b| a.hit.order(&b.hit));
            kept.truncate(page);
        }
    }
    let total = miner.plan.candidates(miner.side);
    for (q, (_, waiting)) in left.iter_mut().enumerate() {
        extend(&mut waiting.list, &kept[q], page, total, ties[q]);
    }
    Ok(())
}

/// Goes on with a list: what was found below its floor, complete above the last of it where the page is full.
fn extend(list: &mut List, found: &[Kept], page: usize, total: usize, tie: f32) {
    let floor = match found.last() {
        Some(last) if found.len() == page && page < total => last.hit.score + tie,
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
    let own: Vec<u32> = numbers
        .iter()
        .filter_map(|&n| match miner.side {
            Side::Image => local.image(n),
            Side::Text => local.text(n),
        })
        .collect();
    let side = match miner.side {
        Side::Image => &local.embedded.images,
        Side::Text => &local.embedded.texts,
    };
    Ok(side.gather(&own))
}
