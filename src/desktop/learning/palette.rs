//! The laboratory's entries of the palette.

use super::state::Quantity;
use super::{Command, Learning, Slot};
use crate::desktop::feature::View;
use crate::desktop::shell::PaletteEntry;
use crate::learn::curves::Axis;
use crate::learn::{Figure, Way};

/// Every action of the laboratory.
pub fn entries(view: &View<'_, Learning>) -> Vec<PaletteEntry<Command>> {
    let own = |title: &str, command| PaletteEntry::own(&format!("Learning: {title}"), "", command);
    let state = view.state;
    let mut list = vec![own("train", Command::Train)];
    if view.is_running(Slot::Train) {
        list.push(own("stop", Command::Stop));
    }
    if !state.groups().is_empty() {
        list.push(own("write the curves…", Command::Export));
        list.push(own("forget pairs…", Command::ShowForgetting(true)));
    }
    let quantities = [(Quantity::Recall, "recall"), (Quantity::Loss, "the loss")];
    list.extend(
        quantities
            .map(|(quantity, name)| own(&format!("plot {name}"), Command::SetQuantity(quantity))),
    );
    let axes = [
        (Axis::Steps, "steps"),
        (Axis::Seconds, "seconds"),
        (Axis::Data, "data used"),
    ];
    list.extend(
        axes.map(|(axis, name)| own(&format!("plot against {name}"), Command::SetAxis(axis))),
    );
    let ways = [
        (Way::ImageToText, "images look for captions"),
        (Way::TextToImage, "captions look for images"),
    ];
    for (way, name) in ways {
        list.extend((0..3).map(|at| {
            let figure = Figure { way, at };
            own(
                &format!("{}, {name}", figure.name()),
                Command::SetFigure(figure),
            )
        }));
    }
    list
}
