//! What the workbench's jobs do.

use super::state::{NegativeSet, NegativesPlan, PairOrder, Regions, Why};
use crate::attack::caption::{Importance, Scene, importance};
use crate::attack::occlusion;
use crate::compute::{Embeddings, Engine, Hit, RankOptions, Ranking, Search};
use crate::dataset::Dataset;
use crate::desktop::core::{Embedded, SharedGuide, shared_guide};
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::retrieval::mine::{Corpus, MinedPair, Pairing, mine};
use crate::retrieval::relevance::{Confirmed, confirmed};
use crate::retrieval::{Bounds, Doubt, Evaluation, PairSet, Side, Wording};
use crate::runtime::Provider;
use crate::task::{Task, lock};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Cells along a side of the map of regions.
const CELLS: usize = 8;
/// Neighbours shown.
const NEIGHBOURS: usize = 5;

/// What does not change with the filters, once a job has made it.
pub type MiningCache = Arc<Mutex<Option<Arc<Known>>>>;

/// A ranking with hard negatives, and what tells which of them are doubtful.
pub struct Known {
    ranking: Ranking,
    wording: Wording,
    bounds: Bounds,
}

/// What a job of the workbench needs.
pub struct JobInputs {
    pub dataset: Arc<Dataset>,
    pub embedded: Embedded,
    pub engine: Arc<dyn Engine>,
    pub encoder: Option<Arc<Encoder>>,
    pub providers: Vec<Provider>,
    pub mining_cache: MiningCache,
    pub confirmed: PairSet,
    pub rejected: PairSet,
    /// Images that alone are shown.
    pub only: Option<BTreeSet<u32>>,
}

impl JobInputs {
    fn corpus<'a>(&'a self, wording: Option<&'a Wording>) -> Corpus<'a> {
        Corpus {
            embedded: &self.embedded,
            wording,
            confirmed: &self.confirmed,
            rejected: &self.rejected,
        }
    }

    /// The ranking with `look` negatives per query or more.
    fn known(&self, look: usize, task: &Task) -> Result<Arc<Known>> {
        let mut shared = lock(&self.mining_cache);
        let wide = |known: &Arc<Known>| {
            known.ranking.i2t.negatives.k >= look.min(self.dataset.captions.len())
        };
        if let Some(known) = shared.as_ref().filter(|known| wide(known)) {
            return Ok(Arc::clone(known));
        }
        let wording = Wording::new(&self.dataset.captions, task)?;
        let corpus = self.corpus(Some(&wording));
        let options = RankOptions {
            // A little more than asked for, so that the next filter finds it ready.
            k: look.max(24),
            margin: None,
        };
        let rows = &self.embedded;
        let (images, texts, groups) = (&rows.images, &rows.texts, &rows.groups);
        let ranking = self.engine.rank(images, texts, groups, options, task)?;
        let bounds = Bounds::learn(&corpus, task)?;
        let known = Arc::new(Known {
            ranking,
            wording,
            bounds,
        });
        *shared = Some(Arc::clone(&known));
        Ok(known)
    }

    /// Mines what `plan` asks for.
    pub fn mine(&self, plan: NegativesPlan, task: &Task) -> Result<NegativeSet> {
        let since = Instant::now();
        plan.options.check()?;
        let known = self.known(plan.options.first_look(), task)?;
        let corpus = self.corpus(Some(&known.wording));
        let doubt = Doubt {
            corpus: &corpus,
            ranking: &known.ranking,
            bounds: &known.bounds,
        };
        let (engine, ranking) = (&*self.engine, &known.ranking);
        let mined = mine(
            engine,
            &corpus,
            ranking,
            plan.side,
            &plan.options,
            Some(&doubt),
            task,
        )?;
        task.begin("Weighing pairs", mined.units.len() as u64);
        let pairing = Pairing {
            mined: &mined,
            direction: match plan.side {
                Side::Image => &ranking.i2t,
                Side::Text => &ranking.t2i,
            },
            doubt: &doubt,
        };
        let shown = |u: usize| {
            let query = mined.units[u].query;
            self.only.as_ref().is_none_or(|only| {
                only.contains(&match plan.side {
                    Side::Image => query,
                    Side::Text => self.embedded.groups.owner(query as usize) as u32,
                })
            })
        };
        let mut pairs: Vec<MinedPair> = (0..mined.units.len())
            .into_par_iter()
            .filter(|&u| shown(u))
            .flat_map_iter(|u| mined.of(u).iter().map(move |&hit| (u, hit)))
            .map(|(u, hit)| {
                task.check()?;
                Ok(pairing.pair(u, hit))
            })
            .collect::<Result<_>>()?;
        pairs.par_sort_by(|a, b| {
            let rows = |p: &MinedPair| (p.query, p.positive, p.negative);
            let (a_first, b_first) = match plan.order {
                PairOrder::Nearest => (a.margin().abs(), b.margin().abs()),
                PairOrder::Worst => (a.margin(), b.margin()),
            };
            a_first
                .total_cmp(&b_first)
                .then_with(|| rows(a).cmp(&rows(b)))
        });
        Ok(NegativeSet {
            plan,
            pairs,
            bounds: known.bounds.clone(),
            units: mined.units.len(),
            seconds: since.elapsed().as_secs_f64(),
        })
    }

    /// Why a pair is hard; `at` is its place, `margin` that of the losses.
    pub fn why(
        &self,
        side: Side,
        pair: &MinedPair,
        at: usize,
        margin: f32,
        guide: &SharedGuide,
        task: &Task,
    ) -> Result<Why> {
        let (own, other) = (
            rows_of(&self.embedded, side),
            rows_of(&self.embedded, side.other()),
        );
        let query = pair.query as usize;
        let groups = &self.embedded.groups;
        let positives = match side {
            Side::Image => groups.range(query),
            Side::Text => {
                let owner = groups.owner(query);
                owner..owner + 1
            }
        };
        task.begin("Weighing words", 0);
        let hardest = self.engine.search(
            &own.slice(query..query + 1),
            other,
            &Search {
                k: 1,
                without: std::slice::from_ref(&positives),
                at_most: &[],
            },
            &task.quiet(),
        )?;
        let hinge = |score: f32| f64::from((margin + score - pair.scores[0]).max(0.0));
        let sum_of_hinges = (0..other.rows())
            .into_par_iter()
            .filter(|c| !positives.contains(c))
            .map(|c| hinge(own.dot(query, other, c)))
            .sum();
        Ok(Why {
            of: at,
            words: self.words(side, pair, guide, task)?,
            like_negative: self.neighbours(other, pair.negative as usize, task)?,
            like_query: self.neighbours(own, query, task)?,
            sum_of_hinges,
            is_hardest: hardest
                .hits
                .first()
                .is_some_and(|h| h.index == pair.negative),
        })
    }

    fn neighbours(&self, rows: &Embeddings, row: usize, task: &Task) -> Result<Vec<Hit>> {
        let itself = row..row + 1;
        let search = Search {
            k: NEIGHBOURS,
            without: std::slice::from_ref(&itself),
            at_most: &[],
        };
        let query = rows.slice(row..row + 1);
        let found = self.engine.search(&query, rows, &search, &task.quiet())?;
        let real = found.hits.into_iter().filter(|hit| hit.index != u32::MAX);
        Ok(real.collect())
    }

    /// The words of the caption with the positive, then with the negative.
    fn words(
        &self,
        side: Side,
        pair: &MinedPair,
        guide: &SharedGuide,
        task: &Task,
    ) -> Result<Result<[Arc<Importance>; 2], String>> {
        let Some(encoder) = &self.encoder else {
            return Ok(Err("Words are weighed by the encoder; none is open.".into()));
        };
        let embedded = self.embedded.by_cosine();
        let scene = Scene::new(encoder, &embedded);
        let guide = shared_guide(guide, encoder, &self.providers)?;
        let weigh = |other: u32| -> Result<Arc<Importance>> {
            let (image, caption) = match side {
                Side::Image => (pair.query as usize, other as usize),
                Side::Text => (other as usize, pair.query as usize),
            };
            let text = &self.dataset.captions[caption];
            let guide = guide.as_ref().ok().map(AsRef::as_ref);
            let weighed = importance(&scene, text, Some(caption), image, guide, task)?;
            Ok(Arc::new(weighed))
        };
        let both = weigh(pair.positive).and_then(|p| Ok([p, weigh(pair.negative)?]));
        match both {
            Ok(both) => Ok(Ok(both)),
            Err(Error::Cancelled) => Err(Error::Cancelled),
            Err(error) => Ok(Err(error.to_string())),
        }
    }

    /// The regions of the picture that raise the negative's score.
    pub fn regions(&self, side: Side, pair: &MinedPair, at: usize, task: &Task) -> Result<Regions> {
        let Some(encoder) = &self.encoder else {
            return Err(Error::request(
                "regions are found by the encoder, and none is open",
                "Open the encoder of these embeddings.",
            ));
        };
        let (image, caption) = pair.rows(side);
        let picture = self.dataset.images[image as usize].open()?;
        let texts = self.embedded.by_cosine().texts.gather(&[caption]);
        let map = occlusion(encoder, &picture, &texts, CELLS, task)?;
        Ok(Regions {
            of: at,
            image,
            map: Arc::new(map),
        })
    }

    /// The figures with confirmed pairs counted as right.
    pub fn figures(&self, evaluation: &Evaluation, task: &Task) -> Result<Option<Confirmed>> {
        if self.confirmed.is_empty() {
            return Ok(None);
        }
        let Embedded {
            images,
            texts,
            groups,
            ..
        } = &self.embedded;
        let pairs: Vec<(u32, u32)> = self.confirmed.iter().copied().collect();
        let (engine, ranking) = (&*self.engine, &evaluation.ranking);
        confirmed(engine, images, texts, groups, ranking, &pairs, task).map(Some)
    }
}

/// Rows of one side.
fn rows_of(embedded: &Embedded, side: Side) -> &crate::compute::Embeddings {
    match side {
        Side::Image => &embedded.images,
        Side::Text => &embedded.texts,
    }
}
