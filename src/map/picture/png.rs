//! A map as PNG: its points.

use super::{BASE, SIDE, Scene};
use crate::dataset::{Picture, write_png};
use crate::error::Result;
use crate::task::Task;
use std::path::Path;

/// Writes `scene`.
///
/// # Errors
/// The file cannot be written; cancellation.
pub fn write(path: &Path, scene: &Scene<'_>, task: &Task) -> Result<()> {
    let side = SIDE as usize;
    let picture = Picture {
        width: side as u32,
        height: side as u32,
        rgb: draw(scene, side, task)?,
    };
    write_png(path, &picture)
}

/// The pixels, `[side, side, 3]`: each dot covers a pixel by the part of it that it covers, about.
fn draw(scene: &Scene<'_>, side: usize, task: &Task) -> Result<Vec<u8>> {
    let mut pixels = vec![BASE.map(f32::from); side * side];
    for (count, dot) in scene.dots().iter().enumerate() {
        if count % 4096 == 0 {
            task.check()?;
        }
        let reach = dot.radius + 1.0;
        let span = |middle: f64| {
            let last = (middle + reach).ceil().clamp(0.0, side as f64) as usize;
            (middle - reach).floor().max(0.0) as usize..last
        };
        for y in span(dot.at[1]) {
            for x in span(dot.at[0]) {
                let gap = (x as f64 + 0.5 - dot.at[0]).hypot(y as f64 + 0.5 - dot.at[1]);
                let cover = (dot.radius + 0.5 - gap).clamp(0.0, 1.0) * dot.opacity;
                for (value, colour) in pixels[y * side + x].iter_mut().zip(dot.colour) {
                    *value += (f32::from(colour) - *value) * cover as f32;
                }
            }
        }
    }
    let bytes = pixels.iter().flatten().map(|v| v.round() as u8);
    Ok(bytes.collect())
}

#[cfg(test)]
mod tests {
    use super::super::super::clusters::NamedClusters;
    use super::super::{GREY, RANKS, pixel};
    use super::*;

    #[test]
    fn images_lie_over_captions_in_the_colour_of_their_rank() {
        let clusters = NamedClusters::default();
        let scene = Scene {
            points: &[[0.0, 0.0], [10.0, 0.0], [0.0, 0.0], [5.0, 0.0]],
            images: 2,
            ranks: &[1, 2_000],
            clusters: &clusters,
            title: String::new(),
        };
        let side = SIDE as usize;
        let rgb = draw(&scene, side, &Task::detached()).expect("drawn");
        let at = |dot: usize| {
            let [x, y] = pixel(scene.points[dot], scene.frame());
            let place = (y as usize * side + x as usize) * 3;
            [0, 1, 2].map(|c| i32::from(rgb[place + c]))
        };
        let near = |a: [i32; 3], b: [u8; 3], by: i32| {
            a.iter().zip(b).all(|(a, b)| (a - i32::from(b)).abs() <= by)
        };
        assert!(near(at(0), RANKS[0].2, 12), "{:?}", at(0));
        assert!(near(at(1), RANKS[4].2, 16), "{:?}", at(1));
        assert!(
            near(at(3), GREY, 60) && !near(at(3), BASE, 20),
            "{:?}",
            at(3)
        );
        assert!(near([0, 1, 2].map(|c| i32::from(rgb[c])), BASE, 0));
    }
}
