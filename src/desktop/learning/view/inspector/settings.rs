//! All settings of a training but the first.

use super::super::View;
use super::groups;
use crate::desktop::learning::Form;
use crate::desktop::shell::fields::{field, optional};
use crate::desktop::shell::widgets::weak;
use crate::learn::{OptimizerKind, SameImage, Schedule};
use egui::{CollapsingHeader, ComboBox, DragValue, Ui};

/// Draws all other settings, folded away at first.
pub fn settings_ui(ui: &mut Ui, view: &View<'_>, form: &mut Form) {
    CollapsingHeader::new("All settings")
        .id_salt("learning settings")
        .show(ui, |ui| {
            loss_ui(ui, form);
            optimizer_ui(ui, form);
            batch_ui(ui, form);
            if !form.needs_groups() {
                groups::groups_ui(ui, view, form);
            }
        });
}

fn loss_ui(ui: &mut Ui, form: &mut Form) {
    optional(
        ui,
        "Margin instead of each loss's own",
        &mut form.margin,
        0.2,
        0.0..=10.0,
    );
    if form.losses.iter().any(|loss| loss.has_temperature()) {
        field(ui, "Temperature", |ui| {
            ui.add(
                DragValue::new(&mut form.rest.temperature)
                    .range(0.001..=100.0)
                    .speed(0.001),
            );
            ui.checkbox(&mut form.rest.learn_temperature, "trained too");
        });
    }
    if form.losses.iter().any(|loss| loss.description().warms) {
        field(ui, "SH to MH", |ui| {
            share_ui(
                ui,
                "Share of the run from SH to MH",
                &mut form.rest.warm,
                0.001,
            );
            weak(ui, "of the run");
        });
    }
}

fn optimizer_ui(ui: &mut Ui, form: &mut Form) {
    let o = &mut form.rest.optimizer;
    if o.kind == OptimizerKind::Sgd {
        field(ui, "Momentum", |ui| {
            ui.add(
                DragValue::new(&mut o.momentum)
                    .range(0.0..=0.999)
                    .speed(0.01),
            )
        });
    }
    field(ui, "Decay", |ui| {
        ui.add(DragValue::new(&mut o.decay).range(0.0..=10.0).speed(0.001))
    });
    optional(ui, "Clip the gradient's norm", &mut o.clip, 2.0, 1e-6..=1e6);
    field(ui, "Schedule", |ui| {
        ComboBox::from_id_salt("schedule")
            .selected_text(form.rest.schedule.title())
            .show_ui(ui, |ui| {
                for schedule in Schedule::ALL {
                    ui.selectable_value(&mut form.rest.schedule, schedule, schedule.title())
                        .on_hover_text(schedule.about());
                }
            });
    });
    field(ui, "Warm-up", |ui| {
        share_ui(
            ui,
            "Share of the run of the warm-up",
            &mut form.rest.warmup,
            0.0,
        );
        weak(ui, "of the run");
    });
}

fn batch_ui(ui: &mut Ui, form: &mut Form) {
    field(ui, "Mined", |ui| {
        let mut percent = form.rest.mined * 100.0;
        ui.add(DragValue::new(&mut percent).range(0.0..=50.0).suffix(" %"))
            .on_hover_text("Share of each batch that are hard negatives, mined before training, of the rest of it");
        form.rest.mined = percent / 100.0;
        weak(ui, "of a batch");
    });
    field(ui, "Same image", |ui| {
        ComboBox::from_id_salt("same image")
            .selected_text(form.rest.same_image.title())
            .show_ui(ui, |ui| {
                for same in SameImage::ALL {
                    ui.selectable_value(&mut form.rest.same_image, same, same.title())
                        .on_hover_text(same.about());
                }
            });
    });
    weak(
        ui,
        "Pairs confirmed as right in Negatives are never negatives.",
    );
}

fn share_ui(ui: &mut Ui, name: &str, share: &mut f32, least: f32) {
    let mut percent = *share * 100.0;
    ui.name_inputs(name, |ui| {
        ui.add(
            DragValue::new(&mut percent)
                .range(least * 100.0..=100.0)
                .suffix(" %"),
        )
    });
    *share = percent / 100.0;
}
