//! `nearmiss part run`.

use super::{exit_code, open, say_host, stage};
use crate::cli::output::{failure, say};
use crate::cli::progress::watched;
use crate::cli::signals;
use crate::compute::{Cpu, Engine, choose_on};
use crate::encoder::Cache;
use crate::error::{Error, Result};
use crate::parts::mine::mine;
use crate::parts::plan::EmbedPlan;
use crate::parts::stage::{Attacker, Embedder, embed, rank};
use crate::parts::{Failure, Run, Stage, host};
use crate::task::{self, now};
use clap::Args;
use std::ops::Range;
use std::process::ExitCode;
use std::sync::Arc;

/// Arguments of `part run`.
#[derive(Debug, Args)]
pub struct Tasks {
    /// The run
    #[arg(value_name = "URL")]
    run: String,
    /// The stage
    #[arg(long, value_name = "STAGE", value_parser = stage)]
    stage: Stage,
    /// The task's number, or several as FIRST..END (END is not one of them)
    #[arg(long = "task", value_name = "N|A..B", value_parser = tasks)]
    numbers: Range<usize>,
    /// Graphics adapter for --compute gpu, where there are several: its number in "nearmiss doctor", or its PCI address
    #[arg(long, value_name = "N|PCI")]
    adapter: Option<String>,
    /// Use the embedding cache of this machine
    #[arg(long)]
    cache: bool,
}

impl Tasks {
    /// Runs the command; the exit code says whether to try again. A task that fails does not keep the next from being
    /// done, but for a plan that does not fit.
    pub fn run(&self, json: bool) -> ExitCode {
        let outcome = watched(|task| self.all(json, task));
        match outcome {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => {
                if let (true, Some(code)) = (error.is_cancelled(), signals::exit_code()) {
                    return ExitCode::from(code);
                }
                failure(&error, json);
                exit_code(&error)
            }
        }
    }

    /// Runs all tasks; false where one failed and may be tried again.
    fn all(&self, json: bool, task: &task::Task) -> Result<bool> {
        let run = open(&self.run)?;
        match self.stage {
            Stage::Embed => {
                let (plan, hash) = run.embed_plan()?;
                hosts(&plan)?;
                let cache = self.cache.then(Cache::open).transpose()?;
                let mut embedder = Embedder::new(&plan, cache)?;
                self.each(&run, json, |n| embed(&run, &mut embedder, &hash, n, task))
            }
            Stage::Rank => {
                let (plan, hash) = run.rank_plan()?;
                let engine = choose_on(plan.compute, self.adapter.as_deref())?;
                self.each(&run, json, |n| rank(&run, &plan, &hash, n, &*engine, task))
            }
            Stage::Mine => {
                let mining = run.mining()?;
                let engine: Arc<dyn Engine> = if mining.searches(&self.numbers) {
                    let compute = mining.plan.set(&run)?.compute;
                    choose_on(compute, self.adapter.as_deref())?
                } else {
                    Arc::new(Cpu)
                };
                self.each(&run, json, |n| mine(&run, &mining, n, &*engine, task))
            }
            Stage::Attack => {
                let (plan, hash) = run.attack_plan()?;
                hosts(&run.embed_plan()?.0)?;
                let engine = choose_on(plan.terms.compute, self.adapter.as_deref())?;
                let mut attacker = Attacker::new(&run, &plan, &hash, engine)?;
                self.each(&run, json, |n| attacker.attack(n, task))
            }
        }
    }

    /// Does each task; what fails is told, and noted in the run.
    fn each(
        &self,
        run: &Run,
        json: bool,
        mut one: impl FnMut(usize) -> Result<bool>,
    ) -> Result<bool> {
        let mut all = true;
        for n in self.numbers.clone() {
            let Err(error) = one(n) else { continue };
            if error.is_cancelled() {
                return Err(error);
            }
            let failed = Failure {
                task: n,
                message: error.to_string(),
                remedy: error.remedy(),
                host: host(),
                at: now(),
            };
            // Where the run cannot be written there is nobody to tell but standard error.
            let _ = run.fail(self.stage.name(), &failed);
            if matches!(error, Error::Plan { .. }) {
                return Err(error);
            }
            told(n, &error, json);
            all = false;
        }
        Ok(all)
    }
}

/// Says which hosts are asked for what a plan names.
fn hosts(plan: &EmbedPlan) -> Result<()> {
    plan.remote().into_iter().try_for_each(say_host)
}

/// What failed, in one line on standard error: what an engine shows of a task.
fn told(n: usize, error: &Error, json: bool) {
    if json {
        failure(error, true);
    } else {
        say(format_args!("error: task {n}: {error}. {}", error.remedy()));
    }
}

/// `17` or `17..24`.
fn tasks(text: &str) -> Result<Range<usize>, String> {
    let wrong = || "a number such as 17, or 17..24, is needed".to_owned();
    let number = |text: &str| text.trim().parse::<usize>().map_err(|_| wrong());
    let range = if let Some((from, to)) = text.split_once("..") {
        number(from)?..number(to)?
    } else {
        let n = number(text)?;
        n..n + 1
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
