//! Mining some queries of a set from lists that are known, in a corpus that holds these queries and their candidates alone.

use super::balance::{Wishes, measure};
use super::lists::{List, Lists};
use super::select::Selector;
use super::{Corpus, MineOptions, Mined, Unit, units_of_images};
use crate::compute::{Hit, Ranking, TopK};
use crate::retrieval::Side;
use crate::retrieval::doubt::Doubt;
use rayon::prelude::*;

/// A part of a set: its corpus holds every image with all its captions that queries and lists name.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// The rows, words and decisions.
    pub corpus: &'a Corpus<'a>,
    /// Scores of pairs, and ranks and hardest negatives of what queries and lists name.
    pub ranking: &'a Ranking,
    /// The side of the queries.
    pub side: Side,
    /// Candidates in the whole set.
    pub candidates: usize,
    /// The numbers in the whole set of the corpus's images and of its captions, rising.
    pub numbers: [&'a [u32]; 2],
}

impl Part<'_> {
    /// What is mined for these queries, by their rows in the corpus.
    pub fn units(&self, options: &MineOptions, queries: &[u32]) -> Vec<Unit> {
        if self.side == Side::Image {
            let images = queries.iter().map(|&i| i as usize);
            return units_of_images(self.corpus, self.ranking, options.measured, images);
        }
        let groups = &self.corpus.embedded.groups;
        let of = |&j: &u32| Unit {
            query: j,
            positive: groups.owner(j as usize) as u32,
            score: self.ranking.pairs[j as usize],
        };
        queries.iter().map(of).collect()
    }

    fn lists(&self) -> Lists<'_> {
        Lists::new(self.corpus, self.side).among(self.candidates)
    }
}

/// The list of a query of which a search over the whole set kept `hits`.
pub fn listed(part: &Part<'_>, query: usize, hits: &[Hit]) -> List {
    part.lists().searched(query, hits)
}

/// The list of a query of which nothing is known but that `candidates` are worth a look: these alone, none of them a
/// positive.
pub fn given(part: &Part<'_>, query: usize, candidates: &[u32]) -> List {
    part.lists().of(query, candidates)
}

impl<'a> Part<'a> {
    fn selector(
        &'a self,
        options: &'a MineOptions,
        doubt: &'a Doubt<'a>,
        units: &'a [Unit],
    ) -> Selector<'a> {
        Selector {
            corpus: self.corpus,
            lists: self.lists(),
            side: self.side,
            options,
            doubt: Some(doubt).filter(|_| options.drop_doubtful),
            units,
            numbers: Some(self.numbers),
        }
    }
}

/// What was taken of lists.
pub struct Taken {
    /// Of every unit what it takes, hardest first; with a bound on the uses of a negative what it may take.
    pub mined: Mined,
    /// Of every unit: what may be asked of its list still.
    pub open: Vec<Open>,
    /// With a bound on the uses: of every unit its negatives in order of preference, each as what is preferred by
    /// (the smaller the better) and its place in `mined`.
    pub wishes: Vec<Vec<(f64, u32)>>,
}

/// What a longer list or a longer walk may find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// Nothing.
    Done,
    /// More, further down the list.
    Further,
    /// More, in a longer list.
    Short,
}

/// What a unit's list gave: negatives, whether more are needed, and what it may take in order.
type Walked = (Vec<Hit>, Open, Vec<(f64, u32)>);

/// Takes for every unit from its list; with a bound on the uses of a negative, `limit` of what it may take.
pub fn take(
    part: &Part<'_>,
    options: &MineOptions,
    doubt: &Doubt<'_>,
    units: Vec<Unit>,
    lists: &[List],
    limit: usize,
) -> Taken {
    let selector = part.selector(options, doubt, &units);
    let bounded = options.most_uses.is_some();
    let found: Vec<Walked> = (0..units.len())
        .into_par_iter()
        .map(|u| {
            if bounded {
                return wish(&selector, u, &lists[u], limit);
            }
            let found = selector.walk(u, &lists[u], options.k);
            let open = if found.short { Open::Short } else { Open::Done };
            (found.hits, open, Vec::new())
        })
        .collect();
    let widest = found.iter().map(|(hits, ..)| hits.len()).max();
    let mut negatives = TopK::empty(units.len(), widest.unwrap_or(0).max(1));
    let (mut open, mut wishes) = (Vec::new(), Vec::new());
    for (u, (hits, own, order)) in found.into_iter().enumerate() {
        negatives.row_mut(u)[..hits.len()].copy_from_slice(&hits);
        open.push(own);
        wishes.push(order);
    }
    let mined = Mined {
        side: part.side,
        units,
        negatives,
    };
    Taken {
        mined,
        open,
        wishes,
    }
}

/// What a unit may take, hardest first, and in which order it asks.
fn wish(
    selector: &Selector<'_>,
    u: usize,
    list: &List,
    limit: usize,
) -> (Vec<Hit>, Open, Vec<(f64, u32)>) {
    let Wishes { hits, short, more } = Wishes::of(selector, u, list, limit);
    let mut order: Vec<usize> = (0..hits.len()).collect();
    order.sort_by(|&a, &b| hits[a].order(&hits[b]));
    let mut places = vec![0; hits.len()];
    for (place, &at) in order.iter().enumerate() {
        places[at] = place as u32;
    }
    let asked = hits.iter().zip(&places);
    let wishes = asked.map(|(hit, &place)| (measure(selector, u, *hit), place));
    let open = match (short, more) {
        (true, _) => Open::Short,
        (false, true) => Open::Further,
        (false, false) => Open::Done,
    };
    let wishes = wishes.collect();
    (order.iter().map(|&at| hits[at]).collect(), open, wishes)
}
