//! The keys of the map.

use super::{Tool, View};
use crate::desktop::map::Command;
use crate::desktop::shell::keys::{
    BACK, Binding, KeyLine, acts, back_keys, held, lines, once, plain,
};
use egui::{Context, Key};

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

/// What a key does.
#[derive(Debug, Clone, Copy)]
enum Act {
    Move(Move),
    Tool(Tool),
    Leave,
    Undo,
}

const KEYS: [Binding<Act>; 12] = [
    held(
        &[plain(Key::ArrowLeft)],
        Act::Move(Move::Pan(0.1, 0.0)),
        "move left",
    ),
    held(
        &[plain(Key::ArrowRight)],
        Act::Move(Move::Pan(-0.1, 0.0)),
        "move right",
    ),
    held(
        &[plain(Key::ArrowUp)],
        Act::Move(Move::Pan(0.0, 0.1)),
        "move up",
    ),
    held(
        &[plain(Key::ArrowDown)],
        Act::Move(Move::Pan(0.0, -0.1)),
        "move down",
    ),
    held(
        &[plain(Key::Plus), plain(Key::Equals)],
        Act::Move(Move::Zoom(STEP)),
        "closer",
    ),
    held(
        &[plain(Key::Minus)],
        Act::Move(Move::Zoom(1.0 / STEP)),
        "further away",
    ),
    held(&[plain(Key::Home)], Act::Move(Move::Fit), "everything"),
    once(&[plain(Key::V)], Act::Tool(Tool::Move), "move by dragging"),
    once(&[plain(Key::B)], Act::Tool(Tool::Box), "choose with a box"),
    once(
        &[plain(Key::G)],
        Act::Tool(Tool::Lasso),
        "choose with a lasso",
    ),
    once(
        &[plain(Key::Escape)],
        Act::Leave,
        "leave the outline, choose nothing",
    ),
    once(&[plain(Key::Backspace)], Act::Undo, "undo a choice"),
];

/// A key that is looked at while it is held, by the lens itself.
const LENS: [Binding<()>; 1] = [held(&[plain(Key::L)], (), "while held: a lens")];

/// The lines of the map's keys.
pub fn key_lines() -> Vec<KeyLine> {
    let all = lines(&KEYS).into_iter().chain(lines(&LENS));
    all.chain(lines(&BACK)).collect()
}

/// Takes the keys of the map.
pub fn keys(ctx: &Context, view: &mut View<'_>, focused: bool) {
    back_keys(ctx, view);
    if focused && !view.memory.focused {
        return;
    }
    for act in acts(ctx, &KEYS) {
        match act {
            Act::Move(by) => view.memory.moves.push(by),
            Act::Tool(tool) => view.memory.tool = tool,
            Act::Leave => {
                if view.memory.outline.take().is_none() {
                    view.own(Command::ChooseNothing);
                }
            }
            Act::Undo => view.own(Command::Undo),
        }
    }
}
