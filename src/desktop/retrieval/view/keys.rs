//! The keys of the retrieval view: through the browser, and through the answers.

use super::View;
use crate::desktop::core::{Command, Query};
use crate::desktop::shell::keys::{back_keys, browser_keys};
use egui::{Context, Key, Modifiers};

/// Takes the keys that were pressed.
pub fn keys(ctx: &Context, view: &mut View<'_>, focused: bool) {
    let pressed = |modifiers: Modifiers, key: Key| ctx.input_mut(|i| i.consume_key(modifiers, key));
    back_keys(ctx, view);
    if focused {
        return;
    }
    let session = view.session;
    let hits = session.answer().map_or(0, |a| a.hits.len());
    for (key, down) in [(Key::ArrowDown, true), (Key::ArrowUp, false)] {
        if pressed(Modifiers::ALT, key) && hits > 0 {
            let at = view.memory.highlighted;
            view.memory.highlighted = if down {
                (at + 1).min(hits - 1)
            } else {
                at.saturating_sub(1)
            };
            view.memory.reveal_highlighted = true;
        }
    }
    browser_keys(ctx, view);
    if pressed(Modifiers::NONE, Key::Enter)
        && let Some(answer) = session.answer()
        && let Some(hit) = answer.hits.get(view.memory.highlighted)
    {
        view.ask(Command::Query(Query::Row(answer.of, hit.index as usize)));
    }
}
