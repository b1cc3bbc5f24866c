//! Mining some queries of a set from lists that are known, in a corpus that holds these queries and their candidates alone.

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

/// Takes for every unit from its list; the numbers of the units whose list ends before enough is found come with it.
pub fn take(
    part: &Part<'_>,
    options: &MineOptions,
    doubt: &Doubt<'_>,
    units: Vec<Unit>,
    lists: &[List],
) -> (Mined, Vec<usize>) {
    let selector = Selector {
        corpus: part.corpus,
        lists: part.lists(),
        side: part.side,
        options,
        doubt: Some(doubt).filter(|_| options.drop_doubtful),
        units: &units,
        numbers: Some(part.numbers),
    };
    let k = options.k;
    let mut negatives = TopK::empty(units.len(), k);
    let short: Vec<usize> = negatives
        .hits
        .par_chunks_mut(k)
        .enumerate()
        .filter_map(|(u, row)| {
            let found = selector.walk(u, &lists[u], k);
            row[..found.hits.len()].copy_from_slice(&found.hits);
            found.short.then_some(u)
        })
        .collect();
    let mined = Mined {
        side: part.side,
        units,
        negatives,
    };
    (mined, short)
}
