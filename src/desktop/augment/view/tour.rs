//! A tour of the laboratory: five cards, of which the first learns.

use super::View;
use crate::desktop::augment::{Command, Slot};
use crate::desktop::shell::tour::{Card, tour_card_ui};
use egui::Ui;

const CARDS: [Card; 5] = [
    (
        "What should not matter",
        "Turned bars are the same bars; a turned 6 is a 9. How far may a picture be turned, moved, scaled, brightened, coloured or \
         blurred before its captions no longer find it? Next learns these magnitudes from the open pairs, with three random \
         partings of the images.",
    ),
    (
        "Two levels",
        "The encoder stays as it is: it sees random copies of each picture, and the unit mean of their embeddings stands for it. On \
         one third of the images a read-out is fitted to such means. The loss of held-out pairs of the second third says, by its \
         derivative, which magnitudes to raise and which to lower.",
    ),
    (
        "Grew, fell, not settled",
        "The curves show each magnitude as a share of the largest that it can have. A magnitude grew or fell where the 95 % band over \
         seeds says so; else the seeds do not settle it. One seed settles nothing.",
    ),
    (
        "What averaging brings",
        "Recall is measured on the third that neither level saw, for the plain encoder and for the averaged one, with the read-out \
         and without. Differences are paired by seed. A small gain is a small gain: it costs as many runs of the image model as \
         there are draws.",
    ),
    (
        "Where to go next",
        "Look at the copies of a few pictures: do they still show what the caption says? The averaged embedding can be \
         opened as an encoder of its own, compared with this one, or saved. Leave changes out under Settings, or give them a \
         magnitude, to see what each is worth.",
    ),
];

/// Draws the card of the tour, where one is under way.
pub fn tour_ui(ui: &mut Ui, view: &mut View<'_>) {
    let begun = tour_card_ui(ui, &mut view.memory.tour, &CARDS, "Learn and go on");
    if begun && !view.is_running(Slot::Learn) {
        view.own(Command::Learn);
    }
}
