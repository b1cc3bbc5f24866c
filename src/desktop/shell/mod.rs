//! What is drawn around and within every view: frame, palette, dialogs, keys, widgets, theme. Drawing reads the
//! [`Session`] and returns [`Command`]s; it touches no files, models or threads.

pub mod bidi;
pub mod browser;
mod dialogs;
pub mod empty;
pub mod fields;
mod figure;
mod frame;
pub mod held_out;
pub mod help;
pub mod keys;
pub mod labels;
pub mod large;
pub mod marks;
mod menus;
mod overlays;
mod palette;
mod paths;
pub mod pictured;
pub mod plots;
pub mod screen;
mod seen;
pub mod select;
mod sets;
mod spans;
pub mod table;
pub mod take;
pub mod terms;
pub mod theme;
pub mod tour;
pub mod widgets;
pub mod zoom;

pub use frame::{RailEntry, bars_ui, centre_ui, side_frame};
pub use palette::{PaletteEntry, Run, palette_ui};

use crate::desktop::core::{Command, Pictures, Session, Settings};
use crate::encoder::EncoderOptions;
use crate::retrieval::Side;
use std::collections::HashMap;

/// A text field that gets the keyboard in the next frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Field {
    /// The browser's filter.
    Filter,
    /// The query.
    Query,
}

/// What the shell remembers between frames: text being typed, what is open, what was scrolled to.
#[derive(Default)]
pub struct Memory {
    /// The field that gets the keyboard.
    pub focus: Option<Field>,
    /// Columns of the browser.
    pub columns: usize,
    /// The browser's filter while it is typed.
    pub filter: String,
    scroll: f32,
    revealed: Option<(Side, usize)>,
    /// The selected row that was looked for last, and the list in which it was.
    sought: (Option<(Side, usize)>, u64),
    palette: Option<palette::Palette>,
    settings: Option<Box<Settings>>,
    runtime: bool,
    /// The step of the tour of the program that is asked for, and the one that is shown.
    tour: Option<usize>,
    tour_shown: Option<usize>,
    /// The sheet of keys is open.
    keys: bool,
    /// What the program is, is shown.
    about: bool,
    /// The name of a set while it is typed; the dialog is open.
    sets: Option<String>,
    options: Option<Box<EncoderOptions>>,
    preprocess_side: u32,
    /// Rows that are chosen, by the names of their lists.
    selections: HashMap<String, select::Selection>,
    /// The list that was clicked last.
    active: Option<String>,
    /// The edges of a table's columns while one is dragged, with its name.
    dragged: Option<(String, Vec<f32>)>,
    /// How far the rows of each table are scrolled.
    offsets: HashMap<String, f32>,
    /// Where the head of a table was drawn, until its rows are.
    head: Option<egui::Rect>,
    /// From where the picture is seen that is open large.
    large: large::Looks,
    /// A part of the screen that is to be copied.
    seen: seen::Seen,
    /// The path that is typed.
    path: Option<paths::Typed>,
}

impl Memory {
    /// Begins the tour of the program.
    pub fn start_tour(&mut self) {
        self.tour = Some(0);
    }

    /// Is the tour of the program under way?
    fn is_on_tour(&self) -> bool {
        self.tour.is_some()
    }

    /// Is a dialog open, so that keys are not for the view?
    fn is_modal(&self) -> bool {
        self.palette.is_some()
            || self.settings.is_some()
            || self.runtime
            || self.sets.is_some()
            || self.keys
            || self.about
    }
}

/// What every drawing function works with.
pub struct Shell<'a> {
    /// What is open and selected.
    pub session: &'a Session,
    /// What the shell remembers.
    pub memory: &'a mut Memory,
    /// Textures of the dataset's pictures.
    pub pictures: &'a mut Pictures,
    /// What was asked for.
    pub commands: Vec<Command>,
}

impl Shell<'_> {
    /// Asks for a command of the core.
    pub fn ask(&mut self, command: Command) {
        self.commands.push(command);
    }
}

/// Draws what lies above the views.
pub fn above_ui(ctx: &egui::Context, shell: &mut Shell<'_>) {
    dialogs::dialogs_ui(ctx, shell);
    sets::sets_ui(ctx, shell);
    help::help_ui(ctx, shell);
    paths::path_ui(ctx, shell);
    large::large_ui(ctx, shell);
}

/// Draws messages, and what dropping a file will do.
pub fn overlays_ui(ctx: &egui::Context, shell: &mut Shell<'_>) {
    overlays::toasts_ui(ctx, shell);
    overlays::drop_overlay_ui(ctx, shell);
    seen::menu_ui(ctx, shell);
    seen::copy(ctx, shell);
}
