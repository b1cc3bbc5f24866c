//! One plot of curves with bands, each named where it ends.

use super::looks::Looks;
use crate::desktop::shell::plots::marks;
use crate::desktop::shell::theme::tokens;
use crate::learn::Band;
use egui::{Align2, RichText, Ui};
use egui_plot::{FilledArea, Line, LineStyle, Plot, PlotBounds, PlotPoint, Points, Text};

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

/// Draws `curves`; `percent`: from 0 to what the images held out reach.
pub fn plot_ui(ui: &mut Ui, curves: &[Curve], percent: bool, axis: &'static str, tall: f32) {
    let t = tokens(ui);
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
    let wide = (ui.available_width() - 40.0).max(named + 40.0);
    let right = far * f64::from(wide / (wide - named));
    ui.style_mut().override_font_id = Some(egui::FontId::proportional(11.5));
    Plot::new("curves")
        .height(tall)
        .show_background(false)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .auto_bounds([false, false])
        .y_axis_min_width(28.0)
        .grid_color(t.line)
        .grid_fade(0.0)
        .x_grid_spacer(move |input| {
            let mut at = marks((input.bounds.0, far), false);
            at.retain(|mark| mark.value >= 0.0 && mark.value <= far);
            at
        })
        .y_grid_spacer(|input| marks(input.bounds, false))
        .x_axis_formatter(move |mark, _| {
            // What is told of the last one holds for all.
            let is_last = mark.value > 0.0 && mark.value + mark.step_size > far;
            let name = if is_last { axis } else { "" };
            format!("{} {name}", plain(mark.value))
                .trim_end()
                .to_owned()
        })
        .y_axis_formatter(|mark, _| plain(mark.value))
        .label_formatter(move |at| match at {
            egui_plot::HoverPosition::NearDataPoint {
                plot_name,
                position,
                ..
            } => Some(format!(
                "{plot_name} {}{} at {} {axis}",
                plain(position.y),
                if percent { " %" } else { "" },
                plain(position.x)
            )),
            egui_plot::HoverPosition::Elsewhere { .. } => None,
        })
        .show(ui, |plot| {
            let corners = ([-far * 0.01, 0.0], [right, top.max(1e-9)]);
            plot.set_plot_bounds(PlotBounds::from_min_max(corners.0, corners.1));
            for curve in curves {
                draw(plot, curve);
            }
            for (curve, y) in names {
                let Some((_, band)) = curve.points.last() else {
                    continue;
                };
                let name = RichText::new(format!("{} {}", curve.name, told(*band, percent)))
                    .size(12.0)
                    .color(curve.looks.colour);
                let at = PlotPoint::new(far + (right - far) * 0.07, y);
                plot.text(
                    Text::new("", at, name)
                        .anchor(Align2::LEFT_CENTER)
                        .allow_hover(false),
                );
            }
        });
}

fn draw(plot: &mut egui_plot::PlotUi<'_>, curve: &Curve) {
    let Looks {
        colour,
        marker,
        line,
    } = curve.looks;
    let series: Vec<[f64; 2]> = curve
        .points
        .iter()
        .map(|(x, band)| [*x, band.mean])
        .collect();
    if curve.kind == Kind::UnderWay {
        plot.line(Line::new(&curve.name, series).color(colour).width(1.0));
        return;
    }
    if curve.kind == Kind::Training {
        let name = format!("{}, in training", curve.name);
        plot.line(
            Line::new(name, series)
                .color(colour.gamma_multiply(0.8))
                .style(LineStyle::dotted_dense())
                .width(1.3),
        );
        return;
    }
    if curve.points.iter().any(|(_, band)| band.half.is_some()) {
        let edge = |sign: f64| -> Vec<f64> {
            let all = curve.points.iter();
            all.map(|(_, band)| (band.mean + sign * band.half.unwrap_or(0.0)).max(0.0))
                .collect()
        };
        let xs: Vec<f64> = curve.points.iter().map(|(x, _)| *x).collect();
        plot.add(
            FilledArea::new("", &xs, &edge(-1.0), &edge(1.0))
                .fill_color(colour.gamma_multiply(0.16))
                .allow_hover(false),
        );
    }
    let last = series.last().copied();
    plot.line(
        Line::new(&curve.name, series)
            .color(colour)
            .style(line)
            .width(1.8),
    );
    if let Some(last) = last {
        plot.points(
            Points::new(&curve.name, vec![last])
                .color(colour)
                .shape(marker)
                .radius(4.5),
        );
    }
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

/// A number without digits that say nothing.
fn plain(value: f64) -> String {
    let digits = match value.abs() {
        v if v >= 100.0 => 0,
        v if v >= 1.0 => 1,
        _ => 3,
    };
    let text = format!("{value:.digits$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_plain() {
        assert_eq!(plain(300.0), "300");
        assert_eq!(plain(0.0), "0");
        assert_eq!(plain(2.50), "2.5");
        assert_eq!(plain(0.125), "0.125");
    }
}
