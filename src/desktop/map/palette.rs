//! The map's entries of the palette.

use super::{Colouring, Command, Lines, MapView};
use crate::desktop::feature::View;
use crate::desktop::shell::PaletteEntry;

/// Every action of the map.
pub fn entries(view: &View<'_, MapView>) -> Vec<PaletteEntry<Command>> {
    let own =
        |title: &str, keys, command| PaletteEntry::own(&format!("Map: {title}"), keys, command);
    let mut list = vec![
        own("lay out again", "", Command::LayOut),
        own("open coordinates…", "", Command::Import),
        own("write the coordinates…", "", Command::Export),
        own("choose nothing", "Esc", Command::ChooseNothing),
        own("choose what was found", "", Command::ChooseFound),
        own("mark what is chosen", "", Command::Mark),
        own("keep this map beside the next", "", Command::Pin(true)),
        own("keep no map", "", Command::Pin(false)),
        own("forget the paths of attacks", "", Command::ForgetTrails),
    ];
    list.extend(Colouring::ALWAYS.map(|colouring| {
        let title = format!("colour by {}", colouring.title());
        own(&title, "", Command::SetColouring(colouring))
    }));
    let lines = view.state.lines;
    let others = [
        (
            "lines to captions",
            Lines {
                captions: !lines.captions,
                ..lines
            },
        ),
        (
            "lines to hardest negatives",
            Lines {
                near_miss: !lines.near_miss,
                ..lines
            },
        ),
        (
            "lines to nearest neighbours",
            Lines {
                neighbours: !lines.neighbours,
                ..lines
            },
        ),
        (
            "lines of every image",
            Lines {
                all: !lines.all,
                ..lines
            },
        ),
    ];
    list.extend(others.map(|(title, lines)| own(title, "", Command::SetLines(lines))));
    list
}
