//! What tells losses apart: a colour and a marker each, so that no curve is told by its colour alone.

use crate::learn::curves::ink;
use crate::learn::{Group, Policy};
use egui::Color32;
use egui_plot::{LineStyle, MarkerShape};

/// How a group's curve is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Looks {
    /// Its colour.
    pub colour: Color32,
    /// Its marker.
    pub marker: MarkerShape,
    /// Its line.
    pub line: LineStyle,
}

/// The marker of each loss.
const MARKERS: [(&str, MarkerShape); 7] = [
    ("sh", MarkerShape::Square),
    ("mh", MarkerShape::Up),
    ("semi-hard", MarkerShape::Down),
    ("mixture", MarkerShape::Plus),
    ("infonce", MarkerShape::Circle),
    ("siglip", MarkerShape::Diamond),
    ("order", MarkerShape::Cross),
];

impl Looks {
    /// Of a group, on a ground that is dark or light.
    pub fn of(group: &Group, dark: bool) -> Self {
        let setup = &group.first().setup;
        let name = setup.loss.name();
        let found = MARKERS.iter().find(|(loss, _)| *loss == name);
        let marker = found.map_or(MarkerShape::Cross, |(_, marker)| *marker);
        let [r, g, b] = ink(name, dark);
        Self {
            colour: Color32::from_rgb(r, g, b),
            marker,
            line: if setup.policy == Policy::default() {
                LineStyle::Solid
            } else {
                LineStyle::dashed_dense()
            },
        }
    }
}
