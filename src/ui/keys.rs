//! The keyboard: shortcuts everywhere, single keys only while no text is edited.

use super::palette::Palette;
use super::{Field, View};
use crate::session::{
    AttackCommand, Command, CompareCommand, LabPage, Pick, Query, Tab, ThemeChoice,
};
use egui::{Context, Key, Modifiers};

/// Turns key presses into commands.
pub fn keys(ctx: &Context, view: &mut View<'_>) {
    let session = view.session;
    let pressed = |modifiers: Modifiers, key: Key| ctx.input_mut(|i| i.consume_key(modifiers, key));
    if pressed(Modifiers::COMMAND, Key::K) {
        view.state.palette = if view.state.palette.is_some() {
            None
        } else {
            Some(Palette::default())
        };
    }
    if pressed(Modifiers::COMMAND | Modifiers::SHIFT, Key::O) {
        view.ask(Command::Pick(Pick::Workspace));
    }
    if pressed(Modifiers::COMMAND, Key::O) {
        view.ask(Command::Pick(Pick::DatasetFolder));
    }
    if pressed(Modifiers::COMMAND, Key::E) {
        view.ask(Command::Pick(Pick::EncoderFolder));
    }
    if pressed(Modifiers::COMMAND, Key::S) {
        view.ask(Command::SaveWorkspace);
    }
    if pressed(Modifiers::COMMAND, Key::F) {
        view.state.focus = Some(Field::Filter);
    }
    if pressed(Modifiers::COMMAND, Key::L) {
        view.state.focus = Some(Field::Query);
    }
    if pressed(Modifiers::COMMAND, Key::T) {
        let dark = ctx.theme() == egui::Theme::Dark;
        view.ask(Command::SetTheme(if dark {
            ThemeChoice::Light
        } else {
            ThemeChoice::Dark
        }));
    }
    if pressed(Modifiers::COMMAND, Key::Q) {
        view.ask(Command::Quit);
    }
    if pressed(Modifiers::NONE, Key::F11) {
        view.ask(Command::ToggleFullscreen);
    }
    let modal = view.state.palette.is_some()
        || view.state.settings.is_some()
        || view.state.runtime
        || session.question.is_some();
    if modal || ctx.text_edit_focused() {
        return;
    }
    // A button that was clicked keeps the focus: plain keys are its own then, shortcuts are not.
    let focused = ctx.egui_wants_keyboard_input();
    if session.tab == Tab::Attack {
        lab_keys(ctx, view, focused);
        return;
    }
    if pressed(Modifiers::COMMAND, Key::Z) || pressed(Modifiers::ALT, Key::ArrowLeft) {
        view.ask(Command::Back);
    }
    if focused {
        return;
    }
    let hits = session.answer.as_ref().map_or(0, |a| a.hits.len());
    for (key, down) in [(Key::ArrowDown, true), (Key::ArrowUp, false)] {
        if pressed(Modifiers::ALT, key) && hits > 0 {
            let at = view.state.highlighted;
            view.state.highlighted = if down {
                (at + 1).min(hits - 1)
            } else {
                at.saturating_sub(1)
            };
            view.state.reveal_highlighted = true;
        }
    }
    if session.tab == Tab::Compare {
        compare_keys(ctx, view);
    } else {
        browser_keys(ctx, view);
    }
}

/// The keys that walk through the browser.
fn browser_keys(ctx: &Context, view: &mut View<'_>) {
    let session = view.session;
    let pressed = |modifiers: Modifiers, key: Key| ctx.input_mut(|i| i.consume_key(modifiers, key));
    let columns = view.state.columns.max(1) as isize;
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
            view.ask(Command::Step(step));
        }
    }
    if pressed(Modifiers::NONE, Key::D) {
        view.ask(Command::SetSide(session.side.other()));
    }
    if pressed(Modifiers::NONE, Key::Enter)
        && let Some(answer) = &session.answer
        && let Some(hit) = answer.hits.get(view.state.highlighted)
    {
        view.ask(Command::Query(Query::Row(
            answer.query.side().other(),
            hit.index as usize,
        )));
    }
}

/// The keys of the comparison: through its list.
fn compare_keys(ctx: &Context, view: &mut View<'_>) {
    let pressed = |key: Key| ctx.input_mut(|i| i.consume_key(Modifiers::NONE, key));
    for (key, step) in [
        (Key::ArrowDown, 1),
        (Key::ArrowUp, -1),
        (Key::PageDown, 10),
        (Key::PageUp, -10),
    ] {
        if pressed(key) {
            view.ask(Command::Compare(CompareCommand::Step(step)));
        }
    }
    if pressed(Key::D) {
        view.ask(Command::SetSide(view.session.side.other()));
    }
}

/// The keys of the attack lab: undo is its own.
fn lab_keys(ctx: &Context, view: &mut View<'_>, focused: bool) {
    let pressed = |modifiers: Modifiers, key: Key| ctx.input_mut(|i| i.consume_key(modifiers, key));
    let lab = &view.session.lab;
    let (running, run, slot) = match lab.page {
        LabPage::Picture => (lab.running.is_some(), AttackCommand::Run, "attack"),
        LabPage::Words => (lab.words.running, AttackCommand::RunWords, "attack-words"),
        LabPage::Set => (lab.set.running, AttackCommand::RunSet, "attack-set"),
    };
    let mut attack = |command| view.commands.push(Command::Attack(command));
    if pressed(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z) {
        attack(AttackCommand::Redo);
    } else if pressed(Modifiers::COMMAND, Key::Z) {
        attack(AttackCommand::Undo);
    }
    if pressed(Modifiers::COMMAND, Key::Enter) && !running {
        attack(run);
    }
    if running && pressed(Modifiers::NONE, Key::Escape) {
        view.ask(Command::Cancel(slot));
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
            view.ask(Command::Step(step));
        }
    }
}
