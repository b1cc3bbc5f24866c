//! The laboratory's entries of the palette.

use super::{AugmentLab, Command, Kind, Use};
use crate::desktop::feature::View;
use crate::desktop::shell::PaletteEntry;

/// Every action of the laboratory.
pub fn entries(view: &View<'_, AugmentLab>) -> Vec<PaletteEntry<Command>> {
    let own = |title: &str, command| PaletteEntry::own(&format!("Augment: {title}"), "", command);
    let mut list = vec![own("learn magnitudes of changes", Command::Learn)];
    let Some(studied) = view.state.studied(view.session.now()) else {
        return list;
    };
    let kinds = [
        (Kind::Figures, "write all figures (JSON)…"),
        (Kind::History, "write every step (CSV)…"),
        (Kind::Screen, "write the picture of the view (PNG)…"),
    ];
    list.extend(kinds.map(|(kind, title)| own(title, Command::Export(kind))));
    list.push(own(
        "show recalls with the read-out",
        Command::ShowReadOut(true),
    ));
    list.push(own(
        "show recalls without the read-out",
        Command::ShowReadOut(false),
    ));
    if studied.makes_copies() {
        list.push(own(
            "open the averaged encoder",
            Command::MakeEncoder(Use::Open),
        ));
        list.push(own(
            "compare with the averaged encoder",
            Command::MakeEncoder(Use::Compare),
        ));
        list.push(own("save the averaged encoder…", Command::SaveEncoder));
    }
    list
}
