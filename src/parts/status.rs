//! How far a run is: from the names of its files alone. A mark's name tells the plan that it belongs to, so that what another
//! plan left is not counted; whether what a mark says is still so, merging tells.

use super::merge;
use super::plan::{EmbedPlan, Mining};
use super::run::{Failure, Run, Stage, marked, plan_name};
use crate::compute::Choice;
use crate::error::Result;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::Range;
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
    /// The first hundred tasks that are not.
    pub missing: Vec<usize>,
    /// All tasks that are not: from the first of each pair up to the second, which is not one of them.
    pub missing_ranges: Vec<[usize; 2]>,
    /// Further rounds that merging planned; their tasks are among `tasks`.
    pub further_rounds: usize,
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
struct Shape {
    /// The hash of the plan.
    hash: String,
    /// Tasks with the hash of the plan that they are of: one range, but for further rounds.
    tasks: Vec<(Range<usize>, String)>,
    merges: usize,
    gpu: bool,
}

impl Shape {
    fn new(hash: String, tasks: usize, merges: usize, gpu: bool) -> Self {
        Self {
            tasks: vec![(0..tasks, hash.clone())],
            hash,
            merges,
            gpu,
        }
    }
}

/// Reads how far the run is.
///
/// # Errors
/// A plan, or the list of files, cannot be read.
pub fn status(run: &Run) -> Result<Status> {
    let mut stages = Vec::new();
    for stage in Stage::ALL {
        if let Some(shape) = shape(run, stage)? {
            stages.push(of_stage(run, stage, &shape)?);
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
            let (plan, hash) = run.embed_plan()?;
            Shape::new(hash, plan.shards.len(), 0, on_cuda(&plan))
        }
        Stage::Rank => {
            let (plan, hash) = run.rank_plan()?;
            let gpu = plan.compute == Choice::Gpu;
            Shape::new(hash, plan.tasks(), plan.merges(), gpu)
        }
        Stage::Mine => {
            let mining = run.mining()?;
            let parts = mining.parts().into_iter();
            Shape {
                tasks: parts
                    .map(|(tasks, hash)| (tasks, hash.to_owned()))
                    .collect(),
                gpu: searches_on_gpu(run, &mining)?,
                hash: mining.hash,
                merges: 1,
            }
        }
        Stage::Attack => {
            let (plan, hash) = run.attack_plan()?;
            let gpu = plan.terms.compute == Choice::Gpu || on_cuda(&run.embed_plan()?.0);
            Shape::new(hash, plan.tasks(), 1, gpu)
        }
    }))
}

/// Do the newest tasks of mining search on a GPU?
fn searches_on_gpu(run: &Run, mining: &Mining) -> Result<bool> {
    let searches = mining
        .rounds
        .last()
        .is_some_and(|(round, _)| round.is_search());
    Ok(searches && mining.plan.set(run)?.compute == Choice::Gpu)
}

/// Does the encoder ask for a GPU?
fn on_cuda(plan: &EmbedPlan) -> bool {
    let coder = plan.encoder.as_ref();
    coder.is_some_and(|coder| coder.options.providers == [crate::runtime::Provider::Cuda])
}

fn of_stage(run: &Run, stage: Stage, shape: &Shape) -> Result<StageStatus> {
    let kind = stage.name();
    let done = marks(run, kind, &shape.tasks)?;
    let tasks = shape.tasks.last().map_or(0, |(tasks, _)| tasks.end);
    let merged = if shape.merges > 0 {
        let ranges = [(0..shape.merges, shape.hash.clone())];
        marks(run, &merge::kind(stage), &ranges)?.len()
    } else {
        0
    };
    let missing = ranges((0..tasks).filter(|n| !done.contains_key(n)));
    let failed = failed(run, stage, tasks, &done)?;
    let times: Vec<SystemTime> = done.values().filter_map(|time| *time).collect();
    let last = times.iter().max().copied();
    let rate = rate(times);
    let left = tasks - done.len();
    Ok(StageStatus {
        stage,
        tasks,
        done: done.len(),
        missing: missing
            .iter()
            .flat_map(|[from, to]| *from..*to)
            .take(LISTED)
            .collect(),
        missing_ranges: missing,
        further_rounds: shape.tasks.len() - 1,
        failed,
        merges: shape.merges,
        ranges_merged: merged,
        merged: match stage {
            Stage::Embed => left == 0,
            _ => merged >= shape.merges && is_put_together(run, stage, &shape.hash)?,
        },
        gpu: shape.gpu,
        rate,
        seconds_left: (rate > 0.0).then(|| left as f64 / rate),
        last: last.map(since_1970),
    })
}

/// Tasks that failed since the stage was planned, and are not done; the first hundred.
fn failed(run: &Run, stage: Stage, tasks: usize, done: &Marks) -> Result<Vec<Failure>> {
    let planned = run.store().about(&plan_name(stage))?;
    let planned = planned.and_then(|about| about.modified);
    let mut failed = Vec::new();
    for (name, about) in run.store().list(&format!("failed/{}", stage.name()))? {
        let number = name
            .rsplit('/')
            .next()
            .and_then(|name| name.strip_suffix(".json"));
        let Some(n) = number.and_then(|number| number.parse().ok()) else {
            continue;
        };
        // What failed before that was a task of another plan.
        let earlier = about
            .modified
            .zip(planned)
            .is_some_and(|(then, plan)| then < plan);
        if earlier || n >= tasks || done.contains_key(&n) || failed.len() >= LISTED {
            continue;
        }
        let bytes = run.store().read_if_there(&name)?;
        failed.extend(bytes.and_then(|bytes| serde_json::from_slice::<Failure>(&bytes).ok()));
    }
    Ok(failed)
}

/// Rising numbers as ranges.
fn ranges(numbers: impl Iterator<Item = usize>) -> Vec<[usize; 2]> {
    let mut ranges: Vec<[usize; 2]> = Vec::new();
    for n in numbers {
        match ranges.last_mut() {
            Some([_, end]) if *end == n => *end += 1,
            _ => ranges.push([n, n + 1]),
        }
    }
    ranges
}

fn since_1970(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// What is done, and when.
type Marks = BTreeMap<usize, Option<SystemTime>>;

/// The marks of tasks by the plans that they are of.
fn marks(run: &Run, kind: &str, tasks: &[(Range<usize>, String)]) -> Result<Marks> {
    let found = run.store().list(&format!("done/{kind}"))?.into_iter();
    let number = |name: &str| {
        let mut known = tasks
            .iter()
            .map(|(tasks, plan)| (tasks, marked(name, plan)));
        known.find_map(|(tasks, n)| n.filter(|n| tasks.contains(n)))
    };
    Ok(found
        .filter_map(|(name, about)| Some((number(&name)?, about.modified)))
        .collect())
}

/// Is there what a merge leaves at its end?
fn is_put_together(run: &Run, stage: Stage, hash: &str) -> Result<bool> {
    let one = [(0..1, hash.to_owned())];
    Ok(!marks(run, &merge::end(stage), &one)?.is_empty())
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
