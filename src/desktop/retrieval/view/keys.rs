//! The keys of the retrieval view: through the browser, and through the answers.

use super::View;
use crate::desktop::core::{Command, Query};
use crate::desktop::shell::keys::{
    Binding, KeyLine, acts, alt, back_keys, browser_keys, common_lines, held, lines, plain,
};
use egui::{Context, Key};

/// The keys that walk through the answers.
const RESULTS: [Binding<isize>; 2] = [
    held(&[alt(Key::ArrowDown)], 1, "the next result"),
    held(&[alt(Key::ArrowUp)], -1, "the result before"),
];

const OPEN: [Binding<()>; 1] = [held(&[plain(Key::Enter)], (), "make the result the query")];

/// The lines of the view's keys.
pub fn key_lines() -> Vec<KeyLine> {
    let all = lines(&RESULTS).into_iter().chain(lines(&OPEN));
    all.chain(common_lines()).collect()
}

/// Takes the keys that were pressed.
pub fn keys(ctx: &Context, view: &mut View<'_>, focused: bool) {
    back_keys(ctx, view);
    if focused {
        return;
    }
    let session = view.session;
    let hits = session.answer().map_or(0, |a| a.hits.len());
    // Before the browser's: plain arrows would take the presses with Alt too.
    for step in acts(ctx, &RESULTS) {
        if hits > 0 {
            let at = view.memory.highlighted.saturating_add_signed(step);
            view.memory.highlighted = at.min(hits - 1);
            view.memory.reveal_highlighted = true;
        }
    }
    browser_keys(ctx, view);
    if !acts(ctx, &OPEN).is_empty()
        && let Some(answer) = session.answer()
        && let Some(hit) = answer.hits.get(view.memory.highlighted)
    {
        view.ask(Command::Query(Query::Row(answer.of, hit.index as usize)));
    }
}
