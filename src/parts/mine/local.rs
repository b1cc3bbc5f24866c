//! Some queries with the candidates of their lists: everything that decides about them.

use super::outcome::{Asked, Became, Claim, Waiting, key};
use super::standing::Standings;
use crate::compute::{Direction, Hit, Ranking, TopK};
use crate::dataset::export::Example;
use crate::dataset::{Decisions, Verdict};
use crate::error::{Error, Result};
use crate::parts::plan::MinePlan;
use crate::parts::stage::{Local, Whole};
use crate::retrieval::mine::{
    Corpus, Examples, Id, List, Mined, Open, Pairing, Part, Row, Taken, Unit, given, listed, take,
};
use crate::retrieval::{Bounds, Doubt, PairSet, Side, Wording};
use crate::task::Task;
use std::collections::BTreeSet;
use std::io::Write;
use std::ops::Range;

/// Queries whose candidates are in memory together, at most.
const TOGETHER: usize = 512;

/// What all queries of a side share.
pub(super) struct Miner<'a> {
    pub plan: &'a MinePlan,
    pub side: Side,
    pub whole: Whole<'a>,
    /// The ranking; `None` where candidates were given.
    pub standings: Option<Standings<'a>>,
    pub factor: f32,
    bounds: Bounds,
    decisions: Decisions,
}

impl<'a> Miner<'a> {
    /// For the queries of `side`.
    pub fn new(
        plan: &'a MinePlan,
        side: Side,
        whole: Whole<'a>,
        standings: Option<Standings<'a>>,
        factor: f32,
    ) -> Self {
        let mut decisions = Decisions::default();
        for (image, caption, verdict) in &plan.decisions {
            decisions.set(image, caption, Some(*verdict));
        }
        Self {
            plan,
            side,
            whole,
            standings,
            factor,
            bounds: Bounds::with_learnt(plan.learnt.clone()),
            decisions,
        }
    }

    /// Mines for these queries; an entry for each unit, in order. With a bound on the uses of a negative, `limit` of what
    /// each may take.
    ///
    /// # Errors
    /// A part cannot be read; cancellation.
    pub fn mine(&mut self, asked: &[Asked], limit: usize, task: &Task) -> Result<Vec<Became>> {
        let local = self.local(asked)?;
        let ranking = self.ranking(asked, &local)?;
        let captions = local.dataset.as_ref().map(|dataset| &dataset.captions);
        let wording = captions.map(|c| Wording::new(c, task)).transpose()?;
        let decided = |verdict| {
            let dataset = local.dataset.as_ref();
            dataset.map_or_else(PairSet::default, |dataset| {
                self.decisions.rows(dataset, verdict)
            })
        };
        let (confirmed, rejected) = (decided(Verdict::Right), decided(Verdict::Wrong));
        let corpus = Corpus {
            embedded: &local.embedded,
            wording: wording.as_ref(),
            confirmed: &confirmed,
            rejected: &rejected,
        };
        let doubt = Doubt {
            corpus: &corpus,
            ranking: &ranking,
            bounds: &self.bounds,
        };
        let part = Part {
            corpus: &corpus,
            ranking: &ranking,
            side: self.side,
            candidates: self.plan.candidates(self.side),
            numbers: [&local.images, &local.texts],
        };
        let (units, lists) = self.units(asked, &local, &part)?;
        let Taken {
            mined,
            open,
            wishes,
        } = take(&part, &self.plan.options, &doubt, units, &lists, limit);
        let bounded = self.plan.options.most_uses.is_some();
        let direction = match self.side {
            Side::Image => &ranking.i2t,
            Side::Text => &ranking.t2i,
        };
        let pairing = Pairing {
            mined: &mined,
            direction,
            doubt: &doubt,
        };
        let examples = Examples {
            side: self.side,
            measured: self.plan.options.measured,
            groups: &local.embedded.groups,
            pairs: &ranking.pairs,
            dataset: local.dataset.as_ref(),
        };
        let layout = self.plan.layout()?;
        (0..mined.units.len())
            .map(|u| {
                let mut became = Became::default();
                if open[u] != Open::Done {
                    became.waits = Some(Waiting {
                        short: open[u] == Open::Short,
                        ..self.waiting(mined.units[u], &lists[u], &local)
                    });
                }
                if bounded || became.waits.is_none() {
                    became.lines = match layout {
                        None => self.rows(&pairing, u, &local)?,
                        Some(_) => Self::examples(&examples, &mined, u)?,
                    };
                }
                let claim = |&(measure, place): &(f64, u32)| Claim {
                    key: key(measure),
                    place,
                    candidate: local.number(self.side.other(), mined.of(u)[place as usize].index),
                };
                became.claims = wishes[u].iter().map(claim).collect();
                Ok(became)
            })
            .collect()
    }

    /// The numbers of a query's positives.
    ///
    /// # Errors
    /// A part cannot be read.
    pub fn positives(&mut self, query: u32) -> Result<Range<u32>> {
        match self.side {
            Side::Image => self.whole.texts_of(query),
            Side::Text => self.whole.owner(query).map(|image| image..image + 1),
        }
    }

    /// Queries whose candidates, so many each, are in memory together: their rows with all captions of each image.
    pub fn together(&self, candidates: usize) -> usize {
        let [images, texts] = self.plan.size;
        let row = (self.whole.dim() * size_of::<f32>() * 2 + 200) as f64;
        let each = (1.0 + texts as f64 / images.max(1) as f64) * row;
        let room = self.plan.pace.memory as f64 / 4.0;
        ((room / (each * candidates.max(1) as f64)) as usize).clamp(1, TOGETHER)
    }

    /// Every image that queries and candidates need, with all its captions.
    fn local(&mut self, asked: &[Asked]) -> Result<Local> {
        let mut images = BTreeSet::new();
        let mut texts = BTreeSet::new();
        let (queries, candidates) = match self.side {
            Side::Image => (&mut images, &mut texts),
            Side::Text => (&mut texts, &mut images),
        };
        for one in asked {
            queries.insert(one.query());
            candidates.extend(one.candidates());
        }
        for text in texts {
            images.insert(self.whole.owner(text)?);
        }
        self.whole.local(&images)
    }

    /// The ranking, as far as these queries and their candidates go.
    fn ranking(&self, asked: &[Asked], local: &Local) -> Result<Ranking> {
        let queries: BTreeSet<u32> = asked.iter().map(Asked::query).collect();
        let candidates: BTreeSet<u32> = asked.iter().flat_map(Asked::candidates).collect();
        let of_text = self.side == Side::Text;
        let (images, texts) = if of_text {
            (candidates, queries)
        } else {
            (queries, candidates)
        };
        let Some(all) = &self.standings else {
            return Ok(Ranking {
                pairs: local.pairs.clone(),
                ..Ranking::default()
            });
        };
        let direction = |of_texts: bool, numbers: BTreeSet<u32>| -> Result<Direction> {
            let numbers: Vec<u32> = numbers.into_iter().collect();
            let count = if of_texts {
                local.texts.len()
            } else {
                local.images.len()
            };
            let mut found = Direction {
                ranks: vec![0; count],
                positive: vec![0.0; count],
                hardest: vec![Hit::NONE; count],
                negatives: TopK::default(),
            };
            let standings = all.of(of_texts, &numbers)?;
            for (number, standing) in numbers.into_iter().zip(standings) {
                let (row, other) = if of_texts {
                    (local.text(number), local.image(standing.hardest.index))
                } else {
                    (local.image(number), local.text(standing.hardest.index))
                };
                let Some(row) = row else { continue };
                let row = row as usize;
                found.ranks[row] = standing.rank;
                found.positive[row] = standing.positive * self.factor;
                found.hardest[row] = Hit {
                    score: standing.hardest.score * self.factor,
                    index: other.unwrap_or(u32::MAX),
                };
            }
            Ok(found)
        };
        Ok(Ranking {
            i2t: direction(false, images)?,
            t2i: direction(true, texts)?,
            pairs: local.pairs.clone(),
            ..Ranking::default()
        })
    }

    /// Units by their rows here, each with its list.
    fn units(
        &self,
        asked: &[Asked],
        local: &Local,
        part: &Part<'_>,
    ) -> Result<(Vec<Unit>, Vec<List>)> {
        let missing = || Error::plan("a query is not among the rows that were read for it");
        let query = |n| local.row(self.side, n).ok_or_else(missing);
        let other = |n| local.row(self.side.other(), n);
        let hits = |hits: &[Hit]| -> Vec<Hit> {
            let here = |hit: &Hit| Hit {
                score: hit.score,
                index: other(hit.index).unwrap_or(u32::MAX),
            };
            hits.iter().map(here).collect()
        };
        let (mut units, mut lists) = (Vec::new(), Vec::new());
        for one in asked {
            match one {
                Asked::Hits(number, found) => {
                    let row = query(*number)?;
                    let own = part.units(&self.plan.options, &[row]);
                    let list = listed(part, row as usize, &hits(found));
                    lists.extend(own.iter().map(|_| list.clone()));
                    units.extend(own);
                }
                Asked::Given(number, candidates) => {
                    let row = query(*number)?;
                    let here: Vec<u32> = candidates.iter().filter_map(|&n| other(n)).collect();
                    let own = part.units(&self.plan.options, &[row]);
                    let list = given(part, row as usize, &here);
                    lists.extend(own.iter().map(|_| list.clone()));
                    units.extend(own);
                }
                Asked::Unit(Waiting { unit, list, .. }) => {
                    units.push(Unit {
                        query: query(unit.query)?,
                        positive: other(unit.positive).ok_or_else(missing)?,
                        score: unit.score,
                    });
                    lists.push(List {
                        hits: hits(&list.hits),
                        floor: list.floor,
                    });
                }
            }
        }
        Ok((units, lists))
    }

    fn waiting(&self, unit: Unit, list: &List, local: &Local) -> Waiting {
        let other = self.side.other();
        let hits = list.hits.iter().map(|hit| Hit {
            score: hit.score,
            index: local.number(other, hit.index),
        });
        Waiting {
            unit: Unit {
                query: local.number(self.side, unit.query),
                positive: local.number(other, unit.positive),
                score: unit.score,
            },
            list: List {
                hits: hits.collect(),
                floor: list.floor,
            },
            short: false,
        }
    }

    /// A JSON object a line for each pair.
    fn rows(&self, pairing: &Pairing<'_>, u: usize, local: &Local) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        for &hit in pairing.mined.of(u) {
            let pair = pairing.pair(u, hit);
            let mut row = Row::new(&pair, self.side, local.dataset.as_ref());
            if local.dataset.is_none() {
                let number = |side, row| Id::Row(local.number(side, row));
                row.query = number(self.side, pair.query);
                row.positive = number(self.side.other(), pair.positive);
                row.negative = number(self.side.other(), pair.negative);
            }
            line(&mut out, &row)?;
        }
        Ok(out)
    }

    /// A JSON object a line for each example.
    fn examples(examples: &Examples<'_>, mined: &Mined, u: usize) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        if examples.dataset.is_none() {
            return Err(Error::plan(
                "examples to train on need names and captions, and only rows are known",
            ));
        }
        let made: Vec<Example> = examples.of(mined.units[u], mined.of(u));
        for example in &made {
            line(&mut out, example)?;
        }
        Ok(out)
    }
}

fn line(out: &mut Vec<u8>, value: &impl serde::Serialize) -> Result<()> {
    let written = serde_json::to_writer(&mut *out, value).map_err(std::io::Error::from);
    let ended = written.and_then(|()| out.write_all(b"\n"));
    ended.map_err(Error::io("write", "mined negatives".as_ref()))
}
