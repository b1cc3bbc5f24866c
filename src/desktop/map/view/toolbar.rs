//! What stands above the map: the projection, what is laid out, the colours, words, the zoom.

use super::View;
use crate::desktop::map::{Colouring, Command};
use crate::desktop::shell::widgets::{grouped, segmented, weak};
use crate::map::{Of, Projection};
use crate::retrieval::structure::folder_of;
use egui::{ComboBox, Key, TextEdit, Ui};

/// Draws the bar; it wraps where it is narrow.
pub fn toolbar_ui(ui: &mut Ui, view: &mut View<'_>) {
    ui.horizontal_wrapped(|ui| {
        layout_ui(ui, view);
        ui.separator();
        colours_ui(ui, view);
        ui.separator();
        words_ui(ui, view);
    });
}

/// Projection and points: a click lays out anew.
fn layout_ui(ui: &mut Ui, view: &mut View<'_>) {
    let mut options = view.state.options.clone();
    let projections = Projection::ALL.map(|p| (p, p.title(), p.about()));
    if let Some(projection) = segmented(ui, options.projection, &projections) {
        options.projection = projection;
    }
    ui.add_space(6.0);
    let alone = view.session.embedded().is_some_and(|e| e.texts.rows() == 0);
    if alone {
        weak(ui, "images alone: there are no captions");
    } else {
        let choices = Of::ALL.map(|of| (of, of.title(), of.about()));
        if let Some(of) = segmented(ui, options.of, &choices) {
            options.of = of;
        }
    }
    if options != view.state.options {
        view.own(Command::SetOptions(Box::new(options)));
        view.own(Command::LayOut);
    }
}

fn colours_ui(ui: &mut Ui, view: &mut View<'_>) {
    weak(ui, "Colour");
    let mut choices = Colouring::ALWAYS.to_vec();
    let session = view.session;
    let first = session.dataset().and_then(|d| d.images.first());
    if first.is_some_and(|image| !folder_of(&image.name).is_empty()) {
        choices.push(Colouring::Folder);
    }
    if let Some(shown) = view.state.shown.get(session.now()) {
        let columns = shown.columns.iter().map(|(name, _)| name.clone());
        choices.extend(columns.map(Colouring::Column));
    }
    let current = view.state.colouring.clone();
    let mut chosen = current.clone();
    ui.name_inputs("Colour points by", |ui| {
        ComboBox::from_id_salt("map colours")
            .width(150.0)
            .selected_text(current.title())
            .show_ui(ui, |ui| {
                for choice in choices {
                    let title = choice.title();
                    ui.selectable_value(&mut chosen, choice, title);
                }
            });
    });
    if chosen != current {
        view.own(Command::SetColouring(chosen));
    }
}

/// Words to find in names and captions, or to be placed as a query.
fn words_ui(ui: &mut Ui, view: &mut View<'_>) {
    let mut words = std::mem::take(&mut view.memory.words);
    let response = ui.name_inputs("Words", |ui| {
        let edit = TextEdit::singleline(&mut words)
            .hint_text("Find words, or place a text…")
            .desired_width(170.0);
        ui.add(edit)
    });
    if response.changed() {
        view.own(Command::Find(words.clone()));
    }
    let entered = response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
    let text = words.trim().to_owned();
    view.memory.words = words;
    if text.is_empty() {
        return;
    }
    let now = view.session.now();
    let found = view
        .state
        .found
        .get(now)
        .filter(|(of, _)| *of == view.memory.words);
    if let Some(count) = found.map(|(_, items)| items.len()) {
        let say = format!("{} found", grouped(count));
        let hint = "Choose all that hold these words";
        if ui.button(say).on_hover_text(hint).clicked() || (entered && count > 0) {
            view.own(Command::ChooseFound);
        }
    }
    let can = view.session.encoder().is_some();
    let hint = "Embed these words and show where they lie on the map";
    let place = ui.add_enabled(can, egui::Button::new("Place"));
    if place
        .on_hover_text(hint)
        .on_disabled_hover_text("This needs an encoder")
        .clicked()
    {
        view.own(Command::Place(text));
    }
}
