//! What stands above the groups: their number, the gradients, the heads, the order.

use super::View;
use crate::desktop::shell::labels;
use crate::desktop::shell::widgets::{menu_if, primary_if, segmented, weak};
use crate::desktop::strata::{Command, Form, Heads, Kind, Slot, Sort};
use crate::learn::strata::Form as Gradient;
use egui::{ComboBox, Ui};

/// Draws the bar.
pub fn toolbar_ui(ui: &mut Ui, view: &mut View<'_>) {
    let mut form = view.state.form.clone();
    ui.horizontal_wrapped(|ui| {
        counts_ui(ui, view);
        let gradients = Gradient::ALL.map(|form| (form, form.title(), form.about()));
        if let Some(gradient) = segmented(ui, form.gradient, &gradients) {
            form.gradient = gradient;
        }
        ui.add_space(6.0);
        weak(ui, "Weights");
        heads_ui(ui, view, &mut form);
        ui.add_space(6.0);
        weak(ui, "Sort");
        let sorts = [
            (
                Sort::Redundancy,
                "Redundancy",
                "Groups whose pairs repeat one another most first",
            ),
            (
                Sort::Pull,
                "Pull",
                "Groups that make most of the step first",
            ),
            (Sort::Size, "Size", "Groups of most pairs first"),
        ];
        if let Some(sort) = segmented(ui, view.state.sort, &sorts) {
            view.own(Command::SetSort(sort));
        }
        ui.add_space(6.0);
        actions_ui(ui, view);
    });
    if form != view.state.form {
        view.own(Command::SetForm(Box::new(form)));
    }
}

/// The numbers of groups that were made.
fn counts_ui(ui: &mut Ui, view: &mut View<'_>) {
    let Some(surveyed) = view.state.surveyed(view.session.now()) else {
        return;
    };
    weak(ui, "Groups");
    let counts = surveyed.survey.counts.iter();
    let named: Vec<(usize, String)> = counts.map(|at| (at.count, at.count.to_string())).collect();
    let choices: Vec<(usize, &str, &str)> = named
        .iter()
        .map(|(count, name)| (*count, name.as_str(), "As many groups, and pairs a step"))
        .collect();
    if let Some(count) = segmented(ui, view.state.count(), &choices) {
        view.own(Command::SetCount(count));
    }
    ui.add_space(6.0);
}

/// Start heads, or those of a kept run.
fn heads_ui(ui: &mut Ui, view: &View<'_>, form: &mut Form) {
    let now = view.session.now();
    let runs = view.state.runs.get(now).map_or(&[][..], Vec::as_slice);
    let named = |id: &str| {
        let kept = runs.iter().find(|kept| kept.id == id)?;
        let setup = &kept.run.setup;
        Some(format!(
            "{}, seed {}, {} steps",
            setup.title(),
            setup.seed,
            kept.run.steps()
        ))
    };
    let text = match &form.heads {
        Heads::Start => "start heads".to_owned(),
        Heads::Run(id) => named(id).unwrap_or_else(|| "a run that is gone".into()),
    };
    ui.name_inputs("Weights", |ui| {
        ComboBox::from_id_salt("weights")
            .selected_text(text)
            .width(150.0)
            .truncate()
            .show_ui(ui, |ui| {
                let hint = "Random heads, as a run of the learning laboratory starts with";
                ui.selectable_value(&mut form.heads, Heads::Start, "start heads")
                    .on_hover_text(hint);
                for kept in runs.iter().rev() {
                    let head = kept.run.setup.head;
                    let fits = head.hidden.is_none() && !head.shared;
                    let text = named(&kept.id).unwrap_or_default();
                    ui.add_enabled_ui(fits, |ui| {
                        let heads = Heads::Run(kept.id.clone());
                        ui.selectable_value(&mut form.heads, heads, text)
                            .on_disabled_hover_text(
                                "Gradients are kept in factors for one linear head on each side alone",
                            );
                    });
                }
                if runs.is_empty() {
                    weak(ui, "Runs of the learning laboratory are listed here.");
                }
            });
    });
}

fn actions_ui(ui: &mut Ui, view: &mut View<'_>) {
    if view.is_running(Slot::Survey) {
        if ui.button("Cancel").clicked() {
            view.cancel(Slot::Survey);
        }
    } else {
        let made = view.state.form.asked();
        let why = made.as_ref().err().map_or_else(
            || labels::keys(ui.ctx(), "Groups the pairs as set (Ctrl+Enter)"),
            |error| format!("{error}. {}", error.remedy()),
        );
        let button = primary_if(ui, made.is_ok(), "Group");
        if button
            .on_hover_text(&why)
            .on_disabled_hover_text(&why)
            .clicked()
        {
            view.own(Command::Group);
        }
    }
    let known = view.state.surveyed(view.session.now()).is_some();
    menu_if(ui, known, "Export", |ui| {
        let kinds = [
            (Kind::Strata, "Groups and sampling weights (CSV)…"),
            (Kind::Groups, "Figures of the groups (CSV)…"),
            (Kind::Figures, "All figures (JSON)…"),
            (Kind::Drawing, "Drawing (SVG)…"),
            (Kind::Screen, "Picture of the view (PNG)…"),
            (Kind::Reduced, "Reduced set…"),
        ];
        for (kind, text) in kinds {
            if ui.button(text).clicked() {
                view.own(Command::Export(kind));
                ui.close();
            }
        }
    });
    let hint = "A minute through this laboratory";
    if ui.button("Tour").on_hover_text(hint).clicked() {
        view.memory.tour = Some(0);
    }
}
