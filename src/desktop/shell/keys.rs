//! The keyboard: shortcuts everywhere, single keys only while no text is edited.

use super::palette::Palette;
use super::{Field, View};
use crate::dataset::Verdict;
use crate::desktop::core::{
    AttackCommand, Command, CompareCommand, LabPage, NegativesCommand, Pick, Query, SetsCommand,
    Slot, Tab, ThemeChoice,
};
use egui::{Context, Event, Key, Modifiers};

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
        || view.state.sets.is_some()
        || session.question.is_some();
    if modal || ctx.text_edit_focused() {
        return;
    }
    // With Shift first: a plain key would take that press too.
    if pressed(Modifiers::SHIFT, Key::M) {
        view.state.sets = Some(String::new());
    } else if pressed_once(ctx, Key::M) {
        view.ask(Command::Sets(SetsCommand::MarkQuery));
    }
    // A button that was clicked keeps the focus: plain keys are its own then, shortcuts are not.
    let focused = ctx.egui_wants_keyboard_input();
    match session.tab {
        Tab::Attack => return lab_keys(ctx, view, focused),
        Tab::Negatives => return negatives_keys(ctx, view, focused),
        _ => {}
    }
    if pressed(Modifiers::COMMAND, Key::Z) || pressed(Modifiers::ALT, Key::ArrowLeft) {
        view.ask(Command::Back);
    }
    if crate::desktop::structure::view::keys(ctx, view, focused) || focused {
        return;
    }
    let hits = session.answer().map_or(0, |a| a.hits.len());
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

/// Was `key` pressed alone? Held down, it counts once: for what decides, marks or turns something over.
fn pressed_once(ctx: &Context, key: Key) -> bool {
    ctx.input_mut(|input| {
        let fresh = |event: &Event| {
            matches!(event, Event::Key { key: k, pressed: true, repeat: false, .. } if *k == key)
        };
        let fresh = input.events.iter().any(fresh);
        input.consume_key(Modifiers::NONE, key) && fresh
    })
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
    if pressed_once(ctx, Key::D) {
        view.ask(Command::SetSide(session.side.other()));
    }
    if pressed(Modifiers::NONE, Key::Enter)
        && let Some(answer) = session.answer()
        && let Some(hit) = answer.hits.get(view.state.highlighted)
    {
        view.ask(Command::Query(Query::Row(answer.of, hit.index as usize)));
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
    if pressed_once(ctx, Key::D) {
        view.ask(Command::SetSide(view.session.side.other()));
    }
}

/// The keys of the attack lab: undo is its own.
fn lab_keys(ctx: &Context, view: &mut View<'_>, focused: bool) {
    let pressed = |modifiers: Modifiers, key: Key| ctx.input_mut(|i| i.consume_key(modifiers, key));
    let lab = &view.session.lab;
    let (running, run, slot) = match lab.page {
        LabPage::Picture => (lab.running.is_some(), AttackCommand::Run, Slot::Attack),
        LabPage::Words => (lab.words.running, AttackCommand::RunWords, Slot::Words),
        LabPage::Set => (lab.set.running, AttackCommand::RunSet, Slot::AttackSet),
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

/// The keys of the workbench: one to decide, arrows (or J and K) to walk; undo is its own.
fn negatives_keys(ctx: &Context, view: &mut View<'_>, focused: bool) {
    let pressed = |modifiers: Modifiers, key: Key| ctx.input_mut(|i| i.consume_key(modifiers, key));
    let negatives = &view.session.negatives;
    let mut ask = |command| view.commands.push(Command::Negatives(command));
    if pressed(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z) {
        ask(NegativesCommand::Redo);
    } else if pressed(Modifiers::COMMAND, Key::Z) {
        ask(NegativesCommand::Undo);
    }
    if negatives.running && pressed(Modifiers::NONE, Key::Escape) {
        view.commands.push(Command::Cancel(Slot::Mine));
        return;
    }
    // A line that was clicked has the focus, and so has a button of the inspector: letters mean nothing to either.
    for (key, verdict) in [(Key::F, Verdict::Right), (Key::R, Verdict::Wrong)] {
        if pressed_once(ctx, key) {
            ask(NegativesCommand::Decide(Some(verdict)));
        }
    }
    if pressed_once(ctx, Key::U) {
        ask(NegativesCommand::Decide(None));
    }
    if pressed_once(ctx, Key::G) {
        ask(NegativesCommand::ShowRegions(!negatives.show_regions));
    }
    for (key, step) in [
        (Key::J, 1),
        (Key::K, -1),
        (Key::PageDown, 10),
        (Key::PageUp, -10),
    ] {
        if pressed(Modifiers::NONE, key) {
            ask(NegativesCommand::Step(step));
        }
    }
    if pressed_once(ctx, Key::D) {
        let mut plan = negatives.plan;
        plan.side = plan.side.other();
        ask(NegativesCommand::SetPlan(plan));
    }
    if pressed_once(ctx, Key::A)
        && let (Some(pair), Some(set)) = (
            negatives.pair(view.session.now()),
            negatives.set.get(view.session.now()),
        )
        && view.session.encoder().is_some()
    {
        let (image, caption) = pair.rows(set.plan.side);
        let take = AttackCommand::Take(image as usize, Some(caption as usize));
        view.commands.push(Command::Attack(take));
        return;
    }
    if focused {
        return;
    }
    for (key, step) in [
        (Key::ArrowDown, 1),
        (Key::ArrowUp, -1),
        (Key::Home, isize::MIN / 2),
        (Key::End, isize::MAX / 2),
    ] {
        if pressed(Modifiers::NONE, key) {
            ask(NegativesCommand::Step(step));
        }
    }
    if pressed(Modifiers::NONE, Key::Enter) {
        view.commands.push(Command::Show(Tab::Retrieval));
    }
}
