//! What groups gain along a run.

use super::View;
use crate::desktop::shell::plots::{few_marks, marks};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{heading, weak};
use crate::desktop::strata::{AlongRun, Command, Drawing, Heads, Slot};
use crate::learn::AlongPoint;
use crate::learn::strata::Variances;
use egui::{Align, Label, Layout, RichText, Ui};
use egui_plot::{Legend, Line, LineStyle, Plot, PlotPoints};
use std::sync::Arc;

/// Height of the plot.
const TALL: f32 = 170.0;

/// Draws the section.
pub fn along_ui(ui: &mut Ui, view: &mut View<'_>) {
    let along = view.state.along.get(view.session.now()).cloned();
    ui.horizontal(|ui| {
        heading(ui, "Along a run");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if view.is_running(Slot::Along) {
                if ui.button("Cancel").clicked() {
                    view.cancel(Slot::Along);
                }
                return;
            }
            let is_run = matches!(view.state.form.heads, Heads::Run(_));
            let hint = if is_run {
                "Trains the run whose weights are chosen again, and groups its pairs at its start and every few epochs"
            } else {
                "Choose a run of the learning laboratory under Weights first"
            };
            let button = ui.add_enabled(is_run, egui::Button::new("Measure"));
            if button.on_hover_text(hint).on_disabled_hover_text(hint).clicked() {
                view.own(Command::Along);
            }
        });
    });
    let Some(along) = along else {
        let text = "How the gain of groups changes while heads learn, with groups made anew from those before, and with those of \
                    the start.";
        ui.add(Label::new(RichText::new(text).color(tokens(ui).weak)).wrap());
        return;
    };
    weak(
        ui,
        format!(
            "{}: {} groups, {} gradients",
            along.title,
            along.count,
            along.gradient.name()
        ),
    );
    plot_ui(ui, view, &along);
    let t = tokens(ui);
    for note in &along.notes {
        ui.add(Label::new(RichText::new(note).size(12.0).color(t.warn)).wrap());
    }
}

/// Changes of the variance against uniform draws, in per cent, by epoch.
fn plot_ui(ui: &mut Ui, view: &View<'_>, along: &Arc<AlongRun>) {
    let t = tokens(ui);
    let drawing = view.state.drawing;
    let value = |v: &Variances| {
        let variance = match drawing {
            Drawing::OneEach => v.stratified,
            Drawing::InProportion => v.proportional,
        };
        v.above_uniform(variance)
    };
    let series = |of: fn(&AlongPoint) -> &Variances| -> Vec<[f64; 2]> {
        let points = along.points.iter();
        points
            .filter_map(|point| Some([point.step as f64, 100.0 * value(of(point))?]))
            .collect()
    };
    let lines = [
        (
            "made anew",
            series(|p| &p.regrouped),
            t.accent,
            LineStyle::Solid,
        ),
        (
            "of the start",
            series(|p| &p.kept),
            t.warn,
            LineStyle::dashed_dense(),
        ),
        (
            "random",
            series(|p| &p.random),
            t.weak,
            LineStyle::dotted_dense(),
        ),
    ];
    ui.style_mut().override_font_id = Some(egui::FontId::proportional(11.5));
    Plot::new("variance along a run")
        .height(TALL)
        .show_background(false)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .include_y(0.0)
        .grid_color(t.line)
        .grid_fade(0.0)
        .y_axis_min_width(34.0)
        .legend(Legend::default().position(egui_plot::Corner::RightTop))
        .x_grid_spacer(|input| few_marks(input.bounds, true))
        .y_grid_spacer(|input| marks(input.bounds, false))
        .y_axis_formatter(|mark, _| format!("{} %", mark.value).replace('-', "−"))
        .x_axis_label("steps")
        .label_formatter(|at| match at {
            egui_plot::HoverPosition::NearDataPoint {
                plot_name,
                position,
                ..
            } => Some(format!(
                "{plot_name}: {:.1} % at step {:.0}",
                position.y, position.x
            )),
            egui_plot::HoverPosition::Elsewhere { .. } => None,
        })
        .show(ui, |plot| {
            for (name, points, colour, style) in lines {
                plot.line(
                    Line::new(name, PlotPoints::from(points))
                        .color(colour)
                        .style(style)
                        .width(1.8),
                );
            }
        });
    ui.style_mut().override_font_id = None;
}
