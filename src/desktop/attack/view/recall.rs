//! Recall against epsilon.

use crate::attack::SetReport;
use crate::desktop::shell::plots;
use crate::desktop::shell::terms::{Explained, Term};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::weak;
use crate::retrieval::Side;
use egui::{RichText, Ui};
use egui_plot::{Line, Plot, Points};

/// Recall against epsilon, one direction: a curve for each rank that was attacked for.
pub fn recall_ui(ui: &mut Ui, report: &SetReport, side: Side, tall: f32) {
    let t = tokens(ui);
    let norm = report.settings.threat.norm;
    let pixels = norm.is_in_pixels();
    let unit = if pixels { 255.0 } else { 1.0 };
    let name = match side {
        Side::Image => "I→T",
        Side::Text => "T→I",
    };
    let series = |k: usize| -> Option<Vec<[f64; 2]>> {
        let clean = [0.0, report.clean_at.get(side, k)?];
        let mut points = vec![clean];
        for level in &report.levels {
            points.push([f64::from(level.eps) * unit, level.robust.get(side, k)?]);
        }
        Some(points)
    };
    let colours = [t.accent, t.good, t.warn, t.bad, t.text];
    let lines: Vec<_> = report
        .at
        .iter()
        .zip(colours.into_iter().cycle())
        .filter_map(|(&k, colour)| Some((format!("R@{k}"), colour, series(k)?)))
        .collect();
    if lines.is_empty() {
        weak(ui, format!("{name} recall was not attacked for."));
        return;
    }
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        ui.label(
            RichText::new(format!("{name} recall against epsilon"))
                .size(12.5)
                .strong(),
        )
        .explained(Term::RobustRecall);
        for (name, colour, _) in &lines {
            let (line, _) = ui.allocate_exact_size(egui::vec2(14.0, 12.0), egui::Sense::hover());
            ui.painter().hline(
                line.x_range(),
                line.center().y,
                egui::Stroke::new(2.0, *colour),
            );
            ui.label(RichText::new(name).size(12.0).color(t.weak));
        }
    });
    let suffix = if pixels { "/255" } else { "" };
    Plot::new(("recall", name))
        .height(tall)
        .show_background(false)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .include_y(0.0)
        .include_y(100.0)
        .set_margin_fraction(egui::vec2(0.02, 0.04))
        .y_axis_min_width(30.0)
        .grid_color(t.line)
        .grid_fade(0.0)
        .x_grid_spacer(|input| plots::marks(input.bounds, false))
        .y_grid_spacer(|input| plots::marks(input.bounds, true))
        .x_axis_formatter(move |mark, _| {
            if mark.value < 0.0 {
                String::new()
            } else {
                format!("{}{suffix}", mark.value)
            }
        })
        .y_axis_formatter(|mark, _| {
            if (0.0..=100.0).contains(&mark.value) {
                format!("{:.0}", mark.value)
            } else {
                String::new()
            }
        })
        .label_formatter(move |at| match at {
            egui_plot::HoverPosition::NearDataPoint {
                plot_name,
                position,
                ..
            } => Some(format!(
                "{plot_name} {:.1} % at {}",
                position.y,
                norm.radius((position.x / unit) as f32)
            )),
            egui_plot::HoverPosition::Elsewhere { .. } => None,
        })
        .show(ui, |plot| {
            for (name, colour, series) in lines {
                plot.line(Line::new(&name, series.clone()).color(colour).width(1.8));
                plot.points(Points::new(name, series).color(colour).radius(2.5));
            }
        });
}
