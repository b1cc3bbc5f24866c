//! Hard negatives: what the model nearly prefers to the right answer, or does.
//!
//! [`mine`] takes a ranking of the whole set, which holds the first of each query's hardest negatives, and looks
//! further down for those queries alone whose filters pass too few: memory stays the embeddings plus what is found.

mod balance;
mod examples;
mod known;
mod lists;
mod options;
mod rows;
mod select;

pub use super::corpus::Corpus;
pub use examples::Examples;
pub use known::{Open, Part, Taken, given, listed, take};
pub use lists::List;
pub use options::{Distinct, Measured, MineOptions, Sampling};
pub use rows::{Id, MinedPair, Pairing, Row};

use super::Side;
use super::doubt::Doubt;
use crate::compute::{Engine, Hit, Ranking, TopK};
use crate::error::Result;
use crate::task::Task;
use lists::Lists;
use select::Selector;

/// A query with the positive that its margins are measured from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    /// Row of the query.
    pub query: u32,
    /// Row of the positive, on the other side.
    pub positive: u32,
    /// Its score.
    pub score: f32,
}

/// The negatives of one direction.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mined {
    /// The side of the queries.
    pub side: Side,
    /// Queries (or pairs), in the order of their rows.
    pub units: Vec<Unit>,
    /// Negatives of each unit, hardest first, shape `[units, k]`; [`Hit::NONE`] where fewer pass. Scores are rounded
    /// from float64.
    pub negatives: TopK,
}

impl Mined {
    /// The negatives of unit `u`, hardest first.
    pub fn of(&self, u: usize) -> &[Hit] {
        let row = self.negatives.row(u);
        let real = row.iter().take_while(|hit| hit.index != u32::MAX).count();
        &row[..real]
    }

    /// Negatives in all.
    pub fn len(&self) -> usize {
        (0..self.units.len()).map(|u| self.of(u).len()).sum()
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Mines the negatives of one side's queries. `ranking` holds [`MineOptions::first_look`] or more negatives per
/// query, or fewer at the price of a second look.
///
/// For a query: its negatives by falling score (ties by row), at most [`MineOptions::window`] of them; those that
/// pass by score and margin, are not confirmed as right (nor doubtful, where asked) and say something new; without
/// the first `range_min`; of these the hardest `k`, or `k` at random.
///
/// # Errors
/// Options that nothing can satisfy, a lost device, or cancellation.
pub fn mine(
    engine: &dyn Engine,
    corpus: &Corpus<'_>,
    ranking: &Ranking,
    side: Side,
    options: &MineOptions,
    doubt: Option<&Doubt<'_>>,
    task: &Task,
) -> Result<Mined> {
    options.check()?;
    let units = units(corpus, ranking, side, options.measured);
    let selector = Selector {
        corpus,
        lists: Lists::new(corpus, side),
        side,
        options,
        doubt: doubt.filter(|_| options.drop_doubtful),
        units: &units,
        numbers: None,
    };
    let first = match side {
        Side::Image => &ranking.i2t,
        Side::Text => &ranking.t2i,
    };
    task.begin("Mining hard negatives", units.len() as u64);
    let negatives = match options.most_uses {
        None => selector.run(engine, first, task)?,
        Some(most) => balance::run(&selector, engine, first, most, task)?,
    };
    Ok(Mined {
        side,
        units,
        negatives,
    })
}

fn units(corpus: &Corpus<'_>, ranking: &Ranking, side: Side, measured: Measured) -> Vec<Unit> {
    let groups = &corpus.embedded.groups;
    let pair = |query: usize, positive: usize, caption: usize| Unit {
        query: query as u32,
        positive: positive as u32,
        score: ranking.pairs[caption],
    };
    if side == Side::Text {
        let owners = groups.owners().into_iter().enumerate();
        return owners.map(|(j, i)| pair(j, i as usize, j)).collect();
    }
    units_of_images(corpus, ranking, measured, 0..groups.images())
}

/// The units of some images.
fn units_of_images(
    corpus: &Corpus<'_>,
    ranking: &Ranking,
    measured: Measured,
    images: impl Iterator<Item = usize>,
) -> Vec<Unit> {
    let groups = &corpus.embedded.groups;
    let score = |j: &usize| ranking.pairs[*j];
    images
        .flat_map(|i| {
            let own = groups.range(i);
            let chosen = match measured {
                Measured::Each => own,
                // The first of equal ones.
                Measured::Best => one(own.rev().max_by(|a, b| score(a).total_cmp(&score(b)))),
                Measured::Lowest => one(own.min_by(|a, b| score(a).total_cmp(&score(b)))),
            };
            chosen.map(move |j| (i, j))
        })
        .map(|(i, j)| Unit {
            query: i as u32,
            positive: j as u32,
            score: ranking.pairs[j],
        })
        .collect()
}

fn one(row: Option<usize>) -> std::ops::Range<usize> {
    row.map_or(0..0, |j| j..j + 1)
}
