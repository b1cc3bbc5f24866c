//! Planning: what is mined, and which queries make a task.

use super::given::keep;
use super::standing::Standings;
use crate::compute::Choice;
use crate::dataset::Verdict;
use crate::dataset::export::Layout;
use crate::error::{Error, Result};
use crate::files::shown;
use crate::parts::merge::{Merged, kind};
use crate::parts::plan::embed::version;
use crate::parts::plan::{Candidates, Data, MinePlan, Pace, Piece, RankPlan};
use crate::parts::run::{Run, Stage};
use crate::parts::stage::Whole;
use crate::parts::stage::{Terms, embedded_set};
use crate::parts::store::Store;
use crate::retrieval::mine::{Corpus, MineOptions};
use crate::retrieval::{Bounds, PairSet, Side};
use crate::source::DecisionsHome;
use crate::task::Task;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// What is asked of mining.
#[derive(Debug, Clone)]
pub struct MineTerms {
    /// Which negatives.
    pub options: MineOptions,
    /// The sides of the queries.
    pub sides: Vec<Side>,
    /// The layout of examples to train on; `None` for a line for each pair.
    pub layout: Option<Layout>,
    /// Queries of a task.
    pub queries: usize,
    /// What bounds a task.
    pub pace: Pace,
    /// A file of candidates that an index found, instead of a ranking.
    pub candidates: Option<PathBuf>,
}

/// Plans mining from a ranking that is merged, or from candidates that were given, for which nothing need be ranked.
///
/// # Errors
/// The ranking is not merged, or one of drawn queries; the file of candidates does not fit the set; options that nothing
/// can satisfy; cancellation.
pub fn plan_mining(run: &Run, terms: &MineTerms, task: &Task) -> Result<(MinePlan, String)> {
    terms.options.check()?;
    let (set, rank, pieces, candidates) = if terms.candidates.is_some() {
        let (pieces, candidates) = given(run, terms, task)?;
        let set = candidates.set.clone();
        (set, String::new(), pieces, Some(candidates))
    } else {
        let (rank, hash) = run.rank_plan()?;
        refuse(&rank)?;
        let pieces = ranked(run, terms, &rank, &hash)?;
        (rank, hash, pieces, None)
    };
    let plan = MinePlan {
        program: version(),
        learnt: learn(run, &set, task)?,
        size: [set.images(), set.texts()],
        rank,
        options: terms.options,
        layout: terms.layout.map(|layout| layout.name().to_owned()),
        decisions: decisions(run)?,
        pieces,
        queries: terms.queries,
        pace: terms.pace,
        candidates,
    };
    let hash = run.write_plan(Stage::Mine, &plan)?;
    Ok((plan, hash))
}

/// The queries of a merged ranking.
fn ranked(run: &Run, terms: &MineTerms, rank: &RankPlan, hash: &str) -> Result<Vec<Piece>> {
    // All ranges are there, or the first that is missing is named.
    drop(Standings::open(run, rank, hash)?);
    let mut pieces = Vec::new();
    for &side in &terms.sides {
        for n in 0..rank.merges() {
            let (of_images, _) = rank.merged(n);
            if of_images != (side == Side::Image) {
                continue;
            }
            let mark = run.mark::<Merged>(&kind(Stage::Rank), n, hash)?;
            let count = mark.map_or(0, |mark| mark.of.queries);
            pieces.extend(cut(count, terms.queries, n, of_images));
        }
    }
    Ok(pieces)
}

/// So many queries in pieces.
fn cut(count: usize, size: usize, merge: usize, of_images: bool) -> impl Iterator<Item = Piece> {
    (0..count).step_by(size).map(move |from| Piece {
        merge,
        from,
        to: (from + size).min(count),
        of_images,
    })
}

/// The queries of everything that is embedded, with candidates that an index found.
fn given(run: &Run, terms: &MineTerms, task: &Task) -> Result<(Vec<Piece>, Candidates)> {
    let &[side] = terms.sides.as_slice() else {
        return Err(Error::request(
            "candidates are of one direction",
            "Say which: --direction i2t where queries are images, t2i where they are captions.",
        ));
    };
    let (embed, _) = run.embed_plan()?;
    let set = embedded_set(
        run,
        &Terms {
            k: 0,
            margin: embed.later.margin.unwrap_or(0.2),
            compute: Choice::Cpu,
            sample: None,
            pace: terms.pace,
        },
        task,
    )?;
    let of_images = side == Side::Image;
    let count = if of_images { set.images() } else { set.texts() };
    let pieces: Vec<Piece> = cut(count, terms.queries, 0, of_images).collect();
    let path = terms.candidates.clone().unwrap_or_default();
    let memory = terms.pace.memory;
    let found = keep(run, set, &path, (&pieces, of_images), memory, task)?;
    Ok((pieces, found))
}

fn refuse(rank: &RankPlan) -> Result<()> {
    let wrong = |what: &str, remedy: &str| Err(Error::request(what, remedy));
    if rank.sample.is_some() {
        return wrong(
            "the ranking is of drawn queries, and negatives are mined for all",
            "Plan a run whose ranking has no --sample; the drawn queries' negatives are in negatives.parquet. Or give --candidates of an index of neighbours.",
        );
    }
    if rank.k == 0 {
        return wrong(
            "the ranking kept no negatives",
            "Plan a run whose ranking keeps some: --k 10.",
        );
    }
    Ok(())
}

/// How alike captions of one image are, from the same images that one machine looks at.
fn learn(run: &Run, rank: &RankPlan, task: &Task) -> Result<Vec<f32>> {
    let images: BTreeSet<u32> = Bounds::looked_at(rank.images()).map(|i| i as u32).collect();
    let local = Whole::new(run, rank).local(&images)?;
    let none = PairSet::default();
    let corpus = Corpus {
        embedded: &local.embedded,
        wording: None,
        confirmed: &none,
        rejected: &none,
    };
    Ok(Bounds::learn(&corpus, task)?.learnt().to_vec())
}

/// What is decided about pairs of the dataset.
fn decisions(run: &Run) -> Result<Vec<(String, String, Verdict)>> {
    let (embed, _) = run.embed_plan()?;
    let place = match &embed.data {
        Data::Dataset { place, .. } => place,
        Data::Rows { images, .. } => {
            let kept = DecisionsHome::of(images).read()?;
            return match kept.all.about_rows() {
                0 => Ok(Vec::new()),
                count => Err(Error::request(
                    format!(
                        "{count} decisions about rows without names are kept in {}, and parts know rows by their numbers",
                        shown(&kept.place)
                    ),
                    "Mine them with \"nearmiss mine\", which holds to them; or move that file away to mine without.",
                )),
            };
        }
    };
    let store = Store::open(place)?;
    let Some(folder) = store.local() else {
        return Ok(Vec::new());
    };
    let kept = DecisionsHome::of(folder).read()?;
    let of = |((image, caption), verdict): (&(String, String), Verdict)| {
        (image.clone(), caption.clone(), verdict)
    };
    Ok(kept.all.verdicts().map(of).collect())
}
