//! The tour of the program: four cards at the edge of the window, each beside what it tells of.

use crate::desktop::core::{Command, StoryCommand};
use crate::desktop::shell::Shell;
use crate::desktop::shell::tour::{Card, tour_card_ui};
use egui::{Align2, Area, Context, Id, Key, Modifiers, Order};

const CARDS: [Card; 4] = [
    (
        "A near miss",
        "The picture is the query; its own captions are right (green). The one marked as the hardest negative is the wrong \
         caption that scores best. The margin says how far apart the two are: above 0 the model is right.",
    ),
    (
        "Make the model wrong",
        "The lab looks for a change of the pixels, none by more than 4 of 255 steps, after which a wrong caption comes \
         first. Watch the verdict above the pictures; Blink shows both in turn.",
    ),
    (
        "Few words decide",
        "Each line is a picture with its right caption and the wrong one that comes nearest; the words that differ are \
         underlined. From a pair that is barely right, Break it; from one that is lost, Repair it. Export writes all of \
         them as a file to train on.",
    ),
    (
        "And the whole set",
        "The same attack on many pictures tells what recall is left at each size of the change. The guide (F1) explains \
         every figure, the question mark lists all keys.",
    ),
];

/// Draws the card of the step that the tour is at, and shows what it tells of when the step changes.
pub fn program_tour_ui(ctx: &Context, shell: &mut Shell<'_>) {
    let before = shell.memory.tour_shown;
    let mut at = shell.memory.tour;
    if at.is_none() {
        shell.memory.tour_shown = None;
        return;
    }
    if ctx.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Escape)) {
        shell.memory.tour = None;
        shell.memory.tour_shown = None;
        return;
    }
    if before != at {
        show(shell, at);
        shell.memory.tour_shown = at;
    }
    Area::new(Id::unique("tour"))
        .order(Order::Foreground)
        .anchor(Align2::RIGHT_BOTTOM, [-16.0, -44.0])
        .show(ctx, |ui| {
            ui.set_width(336.0);
            tour_card_ui(ui, &mut at, &CARDS, "Make the model wrong");
        });
    shell.memory.tour = at;
}

/// Shows what the card of a step tells of.
fn show(shell: &mut Shell<'_>, step: Option<usize>) {
    match step {
        Some(0) => shell.ask(Command::Story(StoryCommand::Begin)),
        Some(1) => shell.ask(Command::Story(StoryCommand::Break)),
        Some(2) => {
            let image = shell.session.case().map(|case| case.image as u32);
            shell.ask(Command::ShowNegatives(image.unwrap_or(0)));
        }
        Some(_) => shell.ask(Command::ShowAttackSet),
        None => {}
    }
}
