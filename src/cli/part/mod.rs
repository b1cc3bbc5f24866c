//! `nearmiss part`: the work on a set in parts that any engine can run.

mod attack;
mod driver;
mod merge;
mod plan;
mod run;
mod status;

use crate::error::Result;
use crate::parts::Stage;
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
    Run(run::Run),
    /// How far a run is
    Status(status::Status),
    /// Check all parts of a stage and put them together
    Merge(merge::Merge),
    /// Write the scripts that run the tasks on Ray or Slurm
    Driver(driver::Driver),
}

impl Part {
    /// Runs the command.
    ///
    /// # Errors
    /// As the command says.
    pub fn run(&self, json: bool) -> Result<ExitCode> {
        let done = |()| ExitCode::SUCCESS;
        match &self.what {
            What::Plan(arguments) => arguments.run(json).map(done),
            What::Run(arguments) => Ok(arguments.run(json)),
            What::Status(arguments) => arguments.run(json).map(done),
            What::Merge(arguments) => arguments.run(json).map(done),
            What::Driver(arguments) => arguments.run(json).map(done),
        }
    }
}

/// A stage by its name.
fn stage(text: &str) -> Result<Stage, String> {
    text.parse()
}
