//! What the next grouping is asked for.

use super::View;
use crate::desktop::shell::fields::field;
use crate::desktop::shell::held_out::held_out_ui;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::weak;
use crate::desktop::strata::{Command, Heads};
use egui::{CollapsingHeader, DragValue, RichText, TextEdit, Ui};

/// Draws the settings: open until something is grouped.
pub fn settings_ui(ui: &mut Ui, view: &mut View<'_>) {
    let fresh = view.state.surveyed(view.session.now()).is_none();
    CollapsingHeader::new("Settings")
        .id_salt(("strata settings", fresh))
        .default_open(fresh)
        .show(ui, |ui| fields_ui(ui, view));
}

fn fields_ui(ui: &mut Ui, view: &mut View<'_>) {
    let mut form = view.state.form.clone();
    let images = view.session.embedded().map_or(0, |e| e.groups.images());
    field(ui, "Groups", |ui| {
        ui.add(TextEdit::singleline(&mut form.counts).desired_width(f32::INFINITY))
            .on_hover_text("Numbers of groups, with commas between them")
    });
    if let Err(error) = form.counts() {
        let t = tokens(ui);
        ui.label(RichText::new(error.to_string()).color(t.warn));
        weak(ui, error.remedy());
    }
    field(ui, "Descents", |ui| {
        ui.add(DragValue::new(&mut form.restarts).range(1..=1_000))
            .on_hover_text("Descents from different starts; the best counts");
        weak(ui, "seed");
        ui.name_inputs("Seed", |ui| ui.add(DragValue::new(&mut form.seed)));
    });
    field(ui, "Margin", |ui| {
        ui.add(
            DragValue::new(&mut form.margin)
                .range(0.0..=10.0)
                .speed(0.005)
                .max_decimals(3),
        )
        .on_hover_text(
            "Margin of the two hinges with hardest negatives that a pair's loss is made of",
        )
    });
    match &form.heads {
        Heads::Start => {
            field(ui, "Heads to", |ui| {
                ui.add(DragValue::new(&mut form.outputs).range(1..=8_192));
                weak(ui, "values");
            });
            held_out_ui(ui, &mut form.held_out, images);
        }
        Heads::Run(_) => {
            weak(ui, "Held out is what the run held out.");
        }
    }
    let hint = "Copies this grouping as arguments of the command line";
    if ui.button("Copy as a command").on_hover_text(hint).clicked() {
        ui.ctx().copy_text(view.state.command_of(&form));
    }
    if form != view.state.form {
        view.own(Command::SetForm(Box::new(form)));
    }
}
