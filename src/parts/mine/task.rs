//! One task of mining: the queries of a piece, some at a time.

use super::local::{Asked, Became, Miner, Waiting};
use super::standing::Standings;
use super::whole::Whole;
use crate::compute::Hit;
use crate::error::Result;
use crate::parts::merge::merged;
use crate::parts::plan::{MinePlan, RankPlan};
use crate::parts::run::{Mark, Run, Stage, host, instructions, part_name};
use crate::parts::stage::Set;
use crate::parts::state::Arrays;
use crate::retrieval::Side;
use crate::task::Task;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// Queries whose candidates are in memory together.
pub(super) const TOGETHER: usize = 512;

/// What a mark says of mined queries besides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MinedMark {
    /// Queries, or pairs.
    pub units: usize,
    /// Those that wait for a second round.
    pub waiting: usize,
}

/// A miner of one side's queries.
pub(super) fn miner<'a>(
    run: &'a Run,
    plan: &'a MinePlan,
    rank: &'a RankPlan,
    side: Side,
) -> Result<Miner<'a>> {
    let standings = Standings::open(run, rank, &plan.rank)?;
    let factor = Set::new(run, rank).factor();
    Ok(Miner::new(
        plan,
        side,
        Whole::new(run, rank),
        standings,
        factor,
    ))
}

/// Mines the queries of task `n` unless its mark says that they are; true where there was something to do.
///
/// # Errors
/// There is no such task; a part is missing or damaged; cancellation.
pub fn mine(run: &Run, plan: &MinePlan, hash: &str, n: usize, task: &Task) -> Result<bool> {
    let piece = plan.piece(n)?;
    let kind = Stage::Mine.name();
    if run.mark::<MinedMark>(kind, n, hash)?.is_some() {
        return Ok(false);
    }
    let start = Instant::now();
    let (rank, _) = run.rank_plan()?;
    let side = if piece.of_images {
        Side::Image
    } else {
        Side::Text
    };
    let mut miner = miner(run, plan, &rank, side)?;
    let range = merged(run, &plan.rank, piece.merge)?;
    let factor = miner.factor;
    task.begin("Mining hard negatives", (piece.to - piece.from) as u64);
    let (mut lines, mut ends, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
    for from in (piece.from..piece.to).step_by(TOGETHER) {
        task.check()?;
        let to = (from + TOGETHER).min(piece.to);
        let asked: Vec<Asked> = (from..to)
            .map(|q| {
                let hits = range.seen.top.row(q).iter().map(|hit| Hit {
                    score: hit.score * factor,
                    index: hit.index,
                });
                Asked::Hits(range.numbers[q], hits.collect())
            })
            .collect();
        for became in miner.mine(&asked, task)? {
            match became {
                Became::Lines(own) => lines.extend(own),
                Became::Waits(unit) => waiting.push((ends.len() as u32, unit)),
            }
            ends.push(lines.len() as u64);
        }
        task.add((to - from) as u64);
    }
    let mark = Mark {
        plan: hash.to_owned(),
        task: n,
        files: Vec::new(),
        host: host(),
        engine: "lists of the ranking".into(),
        instructions: instructions().into(),
        seconds: start.elapsed().as_secs_f64(),
        of: MinedMark {
            units: ends.len(),
            waiting: waiting.len(),
        },
    };
    let files = [
        (part_name(kind, n, "jsonl"), lines),
        (
            part_name(kind, n, "safetensors"),
            arrays(&ends, &waiting).bytes()?,
        ),
    ];
    run.finish(kind, mark, &files)?;
    Ok(true)
}

/// Where the lines of each unit end, and what is known of those that wait.
fn arrays(ends: &[u64], waiting: &[(u32, Waiting)]) -> Arrays {
    let mut arrays = Arrays::default();
    let of = |value: fn(&Waiting) -> u32| -> Vec<u32> {
        waiting.iter().map(|(_, unit)| value(unit)).collect()
    };
    let units: Vec<u32> = waiting.iter().map(|(unit, _)| *unit).collect();
    let scores: Vec<f32> = waiting.iter().map(|(_, w)| w.unit.score).collect();
    let floors: Vec<f32> = waiting.iter().map(|(_, w)| w.list.floor).collect();
    let hits = || waiting.iter().flat_map(|(_, w)| &w.list.hits);
    let mut so_far = 0;
    let mut list_ends = vec![0_u32];
    list_ends.extend(waiting.iter().map(|(_, w)| {
        so_far += w.list.hits.len() as u32;
        so_far
    }));
    arrays.add("ends", ends, 1);
    arrays.add("waiting.units", &units, 1);
    arrays.add("waiting.queries", &of(|w| w.unit.query), 1);
    arrays.add("waiting.positives", &of(|w| w.unit.positive), 1);
    arrays.add("waiting.scores", &scores, 1);
    arrays.add("waiting.floors", &floors, 1);
    arrays.add("waiting.ends", &list_ends, 1);
    arrays.add(
        "hits.scores",
        &hits().map(|hit| hit.score).collect::<Vec<f32>>(),
        1,
    );
    arrays.add(
        "hits.indices",
        &hits().map(|hit| hit.index).collect::<Vec<u32>>(),
        1,
    );
    arrays
}
