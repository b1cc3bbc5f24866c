//! How far a run is: from its files alone.

use super::merge;
use super::plan::EmbedPlan;
use super::run::{Failure, Run, Stage, plan_name};
use crate::error::Result;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Numbers of tasks that are listed.
const LISTED: usize = 100;

/// How far a stage is. Its keys are a contract.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageStatus {
    /// Which.
    pub stage: Stage,
    /// Tasks.
    pub tasks: usize,
    /// Tasks that are done.
    pub done: usize,
    /// The first tasks that are not.
    pub missing: Vec<usize>,
    /// Tasks that failed the last time they were tried.
    pub failed: Vec<Failure>,
    /// Ranges that are merged one by one.
    pub merges: usize,
    /// Those that are.
    pub ranges_merged: usize,
    /// Is everything put together? Of embedding: is it done?
    pub merged: bool,
    /// Do its tasks ask for a GPU?
    pub gpu: bool,
    /// Tasks done in a second, over the last ten minutes in which any was; 0 where that is not known.
    pub rate: f64,
    /// Seconds left at that rate.
    pub seconds_left: Option<f64>,
    /// When a task was done last, in milliseconds since 1970.
    pub last: Option<u64>,
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// Where it lies.
    pub run: String,
    /// The stages that are planned, in order.
    pub stages: Vec<StageStatus>,
}

/// What a stage is cut into.
#[derive(Debug, Clone, Copy)]
struct Shape {
    tasks: usize,
    merges: usize,
    gpu: bool,
}

/// Reads how far the run is.
///
/// # Errors
/// A plan, or the list of files, cannot be read.
pub fn status(run: &Run) -> Result<Status> {
    let mut stages = Vec::new();
    for stage in Stage::ALL {
        if let Some(shape) = shape(run, stage)? {
            stages.push(of_stage(run, stage, shape)?);
        }
    }
    Ok(Status {
        run: run.store().place().to_owned(),
        stages,
    })
}

fn shape(run: &Run, stage: Stage) -> Result<Option<Shape>> {
    if !run.is_planned(stage)? {
        return Ok(None);
    }
    Ok(Some(match stage {
        Stage::Embed => {
            let plan = run.embed_plan()?.0;
            Shape {
                tasks: plan.shards.len(),
                merges: 0,
                gpu: on_cuda(&plan),
            }
        }
        Stage::Rank => {
            let plan = run.rank_plan()?.0;
            Shape {
                tasks: plan.tasks(),
                merges: plan.merges(),
                gpu: plan.compute == crate::compute::Choice::Gpu,
            }
        }
        Stage::Mine => Shape {
            tasks: run.mine_plan()?.0.pieces.len(),
            merges: 1,
            gpu: false,
        },
        Stage::Attack => {
            let plan = run.attack_plan()?.0;
            Shape {
                tasks: plan.tasks(),
                merges: 1,
                gpu: plan.terms.compute == crate::compute::Choice::Gpu
                    || on_cuda(&run.embed_plan()?.0),
            }
        }
    }))
}

/// Does the encoder ask for a GPU?
fn on_cuda(plan: &EmbedPlan) -> bool {
    let coder = plan.encoder.as_ref();
    coder.is_some_and(|coder| coder.options.providers == [crate::runtime::Provider::Cuda])
}

fn of_stage(run: &Run, stage: Stage, shape: Shape) -> Result<StageStatus> {
    let kind = stage.name();
    let marks = marks(run, stage, kind, shape.tasks)?;
    let done: BTreeSet<usize> = marks.iter().map(|(n, _)| *n).collect();
    let merged = marks_of_merges(run, stage, shape.merges)?;
    let mut failed = Vec::new();
    for (n, _) in numbers(run, &format!("failed/{kind}"))?.iter().take(LISTED) {
        if done.contains(n) || *n >= shape.tasks {
            continue;
        }
        let name = format!("failed/{kind}/{n:05}.json");
        let bytes = run.store().read_if_there(&name)?;
        failed.extend(bytes.and_then(|bytes| serde_json::from_slice::<Failure>(&bytes).ok()));
    }
    let times: Vec<SystemTime> = marks.iter().filter_map(|(_, time)| *time).collect();
    let last = times.iter().max().copied();
    let rate = rate(times);
    let left = shape.tasks - done.len();
    Ok(StageStatus {
        stage,
        tasks: shape.tasks,
        done: done.len(),
        missing: (0..shape.tasks)
            .filter(|n| !done.contains(n))
            .take(LISTED)
            .collect(),
        failed,
        merges: shape.merges,
        ranges_merged: merged,
        merged: match stage {
            Stage::Embed => left == 0,
            _ => merged >= shape.merges && is_put_together(run, stage)?,
        },
        gpu: shape.gpu,
        rate,
        seconds_left: (rate > 0.0).then(|| left as f64 / rate),
        last: last.map(since_1970),
    })
}

fn since_1970(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The marks of the tasks `0..tasks`. One from before the plan was written may be of another plan: it is read.
fn marks(
    run: &Run,
    stage: Stage,
    kind: &str,
    tasks: usize,
) -> Result<Vec<(usize, Option<SystemTime>)>> {
    let mut found = numbers(run, &format!("done/{kind}"))?;
    found.retain(|(n, _)| *n < tasks);
    let name = plan_name(stage);
    let planned = run.store().about(&name)?.and_then(|about| about.modified);
    let is_older =
        |time: &Option<SystemTime>| time.is_none_or(|time| planned.is_none_or(|plan| time < plan));
    if !found.iter().any(|(_, time)| is_older(time)) {
        return Ok(found);
    }
    let hash = run.planned::<Value>(stage)?.1;
    let mut kept = Vec::new();
    for (n, time) in found {
        if !is_older(&time) || run.mark::<Value>(kind, n, &hash)?.is_some() {
            kept.push((n, time));
        }
    }
    Ok(kept)
}

/// Is there what a merge leaves at its end?
fn is_put_together(run: &Run, stage: Stage) -> Result<bool> {
    Ok(!marks(run, stage, &merge::end(stage), 1)?.is_empty())
}

/// Ranges of queries that are merged.
fn marks_of_merges(run: &Run, stage: Stage, merges: usize) -> Result<usize> {
    if merges == 0 {
        return Ok(0);
    }
    Ok(marks(run, stage, &merge::kind(stage), merges)?.len())
}

/// The numbers that files of a folder are called by, with when they were written.
fn numbers(run: &Run, folder: &str) -> Result<Vec<(usize, Option<SystemTime>)>> {
    let files = run.store().list(folder)?;
    let number = |name: &str| {
        let name = name.rsplit('/').next()?;
        name.strip_suffix(".json")?.parse().ok()
    };
    let found = files.into_iter();
    Ok(found
        .filter_map(|(name, about)| Some((number(&name)?, about.modified)))
        .collect())
}

/// Tasks in a second, from when they were done.
fn rate(mut times: Vec<SystemTime>) -> f64 {
    times.sort_unstable();
    let Some(&last) = times.last() else {
        return 0.0;
    };
    let since = last.checked_sub(Duration::from_mins(10)).unwrap_or(last);
    let recent: Vec<SystemTime> = times.into_iter().filter(|time| *time >= since).collect();
    let span = recent
        .first()
        .and_then(|first| last.duration_since(*first).ok());
    match span {
        Some(span) if !span.is_zero() => (recent.len() - 1) as f64 / span.as_secs_f64(),
        _ => 0.0,
    }
}
