//! Drawing only: every function reads the [`Session`] and returns [`Command`]s; none touches files, models or threads.
//!
//! A view is one file with a function ending in `_ui` and one line in `RAIL` of `shell.rs`.

mod attack;
mod bidi;
mod browser;
mod compare;
mod dialogs;
mod fields;
mod keys;
mod menus;
mod models;
mod negatives;
mod overlays;
mod palette;
mod pictures;
mod query;
mod results;
mod sets;
mod shell;
mod structure;
mod summary;
mod theme;
mod views;
mod widgets;

pub use attack::{Legend, SAMPLING, Sheet, Sheets};
pub use pictures::{Key, Pictures};
pub use structure::MatrixSheets;
pub use theme::install as install_theme;

use crate::encoder::EncoderOptions;
use crate::retrieval::Side;
use crate::desktop::core::{Command, Session, Settings};

/// A text field that gets the keyboard in the next frame.
#[derive(Clone, Copy, PartialEq)]
enum Field {
    Filter,
    Query,
}

/// What drawing remembers between frames: text being typed, what is open, what was scrolled to.
#[derive(Default)]
pub struct UiState {
    filter: String,
    query: String,
    focus: Option<Field>,
    columns: usize,
    scroll: f32,
    revealed: Option<(Side, usize)>,
    highlighted: usize,
    reveal_highlighted: bool,
    palette: Option<palette::Palette>,
    settings: Option<Box<Settings>>,
    runtime: bool,
    /// The name of a set while it is typed; the dialog is open.
    sets: Option<String>,
    options: Option<Box<EncoderOptions>>,
    preprocess_side: u32,
    lab: attack::LabState,
    negatives: negatives::NegativesState,
    structure: structure::StructureState,
    compared: Option<(Side, usize)>,
    compare_scroll: f32,
    compare_order: Option<compare::Order>,
}

/// What a drawing function works with.
pub struct View<'a> {
    session: &'a Session,
    state: &'a mut UiState,
    pictures: &'a mut Pictures,
    commands: Vec<Command>,
}

impl View<'_> {
    fn ask(&mut self, command: Command) {
        self.commands.push(command);
    }
}

/// Draws the whole window; returns what the user asked for.
pub fn draw(
    ui: &mut egui::Ui,
    session: &Session,
    state: &mut UiState,
    pictures: &mut Pictures,
) -> Vec<Command> {
    let mut view = View {
        session,
        state,
        pictures,
        commands: Vec::new(),
    };
    keys::keys(ui.ctx(), &mut view);
    shell::shell_ui(ui, &mut view);
    dialogs::dialogs_ui(ui.ctx(), &mut view);
    sets::sets_ui(ui.ctx(), &mut view);
    palette::palette_ui(ui.ctx(), &mut view);
    overlays::toasts_ui(ui.ctx(), &mut view);
    overlays::drop_overlay_ui(ui.ctx(), &mut view);
    view.commands
}
