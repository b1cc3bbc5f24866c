//! A chart as a picture: its SVG, rendered with the window's own fonts.

use super::{Chart, Paper, svg};
use crate::error::{Error, Result};
use crate::task::Task;
use egui::{Color32, ColorImage, FontDefinitions};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Source;
use resvg::usvg::{Options, Tree};

/// Pixels along a side, at most.
const MOST: f32 = 16_384.0;

/// The chart with `scale` pixels for each point of the window.
///
/// # Errors
/// It has no size; cancellation.
pub fn png(chart: &Chart, paper: &Paper, scale: f32, task: &Task) -> Result<ColorImage> {
    let mut options = Options {
        font_family: "Ubuntu".to_owned(),
        ..Options::default()
    };
    let fonts = options.fontdb_mut();
    for font in FontDefinitions::default().font_data.values() {
        fonts.load_font_source(Source::Binary(font.font.clone()));
    }
    fonts.load_font_data(include_bytes!("../../../../assets/fonts/symbols.ttf").to_vec());
    // The text font is the one that there is.
    let named = fonts.faces().find(|face| {
        let mut names = face.families.iter();
        names.any(|(name, _)| name.starts_with("Ubuntu"))
    });
    if let Some((name, _)) = named.and_then(|face| face.families.first()).cloned() {
        fonts.set_sans_serif_family(name.clone());
        options.font_family = name;
    }
    task.check()?;
    let tree = Tree::from_str(&svg(chart, paper), &options).map_err(failed)?;
    let size = tree.size();
    let scale = scale.min(MOST / size.width().max(size.height()));
    let side = |points: f32| (points * scale).round().max(1.0) as u32;
    let mut pixels = Pixmap::new(side(size.width()), side(size.height()))
        .ok_or_else(|| failed("it has no size"))?;
    task.check()?;
    let transform = Transform::from_scale(scale, scale);
    resvg::render(&tree, transform, &mut pixels.as_mut());
    let colour = |p: &resvg::tiny_skia::PremultipliedColorU8| {
        Color32::from_rgba_premultiplied(p.red(), p.green(), p.blue(), p.alpha())
    };
    Ok(ColorImage::new(
        [pixels.width() as usize, pixels.height() as usize],
        pixels.pixels().iter().map(colour).collect(),
    ))
}

fn failed(why: impl std::fmt::Display) -> Error {
    Error::request(format!("the plot cannot be drawn: {why}"), "")
}
