//! What groups gain along a run.

use super::View;
use crate::desktop::core::chart::{Axis, Chart, Rule, Series};
use crate::desktop::shell::plots;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{heading, weak};
use crate::desktop::strata::{AlongRun, Command, Drawing, Heads, Slot};
use crate::learn::AlongPoint;
use crate::learn::strata::Variances;
use egui::{Align, Label, Layout, RichText, Ui};
use egui_plot::LineStyle;
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
fn plot_ui(ui: &mut Ui, view: &mut View<'_>, along: &Arc<AlongRun>) {
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
    let x = Axis {
        whole: true,
        marks: 3.2,
        named: true,
        ..Axis::new("steps")
    };
    let y = Axis {
        suffix: " %",
        ..Axis::new("variance against uniform draws (%)")
    };
    let mut chart = Chart::new("variance along a run", x, y).ruled(Rule {
        name: "uniform draws".to_owned(),
        upright: false,
        at: 0.0,
        colour: t.line,
        style: LineStyle::Solid,
    });
    for (name, points, colour, style) in lines {
        chart = chart.with(Series::line(name, colour, points).drawn(1.8, style));
    }
    plots::plot_ui(ui, view, &chart, TALL);
}
