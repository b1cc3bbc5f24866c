//! The command palette (Ctrl+K): every command by name, and every caption and image by its words.

mod actions;

use super::widgets::weak;
use super::{Field, View};
use crate::dataset::Image;
use crate::retrieval::Side;
use crate::desktop::core::{Command, Query};
use actions::{Action, actions};
use egui::{Align2, Context, Key, Modifiers, RichText};

/// The palette while it is open.
#[derive(Default)]
pub struct Palette {
    text: String,
    chosen: usize,
    /// Images and captions that hold the words of `searched`: looked for once a text, not once a frame.
    rows: Vec<(String, Query)>,
    searched: String,
}

/// Does `title` hold every one of `words`, which are in lower case?
fn holds(words: &[String], title: &str) -> bool {
    let title = title.to_lowercase();
    words.iter().all(|w| title.contains(w))
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_lowercase).collect()
}

/// Images and captions that hold every word of `text`.
fn rows(view: &View<'_>, text: &str) -> Vec<(String, Query)> {
    const MOST: usize = 40;
    let words = words(text);
    let (Some(dataset), false) = (view.session.dataset(), words.is_empty()) else {
        return Vec::new();
    };
    let images = dataset.images.iter().enumerate();
    let images = images.filter(|(_, image)| holds(&words, &image.name));
    let captions = dataset.captions.iter().enumerate();
    let captions = captions.filter(|(_, caption)| holds(&words, caption));
    let image =
        |(i, image): (usize, &Image)| (format!("Image {}", image.name), Query::Row(Side::Image, i));
    let caption =
        |(j, text): (usize, &String)| (format!("Caption {text}"), Query::Row(Side::Text, j));
    let mut found: Vec<_> = images.take(MOST).map(image).collect();
    found.extend(captions.take(MOST).map(caption));
    found
}

/// The entries that hold every word of the palette's text; rows of the dataset after the commands.
fn matching(view: &View<'_>, palette: &mut Palette) -> Vec<(String, &'static str, Action)> {
    if palette.searched != palette.text {
        palette.rows = rows(view, &palette.text);
        palette.searched.clone_from(&palette.text);
    }
    let words = words(&palette.text);
    let commands = actions(view)
        .into_iter()
        .filter(|(title, ..)| holds(&words, title));
    let row = |(title, query): &(String, Query)| {
        (
            title.clone(),
            "",
            Action::Run(Box::new(Command::Query(query.clone()))),
        )
    };
    commands.chain(palette.rows.iter().map(row)).collect()
}

/// Draws the palette where it is open.
pub fn palette_ui(ctx: &Context, view: &mut View<'_>) {
    let Some(mut palette) = view.state.palette.take() else {
        return;
    };
    let mut list = matching(view, &mut palette);
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
                .max_height(380.0)
                .auto_shrink([false, true])
                .show(ui, |ui| {
                    ui.spacing_mut().item_spacing.y = 1.0;
                    for (i, (title, keys, _)) in list.iter().enumerate() {
                        let text = RichText::new(title);
                        let button = egui::Button::selectable(i == palette.chosen, text)
                            .shortcut_text(*keys)
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
    if let Some(at) = taken.filter(|&at| at < list.len()) {
        match list.swap_remove(at).2 {
            Action::Run(command) => view.ask(*command),
            Action::Settings => view.state.settings = Some(Box::new(view.session.settings.clone())),
            Action::Runtime => view.state.runtime = true,
            Action::Sets => view.state.sets = Some(String::new()),
            Action::FocusQuery => view.state.focus = Some(Field::Query),
        }
    } else if !modal.should_close() {
        view.state.palette = Some(palette);
    }
}
