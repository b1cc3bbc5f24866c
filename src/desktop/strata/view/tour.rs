//! A tour of the laboratory: five cards, of which the first groups.

use super::View;
use crate::desktop::shell::tour::{Card, tour_card_ui};
use crate::desktop::strata::{Command, Slot};
use egui::Ui;

const CARDS: [Card; 5] = [
    (
        "What is grouped",
        "A small head behind each model learns to bring an image and its captions together. Every pair pulls at the image \
         head with its gradient: towards its own caption, away from its hardest negatives. Next puts pairs that pull the \
         same way into one group, by moving one pair at a time as long as the variance falls.",
    ),
    (
        "Pairs that pull the same way",
        "\"74 pairs pull like 3.4\" is mean |g|² over |mean g|²: 3.4 orthogonal pulls of one length would have as small a \
         mean. The blue part of the bar is that share. At the end of the list stand groups whose pairs each say something \
         of their own.",
    ),
    (
        "What sampling by groups gains",
        "A step that draws one pair from each group estimates the mean gradient with another variance than one that draws \
         pairs from all. The bars say by how much, for groups by gradients and for others. k-means on embeddings makes \
         uneven groups; drawn in proportion to their sizes they do no harm.",
    ),
    (
        "What a smaller set would cost",
        "Move the slider: the blue line is the error of the mean gradient when that share of the pairs is kept by groups, \
         the dashed one when as many are kept at random. The sentence below says how many pairs at random are as good. \
         The reduced set is written with weights that keep the mean gradient unbiased.",
    ),
    (
        "Where to look next",
        "Beside stands the group that is looked at: the pair in its middle, what it pulls towards and pushes away from. \
         Its images can be kept as a set, shown on the map, or looked at among the hard negatives. Choose the weights of a \
         run of the learning laboratory above to see how groups change with training, and train with the sampling \
         \"Strata\" there.",
    ),
];

/// Draws the card of the tour, where one is under way.
pub fn tour_ui(ui: &mut Ui, view: &mut View<'_>) {
    let begun = tour_card_ui(ui, &mut view.memory.tour, &CARDS, "Group and go on");
    if begun && !view.is_running(Slot::Survey) {
        view.own(Command::Group);
    }
}
