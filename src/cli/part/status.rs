//! `nearmiss part status`.

use super::open;
use crate::cli::output::emit;
use crate::error::{Result, thousands};
use crate::parts::status::{StageStatus, status};
use clap::Args;
use std::fmt::Write;

/// Failures that are printed.
const SHOWN: usize = 10;

/// Arguments of `part status`.
#[derive(Debug, Args)]
pub struct Status {
    /// The run
    #[arg(value_name = "URL")]
    run: String,
}

impl Status {
    /// Runs the command.
    pub fn run(&self, json: bool) -> Result<()> {
        let found = status(&open(&self.run)?)?;
        emit(&found, json, || {
            if found.stages.is_empty() {
                return format!("{}: nothing is planned", found.run);
            }
            found.stages.iter().map(line).collect()
        })
    }
}

fn line(stage: &StageStatus) -> String {
    let count = |n: usize| thousands(n as u64);
    let mut text = format!(
        "{:<8}{} of {} tasks done",
        stage.stage.name(),
        count(stage.done),
        count(stage.tasks)
    );
    if let (Some(seconds), true) = (stage.seconds_left, stage.done < stage.tasks) {
        let _ = write!(text, ", {:.2} a second, {seconds:.0} s left", stage.rate);
    }
    if stage.further_rounds > 0 {
        let _ = write!(text, ", in {} rounds", stage.further_rounds + 1);
    }
    if stage.merges > 0 {
        text += if stage.merged {
            ", merged"
        } else {
            ", not merged"
        };
    }
    text.push('\n');
    for failed in stage.failed.iter().take(SHOWN) {
        let _ = writeln!(
            text,
            "  task {} failed on {}: {}",
            failed.task, failed.host, failed.message
        );
    }
    if let Some(more @ 1..) = stage.failed.len().checked_sub(SHOWN) {
        let _ = writeln!(text, "  and {more} more: --json lists them");
    }
    text
}
