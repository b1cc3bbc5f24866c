//! The keys of the attack lab.

use super::View;
use crate::desktop::attack::{Command, LabPage, Slot};
use crate::desktop::core::{self, Deeds};
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
    // An attack on the picture shown is taken back first; where there is none, what was done last.
    let now = view.session.now();
    let again = pressed(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    if again && lab.can_redo(now) {
        view.own(Command::Redo);
    } else if again {
        view.ask(core::Command::Redo(Deeds::All));
    } else if pressed(Modifiers::COMMAND, Key::Z) {
        if lab.last(now).is_some() {
            view.own(Command::Undo);
        } else {
            view.ask(core::Command::Undo(Deeds::All));
        }
    }
    let mut attack = |command| view.own(command);
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
