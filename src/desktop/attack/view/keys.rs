//! The keys of the attack lab.

use super::View;
use crate::desktop::attack::{Command, LabPage, Slot};
use crate::desktop::core::{self, Deeds};
use crate::desktop::shell::keys::{
    Binding, KeyLine, acts, command, command_shift, held, lines, plain,
};
use egui::{Context, Key};

/// What a key does whatever has the focus.
#[derive(Debug, Clone, Copy)]
enum Act {
    Run,
    Undo,
    Redo,
}

const KEYS: [Binding<Act>; 3] = [
    held(&[command(Key::Enter)], Act::Run, "attack"),
    held(
        &[command(Key::Z)],
        Act::Undo,
        "undo an attack, or what was done last",
    ),
    held(&[command_shift(Key::Z)], Act::Redo, "do it again"),
];

/// The key that stops what runs; it is left to others while nothing does.
const CANCEL: [Binding<()>; 1] = [held(&[plain(Key::Escape)], (), "cancel")];

/// The keys that walk through the browser.
const WALK: [Binding<isize>; 2] = [
    held(
        &[plain(Key::ArrowRight), plain(Key::ArrowDown)],
        1,
        "the next picture",
    ),
    held(
        &[plain(Key::ArrowLeft), plain(Key::ArrowUp)],
        -1,
        "the one before",
    ),
];

/// The lines of the lab's keys.
pub fn key_lines() -> Vec<KeyLine> {
    let all = lines(&KEYS).into_iter().chain(lines(&CANCEL));
    all.chain(lines(&WALK)).collect()
}

/// The keys of the attack lab: an attack on the picture shown is taken back first; where there is none, what was done last.
pub fn keys(ctx: &Context, view: &mut View<'_>, focused: bool) {
    let lab = view.state;
    let (running, run, slot) = match lab.page {
        LabPage::Picture => (lab.running.is_some(), Command::Run, Slot::Attack),
        LabPage::Words => (lab.words.running, Command::RunWords, Slot::Words),
        LabPage::Set => (lab.set.running, Command::RunSet, Slot::AttackSet),
    };
    let now = view.session.now();
    for act in acts(ctx, &KEYS) {
        match act {
            Act::Run if running => {}
            Act::Run => view.own(run.clone()),
            Act::Undo if lab.last(now).is_some() => view.own(Command::Undo),
            Act::Undo => view.ask(core::Command::Undo(Deeds::All)),
            Act::Redo if lab.can_redo(now) => view.own(Command::Redo),
            Act::Redo => view.ask(core::Command::Redo(Deeds::All)),
        }
    }
    if running && !acts(ctx, &CANCEL).is_empty() {
        view.cancel(slot);
    }
    if focused {
        return;
    }
    for step in acts(ctx, &WALK) {
        view.ask(core::Command::Step(step));
    }
}
