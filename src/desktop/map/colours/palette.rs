//! The colours of points, for both themes.

use crate::map::picture::RANKS;
use egui::Color32;

/// Colours of kinds without an order, told apart by the colour-blind too (Okabe and Ito, 2008), for both themes.
pub const KINDS: [u32; 8] = [
    0x0056_b4e9,
    0x00e6_9f00,
    0x0000_9e73,
    0x00cc_79a7,
    0x0000_72b2,
    0x00d5_5e00,
    0x009a_8f00,
    0x008c_8c96,
];

pub fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// Captions, and whatever has no class.
pub fn grey(dark: bool) -> Color32 {
    rgb(if dark { 0x007e_8492 } else { 0x008a_909c })
}

pub fn rank_colour(class: usize, dark: bool) -> Color32 {
    if dark {
        let [r, g, b] = RANKS[class].2;
        return Color32::from_rgb(r, g, b);
    }
    // On white the light end would not be seen: from blue to a dark amber.
    rgb([
        0x001f_6fc2,
        0x0050_93c9,
        0x008a_9a86,
        0x00b0_8410,
        0x007a_4d00,
    ][class])
}
