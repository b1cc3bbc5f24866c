//! `nearmiss attack classifier`: rows of any ONNX classifier, each inside its own box.

mod labels;

use super::{MethodArgs, SeedArgs};
use crate::attack::{
    AttackSettings, Classifier as Rows, GradientDefects, GradientReport, Network, Norm, Space,
    Threat, Unwatched, pick, put, run,
};
use crate::cli::common::or_all;
use crate::cli::output::{counted, emit, warn};
use crate::cli::progress::watched;
use crate::compute::Engine;
use crate::dataset::npy::{read_array, write_array};
use crate::dataset::{Left, NAMES, Reason, Tally};
use crate::error::{Error, Result};
use crate::runtime::Provider;
use crate::task::Task;
use clap::Args;
use labels::labels;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Rows attacked together: enough to fill a batch, few enough to show progress.
const TOGETHER: usize = 64;

/// Arguments of `attack classifier`.
#[derive(Debug, Args)]
pub struct Classifier {
    /// The classifier
    #[arg(long, value_name = "ONNX")]
    model: PathBuf,
    /// Lowest value of each input element, `[rows, values]`
    #[arg(long, value_name = "NPY")]
    lower: PathBuf,
    /// Highest value of each input element, `[rows, values]`
    #[arg(long, value_name = "NPY")]
    upper: PathBuf,
    /// The right class of each row: .npy, or JSON: a list of numbers, or of objects with `label` (and `row`, `model`)
    #[arg(long, value_name = "NPY|JSON")]
    labels: PathBuf,
    #[command(flatten)]
    method: MethodArgs,
    #[command(flatten)]
    seed: SeedArgs,
    /// Execution providers in order of preference: cuda, directml, coreml, cpu
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    provider: Vec<Provider>,
    #[command(flatten)]
    engine: crate::cli::common::EngineArgs,
    /// Write the perturbed inputs here, in the shape of the bounds
    #[arg(long, value_name = "NPY")]
    save: Option<PathBuf>,
}

/// One row. The keys are a contract.
#[derive(Debug, Serialize)]
struct Shown {
    row: usize,
    success: bool,
    /// The largest other logit less the label's.
    margin: f32,
}

#[derive(Debug, Serialize)]
struct Answer {
    results: Vec<Shown>,
    success: usize,
    settings: AttackSettings,
    /// How far the gradients can be trusted; `None` for an attack without.
    gradient: Option<GradientReport>,
    /// Seconds of attacking, after the graphs were built.
    seconds: f64,
    prepare_seconds: f64,
    steps_per_second: f64,
}

/// What is printed, with the account of the rows.
#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    answer: &'a Answer,
    data: &'a Data,
}

/// The account of the rows.
#[derive(Serialize)]
struct Data {
    file: PathBuf,
    rows: Tally,
}

impl Data {
    fn of(file: &Path, labels: &[Option<usize>]) -> Self {
        let without = labels
            .iter()
            .enumerate()
            .filter(|(_, label)| label.is_none());
        let count = without.clone().count() as u64;
        let left = Left {
            reason: Reason::NoLabel,
            what: "no label of this model is given for them".into(),
            count,
            names: without
                .take(NAMES)
                .map(|(row, _)| format!("row {row}"))
                .collect(),
        };
        let found = labels.len() as u64;
        Self {
            file: file.to_path_buf(),
            rows: Tally {
                found,
                used: found - count,
                left_out: Some(left).filter(|_| count > 0).into_iter().collect(),
            },
        }
    }
}

impl Classifier {
    /// Runs the command.
    pub fn run(&self, json: bool) -> Result<()> {
        let (lower, shape) = read_array(&self.lower)?;
        let (upper, other) = read_array(&self.upper)?;
        if shape != other || shape.is_empty() {
            return Err(Error::dataset(
                &self.upper,
                format!("has shape {other:?}, the lower bounds {shape:?}"),
                "Both bounds need the same shape, [rows, values].",
            ));
        }
        let labels = labels(&self.labels, &self.model, shape[0])?;
        let engine = self.engine.open()?;
        let (answer, x) =
            watched(|task| self.attack(&lower, &upper, &shape, &labels, engine.as_ref(), task))?;
        if let Some(path) = &self.save {
            write_array(path, &x, &shape)?;
        }
        if let Some(gradient) = &answer.gradient {
            let rows = answer.results.len();
            gradient.warnings(rows, "rows").iter().for_each(warn);
        }
        let data = Data::of(&self.lower, &labels);
        let said = |answer: &Answer| {
            let (used, found) = (data.rows.used, data.rows.found);
            let left = data.rows.left_out.first().map_or_else(String::new, |left| {
                format!(
                    "left out: {}: {}\n",
                    counted(left.count as usize, "row"),
                    left.what
                )
            });
            format!("{used} of {found} rows\n{left}{}", describe(answer))
        };
        let whole = Whole {
            answer: &answer,
            data: &data,
        };
        emit(&whole, json, || said(&answer))
    }

    fn attack(
        &self,
        lower: &[f32],
        upper: &[f32],
        shape: &[usize],
        labels: &[Option<usize>],
        engine: &dyn Engine,
        task: &Task,
    ) -> Result<(Answer, Vec<f32>)> {
        task.begin("Preparing the gradient", 0);
        let begun = Instant::now();
        let network = Arc::new(Network::open(&self.model, &or_all(&self.provider), task)?);
        self.method.method()?.runs_on(&network)?;
        let len = network.grid().len();
        if shape[1..].iter().product::<usize>() != len {
            return Err(Error::dataset(
                &self.lower,
                format!("has {:?} values a row, the model takes {len}", &shape[1..]),
                "Flatten each input into one row, in the model's own order.",
            ));
        }
        // Each row has a box of its own, and no radius.
        let threat = Threat {
            norm: Norm::Free,
            eps: 0.0,
            ..Threat::default()
        };
        let settings = self.method.settings(threat, self.seed.seed)?;
        if !settings.method.works_in(settings.threat.norm) {
            return Err(Error::request(
                format!(
                    "{} needs a radius; the rows have boxes",
                    settings.method.title()
                ),
                "Choose pgd, which takes the same steps inside a box.",
            ));
        }
        let rows: Vec<usize> = (0..shape[0]).filter(|&r| labels[r].is_some()).collect();
        let steps = settings.attack().steps() as u64;
        let chunks = rows.len().div_ceil(TOGETHER) as u64;
        let mut x: Vec<f32> = lower.to_vec();
        let mut answer = Answer {
            results: Vec::with_capacity(rows.len()),
            success: 0,
            settings: settings.clone(),
            gradient: None,
            seconds: 0.0,
            prepare_seconds: 0.0,
            steps_per_second: 0.0,
        };
        warm(&network, &rows, labels, lower, &settings, task)?;
        answer.prepare_seconds = begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        task.begin(
            format!("{} on {} rows", settings.method.title(), rows.len()),
            chunks * steps,
        );
        let (mut gradients, mut queries) = (0_u64, 0_u64);
        let mut blind: Vec<(GradientDefects, u32)> = Vec::new();
        for chunk in rows.chunks(TOGETHER) {
            let keys = chunk.iter().map(|&r| r as u32).collect();
            let space = Space::boxed(
                network.grid().with_rows(chunk.len()),
                pick(lower, len, chunk),
                pick(upper, len, chunk),
                keys,
            )?;
            let own = chunk.iter().filter_map(|&r| labels[r]).collect();
            let mut victim = Rows::new(Arc::clone(&network), own);
            let mut watch = Counting(task);
            let found = run(&mut victim, &space, &settings, engine, &mut watch, task)?;
            put(&mut x, &found.x, len, chunk);
            gradients += found.gradients.iter().map(|&g| u64::from(g)).sum::<u64>();
            blind.extend(
                found
                    .blind
                    .iter()
                    .copied()
                    .zip(found.gradients.iter().copied()),
            );
            queries += found.queries.iter().map(|&q| u64::from(q)).sum::<u64>();
            for (at, &row) in chunk.iter().enumerate() {
                let verdict = found.verdicts[at];
                answer.success += usize::from(verdict.fooled);
                answer.results.push(Shown {
                    row,
                    success: verdict.fooled,
                    margin: verdict.margin(),
                });
            }
        }
        answer.seconds = begun.elapsed().as_secs_f64();
        answer.gradient = (gradients > 0).then(|| GradientReport {
            approximate: network.approximate().to_vec(),
            zero: blind.iter().filter(|(b, n)| b.is_mostly_zero(*n)).count(),
            not_finite: blind.iter().filter(|(b, _)| b.not_finite > 0).count(),
        });
        let steps = if gradients > 0 { gradients } else { queries };
        answer.steps_per_second = steps as f64 / answer.seconds.max(1e-9);
        Ok((answer, x))
    }
}

/// Builds the gradient graphs before the clock starts.
fn warm(
    network: &Arc<Network>,
    rows: &[usize],
    labels: &[Option<usize>],
    lower: &[f32],
    settings: &AttackSettings,
    task: &Task,
) -> Result<()> {
    let rows = &rows[..rows.len().min(TOGETHER)];
    if rows.is_empty() || !settings.method.needs_gradient() || network.blocked().is_some() {
        return Ok(());
    }
    let len = network.grid().len();
    let own = rows.iter().filter_map(|&r| labels[r]).collect();
    let mut victim = Rows::new(Arc::clone(network), own);
    let values = pick(lower, len, rows);
    run(
        &mut victim,
        &Space::boxed(
            network.grid().with_rows(rows.len()),
            values.clone(),
            values,
            vec![0; rows.len()],
        )?,
        &AttackSettings {
            steps: Some(1),
            restarts: 1,
            ..settings.clone()
        },
        &crate::compute::Cpu,
        &mut Unwatched,
        task,
    )
    .map(|_| ())
}

/// Counts steps as progress.
struct Counting<'a>(&'a Task);

impl crate::attack::Watch for Counting<'_> {
    fn step(&mut self, _: &crate::attack::StepEvent<'_>) {
        self.0.add(1);
    }
}

fn describe(answer: &Answer) -> String {
    let mut text = format!(
        "{}: {} of {} broken in {:.1} s ({:.0} steps/s, after {:.1} s of preparation)\n\n",
        answer.settings.method.title(),
        answer.success,
        counted(answer.results.len(), "row"),
        answer.seconds,
        answer.steps_per_second,
        answer.prepare_seconds
    );
    for row in &answer.results {
        let word = if row.success { "broken" } else { "stands" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "row {:<6} {word}  margin {:+.6}", row.row, row.margin);
    }
    text
}
