//! Which of a query's candidates are taken.

use super::lists::{List, Lists};
use super::{Corpus, Distinct, MineOptions, Sampling, Unit};
use crate::compute::{Direction, Engine, Hit, TopK, philox};
use crate::error::Result;
use crate::retrieval::Side;
use crate::retrieval::doubt::Doubt;
use crate::task::Task;
use rayon::prelude::*;

/// Units looked at between two looks at the task.
const BLOCK: usize = 4096;

/// Everything that decides.
pub struct Selector<'a> {
    pub corpus: &'a Corpus<'a>,
    pub lists: Lists<'a>,
    pub side: Side,
    pub options: &'a MineOptions,
    pub doubt: Option<&'a Doubt<'a>>,
    pub units: &'a [Unit],
    /// Of a corpus that is part of a larger one: the numbers that images and texts have there.
    pub numbers: Option<[&'a [u32]; 2]>,
}

/// What a walk down a list found.
pub struct Found {
    /// What may be taken, in order of preference.
    pub hits: Vec<Hit>,
    /// More may follow in a longer list.
    pub short: bool,
}

impl Selector<'_> {
    /// Takes for every unit by itself.
    pub fn run(&self, engine: &dyn Engine, first: &Direction, task: &Task) -> Result<TopK> {
        let k = self.options.k;
        let mut out = TopK::empty(self.units.len(), k);
        let mut waiting: Vec<(usize, List)> = Vec::new();
        for (block, hits) in out.hits.chunks_mut(BLOCK * k).enumerate() {
            task.check()?;
            let from = block * BLOCK;
            let short: Vec<Option<List>> = hits
                .par_chunks_mut(k)
                .enumerate()
                .map(|(at, row)| {
                    let u = from + at;
                    let list = self.first_list(u, first);
                    let found = self.walk(u, &list, k);
                    row[..found.hits.len()].copy_from_slice(&found.hits);
                    found.short.then_some(list)
                })
                .collect();
            let short = short.into_iter().enumerate();
            waiting.extend(short.filter_map(|(at, list)| Some((from + at, list?))));
            task.add((hits.len() / k) as u64);
        }
        let mut page = first.negatives.k;
        while !waiting.is_empty() {
            page = self.next_page(page);
            task.begin("Looking further down", waiting.len() as u64);
            waiting = self.further(engine, waiting, page, task)?;
            let taken: Vec<Found> = waiting
                .par_iter()
                .map(|(u, list)| self.walk(*u, list, k))
                .collect();
            let mut rest = Vec::new();
            for ((u, list), found) in waiting.into_iter().zip(taken) {
                let row = out.row_mut(u);
                row.fill(Hit::NONE);
                row[..found.hits.len()].copy_from_slice(&found.hits);
                if found.short {
                    rest.push((u, list));
                }
            }
            waiting = rest;
        }
        Ok(out)
    }

    /// The list of unit `u` as the ranking left it.
    pub fn first_list(&self, u: usize, first: &Direction) -> List {
        let query = self.units[u].query as usize;
        if first.negatives.k == 0 {
            return List {
                hits: Vec::new(),
                floor: f32::INFINITY,
            };
        }
        self.lists.searched(query, first.negatives.row(query))
    }

    /// How many candidates to ask for after a look at `page` of them.
    pub fn next_page(&self, page: usize) -> usize {
        self.options.next_page(page, self.lists.both().1.rows())
    }

    /// Lengthens the lists of these units by a page each.
    pub fn further(
        &self,
        engine: &dyn Engine,
        waiting: Vec<(usize, List)>,
        page: usize,
        task: &Task,
    ) -> Result<Vec<(usize, List)>> {
        // A window counts every negative; without one, those above the bound of all filters are passed over.
        let most = |u: usize| match self.options.window() {
            Some(_) => f32::INFINITY,
            None => self.options.bounds(self.units[u].score).1,
        };
        let (places, mut lists): (Vec<usize>, Vec<(u32, List, f32)>) = waiting
            .into_iter()
            .map(|(u, list)| (u, (self.units[u].query, list, most(u))))
            .unzip();
        self.lists.extend(engine, &mut lists, page, task)?;
        Ok(places
            .into_iter()
            .zip(lists)
            .map(|(u, (_, list, _))| (u, list))
            .collect())
    }

    /// Walks down a list and takes up to `limit` candidates.
    pub fn walk(&self, u: usize, list: &List, limit: usize) -> Found {
        let (options, unit) = (self.options, self.units[u]);
        let (low, _) = options.bounds(unit.score);
        let window = options.window().unwrap_or(usize::MAX);
        let random = matches!(options.sampling, Sampling::Random { .. });
        let mut passed: Vec<Hit> = Vec::new();
        let wanted = if random {
            usize::MAX
        } else {
            options.range_min.saturating_add(limit)
        };
        let mut short = !list.is_whole();
        for (place, &hit) in list.hits.iter().enumerate() {
            if place >= window || hit.score < low || passed.len() >= wanted {
                short = false;
                break;
            }
            if options.passes(unit.score, hit.score) && self.fits(unit, hit, &passed) {
                passed.push(hit);
            }
        }
        // The list may end exactly where one of these is reached.
        short &= passed.len() < wanted && list.hits.len() < window && list.floor >= low;
        let mut hits = passed.split_off(options.range_min.min(passed.len()));
        if random {
            self.draw(u, &mut hits, limit);
        }
        Found { hits, short }
    }

    /// Keeps `limit` of the hits, drawn at random without replacement.
    fn draw(&self, u: usize, hits: &mut Vec<Hit>, limit: usize) {
        if hits.len() > limit {
            hits.sort_by_key(|hit| (self.lot(u, hit.index), hit.index));
            hits.truncate(limit);
            hits.sort_by(Hit::order);
        }
    }

    /// The lot that a candidate draws: the smallest are taken. It depends on seed, query, positive and candidate
    /// alone.
    pub fn lot(&self, u: usize, candidate: u32) -> u32 {
        let Sampling::Random { seed } = self.options.sampling else {
            return 0;
        };
        let unit = self.units[u];
        let side = usize::from(self.side == Side::Text);
        let number = |side: usize, row: u32| {
            self.numbers
                .map_or(row, |numbers| numbers[side][row as usize])
        };
        let query = number(side, unit.query);
        let [candidate, positive] = [candidate, unit.positive].map(|row| number(1 - side, row));
        let key = [seed as u32, (seed >> 32) as u32];
        philox([query, candidate, positive, side as u32], key)[0]
    }

    /// Is the candidate a negative at all, and does it say something new?
    fn fits(&self, unit: Unit, hit: Hit, before: &[Hit]) -> bool {
        let (image, caption) = match self.side {
            Side::Image => (unit.query, hit.index),
            Side::Text => (hit.index, unit.query),
        };
        let corpus = self.corpus;
        if corpus.confirmed.contains(&(image, caption)) {
            return false;
        }
        if let Some(wording) = corpus.wording {
            let same = |a: usize, b: usize| match self.options.distinct {
                Distinct::All => false,
                Distinct::Equal => wording.equal(a, b),
                Distinct::Near(part) => wording.equal(a, b) || wording.overlap(a, b) >= part,
            };
            let own = corpus.embedded.groups.range(image as usize);
            let repeats = self.side == Side::Image
                && before
                    .iter()
                    .any(|other| same(other.index as usize, caption as usize));
            if repeats || own.into_iter().any(|j| same(j, caption as usize)) {
                return false;
            }
        }
        self.doubt
            .is_none_or(|doubt| !doubt.is_doubtful(image, caption))
    }
}
