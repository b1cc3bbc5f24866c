//! Magnitudes and the loss of held-out pairs along the steps.

use super::View;
use super::looks::looks;
use crate::desktop::augment::{Curve, Curves};
use crate::desktop::core::chart::{Axis, Chart, Series, Shape};
use crate::desktop::shell::plots;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{column, heading, weak};
use crate::learn::Band;
use egui::{Color32, Ui};
use egui_plot::LineStyle;

/// Height of a plot.
const TALL: f32 = 190.0;
/// What stands above and below a plot: a heading, the legend, the name of an axis.
const AROUND: f32 = 84.0;
/// Width from which the plots stand side by side.
const BESIDE: f32 = 640.0;

/// Draws both plots.
pub fn plots_ui(ui: &mut Ui, view: &mut View<'_>, curves: &Curves) {
    if curves.magnitudes.is_empty() {
        return;
    }
    let gap = 18.0;
    let wide = ui.available_width();
    if wide < BESIDE {
        magnitudes_ui(ui, view, curves);
        ui.add_space(8.0);
        loss_ui(ui, view, curves);
        return;
    }
    let each = ((wide - gap) * 0.58).floor();
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        let size = |wide: f32| egui::vec2(wide, TALL + AROUND);
        column(ui, size(each), |ui| magnitudes_ui(ui, view, curves));
        column(ui, size(wide - gap - each), |ui| loss_ui(ui, view, curves));
    });
}

fn magnitudes_ui(ui: &mut Ui, view: &mut View<'_>, curves: &Curves) {
    heading(ui, "Magnitudes");
    let dark = ui.visuals().dark_mode;
    let top = top(curves.magnitudes.iter().flat_map(|(_, curve)| curve));
    let y = Axis::percent("share of the largest (%)", top.clamp(12.0, 104.0));
    let mut chart = Chart::new("magnitudes along the steps", steps(curves), y);
    for (change, curve) in &curves.magnitudes {
        let (colour, style) = looks(*change, dark);
        chart = with_band(chart, change.title(), colour, style, curve);
    }
    plots::plot_ui(ui, view, &chart, TALL);
    weak(ui, told(curves)).on_hover_text(
        "Each magnitude as a share of the largest that it can have; the mean over seeds, with its 95 % band where there are two or more",
    );
}

fn loss_ui(ui: &mut Ui, view: &mut View<'_>, curves: &Curves) {
    heading(ui, "Loss of held-out pairs");
    let t = tokens(ui);
    let y = Axis {
        low: Some(0.0),
        high: Some(top(&curves.outer).max(1e-6)),
        ..Axis::new("InfoNCE")
    };
    let chart = Chart::new("loss of held-out pairs along the steps", steps(curves), y);
    let chart = with_band(
        chart,
        "held-out pairs",
        t.accent,
        LineStyle::Solid,
        &curves.outer,
    );
    plots::plot_ui(ui, view, &chart, TALL);
    weak(ui, "A batch a step, through the read-out").on_hover_text(
        "InfoNCE of the held-out images of the step and their captions, through the read-out that was fitted to the other images of \
         the step. It differs from batch to batch more than it falls.",
    );
}

/// The highest place that is shown: above all bands, but where they are far wider than the curves are high.
fn top<'a>(points: impl IntoIterator<Item = &'a (f64, Band)>) -> f64 {
    let [mean, band] = points
        .into_iter()
        .fold([0.0_f64; 2], |[mean, band], (_, at)| {
            let above = at.mean + at.half.unwrap_or(0.0);
            [mean.max(at.mean), band.max(above)]
        });
    1.08 * band.min(1.8 * mean)
}

fn steps(curves: &Curves) -> Axis {
    Axis {
        low: Some(0.0),
        high: Some(curves.steps as f64),
        whole: true,
        named: true,
        ..Axis::new("steps")
    }
}

fn told(curves: &Curves) -> String {
    let seeds = crate::error::counted(curves.seeds, "seed");
    format!("Mean over {seeds}")
}

/// `chart` with a curve and its band, which is not below 0.
fn with_band(
    mut chart: Chart,
    name: &str,
    colour: Color32,
    style: LineStyle,
    curve: &Curve,
) -> Chart {
    if curve.iter().any(|(_, band)| band.half.is_some()) {
        let edges = curve.iter().map(|(x, band)| {
            let half = band.half.unwrap_or(0.0);
            [*x, (band.mean - half).max(0.0), (band.mean + half).max(0.0)]
        });
        chart.series.push(Series {
            name: format!("{name}, band"),
            colour: colour.gamma_multiply(0.14),
            listed: false,
            shape: Shape::Band(edges.collect()),
        });
    }
    let points = curve.iter().map(|(x, band)| [*x, band.mean]).collect();
    chart.with(Series::line(name, colour, points).drawn(1.8, style))
}
