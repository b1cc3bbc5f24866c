//! What the next learning is asked for.

use super::View;
use crate::augment::{Asked, Change, START};
use crate::desktop::augment::{Command, Form, Taken, command};
use crate::desktop::shell::fields::{field, named};
use crate::desktop::shell::widgets::{heading, weak};
use egui::{ComboBox, DragValue, Ui};

/// Draws the settings.
pub fn settings_ui(ui: &mut Ui, view: &mut View<'_>) {
    heading(ui, "Settings");
    let mut form = view.state.form.clone();
    for change in Change::ALL {
        change_ui(ui, view, &mut form, change);
    }
    if view.state.sees_grey(view.session.now()) {
        weak(
            ui,
            "The image model takes grey pictures, which have no colour: that change is left out.",
        );
    }
    ui.add_space(6.0);
    field(ui, "First seed", |ui| {
        ui.add(DragValue::new(&mut form.seed))
            .on_hover_text("Seed of the first parting; those of the others follow it")
    });
    field(ui, "Rate", |ui| {
        ui.add(
            DragValue::new(&mut form.rate)
                .range(0.0001..=1.0)
                .speed(0.001)
                .max_decimals(4),
        )
        .on_hover_text(
            "How far a step moves a magnitude at most at first, as a share of its largest; it falls to 0 along a cosine",
        )
    });
    field(ui, "Batch", |ui| {
        ui.add(
            DragValue::new(&mut form.batch)
                .range(2..=Asked::MOST_BATCH)
                .suffix(" images"),
        )
        .on_hover_text("Images of each level in a step")
    });
    field(ui, "Copies", |ui| {
        ui.add(
            DragValue::new(&mut form.copies)
                .range(1..=Asked::MOST_COPIES)
                .suffix(" a step"),
        )
        .on_hover_text("Random copies of each picture in a step")
    });
    field(ui, "Draws", |ui| {
        ui.add(DragValue::new(&mut form.draws).range(1..=Asked::MOST_COPIES))
            .on_hover_text(
                "Copies of a picture in an averaged embedding that is measured or written: it costs as many runs of the image model",
            )
    });
    ui.add_space(4.0);
    if let Ok(asked) = form.asked() {
        let hint = "Copies this learning as arguments of the command line";
        if ui.button("Copy as a command").on_hover_text(hint).clicked() {
            ui.ctx().copy_text(command(&asked, form.most));
        }
    }
    if form != view.state.form {
        view.own(Command::SetForm(Box::new(form)));
    }
}

/// Learned, fixed or left out.
fn change_ui(ui: &mut Ui, view: &View<'_>, form: &mut Form, change: Change) {
    let part = &mut form.parts[change.index()];
    field(ui, &name(change), |ui| {
        let text = match part {
            Taken::Learned => "learned",
            Taken::Fixed(_) => "fixed at",
            Taken::LeftOut => "left out",
        };
        ComboBox::from_id_salt(change.name())
            .selected_text(text)
            .width(82.0)
            .show_ui(ui, |ui| {
                ui.selectable_value(part, Taken::Learned, "learned")
                    .on_hover_text(change.about());
                let fixed = match part {
                    Taken::Fixed(magnitude) => *magnitude,
                    _ => known(view, change),
                };
                ui.selectable_value(part, Taken::Fixed(fixed), "fixed at a magnitude")
                    .on_hover_text(change.about());
                ui.selectable_value(part, Taken::LeftOut, "left out")
                    .on_hover_text("Copies are not changed so");
            })
            .response
            .on_hover_text(change.about());
        if let Taken::Fixed(magnitude) = part {
            let drag = DragValue::new(magnitude)
                .range(0.0..=change.most())
                .speed(0.002)
                .max_decimals(3);
            let hint = format!("In its unit: {}", change.unit());
            named(ui, &format!("Magnitude of {}", change.name()), drag).on_hover_text(hint);
        }
    });
}

/// The magnitude that was learned last, or the one that learning begins with.
fn known(view: &View<'_>, change: Change) -> f64 {
    let studied = view.state.studied(view.session.now());
    let end = studied.and_then(|studied| studied.study.end(change));
    let magnitude = end.map_or(START * change.most(), |end| end.mean);
    (1e3 * magnitude).floor() / 1e3
}

fn name(change: Change) -> String {
    crate::desktop::core::sentence(change.title())
}
