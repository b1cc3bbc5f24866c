//! The lab's pictures as textures: jobs make them, the view draws them.

use crate::desktop::core::SAMPLING;
use egui::{Color32, ColorImage, Context, TextureHandle, TextureId, Vec2};

/// What a heatmap's colours mean.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Legend {
    /// Colours from the lowest to the highest value.
    pub bar: Vec<Color32>,
    /// What stands at the left end, in the middle and at the right end.
    pub ends: [String; 3],
    /// What is shown.
    pub text: String,
}

/// One picture on the graphics device.
#[derive(Clone)]
pub struct Texture {
    /// Its texture.
    pub texture: TextureId,
    /// Its size, in pixels.
    pub size: Vec2,
    /// A name to be drawn on it; empty for none.
    pub title: &'static str,
    /// Keeps a texture of egui's alive.
    _handle: Option<TextureHandle>,
}

impl Texture {
    /// A picture in memory; shown smaller where the graphics device has no texture of its size.
    pub fn image(ctx: &Context, name: &str, title: &'static str, image: ColorImage) -> Self {
        let largest = ctx.input(|i| i.max_texture_side);
        let image = fitted(image, largest);
        let handle = ctx.load_texture(name, image, SAMPLING);
        Self {
            texture: handle.id(),
            size: handle.size_vec2(),
            title,
            _handle: Some(handle),
        }
    }

    /// A texture that somebody else keeps.
    pub fn native(texture: TextureId, size: Vec2, title: &'static str) -> Self {
        Self {
            texture,
            size,
            title,
            _handle: None,
        }
    }
}

/// `image` with every `n`-th pixel of every `n`-th row, so that neither side is longer than `largest`.
fn fitted(image: ColorImage, largest: usize) -> ColorImage {
    let [width, height] = image.size;
    let step = width.max(height).div_ceil(largest.max(1));
    if step <= 1 {
        return image;
    }
    let rows = image.pixels.chunks(width).step_by(step);
    let pixels: Vec<Color32> = rows
        .flat_map(|row| row.iter().step_by(step).copied())
        .collect();
    ColorImage::new([width.div_ceil(step), height.div_ceil(step)], pixels)
}

/// What the lab shows.
#[derive(Default)]
pub struct Textures {
    /// The picture without perturbation.
    pub original: Option<Texture>,
    /// Dark where the mask keeps it from being changed, clear elsewhere.
    pub mask: Option<Texture>,
    /// With it.
    pub adversarial: Option<Texture>,
    /// What lies between them, amplified.
    pub difference: Option<Texture>,
    /// The heatmap: one picture, or one per channel.
    pub heat: Vec<Texture>,
    /// What its colours mean.
    pub legend: Legend,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_beyond_the_largest_texture_is_thinned_out() {
        let colour = |i: usize| Color32::from_gray(i as u8);
        let image = ColorImage::new([7, 3], (0..21).map(colour).collect());
        assert_eq!(fitted(image.clone(), 7), image);
        let small = fitted(image, 3);
        assert_eq!(small.size, [3, 1]);
        assert_eq!(small.pixels, [0, 3, 6].map(colour));
    }
}
