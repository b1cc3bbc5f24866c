//! `nearmiss part merge`.

use super::{open, stage};
use crate::cli::attack::describe as describe_attack;
use crate::cli::eval::table;
use crate::cli::output::{counted, emit, emit_with, warn, watched};
use crate::compute::choose;
use crate::error::{Error, Result};
use crate::parts::merge::{Broken, check, merge_attack, merge_range};
use crate::parts::mine::finish_mining;
use crate::parts::{Run, RunReport, Stage, finish_ranking};
use clap::Args;
use serde_json::json;
use std::fmt::Write;

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
    pub fn run(&self, json: bool) -> Result<()> {
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
            return emit(&value, json, || format!("range {range} is merged"));
        }
        if !self.unchecked {
            self.check(&run, stage)?;
        }
        match stage {
            Stage::Embed => {
                let count = run.embed_plan()?.0.shards.len();
                emit(&json!({ "stage": "embed", "parts": count }), json, || {
                    format!("{} as they were written", counted(count, "part"))
                })
            }
            Stage::Rank => {
                let found = watched(|task| finish_ranking(&run, task))?;
                // The account is printed once, under the key that `eval` has it under.
                if json {
                    return emit(&found, true, String::new);
                }
                emit_with(&found.report, &found.data, false, || {
                    describe(&found, &self.run)
                })
            }
            Stage::Mine => {
                let engine = choose(run.rank_plan()?.0.compute)?;
                let found = watched(|task| finish_mining(&run, &*engine, task))?;
                emit(&found, json, || {
                    format!(
                        "{} for {} ({} in a second round) written to {} in {}",
                        counted(found.rows as usize, "row"),
                        counted(found.queries, "query").replace("querys", "queries"),
                        found.second_round,
                        found.out,
                        self.run
                    )
                })
            }
            Stage::Attack => {
                let found = watched(|task| merge_attack(&run, task))?;
                let report = &found.report;
                if let Some(gradient) = &report.gradient {
                    let said = gradient.warnings(report.images, "pictures");
                    said.iter().for_each(warn);
                }
                if json {
                    return emit(&found.answer(), true, String::new);
                }
                emit_with(&report.answer(), &found.data, false, || {
                    let run = &self.run;
                    let mut text = describe_attack(report);
                    if let Some(shortlist) = &found.shortlist {
                        let _ = write!(
                            text,
                            "\nshortlists of {} captions: {}",
                            shortlist.captions, shortlist.note
                        );
                    }
                    text + &format!("\nwritten: attack.json in {run}")
                })
            }
        }
    }

    fn check(&self, run: &Run, stage: Stage) -> Result<()> {
        let (hash, count) = match stage {
            Stage::Embed => {
                let (plan, hash) = run.embed_plan()?;
                (hash, plan.shards.len())
            }
            Stage::Rank => {
                let (plan, hash) = run.rank_plan()?;
                (hash, plan.tasks())
            }
            Stage::Mine => {
                let (plan, hash) = run.mine_plan()?;
                (hash, plan.pieces.len())
            }
            Stage::Attack => {
                let (plan, hash) = run.attack_plan()?;
                (hash, plan.tasks())
            }
        };
        let broken = watched(|task| check(run, stage, &hash, count, task))?;
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
