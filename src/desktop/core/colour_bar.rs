//! The colours of a legend.

use crate::compute::{Colours, Engine};
use crate::error::Result;
use egui::Color32;

/// Colours of a bar.
const BAR: usize = 64;

/// The colours of a bar from the lowest to the highest value.
pub fn colour_bar(colours: Colours, engine: &dyn Engine) -> Result<Vec<Color32>> {
    let low = if colours == Colours::Signed {
        -1.0
    } else {
        0.0
    };
    let value = |i: usize| low + (1.0 - low) * i as f32 / (BAR - 1) as f32;
    let values: Vec<f32> = (0..BAR).map(value).collect();
    let rgba = engine.colour(&values, colours, 1.0)?;
    let colour = |p: &[u8]| Color32::from_rgb(p[0], p[1], p[2]);
    Ok(rgba.chunks_exact(4).map(colour).collect())
}
