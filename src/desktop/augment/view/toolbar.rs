//! What stands above the result: how much is learned on, for how long, and the actions.

use super::View;
use crate::augment::{Asked, Ground};
use crate::desktop::augment::{Command, Kind, Slot};
use crate::desktop::shell::fields::named;
use crate::desktop::shell::labels;
use crate::desktop::shell::widgets::{menu_if, primary_if, weak};
use egui::{DragValue, Ui};

/// Draws the bar.
pub fn toolbar_ui(ui: &mut Ui, view: &mut View<'_>) {
    let mut form = view.state.form.clone();
    ui.horizontal_wrapped(|ui| {
        weak(ui, "Seeds");
        let seeds = DragValue::new(&mut form.seeds).range(1..=Asked::MOST_SEEDS);
        named(ui, "Seeds", seeds).on_hover_text(
            "Random partings of the images in three; figures have 95 % bands from two on",
        );
        weak(ui, "Steps");
        let steps = DragValue::new(&mut form.steps).range(1..=Asked::MOST_STEPS);
        named(ui, "Steps", steps).on_hover_text("Steps on the magnitudes, for each seed");
        weak(ui, "Images");
        let most = DragValue::new(&mut form.most).range(12..=Ground::MOST);
        named(ui, "Images", most)
            .on_hover_text("Images that are used at most, drawn at random from the dataset");
        ui.add_space(6.0);
        actions_ui(ui, view);
    });
    if form != view.state.form {
        view.own(Command::SetForm(Box::new(form)));
    }
}

fn actions_ui(ui: &mut Ui, view: &mut View<'_>) {
    if view.is_running(Slot::Learn) {
        if ui.button("Cancel").clicked() {
            view.cancel(Slot::Learn);
        }
    } else {
        let refusal = view.state.refusal(view.session);
        let why = refusal.as_ref().map_or_else(
            || labels::keys(ui.ctx(), "Learns magnitudes as set (Ctrl+Enter)"),
            |[text, remedy]| format!("{text} {remedy}"),
        );
        let button = primary_if(ui, refusal.is_none(), "Learn");
        if button
            .on_hover_text(&why)
            .on_disabled_hover_text(&why)
            .clicked()
        {
            view.own(Command::Learn);
        }
    }
    let known = view.state.studied(view.session.now()).is_some();
    menu_if(ui, known, "Export", |ui| {
        let kinds = [
            (Kind::Figures, "All figures (JSON)…"),
            (Kind::History, "Every step (CSV)…"),
            (Kind::Screen, "Picture of the view (PNG)…"),
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
