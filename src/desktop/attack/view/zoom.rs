//! Where a picture lies, and which part of it is seen.

use super::Memory;
use egui::{Pos2, Rect, Ui, Vec2};

/// The strongest magnification.
const CLOSEST: f32 = 64.0;

/// Where a picture of `size` lies in `rect`, and which part of it is seen.
pub fn place(state: &Memory, rect: Rect, size: Vec2) -> (Rect, Rect) {
    let scale = (rect.size() / size).min_elem();
    let target = Rect::from_center_size(rect.center(), size * scale);
    let seen = Vec2::splat(1.0 / state.zoom);
    let half = seen / 2.0;
    let middle = state.middle.clamp(half, Vec2::splat(1.0) - half);
    (target, Rect::from_center_size(middle.to_pos2(), seen))
}

/// Zooms about `pointer`, which is over the picture in `target`.
pub fn zoom_by(ui: &Ui, state: &mut Memory, target: Rect, pointer: Pos2) {
    let factor = ui.input(|i| (i.smooth_scroll_delta().y * 0.005).exp() * i.zoom_delta());
    if factor != 1.0 {
        let zoom = (state.zoom * factor).clamp(1.0, CLOSEST);
        let away = (pointer - target.center()) / target.size();
        // The point under the pointer stays where it is.
        state.middle += away / state.zoom - away / zoom;
        state.zoom = zoom;
    }
    clamp(state);
}

/// Keeps the pictures in sight.
pub fn clamp(state: &mut Memory) {
    let half = Vec2::splat(0.5 / state.zoom);
    state.middle = state.middle.clamp(half, Vec2::splat(1.0) - half);
}
