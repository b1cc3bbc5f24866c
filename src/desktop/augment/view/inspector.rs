//! The inspector: the averaged encoder, and the settings.

use super::{View, settings};
use crate::desktop::augment::{Command, Slot, Studied, Use};
use crate::desktop::shell::widgets::{heading, weak};
use crate::error::counted;
use egui::{ScrollArea, Ui};

/// Draws the inspector.
pub fn inspector_ui(ui: &mut Ui, view: &mut View<'_>) {
    ScrollArea::vertical()
        .id_salt("augment inspector")
        .auto_shrink([false; 2])
        .show(ui, |ui| {
            // Room for the scroll bar, which lies over what is there.
            ui.set_max_width(ui.available_width() - 8.0);
            ui.add_space(10.0);
            if let Some(studied) = view.state.studied(view.session.now()).cloned() {
                encoder_ui(ui, view, &studied);
                ui.add_space(12.0);
            }
            settings::settings_ui(ui, view);
            ui.add_space(10.0);
        });
}

/// What can be done with the averaged embedding.
fn encoder_ui(ui: &mut Ui, view: &mut View<'_>, studied: &Studied) {
    heading(ui, "Averaged encoder");
    if !studied.makes_copies() {
        weak(
            ui,
            "No magnitude is above 0: it would be the encoder itself.",
        );
        return;
    }
    let draws = studied.study.asked.draws;
    weak(
        ui,
        format!(
            "An encoder like any other whose embedding of a picture is the unit mean over {}, at the means of the magnitudes over \
             seeds. No image here was unseen by all of it: judge it on other data.",
            counted(draws, "draw")
        ),
    );
    if view.is_running(Slot::Encoder) {
        ui.horizontal(|ui| {
            ui.spinner();
            weak(ui, "It is made…");
            if ui.button("Cancel").clicked() {
                view.cancel(Slot::Encoder);
            }
        });
        return;
    }
    ui.horizontal_wrapped(|ui| {
        let uses = [
            (
                "Open",
                Command::MakeEncoder(Use::Open),
                "Makes it and opens it in place of this encoder; what was learned here belongs to this one and is shown no longer",
            ),
            (
                "Compare",
                Command::MakeEncoder(Use::Compare),
                "Makes it and compares it with this encoder",
            ),
            (
                "Save…",
                Command::SaveEncoder,
                "Writes it to a new, empty folder",
            ),
        ];
        for (text, command, hint) in uses {
            if ui.button(text).on_hover_text(hint).clicked() {
                view.own(command);
            }
        }
    });
    let hint = "Copies the command line that learns this again, without its data";
    if ui.button("Copy its command").on_hover_text(hint).clicked() {
        ui.ctx().copy_text(studied.command.clone());
    }
}
