//! One task of mining: the queries of a piece; of a further round a search for longer lists, or a walk down them.

use super::kept::{Leaves, MinedMark, Origin, torn, waits};
use super::local::Miner;
use super::outcome::{Asked, Became, Waiting};
use super::search::{Longer, search};
use super::standing::Standings;
use crate::compute::{Engine, Hit};
use crate::error::{Error, Result};
use crate::parts::merge::merged;
use crate::parts::plan::{Mining, Piece, RankPlan, Slice, Work};
use crate::parts::run::{FileMark, Mark, Run, Stage, host, instructions, part_name};
use crate::parts::stage::Set;
use crate::parts::stage::Whole;
use crate::parts::state::Read;
use crate::retrieval::Side;
use crate::task::Task;
use std::time::Instant;

/// A miner of one side's queries.
pub(super) fn miner<'a>(
    run: &'a Run,
    mining: &'a Mining,
    rank: &'a RankPlan,
    of_images: bool,
) -> Result<Miner<'a>> {
    let plan = &mining.plan;
    let standings = match plan.candidates {
        Some(_) => None,
        None => Some(Standings::open(run, rank, &plan.rank)?),
    };
    let factor = Set::new(run, rank).factor();
    let whole = Whole::new(run, rank);
    Ok(Miner::new(plan, side(of_images), whole, standings, factor))
}

pub(super) fn side(of_images: bool) -> Side {
    if of_images { Side::Image } else { Side::Text }
}

/// With a bound on the uses of a negative: how many a unit may ask for at first.
pub(super) fn first_limit(mining: &Mining) -> usize {
    2 * mining.plan.options.k
}

/// The mark of task `n`, where it is done.
pub(super) fn mark(run: &Run, mining: &Mining, n: usize) -> Result<Option<Mark<MinedMark>>> {
    let (_, hash) = mining.work(n)?;
    run.mark(Stage::Mine.name(), n, hash)
}

/// File `at` of task `n`, which must be done.
pub(super) fn file(run: &Run, mining: &Mining, n: usize, at: usize) -> Result<FileMark> {
    let mark = mark(run, mining, n)?;
    let file = mark.and_then(|mark| mark.files.into_iter().nth(at));
    file.ok_or_else(|| {
        Error::request(
            format!("task {n} of mining is not done, and this one needs what it leaves"),
            format!("Merge again: nearmiss part merge {}", run.store().place()),
        )
    })
}

/// Does task `n` unless its mark says that it is done; true where there was something to do. `engine` is asked by searches
/// of further rounds alone.
///
/// # Errors
/// There is no such task; a part is missing or damaged; the engine fails; cancellation.
pub fn mine(
    run: &Run,
    mining: &Mining,
    n: usize,
    engine: &dyn Engine,
    task: &Task,
) -> Result<bool> {
    let (work, hash) = mining.work(n)?;
    if mark(run, mining, n)?.is_some() {
        return Ok(false);
    }
    let start = Instant::now();
    let rank = mining.plan.set(run)?;
    let (of, files, by): (_, Vec<_>, _) = match work {
        Work::Piece(at) => {
            let piece = mining.plan.piece(at)?;
            let mut miner = miner(run, mining, &rank, piece.of_images)?;
            let (leaves, positives) = of_piece(run, mining, &mut miner, (at, piece), task)?;
            let mark = MinedMark {
                positives,
                ..leaves.mark()
            };
            let by = match mining.plan.candidates {
                Some(_) => "candidates that were given",
                None => "lists of the ranking",
            };
            (mark, leaves.files(n)?.into(), by.to_owned())
        }
        Work::Search(r, at) => {
            let round = &mining.rounds[r].0;
            let block = round.blocks[at];
            let group = group(run, mining, r, block.group)?;
            let short: Vec<&Waiting> = group.iter().map(|(_, w)| w).filter(|w| w.short).collect();
            let of_images = round.groups[block.group].of_images;
            let mut miner = miner(run, mining, &rank, of_images)?;
            let page = round.page.min(mining.plan.candidates(miner.side));
            let asked = (block.from..block.to, page);
            let found = search((run, &rank), &mut miner, engine, &short, asked, task)?;
            let name = part_name(Stage::Mine.name(), n, "safetensors");
            let mark = MinedMark {
                units: short.len(),
                ..MinedMark::default()
            };
            (mark, vec![(name, found.bytes()?)], engine.name())
        }
        Work::Walk(r, g) => {
            let round = &mining.rounds[r].0;
            let mut miner = miner(run, mining, &rank, round.groups[g].of_images)?;
            let (origins, mut group): (Vec<Origin>, Vec<Waiting>) =
                group(run, mining, r, g)?.into_iter().unzip();
            if round.searched {
                let total = mining.plan.candidates(miner.side);
                let found = found(run, mining, r - 1, g, total)?;
                found.lengthen(group.iter_mut().filter(|w| w.short), total);
            }
            let mut leaves = Leaves::default();
            let mut origins = origins.into_iter();
            let asked = group.into_iter().map(Asked::Unit);
            walk(&mut miner, asked, round.limit, task, |became| {
                leaves.add(became, origins.next());
            })?;
            let by = "lists of a further search".to_owned();
            (leaves.mark(), leaves.files(n)?.into(), by)
        }
    };
    task.check()?;
    let mark = Mark {
        plan: hash.to_owned(),
        task: n,
        files: Vec::new(),
        host: host(),
        engine: by,
        instructions: instructions().into(),
        seconds: start.elapsed().as_secs_f64(),
        of,
    };
    run.finish(Stage::Mine.name(), mark, &files)?;
    Ok(true)
}

/// Mines for everything that is asked, as much together as memory allows.
pub(super) fn walk(
    miner: &mut Miner<'_>,
    asked: impl Iterator<Item = Asked>,
    limit: usize,
    task: &Task,
    mut take: impl FnMut(Became),
) -> Result<()> {
    let (mut batch, mut most) = (Vec::new(), 0);
    for one in asked {
        let count = one.candidates().len();
        if batch.len() >= miner.together(count.max(most)) {
            together(miner, &mut batch, limit, task, &mut take)?;
            most = 0;
        }
        most = count.max(most);
        batch.push(one);
    }
    together(miner, &mut batch, limit, task, &mut take)
}

fn together(
    miner: &mut Miner<'_>,
    batch: &mut Vec<Asked>,
    limit: usize,
    task: &Task,
    take: &mut impl FnMut(Became),
) -> Result<()> {
    task.check()?;
    miner.mine(batch, limit, task)?.into_iter().for_each(take);
    task.add(batch.len() as u64);
    batch.clear();
    Ok(())
}

/// The queries of a piece; how many candidates that were given for them are positives comes with them.
fn of_piece(
    run: &Run,
    mining: &Mining,
    miner: &mut Miner<'_>,
    (at, piece): (usize, Piece),
    task: &Task,
) -> Result<(Leaves, u64)> {
    task.begin("Mining hard negatives", (piece.to - piece.from) as u64);
    let (mut leaves, mut positives) = (Leaves::default(), 0);
    let asked: Vec<Asked> = if let Some(given) = &mining.plan.candidates {
        let lists = Lists::read(run, &given.parts[at]).map_err(|error| {
            let remedy = "Remove plan-mine.json, and plan mining again with --candidates.";
            Error::request(error.to_string(), remedy)
        })?;
        let queries = piece.from..piece.to;
        let asked = queries
            .enumerate()
            .map(|(row, q)| (q as u32, lists.of(row)));
        let asked: Vec<(u32, Vec<u32>)> = asked.collect();
        for (query, candidates) in &asked {
            let own = miner.positives(*query)?;
            positives += candidates.iter().filter(|c| own.contains(c)).count() as u64;
        }
        asked
            .into_iter()
            .map(|(q, own)| Asked::Given(q, own))
            .collect()
    } else {
        let range = merged(run, &mining.plan.rank, piece.merge)?;
        let factor = miner.factor;
        let hits = |q: usize| -> Vec<Hit> {
            let hits = range.seen.top.row(q).iter();
            hits.map(|hit| Hit {
                score: hit.score * factor,
                index: hit.index,
            })
            .collect()
        };
        let queries = piece.from..piece.to;
        queries
            .map(|q| Asked::Hits(range.numbers[q], hits(q)))
            .collect()
    };
    let limit = first_limit(mining);
    walk(miner, asked.into_iter(), limit, task, |became| {
        leaves.add(became, None);
    })?;
    Ok((leaves, positives))
}

/// Candidates that were given for the queries of a task.
struct Lists {
    ends: Vec<u64>,
    candidates: Vec<u32>,
}

impl Lists {
    fn read(run: &Run, file: &FileMark) -> Result<Self> {
        let bytes = run.read(file)?;
        let read = Read::of(file, &bytes)?;
        Ok(Self {
            ends: read.get("ends")?.0,
            candidates: read.get("candidates")?.0,
        })
    }

    fn of(&self, row: usize) -> Vec<u32> {
        let from = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.candidates[from as usize..self.ends[row] as usize].to_vec()
    }
}

/// What waits in a group of further round `r`, in the order of all.
fn group(run: &Run, mining: &Mining, r: usize, g: usize) -> Result<Vec<(Origin, Waiting)>> {
    let round = &mining.rounds[r].0;
    let chosen = round.chosen.as_ref();
    let bytes = chosen.map(|file| run.read(file)).transpose();
    let bytes = bytes.map_err(|error| {
        let remedy = format!(
            "Remove plan-mine.{}.json and merge again: it is planned anew.",
            r + 2
        );
        Error::request(error.to_string(), remedy)
    })?;
    let mut found = Vec::new();
    for &Slice { task, from, to } in &round.groups[g].slices {
        let wanted: Vec<u32> = match (chosen, &bytes) {
            (Some(file), Some(bytes)) => {
                let all: Vec<u32> = Read::of(file, bytes)?.get(&chosen_of(task))?.0;
                all.get(from..to).ok_or_else(|| torn(file))?.to_vec()
            }
            _ => (from as u32..to as u32).collect(),
        };
        found.extend(waits(run, task, &file(run, mining, task, 1)?, &wanted)?);
    }
    found.sort_by_key(|(origin, _)| *origin);
    Ok(found)
}

/// The array that says which of those that wait after a task are chosen.
pub(super) fn chosen_of(task: usize) -> String {
    format!("task.{task}")
}

/// What further round `r` found for a group, from all its blocks.
fn found(run: &Run, mining: &Mining, r: usize, g: usize, total: usize) -> Result<Longer> {
    let round = &mining.rounds[r].0;
    let page = round.page.min(total);
    let mut all = Longer::default();
    for (at, block) in round.blocks.iter().enumerate() {
        if block.group == g {
            let file = file(run, mining, round.first + at, 0)?;
            all.merge(Longer::read(run, &file, page)?);
        }
    }
    Ok(all)
}
