//! The training loss of the group that is looked at.

use super::super::View;
use super::super::looks::Looks;
use super::super::plot::{Curve, Kind, plot_ui};
use crate::desktop::shell::widgets::{heading, weak};
use crate::learn::title;
use egui::{Align, Layout, Ui};

/// Draws the section.
pub fn loss_ui(ui: &mut Ui, view: &mut View<'_>) {
    let Some(group) = view.state.group_looked_at(view.session.now()) else {
        return;
    };
    ui.horizontal(|ui| {
        heading(ui, &format!("Training loss, {}", title(group)));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let text = if group.runs.len() > 1 {
                "mean over seeds"
            } else {
                "one seed"
            };
            weak(ui, text);
        });
    });
    let curve = Curve {
        name: String::new(),
        looks: Looks::of(group, ui.visuals().dark_mode),
        kind: Kind::Main,
        points: group.series(&|point| point.step as f64, &|point| point.loss),
    };
    if curve.points.is_empty() {
        weak(ui, "No step was taken yet.");
        return;
    }
    let shown = ("training loss", &[curve][..]);
    ui.push_id("loss", |ui| plot_ui(ui, view, shown, false, "steps", 130.0));
}
