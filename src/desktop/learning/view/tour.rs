//! A tour of the laboratory: five cards, of which the first trains.

use super::View;
use crate::desktop::learning::{Command, Slot};
use crate::desktop::shell::tour::{Card, tour_card_ui};
use egui::Ui;

const CARDS: [Card; 5] = [
    (
        "What is trained",
        "The encoder stays as it is. A small head behind each of its two models learns, on four fifths of the images, to bring \
         an image and its captions together and to keep others apart; recall is measured on the fifth that is held out. Next \
         trains three losses with five seeds each: SH lets every wrong caption within the margin pull, MH the hardest one \
         alone, InfoNCE all of them by how close they are.",
    ),
    (
        "What the curves say",
        "A line is the mean over five seeds, the band around it where that mean lies with 95 % confidence. Dotted is the same \
         recall on as many images that are trained on: where it runs away from the line, the head learns its images by heart. \
         The sentence above says which loss is ahead, by how much, and whether five seeds settle it.",
    ),
    (
        "What teaches",
        "These are the hardest negatives of one batch: an image with its own caption, and beside it the caption that the head \
         prefers at that step, with the picture that it belongs to. Move the step to see what they were when training began: \
         at first anything is hard, at the end only what is nearly right.",
    ),
    (
        "What changed rank",
        "Each image held out has a rank for its caption. Here are those that rose and fell most between two steps; choose the \
         steps to see what was learned when, and T→I above for captions that look for images.",
    ),
    (
        "What comes out",
        "Open as encoder appends the head to both ONNX models: retrieval, map and attack then work on what was learned. \
         Compare sets it beside the encoder it came from. With your own data, try a rate of 1e-3 beside 2e-4: hard negatives \
         that help at a small rate can overfit at a large one.",
    ),
];

/// Draws the card of the tour, where one is under way.
pub fn tour_ui(ui: &mut Ui, view: &mut View<'_>) {
    let begun = tour_card_ui(ui, &mut view.memory.tour, &CARDS, "Train and go on");
    if begun && !view.is_running(Slot::Train) {
        view.own(Command::SetForm(Box::default()));
        view.own(Command::Train);
    }
}
