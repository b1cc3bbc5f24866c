//! The place of the run: where it is typed, chosen and left.

use super::View;
use crate::desktop::run::{Command, Slot};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{primary_if, weak};
use egui::{Align, Key, Layout, RichText, TextEdit, Ui};

/// The command that begins a run.
const PLAN: &str =
    "nearmiss part plan s3://bucket/shards --run s3://bucket/run --stage embed --encoder clip/";

/// Draws the field with its buttons, and whether the run is watched.
pub fn head_ui(ui: &mut Ui, view: &mut View<'_>) {
    if view.memory.set != view.state.place {
        view.memory.set.clone_from(&view.state.place);
        view.memory.place = view.state.place.clone().unwrap_or_default();
    }
    ui.horizontal(|ui| {
        let wide = (ui.available_width() - 470.0).clamp(180.0, 760.0);
        let edit = TextEdit::singleline(&mut view.memory.place)
            .hint_text("Folder of a run, or s3://, gs://, az://")
            .desired_width(wide);
        let field = ui.add(edit);
        // Its hint names it only while it is empty.
        ui.ctx().accesskit_node_builder(field.id, |node| {
            node.set_label("Folder or URL of the run");
        });
        if view.memory.asked != view.state.asked {
            view.memory.asked = view.state.asked;
            field.request_focus();
        }
        let entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
        if ui.button("Choose folder…").clicked() {
            view.own(Command::ChooseFolder);
        }
        let place = view.memory.place.trim().to_owned();
        if primary_if(ui, !place.is_empty(), "Open").clicked() || (entered && !place.is_empty()) {
            view.own(Command::Open(place));
        }
        if view.state.place.is_some() {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                watch_ui(ui, view);
            });
        }
    });
}

/// Is it watched, and the buttons for that; right to left.
fn watch_ui(ui: &mut Ui, view: &mut View<'_>) {
    let t = tokens(ui);
    let state = view.state;
    if ui.button("Close").clicked() {
        view.own(Command::Close);
    }
    if state.status.is_none() && !state.watching {
        return;
    }
    let (button, hint) = if state.watching {
        ("Stop watching", "The run itself goes on")
    } else {
        ("Watch", "Looks at the run every two seconds")
    };
    if ui.button(button).on_hover_text(hint).clicked() {
        view.own(Command::Watch(!state.watching));
    }
    let (words, colour) = match (state.watching, state.is_complete()) {
        (true, _) => ("Watching", t.good),
        (false, true) => ("Finished", t.good),
        (false, false) => ("Not watched", t.weak),
    };
    ui.label(RichText::new(words).color(colour));
}

/// What stands here while no run is open.
pub fn nothing_ui(ui: &mut Ui, view: &mut View<'_>) {
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() * 0.24).max(20.0));
        ui.label(RichText::new("No run is open").size(18.0).strong());
        let text = "A run is the work on a set too large for one machine, cut into parts that any number of machines do; \
                    its folder says how far they are and what came out.";
        ui.scope(|ui| {
            ui.set_max_width(620.0);
            weak(ui, text);
        });
        ui.add_space(10.0);
        weak(ui, "Begin one:");
        ui.label(RichText::new(PLAN).monospace().color(tokens(ui).text));
        if ui.button("Copy the command").clicked() {
            view.ask(crate::desktop::core::Command::Copy(PLAN.into()));
        }
        let runs = view.session.settings.runs.clone();
        if runs.is_empty() || view.is_running(Slot::Look) {
            return;
        }
        ui.add_space(14.0);
        weak(ui, "Open lately");
        for place in runs {
            if ui.link(&place).clicked() {
                view.own(Command::Open(place));
            }
        }
    });
}
