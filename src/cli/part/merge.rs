//! `nearmiss part merge`.

use super::{open, stage};
use crate::cli::attack::describe as describe_attack;
use crate::cli::eval::table;
use crate::cli::output::{counted, emit, emit_with, warn};
use crate::cli::progress::watched;
use crate::compute::choose;
use crate::error::{Error, Result};
use crate::parts::merge::{AttackedSet, Broken, ShortlistNote, check, merge_attack, merge_range};
use crate::parts::mine::{FurtherRound, Merging, MinedReport, finish_mining};
use crate::parts::{Run, RunReport, Stage, finish_ranking};
use clap::Args;
use serde_json::json;
use std::fmt::Write;
use std::ops::Range;
use std::process::ExitCode;

/// The exit code where another round of tasks is planned: run them and merge again.
const ANOTHER: u8 = 3;

/// Parts that are named in an error.
const SHOWN: usize = 20;

/// Arguments of `part merge`.
#[derive(Debug, Args)]
pub struct Merge {
    /// The run
    #[arg(value_name = "URL")]
    run: String,
    /// The stage; else the last one that is planned
    #[arg(long, value_name = "STAGE", value_parser = stage)]
    stage: Option<Stage>,
    /// Merge one range of queries alone
    #[arg(long, value_name = "I")]
    task: Option<usize>,
    /// Trust the parts without reading each once more before they are merged
    #[arg(long, conflicts_with = "task")]
    unchecked: bool,
}

impl Merge {
    /// Runs the command.
    pub fn run(&self, json: bool) -> Result<ExitCode> {
        let run = open(&self.run)?;
        let stage = match self.stage {
            Some(stage) => stage,
            None => last(&run)?,
        };
        if let Some(range) = self.task {
            if stage != Stage::Rank {
                return Err(Error::request(
                    format!("the parts of {} are not merged by ranges", stage.name()),
                    "Leave out --task: the merge then checks every part.",
                ));
            }
            let (plan, hash) = run.rank_plan()?;
            let done = watched(|task| merge_range(&run, &plan, &hash, range, task))?;
            let value = json!({ "range": range, "merged": done });
            emit(&value, json, || format!("range {range} is merged"))?;
            return Ok(ExitCode::SUCCESS);
        }
        if !self.unchecked {
            self.check(&run, stage)?;
        }
        self.put_together(&run, stage, json)
    }

    fn put_together(&self, run: &Run, stage: Stage, json: bool) -> Result<ExitCode> {
        let told = match stage {
            Stage::Embed => {
                let count = run.embed_plan()?.0.shards.len();
                emit(&json!({ "stage": "embed", "parts": count }), json, || {
                    format!("{} as they were written", counted(count, "part"))
                })
            }
            Stage::Rank => {
                let found = watched(|task| finish_ranking(run, task))?;
                // The account is printed once, under the key that `eval` has it under.
                if json {
                    emit(&found, true, String::new)
                } else {
                    emit_with(&found.report, &found.data, false, || {
                        describe(&found, &self.run)
                    })
                }
            }
            Stage::Mine => {
                let engine = choose(run.mine_plan()?.0.set(run)?.compute)?;
                match watched(|task| finish_mining(run, &*engine, task))? {
                    Merging::Done(found) => emit(&found, json, || mined(&found, &self.run)),
                    Merging::Another(round) => {
                        emit(&round, json, || another(&round, &self.run))?;
                        return Ok(ExitCode::from(ANOTHER));
                    }
                }
            }
            Stage::Attack => {
                let found = watched(|task| merge_attack(run, task))?;
                let report = &found.report;
                if let Some(gradient) = &report.gradient {
                    let said = gradient.warnings(report.images, "pictures");
                    said.iter().for_each(warn);
                }
                if json {
                    emit(&found.answer(), true, String::new)
                } else {
                    emit_with(&report.answer(), &found.data, false, || {
                        attacked(&found, &self.run)
                    })
                }
            }
        };
        told.map(|()| ExitCode::SUCCESS)
    }

    fn check(&self, run: &Run, stage: Stage) -> Result<()> {
        let one = |(hash, count): (String, usize)| vec![(0..count, hash)];
        let parts: Vec<(Range<usize>, String)> = match stage {
            Stage::Embed => {
                let (plan, hash) = run.embed_plan()?;
                one((hash, plan.shards.len()))
            }
            Stage::Rank => {
                let (plan, hash) = run.rank_plan()?;
                one((hash, plan.tasks()))
            }
            Stage::Mine => {
                let mining = run.mining()?;
                let parts = mining.parts().into_iter();
                parts
                    .map(|(tasks, hash)| (tasks, hash.to_owned()))
                    .collect()
            }
            Stage::Attack => {
                let (plan, hash) = run.attack_plan()?;
                one((hash, plan.tasks()))
            }
        };
        let mut broken = Vec::new();
        for (tasks, hash) in parts {
            broken.extend(watched(|task| check(run, stage, &hash, tasks, task))?);
        }
        if broken.is_empty() {
            return Ok(());
        }
        Err(Error::request(
            listed(stage, &broken),
            format!(
                "Run these tasks again, then merge: nearmiss part run {} --stage {} --task {}",
                self.run,
                stage.name(),
                broken[0].task
            ),
        ))
    }
}

fn mined(found: &MinedReport, run: &str) -> String {
    let mut text = format!(
        "{} for {} written to {} in {run}",
        counted(found.rows as usize, "row"),
        queries(found.queries),
        found.out,
    );
    if found.second_round > 0 {
        let _ = write!(
            text,
            "; {} looked further down, {} of them in this merge",
            queries(found.second_round),
            found.in_merge
        );
    }
    if found.decided > 0 {
        let _ = write!(text, "; {} decided before", counted(found.decided, "pair"));
    }
    if let Some(given) = &found.candidates {
        let held = &given.found;
        let _ = write!(
            text,
            "\nfrom {} of {} ({} more were in it twice; {} of them are right answers; {} places hold none; {} have none): {}",
            counted(held.pairs as usize, "candidate"),
            given.file,
            held.duplicates,
            given.positives,
            held.none,
            queries(held.queries_without as usize),
            given.note
        );
    }
    text
}

fn another(round: &FurtherRound, run: &str) -> String {
    let [from, to] = round.tasks;
    format!(
        "round {} is planned for {} whose lists ended too early: {}. Run them, then merge again: nearmiss part run {run} --stage mine --task {from}..{to}",
        round.another_round,
        queries(round.queries),
        counted(to - from, "task"),
    )
}

fn queries(count: usize) -> String {
    counted(count, "query").replace("querys", "queries")
}

/// The last stage that is planned.
fn last(run: &Run) -> Result<Stage> {
    for stage in Stage::ALL.into_iter().rev() {
        if run.is_planned(stage)? {
            return Ok(stage);
        }
    }
    Ok(Stage::Embed)
}

fn listed(stage: Stage, broken: &[Broken]) -> String {
    let mut text = format!(
        "{} of {} cannot be used:",
        counted(broken.len(), "part"),
        stage.name()
    );
    for part in broken.iter().take(SHOWN) {
        let _ = write!(text, "\n  task {}: {}", part.task, part.why);
    }
    if let Some(more @ 1..) = broken.len().checked_sub(SHOWN) {
        let _ = write!(text, "\n  and {more} more");
    }
    text
}

fn attacked(found: &AttackedSet, run: &str) -> String {
    let mut text = describe_attack(&found.report);
    if let Some(ShortlistNote { captions, note }) = &found.shortlist {
        let _ = write!(text, "\nshortlists of {captions} captions: {note}");
    }
    let _ = write!(text, "\nwritten: attack.json in {run}");
    text
}

fn describe(found: &RunReport, run: &str) -> String {
    let report = &found.report;
    let mut text = format!(
        "{}; {}\n\n{}",
        report.protocol,
        report.engine,
        table(report)
    );
    if let Some(sample) = &found.sample {
        let [images, texts] = sample.r1_standard_error;
        let _ = writeln!(
            text,
            "standard error of R@1: {images:.2} and {texts:.2} points"
        );
    }
    let _ = writeln!(
        text,
        "written: report.json, ranks.npy, negatives.parquet in {run}"
    );
    text
}
