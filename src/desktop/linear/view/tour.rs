//! A tour of the laboratory: five cards, of which the first trains.

use super::{View, is_studying};
use crate::desktop::linear::Command;
use crate::desktop::shell::tour::{Card, tour_card_ui};
use egui::Ui;

const CARDS: [Card; 5] = [
    (
        "Two groups, one question",
        "Images of two groups are rows of pixels; a linear classifier tells them apart. Many do, and they differ in what they \
         withstand. Next finds the largest margin that any of them has in each norm, by a convex solver with a certificate, \
         and trains in five ways that never heard of robustness.",
    ),
    (
        "Each way has its norm",
        "A cell is the margin of a classifier as per cent of the largest in that norm. Gradient descent ends at the largest l2 \
         margin, sign descent at that of l1, coordinate descent at l-inf, two layers with a convolution at Fourier l-inf. \
         Elsewhere each is far from it. The small line is the way there.",
    ),
    (
        "What it looks like",
        "Weights and spectrum show why: coordinate descent changes few weights, a convolution few frequencies. A perturbation \
         that is small in one norm can be large in another.",
    ),
    (
        "Accuracy under attack",
        "The worst perturbation of a linear classifier is known exactly, and with it the accuracy at every size. On the right \
         is that change for one picture; \"Attack it\" exports the classifier and lets the attacks of the attack lab look for \
         a smaller one.",
    ),
    (
        "And your encoder",
        "\"Measure on embeddings\" does the same on the last layer of the open encoder, beside the classifier that the captions \
         of both groups make without any training: how near it is to the best that a linear head there could have.",
    ),
];

/// Draws the card of the tour, where one is under way.
pub fn tour_ui(ui: &mut Ui, view: &mut View<'_>) {
    let begun = tour_card_ui(ui, &mut view.memory.tour, &CARDS, "Train and go on");
    if begun && !is_studying(view) && view.state.form.is_named() {
        view.own(Command::Study);
    }
}
