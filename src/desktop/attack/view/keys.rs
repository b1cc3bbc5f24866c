//! The keys of the attack lab.

use super::View;
use crate::desktop::attack::{Command, LabPage, Slot};
use crate::desktop::core;
use egui::{Context, Key, Modifiers};

/// The keys of the attack lab: undo is its own.
pub fn keys(ctx: &Context, view: &mut View<'_>, focused: bool) {
    let pressed = |modifiers: Modifiers, key: Key| ctx.input_mut(|i| i.consume_key(modifiers, key));
    let lab = view.state;
    let (running, run, slot) = match lab.page {
        LabPage::Picture => (lab.running.is_some(), Command::Run, Slot::Attack),
        LabPage::Words => (lab.words.running, Command::RunWords, Slot::Words),
        LabPage::Set => (lab.set.running, Command::RunSet, Slot::AttackSet),
    };
    let mut attack = |command| view.own(command);
    if pressed(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z) {
        attack(Command::Redo);
    } else if pressed(Modifiers::COMMAND, Key::Z) {
        attack(Command::Undo);
    }
    if pressed(Modifiers::COMMAND, Key::Enter) && !running {
        attack(run);
    }
    if running && pressed(Modifiers::NONE, Key::Escape) {
        view.cancel(slot);
    }
    if focused {
        return;
    }
    for (key, step) in [
        (Key::ArrowRight, 1),
        (Key::ArrowDown, 1),
        (Key::ArrowLeft, -1),
        (Key::ArrowUp, -1),
    ] {
        if pressed(Modifiers::NONE, key) {
            view.ask(core::Command::Step(step));
        }
    }
}
