//! The next training: what is chosen most often, and the button.

use super::super::View;
use super::{clients, friendly, groups, head, settings};
use crate::compute::train::Loss;
use crate::desktop::learning::{Command, Form, Slot};
use crate::desktop::shell::fields::field;
use crate::desktop::shell::held_out::held_out_ui;
use crate::desktop::shell::terms;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{heading, primary, weak};
use crate::learn::{OptimizerKind, Policy};
use egui::{Align, ComboBox, DragValue, Layout, RichText, TextEdit, Ui};

/// Draws the form.
pub fn form_ui(ui: &mut Ui, view: &mut View<'_>) {
    let mut form = view.state.form.clone();
    let inputs = view.session.embedded().map_or(0, |e| e.images.dim());
    let images = view.session.embedded().map_or(0, |e| e.groups.images());
    let made = form.setups(inputs);
    ui.horizontal(|ui| {
        heading(ui, "Train");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            button_ui(ui, view, made.as_ref().map_or(0, Vec::len));
        });
    });
    if let Err(error) = &made {
        let t = tokens(ui);
        ui.label(RichText::new(error.to_string()).color(t.warn));
        weak(ui, error.remedy());
    }
    running_ui(ui, view);
    field(ui, "Losses", |ui| losses_ui(ui, &mut form));
    field(ui, "Rates", |ui| {
        let edit = TextEdit::singleline(&mut form.rates).desired_width(f32::INFINITY);
        ui.add(edit)
            .on_hover_text("Learning rates, with commas between them")
    });
    field(ui, "Optimizer", |ui| {
        ComboBox::from_id_salt("optimizer")
            .selected_text(form.rest.optimizer.kind.title())
            .height(320.0)
            .show_ui(ui, |ui| {
                for kind in OptimizerKind::ALL {
                    ui.selectable_value(&mut form.rest.optimizer.kind, kind, kind.title())
                        .on_hover_text(kind.about());
                }
            });
        if form.rest.optimizer.kind != OptimizerKind::Sgd {
            form.rest.optimizer.momentum = 0.0;
        }
    });
    clients::clients_ui(ui, &mut form);
    field(ui, "Sampling", |ui| policies_ui(ui, &mut form));
    if form.policies.iter().any(|p| p.description().by_seconds) {
        field(ui, "Seconds", |ui| {
            ui.add(
                DragValue::new(&mut form.seconds)
                    .range(0.05..=86_400.0)
                    .speed(0.05),
            )
        });
    }
    if form.needs_groups() {
        groups::groups_ui(ui, view, &mut form);
    }
    friendly::friendly_ui(ui, &mut form);
    field(ui, "Batch", |ui| {
        ui.add(DragValue::new(&mut form.rest.batch).range(2..=8_192));
        weak(ui, "epochs");
        ui.name_inputs("Epochs", |ui| {
            ui.add(DragValue::new(&mut form.rest.epochs).range(1..=100_000))
        });
        weak(ui, "seeds");
        ui.name_inputs("Seeds", |ui| {
            ui.add(DragValue::new(&mut form.seeds).range(1..=20))
        });
    });
    head::head_ui(ui, &mut form, inputs);
    held_out_ui(ui, &mut form.held_out, images);
    settings::settings_ui(ui, view, &mut form);
    ui.horizontal(|ui| {
        let hint = "Copies these runs as arguments of the command line";
        let groupings = form.groupings(view.session);
        let button = ui.add_enabled(groupings.is_ok(), egui::Button::new("Copy as a command"));
        if button.on_hover_text(hint).clicked()
            && let Ok(groupings) = groupings
        {
            ui.ctx().copy_text(form.command(&groupings));
        }
    });
    if form != view.state.form {
        view.own(Command::SetForm(Box::new(form)));
    }
}

fn button_ui(ui: &mut Ui, view: &mut View<'_>, count: usize) {
    if view.is_running(Slot::Train) {
        let stopping = view.state.running.as_ref().is_some_and(|r| r.stopping);
        let text = if stopping { "Stopping…" } else { "Stop" };
        let hint =
            "Ends the run under way at its last measured moment, and begins none of the others";
        let button = ui.add_enabled(!stopping, egui::Button::new(text));
        if button.on_hover_text(hint).clicked() {
            view.own(Command::Stop);
        }
        return;
    }
    let text = match count {
        0 => "Train".to_owned(),
        1 => "Train 1 run".to_owned(),
        count => format!("Train {count} runs"),
    };
    ui.add_enabled_ui(count > 0, |ui| {
        let button = primary(ui, &text);
        if button
            .on_hover_text("Losses x rates x policies x seeds")
            .clicked()
        {
            view.own(Command::Train);
        }
    });
}

/// Where the training under way is.
fn running_ui(ui: &mut Ui, view: &View<'_>) {
    let Some(running) = &view.state.running else {
        return;
    };
    let setup = &running.run.setup;
    let [step, planned] = running.steps;
    ui.add(
        egui::ProgressBar::new(step as f32 / planned.max(1) as f32)
            .desired_height(6.0)
            .desired_width(ui.available_width()),
    );
    weak(
        ui,
        format!(
            "Run {} of {}: {}, seed {}, step {step} of {planned}, {:.1} s, loss {:.3}",
            running.number,
            running.count,
            setup.title(),
            setup.seed,
            running.seconds,
            running.loss
        ),
    );
}

/// Several losses can be trained side by side.
fn losses_ui(ui: &mut Ui, form: &mut Form) {
    let chosen: Vec<&str> = form.losses.iter().map(|loss| loss.title()).collect();
    let text = match chosen.len() {
        0 => "none".to_owned(),
        1..=3 => chosen.join(", "),
        count => format!("{count} losses"),
    };
    ComboBox::from_id_salt("losses")
        .selected_text(text)
        .width(ui.available_width().min(200.0))
        .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
        .show_ui(ui, |ui| {
            for loss in Loss::all() {
                let mut on = form.losses.contains(&loss);
                let hint = terms::ranking_loss(loss);
                if ui
                    .checkbox(&mut on, loss.title())
                    .on_hover_text(hint)
                    .changed()
                {
                    form.losses.retain(|other| *other != loss);
                    if on {
                        form.losses.push(loss);
                    }
                    let order: Vec<Loss> = Loss::all().collect();
                    let place = |loss: &Loss| order.iter().position(|other| other == loss);
                    form.losses.sort_by_key(place);
                }
            }
        });
}

fn policies_ui(ui: &mut Ui, form: &mut Form) {
    let chosen: Vec<&str> = form.policies.iter().map(|policy| policy.title()).collect();
    let text = if chosen.is_empty() {
        "none".to_owned()
    } else {
        chosen.join(", ")
    };
    ComboBox::from_id_salt("policies")
        .selected_text(text)
        .width(ui.available_width().min(200.0))
        .height(320.0)
        .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
        .show_ui(ui, |ui| {
            for policy in Policy::all() {
                let mut on = form.policies.contains(&policy);
                let hint = policy.description().about;
                if ui
                    .checkbox(&mut on, policy.title())
                    .on_hover_text(hint)
                    .changed()
                {
                    form.policies.retain(|other| *other != policy);
                    if on {
                        form.policies.push(policy);
                    }
                }
            }
        });
}
