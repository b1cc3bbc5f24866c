//! `nearmiss part`: the work on a set in parts that any engine can run.

mod attack;
mod driver;
mod merge;
mod plan;
mod run;
mod status;

use super::output::{failure, say};
use crate::error::{Error, Result};
use crate::parts::{self, Run, Stage, Store};
use clap::{Args, Subcommand};
use std::process::ExitCode;

/// Arguments of `part`.
#[derive(Debug, Args)]
pub struct Part {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Cut a stage of a run into tasks
    #[command(mut_arg("attack", |a| a.required(false)))]
    Plan(Box<plan::Plan>),
    /// Run a task, or several; exit code 1: try again, 2: the plan does not fit
    Run(run::Tasks),
    /// How far a run is
    Status(status::Status),
    /// Check all parts of a stage and put them together; exit code 3: another round of tasks is planned, run them and merge
    /// again
    Merge(merge::Merge),
    /// Write the scripts that run the tasks on Ray or Slurm
    Driver(driver::Driver),
}

impl Part {
    /// Runs the command.
    ///
    /// # Errors
    /// As the command says, but for a plan that does not fit: that has an exit code of its own.
    pub fn run(&self, json: bool) -> Result<ExitCode> {
        let outcome = match &self.what {
            What::Plan(arguments) => arguments.run(json).map(|()| ExitCode::SUCCESS),
            What::Run(arguments) => return Ok(arguments.run(json)),
            What::Status(arguments) => arguments.run(json).map(|()| ExitCode::SUCCESS),
            What::Merge(arguments) => arguments.run(json),
            What::Driver(arguments) => arguments.run(json).map(|()| ExitCode::SUCCESS),
        };
        match outcome {
            Err(error @ Error::Plan { .. }) => {
                failure(&error, json);
                Ok(exit_code(&error))
            }
            other => other,
        }
    }
}

/// What the exit code says to the engine that runs tasks: 1 to try again, 2 that it does not help.
fn exit_code(error: &Error) -> ExitCode {
    ExitCode::from(if matches!(error, Error::Plan { .. }) {
        2
    } else {
        1
    })
}

/// Opens a run; which host is asked for it, where it is in object storage, goes to standard error.
fn open(place: &str) -> Result<Run> {
    let run = parts::Run::open(place)?;
    told(run.store());
    Ok(run)
}

/// Says which host is asked for what lies at `place`, where that is in object storage.
fn say_host(place: &str) -> Result<()> {
    Store::open(place).map(|store| told(&store))
}

fn told(store: &Store) {
    if let Some(host) = store.host() {
        say(format_args!("{}: asking {host}", store.place()));
    }
}

/// A stage by its name.
fn stage(text: &str) -> Result<Stage, String> {
    text.parse()
}
