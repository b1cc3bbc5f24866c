//! Help: its menu, the tour, the sheet of keys, what the program is, and the sentence of the first start.

mod about;
mod band;
mod program_tour;
mod sheet;

pub use band::band_ui;
pub use sheet::{KeyGroup, sheet_ui};

use super::Shell;
use crate::desktop::core::{Command, StoryCommand};
use egui::{Context, Ui};

/// The entries of the menu.
pub fn menu_ui(ui: &mut Ui, shell: &mut Shell<'_>) {
    let item = |ui: &mut Ui, text: &str, keys: &str| {
        ui.add(egui::Button::new(text).shortcut_text(keys))
            .clicked()
    };
    if item(ui, "Guide", "F1") {
        shell.ask(Command::ShowGuide(None));
    }
    if item(ui, "Keys", "?") {
        shell.memory.keys = true;
    }
    if item(ui, "Tour of the program", "") {
        shell.memory.start_tour();
    }
    if item(ui, "A near miss of this set", "") {
        shell.ask(Command::Story(StoryCommand::Begin));
    }
    ui.separator();
    if item(ui, "About nearmiss", "") {
        shell.memory.about = true;
    }
}

/// Draws the tour and what the program is, where they are open.
pub fn help_ui(ctx: &Context, shell: &mut Shell<'_>) {
    program_tour::program_tour_ui(ctx, shell);
    about::about_ui(ctx, shell);
}
