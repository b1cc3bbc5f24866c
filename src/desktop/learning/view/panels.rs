//! The panels of curves: one for each optimizer and rate, side by side.

use super::View;
use super::looks::Looks;
use super::plot::{Curve, Kind, plot_ui};
use crate::desktop::learning::{Axis, Quantity};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{column, weak};
use crate::learn::{Group, Point, Run, rate, remarks, title};
use egui::{RichText, ScrollArea, Ui};
use std::sync::Arc;

/// The narrowest panel.
const NARROW: f32 = 300.0;

/// Draws the panels.
pub fn panels_ui(ui: &mut Ui, view: &mut View<'_>) {
    let state = view.state;
    let panels = parted(state.groups());
    let gap = 16.0;
    let wide = ui.available_width();
    let count = panels.len() as f32;
    let each = ((wide - gap * (count - 1.0)) / count).max(NARROW.min(wide));
    let tall = (ui.ctx().content_rect().height() * 0.33).clamp(170.0, 460.0);
    ScrollArea::horizontal()
        .id_salt("learning panels")
        .auto_shrink([false, true])
        .show(ui, |ui| {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = gap;
                for (n, panel) in panels.iter().enumerate() {
                    column(ui, egui::vec2(each, tall + 62.0), |ui| {
                        ui.push_id(n, |ui| panel_ui(ui, view, panel, tall));
                    });
                }
            });
        });
}

/// Groups that are trained alike but for loss and policy, the latest panels first where there are several.
fn parted(groups: &[Group]) -> Vec<Vec<&Group>> {
    let mut panels: Vec<Vec<&Group>> = Vec::new();
    for group in groups {
        match panels.iter_mut().find(|panel| panel[0].shares_panel(group)) {
            Some(panel) => panel.push(group),
            None => panels.push(vec![group]),
        }
    }
    panels
}

fn panel_ui(ui: &mut Ui, view: &mut View<'_>, panel: &[&Group], tall: f32) {
    let t = tokens(ui);
    let state = view.state;
    let run = panel[0].first();
    let setup = &run.setup;
    let head = match setup.head.hidden {
        None => format!("linear {} to {}", setup.head.inputs, setup.head.outputs),
        Some(hidden) => format!(
            "{} to {} to {}",
            setup.head.inputs, hidden.width, setup.head.outputs
        ),
    };
    let by_clients = setup.optimizer.kind.by_clients();
    ui.horizontal(|ui| {
        let optimizer = setup.optimizer.kind.title();
        let name = format!("{optimizer}, rate {}", rate(setup.optimizer.rate));
        ui.label(RichText::new(name).size(13.5).color(t.text));
        let mut rest = format!("{head}, batch {}", setup.batch);
        if by_clients {
            rest = format!("{}; {rest}", setup.federation.title());
        }
        weak(ui, rest);
    });
    let axis = match state.axis {
        Axis::Rounds | Axis::Bytes if !by_clients => Axis::Steps,
        axis => axis,
    };
    let figure = state.figure;
    let said = remarks(panel, figure);
    let text = RichText::new(said.join(" · ")).size(12.0).color(t.weak);
    let label = ui.add(egui::Label::new(text).truncate());
    if !said.is_empty() {
        label.on_hover_text(said.join("\n"));
    }
    let curves: Vec<Curve> = panel
        .iter()
        .flat_map(|group| curves(ui, view, group, axis))
        .collect();
    let share = state.quantity != Quantity::Loss;
    let title = format!(
        "{} by {}",
        if share { "recall" } else { "loss" },
        axis.name()
    );
    plot_ui(ui, view, (&title, &curves), share, axis.name(), tall);
}

/// The curve on the images held out, with its band, and that in training.
fn curves(ui: &Ui, view: &View<'_>, group: &Group, axis: Axis) -> Vec<Curve> {
    let state = view.state;
    let looks = Looks::of(group, ui.visuals().dark_mode);
    let pairs = group.first().pairs;
    let x = |point: &Point| axis.of(point, pairs);
    let figure = state.figure;
    let curve = |group: &Group, of: &dyn Fn(&Point) -> Option<f64>, kind: Kind| Curve {
        name: title(group),
        looks,
        kind,
        points: group.series(&x, of),
    };
    let shown = |point: &Point| match state.quantity {
        Quantity::Loss => point.loss,
        Quantity::Recall => figure.valid()(point),
    };
    let mut curves = vec![curve(group, &shown, Kind::Main)];
    if state.quantity == Quantity::Recall {
        curves.push(curve(group, &figure.train(), Kind::Training));
    }
    // Another seed of this group under way is no part of its band yet.
    let running = state.running.as_ref().map(|running| &running.run);
    let apart = |run: &&Arc<Run>| !group.has(run) && group.first().is_of_setup(run);
    if let Some(run) = running.filter(apart) {
        let alone = Group {
            runs: vec![Arc::clone(run)],
        };
        curves.push(curve(&alone, &shown, Kind::UnderWay));
    }
    curves
}
