//! The points as squares of the toolkit, for machines whose window has no device.

use super::{Look, Scatter, slot};
use crate::map::Layer;
use egui::{Color32, Mesh, Rect, Shape, Vec2};
use std::ops::Range;

/// The points as squares of the toolkit.
pub(super) fn meshes(
    picture: &Scatter<'_>,
    rect: Rect,
    look: Look,
    radius: f32,
    ranges: &[Vec<Range<u32>>; 2],
    opacity: [f32; 2],
) -> Shape {
    let mut mesh = Mesh::default();
    for layer in Layer::ALL {
        let order = picture.plane.order(layer);
        for at in ranges[slot(layer)].iter().cloned().flatten() {
            let at = at as usize;
            let (Some(place), Some([colour, more])) = (
                order.get(at).and_then(|&p| picture.plane.point(p)),
                picture.styles[slot(layer)].get(at),
            ) else {
                continue;
            };
            let (chosen, size) = (more & 1 == 1, (more >> 8) as f32 / 64.0);
            let middle = look.on_screen(rect, place);
            let side = (radius * size * 1.7).max(1.0);
            let square = Rect::from_center_size(middle, Vec2::splat(side)).intersect(rect);
            if !square.is_positive() {
                continue;
            }
            if chosen {
                mesh.add_colored_rect(square.expand(2.0), picture.ring);
            }
            let [r, g, b, a] = colour.to_le_bytes();
            let fade = if picture.pale && !chosen { 0.25 } else { 1.0 };
            let colour = Color32::from_rgba_premultiplied(r, g, b, a);
            mesh.add_colored_rect(square, colour.gamma_multiply(fade * opacity[slot(layer)]));
        }
    }
    Shape::mesh(mesh)
}
