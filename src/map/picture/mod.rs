//! A map as a picture in a file: PNG for the points, SVG with names and legend.

mod png;
mod svg;

use super::clusters::NamedClusters;
use crate::error::{Error, Result};
use crate::task::Task;
use std::path::Path;

/// Width and height of a picture, in pixels.
const SIDE: f64 = 1600.0;
/// Free space around the points, in pixels.
const EDGE: f64 = 60.0;
/// Behind the points.
const BASE: [u8; 3] = [17, 18, 23];
/// Captions.
const GREY: [u8; 3] = [126, 132, 146];

/// Ranks of the right answer: the first and last of a class, its colour from blue to yellow (told apart by the
/// colour-blind too), and its name.
pub const RANKS: [(u32, u32, [u8; 3], &str); 5] = [
    (1, 1, [74, 134, 232], "1"),
    (2, 5, [110, 158, 214], "2–5"),
    (6, 10, [160, 165, 140], "6–10"),
    (11, 100, [217, 180, 62], "11–100"),
    (101, u32::MAX, [255, 240, 170], "above 100"),
];

/// The class of a rank in [`RANKS`].
pub fn rank_class(rank: u32) -> usize {
    let found = RANKS.iter().position(|&(_, last, ..)| rank <= last);
    found.unwrap_or(RANKS.len() - 1)
}

/// What a picture shows.
pub struct Scene<'a> {
    /// Coordinates: images, then captions.
    pub points: &'a [[f32; 2]],
    /// Images among them.
    pub images: usize,
    /// Rank of the right caption of each image; empty where it is not known.
    pub ranks: &'a [u32],
    /// Clusters with their names.
    pub clusters: &'a NamedClusters,
    /// What the map is, in a line.
    pub title: String,
}

/// A point as it is drawn.
struct Dot {
    at: [f64; 2],
    radius: f64,
    colour: [u8; 3],
    opacity: f64,
}

impl Scene<'_> {
    /// The corner with the least coordinates, and pixels per unit.
    fn frame(&self) -> ([f64; 2], f64) {
        let mut least = [f64::INFINITY; 2];
        let mut most = [f64::NEG_INFINITY; 2];
        for point in self.points {
            for axis in 0..2 {
                let v = f64::from(point[axis]);
                least[axis] = least[axis].min(v);
                most[axis] = most[axis].max(v);
            }
        }
        let span = (most[0] - least[0]).max(most[1] - least[1]);
        let scale = if span > 0.0 {
            (SIDE - 2.0 * EDGE) / span
        } else {
            1.0
        };
        let corner = [0, 1].map(|axis| f64::midpoint(least[axis], most[axis]) - SIDE / 2.0 / scale);
        (corner, scale)
    }

    /// Captions, then images over them.
    fn dots(&self) -> Vec<Dot> {
        let frame = self.frame();
        let crowd = (6_000.0 / self.points.len().max(1) as f64)
            .sqrt()
            .clamp(0.15, 1.0);
        let dot = |at: usize| {
            let is_image = at < self.images;
            let colour = match self.ranks.get(at) {
                Some(&rank) if is_image => RANKS[rank_class(rank)].2,
                _ if is_image => RANKS[0].2,
                _ => GREY,
            };
            Dot {
                at: pixel(self.points[at], frame),
                radius: if is_image { 5.0 } else { 2.0 } * crowd.sqrt().max(0.5),
                colour,
                opacity: if is_image { 0.95 } else { 0.6 } * crowd.max(0.3),
            }
        };
        let texts = self.images..self.points.len();
        texts.chain(0..self.images).map(dot).collect()
    }
}

/// Where a point of the map lies in the picture.
fn pixel(at: [f32; 2], (corner, scale): ([f64; 2], f64)) -> [f64; 2] {
    let [x, y] = [0, 1].map(|axis| (f64::from(at[axis]) - corner[axis]) * scale);
    [x, SIDE - y]
}

/// Writes a picture: `.png` or `.svg` by the extension of `path`.
///
/// # Errors
/// Another extension; the file cannot be written; cancellation.
pub fn write(path: &Path, scene: &Scene<'_>, task: &Task) -> Result<()> {
    task.begin("Drawing the map", 0);
    match kind(path)? {
        Kind::Png => png::write(path, scene, task),
        Kind::Svg => svg::write(path, scene, task),
    }
}

/// Refuses a name that says no kind of picture.
///
/// # Errors
/// Another extension than `.png` or `.svg`.
pub fn check(path: &Path) -> Result<()> {
    kind(path).map(drop)
}

enum Kind {
    Png,
    Svg,
}

fn kind(path: &Path) -> Result<Kind> {
    let extension = path.extension().and_then(|e| e.to_str());
    match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("png") => Ok(Kind::Png),
        Some("svg") => Ok(Kind::Svg),
        _ => Err(Error::request(
            format!("{} is no picture's name", path.display()),
            "Name it .png or .svg.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_have_classes_and_points_lie_within_the_edge() {
        let classes = [1, 2, 5, 6, 10, 11, 100, 101, 9_000].map(rank_class);
        assert_eq!(classes, [0, 1, 1, 2, 2, 3, 3, 4, 4]);
        let clusters = NamedClusters::default();
        let mut scene = Scene {
            points: &[[-3.0, 2.0], [7.0, 2.5], [1.0, 4.0]],
            images: 1,
            ranks: &[],
            clusters: &clusters,
            title: String::new(),
        };
        for dot in scene.dots() {
            assert!(
                dot.at
                    .iter()
                    .all(|v| (EDGE - 1.0..=SIDE - EDGE + 1.0).contains(v))
            );
        }
        // All in one place: in the middle.
        scene.points = &[[5.0, 5.0]; 3];
        assert!(scene.dots().iter().all(|d| d.at == [SIDE / 2.0; 2]));
    }
}
