//! The comparison's entries of the palette.

use super::{Command, Compare, Outcome};
use crate::desktop::feature::View;
use crate::desktop::shell::PaletteEntry;

/// Every action of the comparison.
pub fn entries(view: &View<'_, Compare>) -> Vec<PaletteEntry<Command>> {
    let own = |title: &str, command| PaletteEntry::own(&format!("Compare: {title}"), "", command);
    let mut list = vec![PaletteEntry::own(
        "Compare with a second encoder…",
        "",
        Command::Choose,
    )];
    if view.state.found.get(view.session.now()).is_none() {
        return list;
    }
    list.push(own("with the same encoder again", Command::Again));
    list.push(own("forget the second encoder", Command::Close));
    list.extend([1, 5, 10].map(|k| own(&format!("right within the first {k}"), Command::SetK(k))));
    let shown = [
        (None, "list all queries"),
        (Some(Outcome::Both), "list those right with both"),
        (Some(Outcome::OnlyA), "list those right with A alone"),
        (Some(Outcome::OnlyB), "list those right with B alone"),
        (Some(Outcome::Neither), "list those wrong with both"),
    ];
    list.extend(shown.map(|(outcome, title)| own(title, Command::Show(outcome))));
    list.push(own("shifts of every size", Command::ShowShifts(None)));
    list
}
