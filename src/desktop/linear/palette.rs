//! The laboratory's entries of the palette.

use super::{Command, Kind, LinearLab, Page, Shown};
use crate::desktop::feature::View;
use crate::desktop::shell::PaletteEntry;

/// Every action of the laboratory.
pub fn entries(view: &View<'_, LinearLab>) -> Vec<PaletteEntry<Command>> {
    let own = |title: &str, command| PaletteEntry::own(&format!("Linear: {title}"), "", command);
    let mut list = vec![own("train", Command::Study)];
    let Some(studied) = view.state.studied(view.session.now()) else {
        return list;
    };
    let kinds = [
        (Kind::Curves, "write robust accuracy (CSV)…"),
        (Kind::History, "write margins along training (CSV)…"),
        (Kind::Figures, "write all figures (JSON)…"),
        (Kind::Drawing, "write the drawing (SVG)…"),
        (Kind::Screen, "write the picture of the view (PNG)…"),
        (Kind::Model, "write the classifier (ONNX)…"),
    ];
    list.extend(kinds.map(|(kind, title)| own(title, Command::Export(kind))));
    list.push(own("attack the classifier", Command::Confirm));
    list.push(own(
        "show classifiers",
        Command::ShowPage(Page::Classifiers),
    ));
    list.push(own(
        "show the changed dataset",
        Command::ShowPage(Page::Dataset),
    ));
    list.push(own("move rows", Command::Move));
    if view.state.moved(view.session.now()).is_some() {
        list.push(own(
            "write the moved rows (NPY)…",
            Command::Export(Kind::Rows),
        ));
    }
    if !studied.penalties.is_empty() {
        list.push(own("show optimizers", Command::Show(Shown::Methods)));
        list.push(own("show penalties", Command::Show(Shown::Penalties)));
    }
    list
}
