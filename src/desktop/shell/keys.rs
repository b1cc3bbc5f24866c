//! The keyboard: shortcuts everywhere, single keys only while no text is edited.

use super::palette::Palette;
use super::{Field, Shell};
use crate::desktop::core::{Command, Deeds, Pick, SetsCommand, ThemeChoice};
use egui::{Context, Event, Key, Modifiers};

/// Turns shortcuts into commands. Plain keys are for the view that is shown unless text is edited or a dialog is open:
/// then false.
pub fn shell_keys(ctx: &Context, shell: &mut Shell<'_>) -> bool {
    let session = shell.session;
    let pressed = |modifiers: Modifiers, key: Key| ctx.input_mut(|i| i.consume_key(modifiers, key));
    if pressed(Modifiers::COMMAND, Key::K) {
        shell.memory.palette = if shell.memory.palette.is_some() {
            None
        } else {
            Some(Palette::default())
        };
    }
    if pressed(Modifiers::COMMAND | Modifiers::SHIFT, Key::O) {
        shell.ask(Command::Pick(Pick::Workspace));
    }
    if pressed(Modifiers::COMMAND, Key::O) {
        shell.ask(Command::Pick(Pick::DatasetFolder));
    }
    if pressed(Modifiers::COMMAND, Key::E) {
        shell.ask(Command::Pick(Pick::EncoderFolder));
    }
    if pressed(Modifiers::COMMAND, Key::S) {
        shell.ask(Command::SaveWorkspace);
    }
    if pressed(Modifiers::COMMAND, Key::F) {
        shell.memory.focus = Some(Field::Filter);
    }
    if pressed(Modifiers::COMMAND, Key::L) {
        shell.memory.focus = Some(Field::Query);
    }
    if pressed(Modifiers::COMMAND, Key::T) {
        let dark = ctx.theme() == egui::Theme::Dark;
        shell.ask(Command::SetTheme(if dark {
            ThemeChoice::Light
        } else {
            ThemeChoice::Dark
        }));
    }
    if pressed(Modifiers::COMMAND, Key::Q) {
        shell.ask(Command::Quit);
    }
    if pressed(Modifiers::NONE, Key::F11) {
        shell.ask(Command::ToggleFullscreen);
    }
    let modal = shell.memory.palette.is_some()
        || shell.memory.settings.is_some()
        || shell.memory.runtime
        || shell.memory.sets.is_some()
        || session.path_question.is_some()
        || session.question.is_some();
    if modal || ctx.text_edit_focused() {
        return false;
    }
    // With Shift first: a plain key would take that press too.
    if pressed(Modifiers::SHIFT, Key::M) {
        shell.memory.sets = Some(String::new());
    } else if pressed_once(ctx, Key::M) {
        shell.ask(Command::Sets(SetsCommand::MarkQuery));
    }
    true
}

/// The keys of a view that has none of its own: back, and through the browser.
pub fn common_keys(ctx: &Context, shell: &mut Shell<'_>, focused: bool) {
    back_keys(ctx, shell);
    if !focused {
        browser_keys(ctx, shell);
    }
}

/// The keys that take back what was done last and do it again, and those that go back to the query before and forward.
pub fn back_keys(ctx: &Context, shell: &mut Shell<'_>) {
    undo_keys(ctx, shell, Deeds::All);
    let pressed = |modifiers: Modifiers, key: Key| ctx.input_mut(|i| i.consume_key(modifiers, key));
    if pressed(Modifiers::ALT, Key::ArrowLeft) {
        shell.ask(Command::Undo(Deeds::Queries));
    }
    if pressed(Modifiers::ALT, Key::ArrowRight) {
        shell.ask(Command::Redo(Deeds::Queries));
    }
}

/// The keys that take back the last of these deeds, and do it again.
pub fn undo_keys(ctx: &Context, shell: &mut Shell<'_>, of: Deeds) {
    let pressed = |modifiers: Modifiers, key: Key| ctx.input_mut(|i| i.consume_key(modifiers, key));
    // With Shift first: the other would take that press too.
    if pressed(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z) {
        shell.ask(Command::Redo(of));
    } else if pressed(Modifiers::COMMAND, Key::Z) {
        shell.ask(Command::Undo(of));
    }
}

/// Was `key` pressed alone? Held down, it counts once: for what decides, marks or turns something over.
pub fn pressed_once(ctx: &Context, key: Key) -> bool {
    ctx.input_mut(|input| {
        let fresh = |event: &Event| {
            matches!(event, Event::Key { key: k, pressed: true, repeat: false, .. } if *k == key)
        };
        let fresh = input.events.iter().any(fresh);
        input.consume_key(Modifiers::NONE, key) && fresh
    })
}

/// The keys that walk through the browser.
pub fn browser_keys(ctx: &Context, shell: &mut Shell<'_>) {
    let session = shell.session;
    let pressed = |modifiers: Modifiers, key: Key| ctx.input_mut(|i| i.consume_key(modifiers, key));
    let columns = shell.memory.columns.max(1) as isize;
    let steps = [
        (Key::ArrowRight, 1),
        (Key::ArrowLeft, -1),
        (Key::ArrowDown, columns),
        (Key::ArrowUp, -columns),
    ];
    for (key, step) in steps
        .into_iter()
        .chain([(Key::PageDown, 5 * columns), (Key::PageUp, -5 * columns)])
    {
        if pressed(Modifiers::NONE, key) {
            shell.ask(Command::Step(step));
        }
    }
    if pressed_once(ctx, Key::D) {
        shell.ask(Command::SetSide(session.side.other()));
    }
}
