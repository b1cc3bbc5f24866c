//! How the matrix is moved: by drag, wheel, keys and buttons.

use super::View;
use crate::desktop::shell::keys::{BACK, Binding, KeyLine, acts, back_keys, held, lines, plain};
use crate::desktop::structure::StructurePage;
use egui::{Context, EventFilter, Key, Rect, Response, Ui, Vec2};

/// Zoom of a key or button.
pub const STEP: f64 = 1.25;

/// A move by key or button, done when the area is known.
#[derive(Debug, Clone, Copy)]
pub enum Move {
    /// By parts of the area.
    Pan(f32, f32),
    /// About the middle.
    Zoom(f64),
    /// Everything.
    Fit,
}

const KEYS: [Binding<Move>; 9] = [
    held(
        &[plain(Key::ArrowLeft)],
        Move::Pan(-0.1, 0.0),
        "move the matrix left",
    ),
    held(
        &[plain(Key::ArrowRight)],
        Move::Pan(0.1, 0.0),
        "move it right",
    ),
    held(&[plain(Key::ArrowUp)], Move::Pan(0.0, -0.1), "move it up"),
    held(
        &[plain(Key::ArrowDown)],
        Move::Pan(0.0, 0.1),
        "move it down",
    ),
    held(&[plain(Key::PageUp)], Move::Pan(0.0, -0.9), "a page up"),
    held(&[plain(Key::PageDown)], Move::Pan(0.0, 0.9), "a page down"),
    held(
        &[plain(Key::Plus), plain(Key::Equals)],
        Move::Zoom(STEP),
        "closer",
    ),
    held(&[plain(Key::Minus)], Move::Zoom(1.0 / STEP), "further away"),
    held(&[plain(Key::Home)], Move::Fit, "everything"),
];

/// The lines of the matrix' keys.
pub fn key_lines() -> Vec<KeyLine> {
    lines(&KEYS).into_iter().chain(lines(&BACK)).collect()
}

/// Takes the keys of the matrix.
pub fn keys(ctx: &Context, view: &mut View<'_>, focused: bool) {
    back_keys(ctx, view);
    let state = &mut *view.memory;
    let matrix = view.state.page == StructurePage::Matrix;
    if !matrix || (focused && !state.focused) {
        return;
    }
    for by in acts(ctx, &KEYS) {
        state.pending(by);
    }
}

/// Moves by drag, wheel, keys and buttons.
pub fn move_ui(ui: &Ui, view: &mut View<'_>, response: &Response, size: [usize; 2], area: Rect) {
    let state = &mut *view.memory;
    let camera = &mut state.camera;
    for by in state.moves.drain(..) {
        match by {
            Move::Pan(x, y) => camera.move_by(size, area.size(), Vec2::new(x, y) * area.size()),
            Move::Zoom(factor) => camera.zoom_by(size, area.size(), factor, area.size() / 2.0),
            Move::Fit => camera.fit(),
        }
    }
    if response.dragged() {
        camera.move_by(size, area.size(), -response.drag_delta());
    }
    if let Some(pointer) = response.hover_pos() {
        let factor = ui.input(|i| (i.smooth_scroll_delta().y * 0.005).exp() * i.zoom_delta());
        if factor != 1.0 {
            camera.zoom_by(size, area.size(), f64::from(factor), pointer - area.min);
        }
    }
    if response.has_focus() {
        // Otherwise the arrows would move the focus away.
        let filter = EventFilter {
            horizontal_arrows: true,
            vertical_arrows: true,
            ..EventFilter::default()
        };
        ui.memory_mut(|m| m.set_focus_lock_filter(response.id, filter));
    }
}
