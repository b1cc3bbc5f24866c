//! What is kept of an attack on one picture: the picture, the exact values, the heatmap, and a report that
//! reproduces the run.

use super::pictures::picture;
use super::settings::AttackSettings;
use super::single::{AttackRequest, AttackResult, CaptionRanking, Point};
use super::victim::{Goal, GradientDefects};
use crate::compute::{Colours, Paint, Size, channel_mean};
use crate::dataset::npy::write_array;
use crate::dataset::{Dataset, Picture, write_png};
use crate::error::{Error, Result};
use crate::files::{as_shown, chosen, hash, put_together, write_json};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// A run with everything that reproduces it. The keys of its JSON form are a contract.
#[derive(Debug, Clone, Serialize)]
pub struct AttackReport {
    /// Version of nearmiss.
    pub nearmiss: &'static str,
    /// The image model's file.
    #[serde(serialize_with = "as_shown")]
    pub model: PathBuf,
    /// BLAKE3 hash of that file.
    pub model_blake3: String,
    /// The engine that ran it.
    pub engine: String,
    /// The picture's file or name.
    pub picture: String,
    /// Its row in the dataset.
    pub image: usize,
    /// What the attack wanted.
    pub goal: Goal,
    /// The caption that was to win, or the picture to match.
    pub target: Option<String>,
    /// At the picture's own resolution?
    pub own_size: bool,
    /// The attack and all its parameters, the seed among them.
    pub settings: AttackSettings,
    /// Where the picture stood.
    pub before: CaptionRanking,
    /// Where it stands, exactly.
    pub after: CaptionRanking,
    /// Where it stands after rounding to 8 bits.
    pub rounded: CaptionRanking,
    /// Size of the perturbation.
    pub size: Size,
    /// Every step.
    pub points: Vec<Point>,
    /// Gradients computed.
    pub gradients: u32,
    /// Forward runs besides.
    pub queries: u32,
    /// What was wrong with the gradients.
    pub gradient: GradientDefects,
    /// The operators that the gradient passes straight through although they round.
    pub approximate: Vec<String>,
    /// How long it took.
    pub seconds: f64,
}

/// Files of one export, all beside each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// The perturbed picture in 8 bits.
    pub png: PathBuf,
    /// Its exact values, `[channels, height, width]` in [0, 1].
    pub npy: PathBuf,
    /// The perturbation as a signed heatmap.
    pub heatmap: PathBuf,
    /// The report.
    pub json: PathBuf,
}

/// The perturbation of `result`, mean over channels, blue - white - red between minus and plus its radius (its largest
/// change where the norm has no such radius).
///
/// # Errors
/// A lost device.
pub fn heatmap(result: &AttackResult, engine: &dyn Paint) -> Result<Picture> {
    let difference: Vec<f32> = result
        .adversarial
        .iter()
        .zip(result.clean.iter())
        .map(|(a, c)| a - c)
        .collect();
    let mean = channel_mean(result.grid, &difference);
    let rgba = engine.colour(&mean, Colours::Signed, result.scale())?;
    Ok(Picture {
        width: result.grid.width as u32,
        height: result.grid.height as u32,
        rgb: rgba
            .chunks_exact(4)
            .flat_map(|p| [p[0], p[1], p[2]])
            .collect(),
    })
}

/// Writes picture, exact values, heatmap and report of `result` beside each other: `path` names the picture, the others
/// take its name with another ending.
///
/// # Errors
/// One of the others is there already; a file cannot be written, or the model's file cannot be read.
pub fn export(
    path: &Path,
    result: &AttackResult,
    request: &AttackRequest,
    dataset: &Dataset,
) -> Result<Export> {
    let [png, npy, heatmap_file, json] = chosen(path, ["png", "npy", "heatmap.png", "json"])?;
    let files = Export {
        png,
        npy,
        heatmap: heatmap_file,
        json,
    };
    let grid = result.grid;
    let made = picture(&result.adversarial, grid.channels, grid.height, grid.width);
    let shape = [grid.channels, grid.height, grid.width];
    let heat = heatmap(result, request.set.engine.as_ref())?;
    let report = report(result, request, dataset)?;
    // The report last: where it exists, the pictures that it describes do too.
    let places = [&files.png, &files.npy, &files.heatmap, &files.json];
    put_together(
        &places.map(std::path::PathBuf::as_path),
        |[png, npy, heatmap, json]| {
            write_png(png, &made)?;
            write_array(npy, &result.adversarial, &shape)?;
            write_png(heatmap, &heat)?;
            write_json(json, &report)
        },
    )?;
    Ok(files)
}

fn report(
    result: &AttackResult,
    request: &AttackRequest,
    dataset: &Dataset,
) -> Result<AttackReport> {
    let model = request.set.network.path().to_path_buf();
    let image = &dataset.images[result.image];
    let target = match result.goal {
        Goal::Win => dataset.captions.get(result.target).cloned(),
        Goal::Match => dataset.images.get(result.target).map(|i| i.name.clone()),
        Goal::Lose | Goal::Away => None,
    };
    Ok(AttackReport {
        nearmiss: env!("CARGO_PKG_VERSION"),
        model_blake3: hash(&model).map_err(Error::io("read", &model))?,
        model,
        engine: request.encoder.describe().engine,
        picture: image.place().display().to_string(),
        image: result.image,
        goal: result.goal,
        target,
        own_size: result.own_size,
        settings: result.settings.clone(),
        before: result.before.clone(),
        after: result.after.clone(),
        rounded: result.rounded.clone(),
        size: result.size,
        points: result.points.clone(),
        gradients: result.gradients,
        queries: result.queries,
        gradient: result.blind,
        approximate: result.approximate.clone(),
        seconds: result.seconds,
    })
}
