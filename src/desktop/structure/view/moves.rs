//! How the matrix is moved: by drag, wheel, keys and buttons.

use super::View;
use crate::desktop::shell::keys::back_keys;
use crate::desktop::structure::StructurePage;
use egui::{Context, EventFilter, Key, Modifiers, Rect, Response, Ui, Vec2};

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

/// The keys of the matrix: arrows, plus, minus, Home.
pub fn keys(ctx: &Context, view: &mut View<'_>, focused: bool) {
    back_keys(ctx, view);
    let state = &mut *view.memory;
    let matrix = view.state.page == StructurePage::Matrix;
    if !matrix || (focused && !state.focused) {
        return;
    }
    let moves = [
        (Key::ArrowLeft, Move::Pan(-0.1, 0.0)),
        (Key::ArrowRight, Move::Pan(0.1, 0.0)),
        (Key::ArrowUp, Move::Pan(0.0, -0.1)),
        (Key::ArrowDown, Move::Pan(0.0, 0.1)),
        (Key::PageUp, Move::Pan(0.0, -0.9)),
        (Key::PageDown, Move::Pan(0.0, 0.9)),
        (Key::Plus, Move::Zoom(STEP)),
        (Key::Equals, Move::Zoom(STEP)),
        (Key::Minus, Move::Zoom(1.0 / STEP)),
        (Key::Home, Move::Fit),
    ];
    for (key, by) in moves {
        let times = ctx.input_mut(|i| i.count_and_consume_key(Modifiers::NONE, key));
        (0..times).for_each(|_| state.pending(by));
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
