//! Planning: what is mined, and which queries make a task.

use super::standing::Standings;
use super::whole::Whole;
use crate::dataset::Verdict;
use crate::dataset::export::Layout;
use crate::error::{Error, Result};
use crate::parts::merge::{Merged, kind};
use crate::parts::plan::{Data, MinePlan, Piece, RankPlan};
use crate::parts::run::{Run, Stage};
use crate::parts::store::Store;
use crate::retrieval::mine::{Corpus, MineOptions};
use crate::retrieval::{Bounds, PairSet, Side};
use crate::source::DecisionsHome;
use crate::task::Task;
use std::collections::BTreeSet;

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
}

/// Plans mining from a ranking that is merged.
///
/// # Errors
/// The ranking is not merged, or one of drawn queries; options that nothing can satisfy; cancellation.
pub fn plan_mining(run: &Run, terms: &MineTerms, task: &Task) -> Result<(MinePlan, String)> {
    terms.options.check()?;
    let (rank, hash) = run.rank_plan()?;
    refuse(&rank, &terms.options)?;
    // All ranges are there, or the first that is missing is named.
    drop(Standings::open(run, &rank, &hash)?);
    let mut pieces = Vec::new();
    for &side in &terms.sides {
        for n in 0..rank.merges() {
            let (of_images, _) = rank.merged(n);
            if of_images != (side == Side::Image) {
                continue;
            }
            let mark = run.mark::<Merged>(&kind(Stage::Rank), n, &hash)?;
            let count = mark.map_or(0, |mark| mark.of.queries);
            let piece = |from: usize| Piece {
                merge: n,
                from,
                to: (from + terms.queries).min(count),
                of_images,
            };
            pieces.extend((0..count).step_by(terms.queries).map(piece));
        }
    }
    let plan = MinePlan {
        program: rank.program.clone(),
        learnt: learn(run, &rank, task)?,
        size: [rank.images(), rank.texts()],
        rank: hash,
        options: terms.options,
        layout: terms.layout.map(|layout| layout.name().to_owned()),
        decisions: decisions(run)?,
        pieces,
    };
    let hash = run.write_plan(Stage::Mine, &plan)?;
    Ok((plan, hash))
}

fn refuse(rank: &RankPlan, options: &MineOptions) -> Result<()> {
    let wrong = |what: &str, remedy: &str| Err(Error::request(what, remedy));
    if rank.sample.is_some() {
        return wrong(
            "the ranking is of drawn queries, and negatives are mined for all",
            "Plan a run whose ranking has no --sample; the drawn queries' negatives are in negatives.parquet.",
        );
    }
    if rank.k == 0 {
        return wrong(
            "the ranking kept no negatives",
            "Plan a run whose ranking keeps some: --k 10.",
        );
    }
    if options.most_uses.is_some() {
        return wrong(
            "a bound on the uses of a negative needs all queries on one machine",
            "Leave out --most-uses, or mine on one machine: nearmiss mine.",
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
    let Data::Dataset { place, .. } = &embed.data else {
        return Ok(Vec::new());
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
