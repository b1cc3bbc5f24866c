//! Everything that was mined in one file, as one machine writes it.

use super::further::further;
use super::local::Waiting;
use super::task::{MinedMark, miner};
use crate::compute::{Engine, Hit};
use crate::dataset::export::{Example, Layout, write_training};
use crate::error::{Error, Result};
use crate::files::replace_with;
use crate::parts::merge::end;
use crate::parts::plan::{MinePlan, RankPlan};
use crate::parts::run::{Mark, Run, Stage, to_json};
use crate::parts::stage::not_yet;
use crate::parts::state::Read;
use crate::retrieval::Side;
use crate::retrieval::mine::{List, Unit};
use crate::task::Task;
use serde::Serialize;
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

/// What was mined. Its keys are those of `mine --json`, but for what a run has no use for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MinedReport {
    /// The file in the run.
    pub out: String,
    /// Queries, or pairs.
    pub queries: usize,
    /// Those that needed a second round.
    pub second_round: usize,
    /// Lines: negatives of pairs; rows of a layout of examples.
    pub rows: u64,
    /// Examples left out, since they had too few negatives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<u64>,
}

/// A task's lines, with those of the second round put in.
type Lines = Vec<u8>;

/// Runs the second round and writes everything that was mined.
///
/// # Errors
/// A task is not done (it is named); a part is missing or damaged; the file cannot be written; cancellation.
pub fn finish_mining(run: &Run, engine: &dyn Engine, task: &Task) -> Result<MinedReport> {
    let (plan, hash) = run.mine_plan()?;
    let (rank, _) = run.rank_plan()?;
    let marks = (0..plan.pieces.len())
        .map(|n| run.mark::<MinedMark>(Stage::Mine.name(), n, &hash))
        .collect::<Result<Vec<_>>>()?;
    let missing: Vec<usize> = (0..marks.len()).filter(|&n| marks[n].is_none()).collect();
    not_yet(run, Stage::Mine.name(), &missing)?;
    let marks: Vec<_> = marks.into_iter().flatten().collect();
    let mut second: HashMap<(usize, u32), Lines> = HashMap::new();
    for side in [Side::Image, Side::Text] {
        let of_side = |n: &usize| plan.pieces[*n].of_images == (side == Side::Image);
        let mut waiting = Vec::new();
        for n in (0..marks.len()).filter(of_side) {
            if marks[n].of.waiting > 0 {
                let own = waits(run, &marks[n].files[1])?;
                waiting.extend(own.into_iter().map(|(unit, w)| ((n, unit), w)));
            }
        }
        let (keys, units): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
        if !units.is_empty() {
            let lines = second_round(run, &plan, &rank, side, engine, units, task)?;
            second.extend(keys.into_iter().zip(lines));
        }
    }
    task.begin("Writing", marks.len() as u64);
    let all = (0..marks.len()).map(|n| {
        task.check()?;
        task.add(1);
        lines(run, &marks[n].files, |unit| second.get(&(n, unit)))
    });
    let mut report = MinedReport {
        out: match plan.layout()? {
            None => "mined.jsonl".into(),
            Some(layout) => format!("mined.{}.parquet", layout.name()),
        },
        queries: marks.iter().map(|mark| mark.of.units).sum(),
        second_round: second.len(),
        rows: 0,
        skipped: None,
    };
    write(run, &plan, all, &mut report, task)?;
    let files = [("mined.json".to_owned(), to_json(&report)?)];
    run.finish(&end(Stage::Mine), Mark::of_merge(hash, ()), &files)?;
    Ok(report)
}

fn second_round(
    run: &Run,
    plan: &MinePlan,
    rank: &RankPlan,
    side: Side,
    engine: &dyn Engine,
    units: Vec<Waiting>,
    task: &Task,
) -> Result<Vec<Lines>> {
    let mut miner = miner(run, plan, rank, side)?;
    further(run, rank, &mut miner, engine, units, task)
}

/// What waits of a task, by the number of its unit there.
fn waits(run: &Run, file: &crate::parts::FileMark) -> Result<Vec<(u32, Waiting)>> {
    let bytes = run.read(file)?;
    let read = Read::of(file, &bytes)?;
    let whole = |name: &str| read.get::<u32>(name).map(|(values, _)| values);
    let real = |name: &str| read.get::<f32>(name).map(|(values, _)| values);
    let (units, queries) = (whole("waiting.units")?, whole("waiting.queries")?);
    let (positives, scores) = (whole("waiting.positives")?, real("waiting.scores")?);
    let (floors, ends) = (real("waiting.floors")?, whole("waiting.ends")?);
    let (hit_scores, indices) = (real("hits.scores")?, whole("hits.indices")?);
    let hits = |n: usize| {
        (ends[n] as usize..ends[n + 1] as usize).map(|at| Hit {
            score: hit_scores[at],
            index: indices[at],
        })
    };
    Ok((0..units.len())
        .map(|n| {
            let waiting = Waiting {
                unit: Unit {
                    query: queries[n],
                    positive: positives[n],
                    score: scores[n],
                },
                list: List {
                    hits: hits(n).collect(),
                    floor: floors[n],
                },
            };
            (units[n], waiting)
        })
        .collect())
}

/// The lines of a task, those of its units that waited in their places.
fn lines<'a>(
    run: &Run,
    files: &[crate::parts::FileMark],
    second: impl Fn(u32) -> Option<&'a Lines>,
) -> Result<Lines> {
    let [lines, arrays] = files else {
        return Err(Error::plan("a mark of mining names other files"));
    };
    let text = run.read(lines)?;
    let bytes = run.read(arrays)?;
    let read = Read::of(arrays, &bytes)?;
    let ends: Vec<u64> = read.get("ends")?.0;
    let waited: Vec<u32> = read.get("waiting.units")?.0;
    if waited.is_empty() {
        return Ok(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut from = 0;
    for (unit, &end) in ends.iter().enumerate() {
        out.extend_from_slice(text.get(from..end as usize).unwrap_or_default());
        from = end as usize;
        if let Some(own) = second(unit as u32) {
            out.extend_from_slice(own);
        }
    }
    Ok(out)
}

fn write(
    run: &Run,
    plan: &MinePlan,
    all: impl Iterator<Item = Result<Lines>>,
    report: &mut MinedReport,
    task: &Task,
) -> Result<()> {
    let store = run.store();
    let scratch = tempfile::tempdir().map_err(Error::io("create", &std::env::temp_dir()))?;
    let path = match store.local() {
        Some(folder) => folder.join(&report.out),
        None => scratch.path().join(&report.out),
    };
    match plan.layout()? {
        None => report.rows = write_lines(&path, all)?,
        Some(layout) => {
            let rows = write_examples(&path, layout, plan.options.k, all, task)?;
            (report.rows, report.skipped) = (rows.rows, Some(rows.skipped));
        }
    }
    if store.local().is_none() {
        store.put(&report.out, &path)?;
    }
    Ok(())
}

fn write_lines(path: &Path, all: impl Iterator<Item = Result<Lines>>) -> Result<u64> {
    replace_with(path, |out| {
        let mut count = 0;
        for lines in all {
            let lines = lines?;
            count += lines.split(|&b| b == b'\n').count() as u64 - 1;
            out.write_all(&lines).map_err(Error::io("write", path))?;
        }
        Ok(count)
    })
}

fn write_examples(
    path: &Path,
    layout: Layout,
    k: usize,
    all: impl Iterator<Item = Result<Lines>>,
    task: &Task,
) -> Result<crate::dataset::export::Rows> {
    // The first that cannot be read ends the file, and is told.
    let mut fault = None;
    let examples = all
        .map_while(|lines| lines.map_err(|error| fault = Some(error)).ok())
        .flat_map(|lines| {
            let lines = lines.split(|&b| b == b'\n').filter(|line| !line.is_empty());
            let read = |line| serde_json::from_slice::<Example>(line).ok();
            lines.filter_map(read).collect::<Vec<_>>()
        });
    let rows = write_training(path, layout, k, examples, task);
    match fault {
        Some(error) => Err(error),
        None => rows,
    }
}
