//! The hardest negatives of each query, as far down as they are needed: the first from the ranking, more by further
//! searches for those queries alone.
//!
//! Candidates are scored again in float64, so that what is mined does not depend on the engine or its tiles.

use super::Corpus;
use crate::compute::{Embeddings, Engine, Hit, Search};
use crate::error::Result;
use crate::retrieval::Side;
use crate::task::Task;
use rayon::prelude::*;

/// Bytes of hits that one search may keep.
const ROOM: usize = 64 << 20;

/// The hardest negatives of a query, hardest first.
#[derive(Debug, Clone)]
pub struct List {
    /// Complete above `floor`, but for what a search was told to pass over.
    pub hits: Vec<Hit>,
    /// Candidates at this score and below may be missing; negative infinity where none is.
    pub floor: f32,
}

impl List {
    /// Is nothing missing below?
    pub fn is_whole(&self) -> bool {
        self.floor == f32::NEG_INFINITY
    }
}

/// One direction's queries and candidates.
pub struct Lists<'a> {
    corpus: &'a Corpus<'a>,
    side: Side,
    /// Candidates in all, of which the corpus may hold some.
    total: usize,
}

impl<'a> Lists<'a> {
    /// Queries on `side`.
    pub fn new(corpus: &'a Corpus<'a>, side: Side) -> Self {
        let embedded = corpus.embedded;
        let total = match side {
            Side::Image => embedded.texts.rows(),
            Side::Text => embedded.images.rows(),
        };
        Self {
            corpus,
            side,
            total,
        }
    }

    /// In a corpus that holds some of `total` candidates.
    #[must_use]
    pub fn among(self, total: usize) -> Self {
        Self { total, ..self }
    }

    /// The queries' embeddings and the candidates'.
    pub fn both(&self) -> (&'a Embeddings, &'a Embeddings) {
        let embedded = self.corpus.embedded;
        match self.side {
            Side::Image => (&embedded.images, &embedded.texts),
            Side::Text => (&embedded.texts, &embedded.images),
        }
    }

    fn positives(&self, query: usize) -> std::ops::Range<usize> {
        match self.side {
            Side::Image => self.corpus.embedded.groups.range(query),
            Side::Text => {
                let owner = self.corpus.embedded.groups.owner(query);
                owner..owner + 1
            }
        }
    }

    /// These candidates alone, but for positives: nothing is missing of them.
    pub fn of(&self, query: usize, candidates: &[u32]) -> List {
        let (queries, all) = self.both();
        let positives = self.positives(query);
        let others = candidates
            .iter()
            .filter(|&&c| !positives.contains(&(c as usize)));
        let mut hits: Vec<Hit> = others
            .map(|&index| Hit {
                score: queries.dot(query, all, index as usize),
                index,
            })
            .collect();
        hits.sort_by(Hit::order);
        List {
            hits,
            floor: f32::NEG_INFINITY,
        }
    }

    /// What a search that kept `hits` says: complete above the last of them where the list is full.
    pub fn searched(&self, query: usize, hits: &[Hit]) -> List {
        let (queries, candidates) = self.both();
        let full = hits.last().is_some_and(|last| last.index != u32::MAX);
        let floor = match hits.last() {
            Some(last) if full && hits.len() < self.total => {
                last.score + queries.tie(query, candidates)
            }
            _ => f32::NEG_INFINITY,
        };
        let mut hits: Vec<Hit> = hits
            .iter()
            .filter(|hit| hit.index != u32::MAX)
            .map(|hit| Hit {
                score: queries.dot(query, candidates, hit.index as usize),
                index: hit.index,
            })
            .filter(|hit| hit.score > floor)
            .collect();
        hits.sort_by(Hit::order);
        List { hits, floor }
    }

    /// Goes on with `lists`: `k` more candidates each, from just above its floor or from `at_most` down where that
    /// is lower.
    ///
    /// # Errors
    /// A lost device, or cancellation.
    pub fn extend(
        &self,
        engine: &dyn Engine,
        lists: &mut [(u32, List, f32)],
        k: usize,
        task: &Task,
    ) -> Result<()> {
        let (queries, candidates) = self.both();
        let k = k.min(candidates.rows());
        let workers = rayon::current_num_threads() + 1;
        let chunk = (ROOM / (k * size_of::<Hit>() * workers)).max(1);
        for part in lists.chunks_mut(chunk) {
            let rows: Vec<u32> = part.iter().map(|(q, ..)| *q).collect();
            let without: Vec<_> = rows.iter().map(|&q| self.positives(q as usize)).collect();
            let at_most: Vec<f32> = part
                .iter()
                .map(|(q, list, most)| list.floor.min(*most) + queries.tie(*q as usize, candidates))
                .collect();
            let search = Search {
                k,
                without: &without,
                at_most: &at_most,
            };
            let found =
                engine.search(&queries.gather(&rows), candidates, &search, &task.quiet())?;
            part.par_iter_mut()
                .enumerate()
                .for_each(|(row, (q, list, _))| {
                    let more = self.searched(*q as usize, found.row(row));
                    let before = list.floor;
                    // What lies above the old floor is here already.
                    list.hits
                        .extend(more.hits.into_iter().filter(|hit| hit.score <= before));
                    list.floor = more.floor.min(before);
                });
        }
        Ok(())
    }
}
