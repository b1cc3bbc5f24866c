//! The ranking of everything, out of its merged ranges.

use super::rank::{Range, merged};
use crate::compute::{Direction, Hit, Ranking};
use crate::error::Result;
use crate::parts::plan::RankPlan;
use crate::parts::run::Run;
use crate::parts::stage::Set;
use crate::task::Task;

/// Ranks, hardest negatives and best right candidates of all queries, as one machine has them. Neither the scores of
/// pairs nor sums of hinges are among them, nor more than one negative of each.
///
/// # Errors
/// A range is not merged, missing or damaged; cancellation.
pub fn whole_ranking(run: &Run, plan: &RankPlan, hash: &str, task: &Task) -> Result<Ranking> {
    task.begin("Reading merged ranges", plan.merges() as u64);
    let factor = Set::new(run, plan).factor();
    let mut all = Ranking::default();
    for n in 0..plan.merges() {
        task.check()?;
        let range = merged(run, hash, n)?;
        let side = if range.of_images {
            &mut all.i2t
        } else {
            &mut all.t2i
        };
        add(side, &range, factor);
        task.add(1);
    }
    Ok(all)
}

fn add(side: &mut Direction, range: &Range, factor: f32) {
    let scaled = |hit: &Hit| Hit {
        score: hit.score * factor,
        index: hit.index,
    };
    side.ranks.extend(range.seen.above.iter().map(|n| n + 1));
    side.positive
        .extend(range.best.iter().map(|score| score * factor));
    side.hardest.extend(range.seen.hardest.iter().map(scaled));
}

/// The ranks of the first `count` images.
///
/// # Errors
/// As [`whole_ranking`].
pub fn ranks_of_images(
    run: &Run,
    plan: &RankPlan,
    hash: &str,
    count: usize,
    task: &Task,
) -> Result<Vec<u32>> {
    let mut ranks = Vec::with_capacity(count);
    let [ranges, _] = plan.cuts.counts();
    for n in 0..ranges {
        if ranks.len() >= count {
            break;
        }
        task.check()?;
        let range = merged(run, hash, n)?;
        ranks.extend(range.seen.above.iter().map(|above| above + 1));
    }
    ranks.truncate(count);
    Ok(ranks)
}
