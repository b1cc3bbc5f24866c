//! What tells changes apart: a colour each, and a dashed line for those of colours and sharpness.

use crate::augment::{CHANGES, Change};
use egui::Color32;
use egui_plot::LineStyle;

/// Colours on dark ground, on light ground.
const INKS: [(u32, u32); CHANGES] = [
    (0x0062_a8f0, 0x001f_6fc2),
    (0x00e8_a33d, 0x0096_5f00),
    (0x0054_cfae, 0x0010_7a60),
    (0x00c5_86f0, 0x0080_3db0),
    (0x00f0_7878, 0x00b0_3030),
    (0x00b8_c060, 0x0066_7000),
];

/// The colour and the line of `change`, on a ground that is dark or light.
pub fn looks(change: Change, dark: bool) -> (Color32, LineStyle) {
    let (on_dark, on_light) = INKS[change.index()];
    let [_, r, g, b] = if dark { on_dark } else { on_light }.to_be_bytes();
    let line = match change {
        Change::Rotation | Change::Shift | Change::Scale => LineStyle::Solid,
        Change::Brightness | Change::Colour | Change::Blur => LineStyle::dashed_dense(),
    };
    (Color32::from_rgb(r, g, b), line)
}
