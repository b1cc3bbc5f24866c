//! Everything that was mined in one file, as one machine writes it; or the plan of another round, where queries are open.

use super::here::here;
use super::kept::MinedMark;
use super::lines::Found;
use super::open::Done;
use super::task::mark;
use super::uses::Here;
use crate::compute::Engine;
use crate::dataset::export::{Example, Layout, write_training};
use crate::error::{Error, Result};
use crate::files::replace_with;
use crate::parts::merge::end;
use crate::parts::plan::{Candidates, Found as Read, MinePlan, Mining};
use crate::parts::run::{Mark, Run, Stage, to_json};
use crate::parts::stage::not_yet;
use crate::task::Task;
use serde::Serialize;
use std::io::Write;
use std::path::Path;

/// What a merge of mining comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Merging {
    /// Everything is mined.
    Done(MinedReport),
    /// Another round is planned: its tasks are to be run, then it is merged again.
    Another(FurtherRound),
}

/// A round that was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FurtherRound {
    /// Its number: 2 is the one after the first.
    pub another_round: usize,
    /// Its first task, and one beyond its last.
    pub tasks: [usize; 2],
    /// Queries, or pairs, that it is for.
    pub queries: usize,
    /// Does it search the set? Else it walks down the lists that are there.
    pub searches: bool,
}

/// What was mined. Its keys are those of `mine --json`, but for what a run has no use for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MinedReport {
    /// The file in the run.
    pub out: String,
    /// Queries, or pairs.
    pub queries: usize,
    /// Those of which more was looked for further down.
    pub second_round: usize,
    /// Rounds of tasks after the first.
    pub further_rounds: usize,
    /// Of `second_round` those that the merge itself finished.
    pub in_merge: usize,
    /// Lines: negatives of pairs; rows of a layout of examples.
    pub rows: u64,
    /// Examples left out, since they had too few negatives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<u64>,
    /// Pairs that were decided about when mining was planned: what is confirmed is no negative.
    pub decided: usize,
    /// Where negatives are among candidates that were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidates: Option<CandidatesNote>,
}

/// Candidates that negatives were taken from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CandidatesNote {
    /// Their file.
    pub file: String,
    /// What was in it.
    #[serde(flatten)]
    pub found: Read,
    /// Pairs in it that are pairs of the dataset, and so no negatives.
    pub positives: u64,
    /// What that means.
    pub note: &'static str,
}

/// What negatives from candidates are.
const NOTE: &str = "negatives are the hardest of the candidates that were given: harder ones may be missing, and no ranks are known; scores and filters are exact";

/// Writes everything that was mined; where queries are open still, plans another round for them, or goes on with them here
/// if they cost less than one task would.
///
/// # Errors
/// A task is not done (it is named); a part is missing or damaged; a file cannot be written; cancellation.
pub fn finish_mining(run: &Run, engine: &dyn Engine, task: &Task) -> Result<Merging> {
    let mut mining = run.mining()?;
    let marks = marks(run, &mut mining)?;
    let rank = mining.plan.set(run)?;
    let done = Done {
        run,
        mining: &mining,
        rank: &rank,
        marks: &marks,
    };
    if let Some((round, hash)) = mining.rounds.last()
        && round.is_search()
    {
        let walk = round.walk(hash.clone(), Done::hash_of(&marks));
        return planned(run, &mining, &walk);
    }
    let mut granted = [None, None];
    let mut open = Vec::new();
    let mut here_of = Here::new();
    for of_images in [false, true] {
        granted[usize::from(of_images)] = done.granted(of_images, &here_of, task)?;
        open.push(done.open(of_images, granted[usize::from(of_images)].as_ref())?);
    }
    let (units, mut pairs) = (
        open.iter().map(super::open::Open::units).sum::<usize>(),
        0.0,
    );
    for open in &open {
        let candidates = mining.plan.size[usize::from(open.of_images)];
        pairs += open.short() as f64 * candidates as f64;
    }
    if pairs > mining.plan.pace.pairs || units > mining.plan.queries {
        open.reverse(); // Images come first.
        let [images, texts] = open
            .try_into()
            .map_err(|_| Error::plan("there are two sides"))?;
        return planned(run, &mining, &done.next(&[images, texts])?);
    }
    if units > 0 {
        for of_images in [true, false] {
            let found = here(&done, of_images, &mut here_of, engine, task)?;
            granted[usize::from(of_images)] = found;
        }
    }
    let mut report = report(&mining, &marks, here_of.len())?;
    if mining.plan.options.most_uses.is_some() {
        let pieces = mining.plan.pieces.len();
        let further = granted
            .iter()
            .flatten()
            .map(|granted| granted.further(pieces));
        report.second_round = further.sum();
    }
    task.begin("Writing", mining.plan.pieces.len() as u64);
    let mut found = Found::new(&done, &here_of, &granted)?;
    let all = (0..mining.plan.pieces.len()).map(|piece| {
        task.check()?;
        task.add(1);
        found.of(piece)
    });
    write(run, &mining.plan, all, &mut report, task)?;
    let files = [("mined.json".to_owned(), to_json(&report)?)];
    let mark = Mark::of_merge(mining.hash.clone(), ());
    run.finish(&end(Stage::Mine), mark, &files)?;
    Ok(Merging::Done(report))
}

/// The marks of all tasks. A round that was planned from parts that are others now is forgotten.
fn marks(run: &Run, mining: &mut Mining) -> Result<Vec<Mark<MinedMark>>> {
    let mut marks = Vec::new();
    let mut r = 0;
    loop {
        let tasks = match r {
            0 => 0..mining.plan.pieces.len(),
            _ => mining.rounds[r - 1].0.tasks(),
        };
        let found = tasks.map(|n| Ok((n, mark(run, mining, n)?)));
        let (mut missing, mut own) = (Vec::new(), Vec::new());
        for (n, mark) in found.collect::<Result<Vec<_>>>()? {
            match mark {
                Some(mark) => own.push(mark),
                None => missing.push(n),
            }
        }
        not_yet(run, Stage::Mine.name(), &missing)?;
        marks.extend(own);
        let next = mining.rounds.get(r);
        if next.is_none_or(|(next, _)| next.of != Done::hash_of(&marks)) {
            mining.rounds.truncate(r);
            return Ok(marks);
        }
        r += 1;
    }
}

fn planned(run: &Run, mining: &Mining, round: &crate::parts::plan::Round) -> Result<Merging> {
    run.write_round(mining, round)?;
    let tasks = round.tasks();
    let slices = round.groups.iter().flat_map(|group| &group.slices);
    Ok(Merging::Another(FurtherRound {
        another_round: mining.rounds.len() + 2,
        tasks: [tasks.start, tasks.end],
        queries: slices.map(|slice| slice.to - slice.from).sum(),
        searches: round.is_search(),
    }))
}

fn report(mining: &Mining, marks: &[Mark<MinedMark>], in_merge: usize) -> Result<MinedReport> {
    let plan = &mining.plan;
    let pieces = &marks[..plan.pieces.len()];
    let sum = |of: fn(&MinedMark) -> usize| pieces.iter().map(|mark| of(&mark.of)).sum();
    let note = |given: &Candidates| CandidatesNote {
        file: given.file.clone(),
        found: given.found,
        positives: pieces.iter().map(|mark| mark.of.positives).sum(),
        note: NOTE,
    };
    Ok(MinedReport {
        out: match plan.layout()? {
            None => "mined.jsonl".into(),
            Some(layout) => format!("mined.{}.parquet", layout.name()),
        },
        queries: sum(|mark| mark.units),
        second_round: sum(|mark| mark.waiting),
        further_rounds: mining.rounds.len(),
        in_merge,
        rows: 0,
        skipped: None,
        decided: plan.decisions.len(),
        candidates: plan.candidates.as_ref().map(note),
    })
}

fn write(
    run: &Run,
    plan: &MinePlan,
    all: impl Iterator<Item = Result<Vec<u8>>>,
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

fn write_lines(path: &Path, all: impl Iterator<Item = Result<Vec<u8>>>) -> Result<u64> {
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
    all: impl Iterator<Item = Result<Vec<u8>>>,
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
