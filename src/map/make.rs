//! A map from embeddings.

use super::nearest::nearest;
use super::place::place;
use super::{
    Gap, MapOptions, NEAR, Of, Plane, Projection, Quality, Rows, gap, pca, quality, tsne, umap,
};
use crate::compute::{Embedded, Engine};
use crate::error::{Error, Result};
use crate::task::Task;
use std::time::Instant;

/// A map, and how far it can be trusted.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    /// What was laid out, and how.
    pub options: MapOptions,
    /// Images among the points.
    pub images: usize,
    /// Coordinates: images, then captions.
    pub points: Vec<[f32; 2]>,
    /// Nearest neighbours of each point that the layout went by; 0 for PCA.
    pub neighbours: usize,
    /// How well neighbours are kept; `None` for fewer than three points.
    pub quality: Option<Quality>,
    /// The same of a random map.
    pub floor: Option<Quality>,
    /// The gap between images and captions as they are embedded; `None` without both.
    pub gap: Option<Gap>,
    /// Share of the variance along each axis; for PCA.
    pub explained: Option<[f64; 2]>,
    /// Seconds of the layout: neighbours, start and steps.
    pub seconds: f64,
}

impl Map {
    /// Captions among the points.
    pub fn texts(&self) -> usize {
        self.points.len() - self.images
    }
}

/// A layout on its way: the points, of which the first so many are images.
pub type Preview<'a> = dyn FnMut(&[[f32; 2]], usize) + 'a;

/// Lays out `embedded`, and measures the map. `watch` sees the layout on its way now and then.
///
/// # Errors
/// There is nothing of the sides asked for, a lost device, or cancellation.
pub fn make(
    engine: &dyn Engine,
    embedded: &Embedded,
    options: &MapOptions,
    watch: &mut Preview<'_>,
    task: &Task,
) -> Result<Map> {
    task.begin("Gathering the points", 0);
    let rows = Rows::of(embedded, options.of, options.centre)?;
    let start = Instant::now();
    // Only where captions are placed are the rows that are laid out others than all: then they are copied.
    let placed = (options.of == Of::Placed).then(|| rows.image_rows());
    let laid = placed.as_ref().unwrap_or(&rows.rows);
    let images = rows.images;
    let mut seen = |points: &[[f32; 2]]| watch(points, images.min(points.len()));
    let first = pca::components(laid, task)?;
    seen(&first.places);
    let mut explained = None;
    let mut kept = 0;
    let mut points = match options.projection {
        Projection::Pca => {
            explained = Some(first.explained);
            first.places
        }
        Projection::Umap => {
            let near = nearest(engine, laid, options.neighbours.max(2) - 1, task)?;
            kept = near.k;
            let settings = umap::Settings {
                neighbours: options.neighbours,
                min_dist: options.least_distance,
                spread: options.spread,
                seed: options.seed as u32,
                ..umap::Settings::default()
            };
            umap::layout(engine, &near, &first.places, &settings, &mut seen, task)?
        }
        Projection::Tsne => {
            let settings = tsne::Settings {
                perplexity: options.perplexity,
                seed: options.seed as u32,
                ..tsne::Settings::default()
            };
            let near = nearest(engine, laid, settings.neighbours(), task)?;
            kept = near.k;
            tsne::layout(&near, &first.places, &settings, &mut seen, task)?
        }
    };
    if placed.is_some() {
        task.begin("Placing the captions", 0);
        let texts = rows.rows.slice(images..rows.len());
        let placed = place(engine, &texts, laid, &points, &task.quiet())?;
        points.extend(placed);
    }
    let seconds = start.elapsed().as_secs_f64();
    let quality = quality::measure(&rows.rows, &points, NEAR, options.seed, task)?;
    let gap = if options.of.has_images() && options.of.has_texts() {
        Some(gap_of(embedded, options.seed, task)?)
    } else {
        None
    };
    Ok(Map {
        options: options.clone(),
        images,
        points,
        neighbours: kept,
        quality,
        floor: quality::floor(rows.len(), NEAR),
        gap,
        explained,
        seconds,
    })
}

/// A map of coordinates that were made elsewhere, in the order of the points: images, then captions. It is measured like any
/// other; `points` has all images, all captions, or both.
///
/// # Errors
/// Another number of points, or cancellation.
pub fn imported(
    embedded: &Embedded,
    points: &[[f64; 2]],
    images: usize,
    options: &MapOptions,
    task: &Task,
) -> Result<Map> {
    let of = match (images, points.len() - images) {
        (0, _) => Of::Texts,
        (_, 0) => Of::Images,
        _ => Of::Both,
    };
    let rows = Rows::of(embedded, of, false)?;
    if rows.len() != points.len() || rows.images != images {
        return Err(Error::request(
            format!(
                "{} coordinates are not of {} points",
                points.len(),
                rows.len()
            ),
            "Open the dataset that the coordinates were made of.",
        ));
    }
    // What quality looks at is how near points are to one another, whatever the unit.
    let plane = Plane::new(points, images);
    let coordinates: Vec<[f32; 2]> = (0..points.len() as u32)
        .map(|p| plane.point(p).unwrap_or_default().map(|v| v as f32))
        .collect();
    let quality = quality::measure(&rows.rows, &coordinates, NEAR, options.seed, task)?;
    let gap = if of == Of::Both {
        Some(gap_of(embedded, options.seed, task)?)
    } else {
        None
    };
    Ok(Map {
        options: MapOptions {
            of,
            centre: false,
            ..options.clone()
        },
        images,
        points: points.iter().map(|at| at.map(|v| v as f32)).collect(),
        neighbours: 0,
        quality,
        floor: quality::floor(rows.len(), NEAR),
        gap,
        explained: None,
        seconds: 0.0,
    })
}

/// The gap between both sides as they are embedded.
fn gap_of(embedded: &Embedded, seed: u64, task: &Task) -> Result<Gap> {
    let sides = embedded.by_cosine();
    gap::measure(
        &sides.images,
        &sides.texts,
        &embedded.groups.owners(),
        seed,
        task,
    )
}
