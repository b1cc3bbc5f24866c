//! `nearmiss attack pairs`: a captioned set against its dual encoder.

use super::super::common::{DataArgs, EngineArgs, or_all};
use super::super::encoder::EncoderArgs;
use super::super::output::{With, emit_with, warn};
use super::super::progress::watched;
use super::tables::describe;
use super::{AimArgs, MethodArgs, SeedArgs, ThreatArgs};
use crate::attack::{Checkpoint, Network, Set, SetRequest, Transfer, attack_set, direction};
use crate::compute::Measure;
use crate::dataset::Dataset;
use crate::encoder::EncoderOptions;
use crate::error::{Error, Result};
use crate::files::write_json;
use crate::retrieval::Side;
use crate::source::{EncoderSource, open_dataset};
use crate::task::Task;
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Arguments of `attack pairs`.
#[derive(Debug, Args)]
pub struct Pairs {
    /// Dataset file or folder, or `demo`
    #[arg(long, value_name = "PATH|demo")]
    dataset: PathBuf,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    encoder: EncoderArgs,
    #[command(flatten)]
    method: MethodArgs,
    #[command(flatten)]
    seed: SeedArgs,
    #[command(flatten)]
    threat: ThreatArgs,
    #[command(flatten)]
    aim: AimArgs,
    /// i2t (image to text), t2i (text to image) or both
    #[arg(long, value_name = "NAME", value_parser = sides)]
    direction: Option<Sides>,
    /// Keep the perturbed pictures here (PNG and exact .npy) with the report; a run that was stopped goes on
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    /// Show the perturbed pictures to a second encoder too
    #[arg(long, value_name = "DIR|demo")]
    transfer: Option<PathBuf>,
    #[command(flatten)]
    engine: EngineArgs,
}

impl Pairs {
    /// Runs the command.
    pub fn run(&self, json: bool) -> Result<()> {
        let settings = self
            .method
            .settings(self.threat.threat()?, self.seed.seed)?;
        let at = self.aim.ranks(self.direction.is_some())?;
        let sides = self.direction.clone();
        let sides = sides.map_or(SetRequest::SIDES.to_vec(), |s| s.0);
        let eps = self.threat.radii(settings.threat.norm);
        for &eps in &eps {
            settings.threat.with_eps(eps).check()?;
        }
        let engine = self.engine.open()?;
        let (report, account) = watched(|task| {
            let encoder = Arc::new(self.encoder.open(task)?);
            let made = self.encoder.embed(
                &encoder,
                &open_dataset(&self.dataset, &self.data.wanted(), task)?,
                Measure::Cosine,
                task,
            )?;
            let mut account = made.dataset.account();
            account.measure = Some(Measure::Cosine.words().into());
            let batch = self.encoder.batch.unwrap_or(Network::BATCH);
            let network =
                Network::image_tower(&encoder, &or_all(&self.encoder.provider), batch, task)?;
            let set = Set {
                network: Arc::new(network),
                engine,
                embedded: made.embedded,
                part: None,
            };
            let count = made.dataset.images.len();
            let order = SetRequest {
                transfer: self.second(&made.dataset, task)?,
                set,
                encoder,
                images: (0..self.aim.limit.map_or(count, |n| n.min(count))).collect(),
                dataset: Arc::new(made.dataset),
                goal: self.aim.goal,
                at,
                sides,
                settings,
                eps,
                adaptive: self.threat.is_open(),
                batch,
                save: self.save.clone(),
            };
            let report = attack_set(&order, &mut Checkpoint::default(), task)?;
            Ok::<_, Error>((report, account))
        })?;
        let answer = report.answer().ok_or_else(|| {
            Error::request("no epsilon was tried", "Give at least one with --eps.")
        })?;
        if let Some(folder) = &self.save {
            let whole = With {
                value: &answer,
                data: &account,
            };
            write_json(&folder.join("report.json"), &whole)?;
        }
        if let Some(gradient) = &report.gradient {
            let said = gradient.warnings(report.images, "pictures");
            said.iter().for_each(warn);
        }
        emit_with(&answer, &account, json, || describe(&report))
    }

    /// The second encoder with its embeddings of `set`.
    fn second(&self, set: &Dataset, task: &Task) -> Result<Option<Transfer>> {
        let Some(folder) = &self.transfer else {
            return Ok(None);
        };
        let encoder = EncoderSource::named(folder).open(&EncoderOptions::default(), task)?;
        let made = encoder.embed_dataset(set, self.encoder.cache().as_ref(), task)?;
        same_pictures(set, &made.dataset, folder)?;
        Ok(Some(Transfer {
            encoder: Arc::new(encoder),
            embedded: made.embedded,
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

/// Directions by their name.
#[derive(Debug, Clone)]
struct Sides(Vec<Side>);

fn sides(text: &str) -> Result<Sides, String> {
    let all = SetRequest::SIDES;
    match text {
        "both" => Ok(Sides(all.to_vec())),
        name => all
            .into_iter()
            .find(|&side| direction(side) == name)
            .map(|side| Sides(vec![side]))
            .ok_or_else(|| "choose i2t, t2i or both".into()),
    }
}
