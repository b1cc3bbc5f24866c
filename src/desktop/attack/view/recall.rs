//! Recall against epsilon.

use super::View;
use crate::attack::SetReport;
use crate::desktop::core::chart::{Axis, Chart, Series};
use crate::desktop::shell::plots::plot_ui;
use crate::desktop::shell::terms::{Explained, Term};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::weak;
use crate::retrieval::Side;
use egui::{RichText, Ui};

/// Recall against epsilon, one direction: a curve for each rank that was attacked for.
pub fn recall_ui(ui: &mut Ui, view: &mut View<'_>, report: &SetReport, side: Side, tall: f32) {
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
    ui.label(
        RichText::new(format!("{name} recall against epsilon"))
            .size(12.5)
            .strong(),
    )
    .explained(Term::RobustRecall);
    let x = Axis {
        suffix: if pixels { "/255" } else { "" },
        low: Some(0.0),
        ..Axis::new(format!("epsilon ({})", norm.title()))
    };
    let title = format!("{name} recall against epsilon");
    let mut chart = Chart::new(title, x, Axis::percent("recall (%)", 104.0));
    for (name, colour, points) in lines {
        chart = chart.with(Series::line(name, colour, points).dotted(2.5));
    }
    plot_ui(ui, view, &chart, (tall - 18.0).max(60.0));
}
