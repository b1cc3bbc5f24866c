//! The command palette (Ctrl+K): every command by name, and every caption and image by its words.

mod actions;

use super::widgets::weak;
use super::{Field, Shell, labels};
use crate::desktop::core::{Command, Query, Tab, holds, words};
use actions::{first, last};
use egui::{Align2, Context, Key, Modifiers, RichText};

/// An entry of the palette; `C`: a command that is not the core's.
#[derive(Debug, Clone)]
pub struct PaletteEntry<C> {
    /// Its words.
    pub title: String,
    /// The keys that do the same.
    pub keys: &'static str,
    /// What it does.
    pub run: Run<C>,
}

/// What an entry does.
#[derive(Debug, Clone)]
pub enum Run<C> {
    /// Asks for a command of a feature.
    Own(C),
    /// Asks for a command of the core.
    Core(Box<Command>),
    /// Opens the settings.
    Settings,
    /// Opens what runs the encoders.
    Runtime,
    /// Opens the sets.
    Sets,
    /// Goes to the field for queries.
    FocusQuery,
    /// Begins the tour of the program.
    Tour,
    /// Opens the sheet of keys.
    Keys,
    /// Says what the program is.
    About,
}

impl<C> PaletteEntry<C> {
    /// An entry that asks for a command of a feature.
    pub fn own(title: &str, keys: &'static str, command: C) -> Self {
        let title = title.to_owned();
        let run = Run::Own(command);
        Self { title, keys, run }
    }

    /// An entry that asks for a command of the core.
    pub fn core(title: &str, keys: &'static str, command: Command) -> Self {
        let title = title.to_owned();
        let run = Run::Core(Box::new(command));
        Self { title, keys, run }
    }

    /// The same with the command that `change` makes of a feature's.
    pub fn map<D>(self, change: impl FnOnce(C) -> D) -> PaletteEntry<D> {
        PaletteEntry {
            title: self.title,
            keys: self.keys,
            run: match self.run {
                Run::Own(command) => Run::Own(change(command)),
                Run::Core(command) => Run::Core(command),
                Run::Settings => Run::Settings,
                Run::Runtime => Run::Runtime,
                Run::Sets => Run::Sets,
                Run::FocusQuery => Run::FocusQuery,
                Run::Tour => Run::Tour,
                Run::Keys => Run::Keys,
                Run::About => Run::About,
            },
        }
    }
}

/// Height of the list, in points.
const TALL: f32 = 380.0;

/// The palette while it is open.
#[derive(Default)]
pub struct Palette {
    text: String,
    chosen: usize,
    /// The text that was looked for last.
    searched: String,
}

/// The entries that hold every word of the palette's text; rows of the dataset after the commands.
fn matching<C>(
    shell: &mut Shell<'_>,
    palette: &mut Palette,
    tabs: &[Tab],
    own: Vec<PaletteEntry<C>>,
) -> Vec<PaletteEntry<C>> {
    if palette.searched != palette.text {
        shell.ask(Command::Find(palette.text.clone()));
        palette.searched.clone_from(&palette.text);
    }
    let found = shell.session.found.get(shell.session.now());
    let rows = found.filter(|(text, _)| *text == palette.text);
    let rows = rows.map_or(&[][..], |(_, rows)| rows);
    let words = words(&palette.text);
    let commands = first().into_iter().chain(own).chain(last(shell, tabs));
    let row = |(title, query): &(String, Query)| {
        PaletteEntry::core(title, "", Command::Query(query.clone()))
    };
    commands
        .filter(|entry| holds(&words, &entry.title))
        .chain(rows.iter().map(row))
        .collect()
}

/// Draws the palette where it is open, with the entries `own` of the features that have the `tabs`; returns the command of
/// a feature that was chosen.
pub fn palette_ui<C>(
    ctx: &Context,
    shell: &mut Shell<'_>,
    tabs: &[Tab],
    own: impl FnOnce(&mut Shell<'_>) -> Vec<PaletteEntry<C>>,
) -> Option<C> {
    let mut palette = shell.memory.palette.take()?;
    let own = own(shell);
    let mut list = matching(shell, &mut palette, tabs, own);
    let pressed = |key| ctx.input_mut(|i| i.consume_key(Modifiers::NONE, key));
    if pressed(Key::ArrowDown) {
        palette.chosen += 1;
    }
    if pressed(Key::ArrowUp) {
        palette.chosen = palette.chosen.saturating_sub(1);
    }
    palette.chosen = palette.chosen.min(list.len().saturating_sub(1));
    let mut taken = pressed(Key::Enter).then_some(palette.chosen);
    let area = egui::Modal::default_area(egui::Id::unique("palette"))
        .anchor(Align2::CENTER_TOP, [0.0, 70.0]);
    let modal = egui::Modal::new(egui::Id::unique("palette"))
        .area(area)
        .show(ctx, |ui| {
            ui.set_width(560.0);
            let edit = egui::TextEdit::singleline(&mut palette.text)
                .hint_text("Type a command, a file name or words of a caption…")
                .desired_width(f32::INFINITY)
                .margin(egui::Margin::symmetric(9, 7));
            let response = ui.add(edit);
            response.request_focus();
            if response.changed() {
                palette.chosen = 0;
            }
            ui.add_space(4.0);
            egui::ScrollArea::vertical()
                .max_height(TALL)
                // As tall with few entries as with many: it would not grow again.
                .min_scrolled_height(TALL)
                .auto_shrink([false, false])
                .show(ui, |ui| {
                    ui.spacing_mut().item_spacing.y = 1.0;
                    for (i, entry) in list.iter().enumerate() {
                        let text = RichText::new(&entry.title);
                        let button = egui::Button::selectable(i == palette.chosen, text)
                            .shortcut_text(labels::keys(ctx, entry.keys))
                            .truncate();
                        let response = ui.add_sized([ui.available_width() - 4.0, 28.0], button);
                        if i == palette.chosen
                            && ctx.input(|i| i.key_down(Key::ArrowDown) || i.key_down(Key::ArrowUp))
                        {
                            response.scroll_to_me(None);
                        }
                        if response.clicked() {
                            taken = Some(i);
                        }
                    }
                    if list.is_empty() {
                        weak(ui, "Nothing matches.");
                    }
                });
        });
    let Some(at) = taken.filter(|&at| at < list.len()) else {
        if !modal.should_close() {
            shell.memory.palette = Some(palette);
        }
        return None;
    };
    match list.swap_remove(at).run {
        Run::Own(command) => return Some(command),
        Run::Core(command) => shell.ask(*command),
        Run::Settings => shell.memory.settings = Some(Box::new(shell.session.settings.clone())),
        Run::Runtime => shell.memory.runtime = true,
        Run::Sets => shell.memory.sets = Some(String::new()),
        Run::FocusQuery => shell.memory.focus = Some(Field::Query),
        Run::Tour => shell.memory.start_tour(),
        Run::Keys => shell.memory.keys = true,
        Run::About => shell.memory.about = true,
    }
    None
}
