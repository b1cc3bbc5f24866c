//! Robust accuracy against the size of the perturbation, a plot for each norm.

use super::View;
use super::looks::Looks;
use super::table::NORMS;
use crate::desktop::core::chart::{Axis, Chart, Note, Rule, Series};
use crate::desktop::linear::Studied;
use crate::desktop::shell::plots;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{column, heading, weak};
use crate::learn::linear::Norm;
use egui::Ui;
use egui_plot::LineStyle;

/// Height of a plot.
const TALL: f32 = 168.0;
/// Width of a plot at least.
const NARROW: f32 = 190.0;

/// Draws the plots.
pub fn curves_ui(ui: &mut Ui, view: &mut View<'_>, studied: &Studied) {
    ui.horizontal(|ui| {
        heading(ui, "Robust accuracy");
        weak(
            ui,
            "in %, exact worst case; dashed: the largest margin that any linear classifier has",
        );
    });
    let gap = 14.0;
    let wide = ui.available_width();
    let columns = if wide >= 4.0 * NARROW + 3.0 * gap {
        4
    } else {
        2
    };
    let each = (wide - gap * (columns as f32 - 1.0)) / columns as f32;
    for norms in NORMS.chunks(columns) {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = gap;
            for &norm in norms {
                column(ui, egui::vec2(each, TALL + 40.0), |ui| {
                    ui.push_id(norm.name(), |ui| plot_ui(ui, view, studied, norm));
                });
            }
        });
    }
}

fn plot_ui(ui: &mut Ui, view: &mut View<'_>, studied: &Studied, norm: Norm) {
    let t = tokens(ui);
    let far = studied.far(norm);
    let dark = ui.visuals().dark_mode;
    let x = Axis {
        low: Some(0.0),
        high: Some(far),
        marks: 3.2,
        ..Axis::new(format!("perturbation, {}", norm.title()))
    };
    let title = format!("robust accuracy against {}", norm.title());
    let mut chart = Chart::new(title, x, Axis::percent("accuracy (%)", 104.0));
    if let Some(best) = studied.study.best(norm) {
        chart = chart.ruled(Rule {
            style: LineStyle::dashed_dense(),
            ..Chart::upright("largest margin", best.value, t.weak)
        });
    }
    for (n, line) in studied.lines(view.state.shown).iter().enumerate() {
        let looks = Looks::of(line, n, dark);
        let (corners, half) = &line.drawn[norm.index()];
        let wide = if view.state.line == n { 2.6 } else { 1.5 };
        let mut series = Series::line(&line.title, looks.colour, corners.clone());
        // The table above tells the colours.
        series.listed = false;
        chart = chart.with(series.drawn(wide, looks.line));
        chart.notes.push(Note {
            at: *half,
            marker: Some(looks.marker),
            text: None,
            colour: looks.colour,
        });
    }
    plots::plot_ui(ui, view, &chart, TALL);
    ui.vertical_centered(|ui| weak(ui, format!("epsilon, {}", norm.title())));
}
