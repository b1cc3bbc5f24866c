//! A look at a run while others work on it.

use crate::error::{Error, Result};
use crate::parts::run::{Run, Stage};
use crate::parts::status::{Status, status};
use crate::task::Task;
use std::path::Path;

/// What was seen of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// How far it is.
    pub status: Status,
    /// What tells one finished ranking from another; `None` while it is not merged.
    pub seal: Option<String>,
}

/// Looks at the run at `place`; which host is asked, where it is in object storage, is the task's stage.
///
/// # Errors
/// There is no run; it cannot be read, or was planned by another version.
pub fn look(place: &str, task: &Task) -> Result<Look> {
    let run = Run::open(place)?;
    if let Some(host) = run.store().host() {
        task.begin(format!("Asking {host}"), 0);
    }
    let status = status(&run)?;
    if status.stages.is_empty() {
        let gone = !is_url(place) && !Path::new(place).is_dir();
        let what = if gone {
            "is no folder"
        } else {
            "holds no run: no stage is planned"
        };
        return Err(Error::request(
            format!("{place} {what}"),
            "Choose the place that \"nearmiss part plan\" was given with --run.",
        ));
    }
    let merged = status
        .stages
        .iter()
        .any(|s| s.stage == Stage::Rank && s.merged);
    let seal = if merged { Some(seal(&run)?) } else { None };
    Ok(Look { status, seal })
}

/// The sizes and times of plan and figures.
fn seal(run: &Run) -> Result<String> {
    let names = ["plan-embed.json", "plan-rank.json", "report.json"];
    let told = names.map(|name| run.store().about(name));
    let told: Vec<String> = told
        .into_iter()
        .map(|about| about.map(|about| format!("{about:?}")))
        .collect::<Result<_>>()?;
    Ok(told.join(" "))
}

/// Is this the URL of object storage?
pub fn is_url(place: &str) -> bool {
    place.contains("://")
}
