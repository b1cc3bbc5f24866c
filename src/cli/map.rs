//! `nearmiss map`: both sides of the joint space in one plane.

use super::common::{EngineArgs, positive};
use super::material::{Material, SourceArgs, material};
use super::output::{counted, emit_with};
use super::progress::watched;
use crate::compute::{Engine, RankOptions};
use crate::dataset::coordinates;
use crate::error::{Error, Result};
use crate::files::shown;
use crate::map::{
    self, Gap, MapOptions, NEAR, NamedClusters, Of, Projection, clusters, make, picture,
};
use crate::retrieval::given::Zeros;
use crate::task::Task;
use clap::{ArgGroup, Args};
use serde::Serialize;
use std::fmt::Write;
use std::path::PathBuf;

/// Arguments of `map`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("source").args(["encoder", "image_model", "image_embeds"])))]
pub struct Map {
    /// Dataset file or folder, or `demo`
    #[arg(
        long,
        value_name = "PATH|demo",
        required_unless_present = "image_embeds"
    )]
    dataset: Option<PathBuf>,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    engine: EngineArgs,
    /// Captions of each image, in order; for embeddings without a dataset
    #[arg(long, value_name = "N", value_parser = positive)]
    captions_per_image: Option<usize>,
    /// How points are laid out: pca, tsne or umap
    #[arg(long, value_name = "NAME", default_value = "umap")]
    method: Projection,
    /// What is laid out: both, images, texts, or placed (captions placed in the images' map)
    #[arg(long, value_name = "WHAT", default_value = "both")]
    of: Of,
    /// Seed of all that is random
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// UMAP: nearest neighbours of a point, itself among them
    #[arg(long, value_name = "K")]
    neighbours: Option<usize>,
    /// UMAP: least distance of points in the map
    #[arg(long, value_name = "D")]
    least_distance: Option<f32>,
    /// UMAP: how far the map spreads
    #[arg(long, value_name = "S")]
    spread: Option<f32>,
    /// t-SNE: effective number of neighbours
    #[arg(long, value_name = "P")]
    perplexity: Option<f32>,
    /// Take off the mean of each side first, which closes the gap between images and captions
    #[arg(long)]
    centre: bool,
    /// Coordinates: .csv, .jsonl, .parquet (kind, row, id, x, y) or .npy
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The map as a picture: .png or .svg
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
}

/// What `map` prints.
#[derive(Serialize)]
struct Report {
    method: &'static str,
    of: &'static str,
    seed: u64,
    points: usize,
    images: usize,
    captions: usize,
    /// Nearest neighbours of each point that the layout went by.
    neighbours: usize,
    /// Seconds of the layout.
    seconds: f64,
    trustworthiness: Option<f64>,
    continuity: Option<f64>,
    knn_recall: Option<f64>,
    /// The same of a random map.
    random: Option<Random>,
    /// Points that these were measured at.
    measured_at: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    explained: Option<[f64; 2]>,
    gap: Option<GapReport>,
    centred: bool,
    clusters: Vec<ClusterReport>,
    engine: String,
}

/// The gap between images and captions as they are embedded.
#[derive(Serialize)]
struct GapReport {
    centroid_distance: f64,
    separability: Option<f64>,
    image_cosine: Option<f64>,
    text_cosine: Option<f64>,
    across_cosine: f64,
}

impl GapReport {
    fn of(gap: Gap) -> Self {
        Self {
            centroid_distance: gap.distance,
            separability: gap.separable,
            image_cosine: gap.images_cosine,
            text_cosine: gap.texts_cosine,
            across_cosine: gap.across_cosine,
        }
    }
}

/// What a random map has.
#[derive(Serialize)]
struct Random {
    trustworthiness: f64,
    continuity: f64,
    knn_recall: f64,
}

/// A cluster of the map.
#[derive(Serialize)]
struct ClusterReport {
    name: String,
    points: usize,
    x: f32,
    y: f32,
}

impl Map {
    /// Runs the command.
    ///
    /// # Errors
    /// What cannot be opened, embedded, laid out or written.
    pub fn run(&self, json: bool) -> Result<()> {
        let options = self.options()?;
        // What cannot be written is better known before the work than after it.
        if let Some(path) = &self.picture {
            picture::check(path)?;
        }
        if let Some(path) = &self.out {
            coordinates::check(path)?;
        }
        let engine = self.engine.open()?;
        let ask = self.source.ask(
            self.dataset.as_deref(),
            self.captions_per_image,
            Zeros::LeaveOut,
        );
        let material = material(&ask, |_| Ok(()))?;
        let report = watched(|task| self.report(&*engine, &material, &options, task))?;
        emit_with(&report, &material.account, json, || describe(&report, self))
    }

    /// The layout asked for; what belongs to another method is refused.
    fn options(&self) -> Result<MapOptions> {
        let usual = MapOptions::default();
        let options = MapOptions {
            projection: self.method,
            of: self.of,
            seed: self.seed,
            neighbours: self.neighbours.unwrap_or(usual.neighbours),
            least_distance: self.least_distance.unwrap_or(usual.least_distance),
            spread: self.spread.unwrap_or(usual.spread),
            perplexity: self.perplexity.unwrap_or(usual.perplexity),
            centre: self.centre,
        };
        let umap = [
            ("--neighbours", self.neighbours.is_some()),
            ("--least-distance", self.least_distance.is_some()),
            ("--spread", self.spread.is_some()),
        ];
        let foreign = match self.method {
            Projection::Umap => vec![("--perplexity", self.perplexity.is_some())],
            Projection::Tsne => umap.to_vec(),
            Projection::Pca => [&umap[..], &[("--perplexity", self.perplexity.is_some())]].concat(),
        };
        if let Some((flag, _)) = foreign.iter().find(|(_, given)| *given) {
            return Err(Error::request(
                format!("{} has no {flag}", self.method.title()),
                format!("Leave out {flag}, or choose the method that has it."),
            ));
        }
        if self.centre && !(self.of.has_images() && self.of.has_texts()) {
            return Err(Error::request(
                "one side alone has no gap to be closed",
                "Leave out --centre.",
            ));
        }
        options.check()?;
        Ok(options)
    }

    fn report(
        &self,
        engine: &dyn Engine,
        material: &Material,
        options: &MapOptions,
        task: &Task,
    ) -> Result<Report> {
        let embedded = &material.embedded;
        let dataset = material.dataset.as_ref();
        let map = make(engine, embedded, options, &mut |_, _| {}, task)?;
        let clusters = clusters(&map.points, map.images, dataset, options.seed, task)?;
        if let Some(path) = &self.out {
            task.begin("Writing coordinates", 0);
            coordinates::write(path, &map.points, map.images, dataset, task)?;
        }
        if let Some(path) = &self.picture {
            self.draw(path, engine, material, &map, &clusters, task)?;
        }
        Ok(Report {
            method: options.projection.name(),
            of: options.of.name(),
            seed: options.seed,
            points: map.points.len(),
            images: map.images,
            captions: map.texts(),
            neighbours: map.neighbours,
            seconds: map.seconds,
            trustworthiness: map.quality.map(|q| q.trustworthiness),
            continuity: map.quality.map(|q| q.continuity),
            knn_recall: map.quality.map(|q| q.knn_recall),
            random: map.floor.map(|q| Random {
                trustworthiness: q.trustworthiness,
                continuity: q.continuity,
                knn_recall: q.knn_recall,
            }),
            measured_at: map
                .quality
                .and_then(|q| q.sampled)
                .unwrap_or(map.points.len()),
            explained: map.explained,
            gap: map.gap.map(GapReport::of),
            centred: options.centre,
            clusters: clusters
                .all
                .into_iter()
                .map(|cluster| ClusterReport {
                    name: cluster.name,
                    points: cluster.points,
                    x: cluster.at[0],
                    y: cluster.at[1],
                })
                .collect(),
            engine: engine.name(),
        })
    }

    fn draw(
        &self,
        path: &std::path::Path,
        engine: &dyn Engine,
        material: &Material,
        map: &map::Map,
        clusters: &NamedClusters,
        task: &Task,
    ) -> Result<()> {
        let embedded = &material.embedded;
        let ranked = map.images > 0 && embedded.texts.rows() > 0;
        let ranks = if ranked {
            let options = RankOptions { k: 0, margin: None };
            let (images, texts) = (&embedded.images, &embedded.texts);
            let ranking = engine.rank(images, texts, &embedded.groups, options, task)?;
            ranking.i2t.ranks
        } else {
            Vec::new()
        };
        let scene = picture::Scene {
            points: &map.points,
            images: map.images,
            ranks: &ranks,
            clusters,
            title: format!(
                "{} of {} and {}{}",
                self.method.title(),
                counted(map.images, "image"),
                counted(map.texts(), "caption"),
                map.quality.map_or_else(String::new, |q| format!(
                    ", trustworthiness at {NEAR} {:.3}",
                    q.trustworthiness
                ))
            ),
        };
        picture::write(path, &scene, task)
    }
}

fn describe(report: &Report, asked: &Map) -> String {
    let mut out = format!(
        "{} of {} and {} in {:.1} s, {}\n",
        asked.method.title(),
        counted(report.images, "image"),
        counted(report.captions, "caption"),
        report.seconds,
        report.engine
    );
    // Writing to a string does not fail.
    if let Some(random) = &report.random {
        let quality = [
            (
                "trustworthiness",
                report.trustworthiness,
                random.trustworthiness,
            ),
            ("continuity", report.continuity, random.continuity),
            ("neighbours kept", report.knn_recall, random.knn_recall),
        ];
        for (name, value, floor) in quality {
            let value = value.unwrap_or(f64::NAN);
            let _ = writeln!(
                out,
                "{name:16} at {NEAR}  {value:.3}  (a random map: {floor:.3})"
            );
        }
    }
    if report.measured_at < report.points {
        let at = counted(report.measured_at, "point");
        let _ = writeln!(out, "measured at {at}, against all others");
    }
    if let Some([x, y]) = report.explained {
        let _ = writeln!(
            out,
            "variance along the axes  {:.1} %, {:.1} %",
            100.0 * x,
            100.0 * y
        );
    }
    if let Some(gap) = &report.gap {
        let said = |figure: Option<f64>, factor: f64, unit: &str| {
            figure.map_or_else(
                || "too few rows to say".to_owned(),
                |v| format!("{:.*}{unit}", if factor > 1.0 { 1 } else { 3 }, factor * v),
            )
        };
        let _ = writeln!(
            out,
            "gap: centroids {:.3} apart; a linear classifier tells images from captions: {} (chance 50 %)\n\
             mean cosine: two images {}, two captions {}, an image and a caption {:.3}",
            gap.centroid_distance,
            said(gap.separability, 100.0, " %"),
            said(gap.image_cosine, 1.0, ""),
            said(gap.text_cosine, 1.0, ""),
            gap.across_cosine
        );
    }
    if report.centred {
        out.push_str("The mean of each side was taken off: the gap is closed in this map alone.\n");
    }
    for cluster in &report.clusters {
        let _ = writeln!(out, "{:7}  {}", cluster.points, cluster.name);
    }
    for path in [&asked.out, &asked.picture].into_iter().flatten() {
        let _ = writeln!(out, "Written to {}", shown(path));
    }
    out
}
