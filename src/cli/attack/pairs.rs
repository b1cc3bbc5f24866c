//! `nearmiss attack pairs`: a captioned set against its dual encoder.

use super::super::common::{EncoderArgs, EngineArgs, or_all, positive};
use super::super::material::{demo, is_demo, open_dataset};
use super::super::output::{counted, emit, watched};
use super::{MethodArgs, ThreatArgs};
use crate::attack::{
    Done, Goal, LevelReport, Network, Norm, Set, SetOrder, SetReport, Transfer, attack_set,
    is_in_pixels,
};
use crate::compute::Groups;
use crate::dataset::Dataset;
use crate::encoder::{Encoder, EncoderFiles, EncoderOptions};
use crate::error::{Error, Result};
use crate::files::write_json;
use crate::retrieval::Report;
use crate::task::Task;
use clap::Args;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Arguments of `attack pairs`.
#[derive(Debug, Args)]
pub struct Pairs {
    /// Dataset file or folder, or `demo`
    #[arg(long, value_name = "PATH|demo")]
    dataset: PathBuf,
    #[command(flatten)]
    encoder: EncoderArgs,
    #[command(flatten)]
    method: MethodArgs,
    #[command(flatten)]
    threat: ThreatArgs,
    /// lose (the right caption), win (the hardest negative), match (its picture) or away
    #[arg(long, value_name = "NAME", default_value = "lose", value_parser = goal)]
    goal: Goal,
    /// Attack the first N pictures only; they are ranked among all
    #[arg(long, value_name = "N", value_parser = positive)]
    limit: Option<usize>,
    /// Keep the perturbed pictures here (PNG and exact .npy) with the report; a run that was stopped goes on
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    /// Show the perturbed pictures to a second encoder too
    #[arg(long, value_name = "DIR|demo")]
    transfer: Option<PathBuf>,
    #[command(flatten)]
    engine: EngineArgs,
}

/// What is printed. The keys are a contract; those of one epsilon are of the largest.
#[derive(Serialize)]
struct Answer<'a> {
    robust: &'a Report,
    quantized: &'a Report,
    success_rate: f64,
    mean_linf: f64,
    mean_l2: f64,
    #[serde(flatten)]
    report: &'a SetReport,
}

impl Pairs {
    /// Runs the command.
    pub fn run(&self, json: bool) -> Result<()> {
        let threat = self.threat.threat()?;
        let engine = self.engine.open()?;
        let report = watched(|task| {
            let encoder = Arc::new(self.encoder.open(task)?);
            let embedded =
                self.encoder
                    .embed(&encoder, &open_dataset(&self.dataset, task)?, task)?;
            let batch = self.encoder.batch.unwrap_or(Network::BATCH);
            let network =
                Network::image_tower(&encoder, &or_all(&self.encoder.provider), batch, task)?;
            let set = Set {
                network: Arc::new(network),
                engine,
                images: Arc::new(embedded.images),
                texts: Arc::new(embedded.texts),
                groups: Arc::new(Groups::new(embedded.dataset.offsets.clone())?),
            };
            let count = embedded.dataset.images.len();
            let order = SetOrder {
                transfer: self.second(&embedded.dataset, task)?,
                set,
                encoder,
                images: (0..self.limit.map_or(count, |n| n.min(count))).collect(),
                dataset: Arc::new(embedded.dataset),
                goal: self.goal,
                settings: self.method.settings(threat),
                eps: self.threat.radii(),
                batch,
                save: self.save.clone(),
            };
            attack_set(&order, &mut Done::default(), task)
        })?;
        let largest = report.levels.last().ok_or_else(|| {
            Error::request("no epsilon was tried", "Give at least one with --eps.")
        })?;
        let answer = Answer {
            robust: &largest.robust,
            quantized: &largest.quantized,
            success_rate: largest.success_rate,
            mean_linf: largest.mean_linf,
            mean_l2: largest.mean_l2,
            report: &report,
        };
        if let Some(folder) = &self.save {
            write_json(&folder.join("report.json"), &answer)?;
        }
        emit(&answer, json, || describe(&report))
    }

    /// The second encoder with its embeddings of `set`.
    fn second(&self, set: &Dataset, task: &Task) -> Result<Option<Transfer>> {
        let Some(folder) = &self.transfer else {
            return Ok(None);
        };
        let files = if is_demo(folder) {
            EncoderFiles::open(&demo()?.join("encoder"))?
        } else {
            EncoderFiles::open(folder)?
        };
        let encoder = Encoder::open(&files, &EncoderOptions::default(), task)?;
        let embedded = encoder.embed_dataset(set, self.encoder.cache().as_ref(), task)?;
        same_pictures(set, &embedded.dataset, folder)?;
        Ok(Some(Transfer {
            encoder: Arc::new(encoder),
            images: Arc::new(embedded.images),
            texts: Arc::new(embedded.texts),
        }))
    }
}

/// Both encoders must see the same rows.
fn same_pictures(first: &Dataset, second: &Dataset, folder: &Path) -> Result<()> {
    if first.images == second.images {
        return Ok(());
    }
    Err(Error::model(
        folder,
        "cannot read every picture that the first encoder reads",
        "Leave those pictures out of the set.",
    ))
}

fn goal(text: &str) -> Result<Goal, String> {
    let found = Goal::ALL.into_iter().find(|(_, name, _)| *name == text);
    found
        .map(|(goal, _, _)| goal)
        .ok_or_else(|| "choose lose, win, match or away".into())
}

/// A radius as people write it.
fn radius(norm: Norm, eps: f32) -> String {
    if is_in_pixels(norm) {
        format!("{:.4} ({:.2}/255)", eps, eps * 255.0)
    } else {
        format!("{eps}")
    }
}

fn describe(report: &SetReport) -> String {
    let settings = &report.settings;
    let mut text = format!(
        "{} on {}, {} right before; {:.1} s after {:.1} s of preparation, {:.1} steps/s\n\n",
        settings.method.title(),
        counted(report.images, "picture"),
        report.stood_before,
        report.seconds,
        report.prepare_seconds,
        report.steps_per_second
    );
    let _ = writeln!(
        text,
        "{:<20}{:>9}{:>9}{:>9}{:>9}{:>10}{:>12}{:>12}",
        "epsilon", "I-T R@1", "I-T R@10", "T-I R@1", "T-I R@10", "broken %", "8-bit R@1", "mean l2"
    );
    let mut line = |name: &str, r: &Report, level: Option<&LevelReport>| {
        let _ = write!(
            text,
            "{name:<20}{:>9.2}{:>9.2}{:>9.2}{:>9.2}",
            r.i2t.r1, r.i2t.r10, r.t2i.r1, r.t2i.r10
        );
        if let Some(l) = level {
            let _ = write!(
                text,
                "{:>10.1}{:>12.2}{:>12.4}",
                100.0 * l.success_rate,
                l.quantized.i2t.r1,
                l.mean_l2
            );
        }
        text.push('\n');
    };
    line("clean", &report.clean, None);
    for level in &report.levels {
        let name = radius(settings.threat.norm, level.eps);
        line(&name, &level.robust, Some(level));
    }
    if let Some(transfer) = &report.transfer {
        let _ = writeln!(text, "\nThe same pictures for {}:", transfer.encoder);
        let mut line = |name: &str, r: &Report, rate: Option<f64>| {
            let rate = rate.map_or(String::new(), |s| format!("{:>10.1}", 100.0 * s));
            let _ = writeln!(
                text,
                "{name:<20}{:>9.2}{:>9.2}{:>9.2}{:>9.2}{rate}",
                r.i2t.r1, r.i2t.r10, r.t2i.r1, r.t2i.r10
            );
        };
        line("clean", &transfer.clean, None);
        for (level, (robust, rate)) in report
            .levels
            .iter()
            .zip(transfer.robust.iter().zip(&transfer.success_rate))
        {
            line(
                &radius(settings.threat.norm, level.eps),
                robust,
                Some(*rate),
            );
        }
    }
    text
}
