//! The keys of the map.

use super::{Tool, View};
use crate::desktop::map::Command;
use crate::desktop::shell::keys::{back_keys, pressed_once};
use egui::{Context, Key, Modifiers};

/// Zoom of a key or button.
pub const STEP: f64 = 1.3;

/// A move by key or button, done when the area is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Move {
    /// By parts of the area.
    Pan(f32, f32),
    /// About the middle.
    Zoom(f64),
    /// Everything.
    Fit,
}

/// Arrows, plus, minus, Home; V, B and G for the tools; Esc, Backspace.
pub fn keys(ctx: &Context, view: &mut View<'_>, focused: bool) {
    back_keys(ctx, view);
    if focused && !view.memory.focused {
        return;
    }
    let moves = [
        (Key::ArrowLeft, Move::Pan(0.1, 0.0)),
        (Key::ArrowRight, Move::Pan(-0.1, 0.0)),
        (Key::ArrowUp, Move::Pan(0.0, 0.1)),
        (Key::ArrowDown, Move::Pan(0.0, -0.1)),
        (Key::Plus, Move::Zoom(STEP)),
        (Key::Equals, Move::Zoom(STEP)),
        (Key::Minus, Move::Zoom(1.0 / STEP)),
        (Key::Home, Move::Fit),
    ];
    for (key, by) in moves {
        let times = ctx.input_mut(|i| i.count_and_consume_key(Modifiers::NONE, key));
        (0..times).for_each(|_| view.memory.moves.push(by));
    }
    for (key, tool) in [
        (Key::V, Tool::Move),
        (Key::B, Tool::Box),
        (Key::G, Tool::Lasso),
    ] {
        if pressed_once(ctx, key) {
            view.memory.tool = tool;
        }
    }
    if pressed_once(ctx, Key::Escape) {
        if view.memory.outline.take().is_none() {
            view.own(Command::ChooseNothing);
        }
    } else if pressed_once(ctx, Key::Backspace) {
        view.own(Command::Undo);
    }
}
