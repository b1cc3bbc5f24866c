//! Robust accuracy against the size of the perturbation, a plot for each norm.

use super::View;
use super::looks::Looks;
use super::table::NORMS;
use crate::desktop::linear::Studied;
use crate::desktop::shell::plots::{few_marks, marks};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{column, heading, weak};
use crate::learn::linear::Norm;
use egui::Ui;
use egui_plot::{Line, LineStyle, Plot, PlotBounds, PlotPoints, Points, VLine};

/// Height of a plot.
const TALL: f32 = 168.0;
/// Width of a plot at least.
const NARROW: f32 = 190.0;

/// Draws the plots.
pub fn curves_ui(ui: &mut Ui, view: &View<'_>, studied: &Studied) {
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

fn plot_ui(ui: &mut Ui, view: &View<'_>, studied: &Studied, norm: Norm) {
    let t = tokens(ui);
    let far = studied.far(norm);
    ui.style_mut().override_font_id = Some(egui::FontId::proportional(11.5));
    let dark = ui.visuals().dark_mode;
    Plot::new("robust accuracy")
        .height(TALL)
        .show_background(false)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .auto_bounds([false, false])
        .grid_color(t.line)
        .grid_fade(0.0)
        .y_axis_min_width(26.0)
        .x_grid_spacer(|input| few_marks(input.bounds, false))
        .y_grid_spacer(|input| marks(input.bounds, true))
        .label_formatter(|at| match at {
            egui_plot::HoverPosition::NearDataPoint {
                plot_name,
                position,
                ..
            } => Some(format!(
                "{plot_name}: {:.1} % at {:.4}",
                position.y, position.x
            )),
            egui_plot::HoverPosition::Elsewhere { .. } => None,
        })
        .show(ui, |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max([0.0, 0.0], [far, 104.0]));
            if let Some(best) = studied.study.best(norm) {
                plot.vline(
                    VLine::new("largest margin", best.value)
                        .color(t.weak)
                        .style(LineStyle::dashed_dense())
                        .width(1.0),
                );
            }
            for (n, line) in studied.lines(view.state.shown).iter().enumerate() {
                let looks = Looks::of(line, n, dark);
                let (corners, half) = &line.drawn[norm.index()];
                let chosen = view.state.line == n;
                plot.line(
                    Line::new(&line.title, PlotPoints::from(corners.clone()))
                        .color(looks.colour)
                        .style(looks.line)
                        .width(if chosen { 2.6 } else { 1.5 })
                        // Steps are drawn as they are, not as the band that they lie in.
                        .allow_band(false),
                );
                plot.points(
                    Points::new(&line.title, vec![*half])
                        .color(looks.colour)
                        .shape(looks.marker)
                        .radius(4.0),
                );
            }
        });
    ui.style_mut().override_font_id = None;
    ui.vertical_centered(|ui| weak(ui, format!("epsilon, {}", norm.title())));
}
