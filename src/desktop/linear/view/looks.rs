//! What tells classifiers apart: a colour and a marker each.

use crate::desktop::linear::Line;
use crate::learn::linear::Method;
use egui::Color32;
use egui_plot::{LineStyle, MarkerShape};

/// How a classifier's curve is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Looks {
    /// Its colour.
    pub colour: Color32,
    /// Its marker.
    pub marker: MarkerShape,
    /// Its line.
    pub line: LineStyle,
}

/// Colours on dark ground, on light ground.
const INKS: [(u32, u32); 6] = [
    (0x0062_a8f0, 0x001f_6fc2),
    (0x00e8_a33d, 0x0096_5f00),
    (0x00c5_86f0, 0x0080_3db0),
    (0x00b9_d8f8, 0x0050_88b8),
    (0x0054_cfae, 0x0010_7a60),
    (0x00f0_7878, 0x00b0_3030),
];
const MARKERS: [MarkerShape; 6] = [
    MarkerShape::Circle,
    MarkerShape::Square,
    MarkerShape::Up,
    MarkerShape::Asterisk,
    MarkerShape::Diamond,
    MarkerShape::Down,
];

impl Looks {
    /// Of the classifier in place `n` of its table, on a ground that is dark or light.
    pub fn of(line: &Line, n: usize, dark: bool) -> Self {
        let place = match line.method {
            Some(Method::Gd) => 0,
            Some(Method::Sign) => 1,
            Some(Method::Cd) => 2,
            Some(Method::Fc2) => 3,
            Some(Method::Conv2) => 4,
            None if line.own.is_none() => 5,
            None => n % INKS.len(),
        };
        let (on_dark, on_light) = INKS[place];
        let [_, r, g, b] = if dark { on_dark } else { on_light }.to_be_bytes();
        Self {
            colour: Color32::from_rgb(r, g, b),
            marker: MARKERS[place],
            line: if place == 3 {
                LineStyle::dashed_dense()
            } else {
                LineStyle::Solid
            },
        }
    }
}
