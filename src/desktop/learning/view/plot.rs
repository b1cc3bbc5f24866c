//! One plot of curves with bands, each named where it ends.

use super::View;
use super::looks::Looks;
use crate::desktop::core::chart::{Axis, Chart, Note, Series, Shape};
use crate::desktop::shell::plots;
use crate::learn::Band;
use egui::Ui;
use egui_plot::LineStyle;

/// What a curve shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Images held out: with band, marker and name.
    Main,
    /// Images that are trained on: dotted.
    Training,
    /// The run under way: thin.
    UnderWay,
}

/// A curve.
pub struct Curve {
    /// What it is called.
    pub name: String,
    /// How it is drawn.
    pub looks: Looks,
    /// What it shows.
    pub kind: Kind,
    /// Where, and the band there.
    pub points: Vec<(f64, Band)>,
}

/// Width that is left for the names.
const NAMES: f32 = 150.0;

/// Draws `curves` under a `title`; `percent`: from 0 to what the images held out reach.
pub fn plot_ui(
    ui: &mut Ui,
    view: &mut View<'_>,
    (title, curves): (&str, &[Curve]),
    percent: bool,
    axis: &str,
    tall: f32,
) {
    let all = || curves.iter().flat_map(|curve| &curve.points);
    let far = all().map(|(x, _)| *x).fold(0.0, f64::max).max(1e-9);
    let held_out = curves.iter().filter(|curve| curve.kind != Kind::Training);
    let tops = held_out.flat_map(|curve| &curve.points);
    let top = tops
        .map(|(_, band)| band.mean + band.half.unwrap_or(0.0))
        .filter(|top| top.is_finite())
        .fold(0.0, f64::max);
    let top = if percent {
        (top * 1.12).clamp(5.0, 100.0)
    } else {
        top * 1.05
    };
    let names = names(curves, top);
    let named = if names.iter().all(|(curve, _)| curve.name.is_empty()) {
        92.0
    } else {
        NAMES
    };
    let x = Axis {
        low: Some(-far * 0.01),
        high: Some(far),
        named: true,
        ..Axis::new(axis)
    };
    let y = Axis {
        low: Some(0.0),
        high: Some(top.max(1e-9)),
        suffix: if percent { " %" } else { "" },
        ..Axis::new(if percent { "recall (%)" } else { "loss" })
    };
    let mut chart = Chart::new(title, x, y);
    chart.room = named;
    for curve in curves {
        add(&mut chart, curve);
    }
    for (curve, height) in names {
        let Some((x, band)) = curve.points.last() else {
            continue;
        };
        chart.notes.push(Note {
            at: [*x, band.mean],
            marker: Some(curve.looks.marker),
            text: Some((format!("{} {}", curve.name, told(*band, percent)), height)),
            colour: curve.looks.colour,
        });
    }
    plots::plot_ui(ui, view, &chart, tall);
}

/// Adds a curve with its band.
fn add(chart: &mut Chart, curve: &Curve) {
    let Looks { colour, line, .. } = curve.looks;
    let points: Vec<[f64; 2]> = curve
        .points
        .iter()
        .map(|(x, band)| [*x, band.mean])
        .collect();
    let mut series = match curve.kind {
        Kind::UnderWay => Series::line(format!("{}, under way", curve.name), colour, points)
            .drawn(1.0, LineStyle::Solid),
        Kind::Training => Series::line(
            format!("{}, in training", curve.name),
            colour.gamma_multiply(0.8),
            points,
        )
        .drawn(1.3, LineStyle::dotted_dense()),
        Kind::Main => Series::line(&curve.name, colour, points).drawn(1.8, line),
    };
    // Curves are named where they end.
    series.listed = false;
    if curve.kind == Kind::Main && curve.points.iter().any(|(_, band)| band.half.is_some()) {
        let edges = curve.points.iter().map(|(x, band)| {
            let half = band.half.unwrap_or(0.0);
            [*x, (band.mean - half).max(0.0), (band.mean + half).max(0.0)]
        });
        chart.series.push(Series {
            name: format!("{}, band", curve.name),
            colour: colour.gamma_multiply(0.16),
            listed: false,
            shape: Shape::Band(edges.collect()),
        });
    }
    chart.series.push(series);
}

/// The curves that are named, with the heights of their names: apart from one another.
fn names(curves: &[Curve], top: f64) -> Vec<(&Curve, f64)> {
    let apart = top * 0.075;
    let mut named: Vec<(&Curve, f64)> = curves
        .iter()
        .filter(|curve| curve.kind == Kind::Main)
        .filter_map(|curve| Some((curve, curve.points.last()?.1.mean)))
        .collect();
    named.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut least = apart * 0.5;
    for (_, y) in &mut named {
        *y = y.max(least);
        least = *y + apart;
    }
    // Those that were pushed out at the top come down again.
    let mut most = top - apart * 0.5;
    for (_, y) in named.iter_mut().rev() {
        *y = y.min(most);
        most = *y - apart;
    }
    named
}

fn told(band: Band, percent: bool) -> String {
    if percent {
        return band.told();
    }
    match band.half {
        Some(half) => format!("{:.3} ± {half:.3}", band.mean),
        None => format!("{:.3}", band.mean),
    }
}
