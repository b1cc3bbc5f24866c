//! `nearmiss part run`.

use super::stage;
use crate::cli::output::{failure, watched};
use crate::cli::signals;
use crate::compute::choose_on;
use crate::encoder::Cache;
use crate::error::{Error, Result};
use crate::parts::stage::{Attacker, Embedder, embed, rank};
use crate::parts::{self, Failure, Stage, host};
use crate::task::{Task, now};
use clap::Args;
use std::ops::Range;
use std::process::ExitCode;

/// Arguments of `part run`.
#[derive(Debug, Args)]
pub struct Run {
    /// The run
    #[arg(value_name = "URL")]
    run: String,
    /// The stage
    #[arg(long, value_name = "STAGE", value_parser = stage)]
    stage: Stage,
    /// The task's number, or several as FIRST..END (END is not one of them)
    #[arg(long, value_name = "N|A..B", value_parser = tasks)]
    task: Range<usize>,
    /// Graphics adapter for --compute gpu, where there are several: its number in "nearmiss doctor", or its PCI address
    #[arg(long, value_name = "N|PCI")]
    adapter: Option<String>,
    /// Use the embedding cache of this machine
    #[arg(long)]
    cache: bool,
}

/// Exit code for a plan that does not fit.
const WRONG_PLAN: u8 = 2;

impl Run {
    /// Runs the command; the exit code says whether to try again.
    pub fn run(&self, json: bool) -> ExitCode {
        let mut at = self.task.start;
        let outcome = watched(|task| self.all(&mut at, task));
        let Err(error) = outcome else {
            return ExitCode::SUCCESS;
        };
        if let (true, Some(code)) = (error.is_cancelled(), signals::exit_code()) {
            return ExitCode::from(code);
        }
        failure(&error, json);
        if let Ok(run) = parts::Run::open(&self.run) {
            let failed = Failure {
                task: at,
                message: error.to_string(),
                remedy: error.remedy(),
                host: host(),
                at: now(),
            };
            // Where the run cannot be written there is nobody to tell but standard error.
            let _ = run.fail(self.stage.name(), &failed);
        }
        ExitCode::from(if matches!(error, Error::Plan { .. }) {
            WRONG_PLAN
        } else {
            1
        })
    }

    fn all(&self, at: &mut usize, task: &Task) -> Result<()> {
        let run = parts::Run::open(&self.run)?;
        match self.stage {
            Stage::Embed => {
                let (plan, hash) = run.embed_plan()?;
                let cache = self.cache.then(Cache::open).transpose()?;
                let mut embedder = Embedder::new(&plan, cache)?;
                for n in self.task.clone() {
                    *at = n;
                    embed(&run, &mut embedder, &hash, n, task)?;
                }
            }
            Stage::Rank => {
                let (plan, hash) = run.rank_plan()?;
                let engine = choose_on(plan.compute, self.adapter.as_deref())?;
                for n in self.task.clone() {
                    *at = n;
                    rank(&run, &plan, &hash, n, &*engine, task)?;
                }
            }
            Stage::Attack => {
                let (plan, hash) = run.attack_plan()?;
                let engine = choose_on(plan.terms.compute, self.adapter.as_deref())?;
                let mut attacker = Attacker::new(&run, &plan, &hash, engine)?;
                for n in self.task.clone() {
                    *at = n;
                    attacker.attack(n, task)?;
                }
            }
        }
        Ok(())
    }
}

/// `17` or `17..24`.
fn tasks(text: &str) -> Result<Range<usize>, String> {
    let wrong = || "a number such as 17, or 17..24, is needed".to_owned();
    let number = |text: &str| text.trim().parse::<usize>().map_err(|_| wrong());
    let range = match text.split_once("..") {
        Some((from, to)) => number(from)?..number(to)?,
        None => {
            let n = number(text)?;
            n..n + 1
        }
    };
    if range.is_empty() {
        Err(wrong())
    } else {
        Ok(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_a_number_or_a_range() {
        assert_eq!(tasks("17"), Ok(17..18));
        assert_eq!(tasks("17..24"), Ok(17..24));
        assert!(tasks("3..3").is_err() && tasks("x").is_err() && tasks("-1").is_err());
    }
}
