//! The keys of the workbench.

use super::View;
use crate::dataset::Verdict;
use crate::desktop::core::{self, Deeds};
use crate::desktop::negatives::{Command, Slot};
use crate::desktop::shell::keys::{pressed_once, undo_keys};
use egui::{Context, Key, Modifiers};

/// The keys of the workbench: one to decide, arrows (or J and K) to walk.
pub fn keys(ctx: &Context, view: &mut View<'_>, focused: bool) {
    let pressed = |modifiers: Modifiers, key: Key| ctx.input_mut(|i| i.consume_key(modifiers, key));
    let negatives = view.state;
    let session = view.session;
    // Going on to the next pair is no change: Ctrl+Z takes back what was decided or marked.
    undo_keys(ctx, view, Deeds::Changes);
    let mut ask = |command| view.own(command);
    if negatives.running && pressed(Modifiers::NONE, Key::Escape) {
        view.cancel(Slot::Mine);
        return;
    }
    // A line that was clicked has the focus, and so has a button of the inspector: letters mean nothing to either.
    for (key, verdict) in [(Key::F, Verdict::Right), (Key::R, Verdict::Wrong)] {
        if pressed_once(ctx, key) {
            ask(Command::Decide(Some(verdict)));
        }
    }
    if pressed_once(ctx, Key::U) {
        ask(Command::Decide(None));
    }
    if pressed_once(ctx, Key::G) {
        ask(Command::ShowRegions(!negatives.show_regions));
    }
    for (key, step) in [
        (Key::J, 1),
        (Key::K, -1),
        (Key::PageDown, 10),
        (Key::PageUp, -10),
    ] {
        if pressed(Modifiers::NONE, key) {
            ask(Command::Step(step));
        }
    }
    if pressed_once(ctx, Key::D) {
        let mut plan = negatives.plan;
        plan.side = plan.side.other();
        ask(Command::SetPlan(plan));
    }
    if pressed_once(ctx, Key::A)
        && let (Some(pair), Some(set)) = (
            negatives.pair(session.now()),
            negatives.set.get(session.now()),
        )
        && session.encoder().is_some()
    {
        let (image, caption) = pair.rows(set.plan.side);
        view.ask(core::Command::AttackPair {
            image: image as usize,
            caption: Some(caption as usize),
        });
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
            ask(Command::Step(step));
        }
    }
    if pressed(Modifiers::NONE, Key::Enter) {
        view.ask(core::Command::ShowAnswer);
    }
}
