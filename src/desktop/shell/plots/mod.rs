//! Plots: drawn of their description, each with what takes it out of the window. Views describe, and draw none themselves.

pub mod ranks;

use super::theme::{Tokens, tokens};
use super::{Shell, take};
use crate::desktop::core::Piece;
use crate::desktop::core::chart::{Axis, Bar, Chart, Paper, Series, Shape, corners};
use egui::{Id, Rect, Response, Role, Sense, Ui, WidgetInfo};
use egui_plot::{
    FilledArea, GridInput, GridMark, HLine, HoverPosition, Line, Plot, PlotBounds, PlotPoint,
    PlotPoints, PlotResponse, Points, Text, VLine,
};

/// Size of the words on axes.
const FONT: f32 = 11.5;

/// Draws `chart`, `tall` points high, with its legend; returns the bar that was clicked, by its series and place.
pub fn plot_ui(
    ui: &mut Ui,
    shell: &mut Shell<'_>,
    chart: &Chart,
    tall: f32,
) -> Option<(usize, usize)> {
    legend_ui(ui, chart);
    let font = ui
        .style_mut()
        .override_font_id
        .replace(egui::FontId::proportional(FONT));
    let shown = drawn(ui, chart, tall);
    ui.style_mut().override_font_id = font;
    let t = tokens(ui);
    let rect = shown.response.rect;
    let paper = paper(rect, &t);
    let response = shown.response;
    response.widget_info(|| WidgetInfo::labeled(Role::GraphicsDocument, true, told(chart)));
    let piece = || Piece::Plot(Box::new(chart.clone()), paper);
    take::menu(&response, shell, piece);
    let mut clicked = None;
    for (n, series) in chart.series.iter().enumerate() {
        let Shape::Bars(bars) = &series.shape else {
            continue;
        };
        for (at, bar) in bars.iter().enumerate() {
            let id = response.id.with((n, at));
            let area = bar_ui(ui, chart, bar, &shown.transform, rect, id);
            take::menu(&area, shell, piece);
            if area.on_hover_text(&bar.told).clicked() {
                clicked = Some((n, at));
            }
        }
    }
    take::button(ui, rect, shell, &chart.title, piece);
    clicked
}

/// On what a chart in `rect` is drawn.
fn paper(rect: Rect, t: &Tokens) -> Paper {
    Paper {
        size: [rect.width(), rect.height()],
        back: t.base,
        text: t.text,
        weak: t.weak,
        line: t.line,
    }
}

/// A chart for those who do not see it.
fn told(chart: &Chart) -> String {
    let names: Vec<&str> = chart.series.iter().map(|s| s.name.as_str()).collect();
    format!(
        "Plot of {}: {} against {}; {}",
        chart.title,
        chart.y.name,
        chart.x.name,
        names.join(", ")
    )
}

/// The area of a bar, as wide as its cell and as tall as the plot, so that low ones can be pointed at.
fn bar_ui(
    ui: &Ui,
    chart: &Chart,
    bar: &Bar,
    transform: &egui_plot::PlotTransform,
    inside: Rect,
    id: Id,
) -> Response {
    let x = |value: f64| {
        let place = PlotPoint::new(chart.x.scale.place(value), 0.0);
        transform.position_from_point(&place).x
    };
    let area = Rect::from_x_y_ranges(x(bar.from)..=x(bar.to), inside.y_range());
    let response = ui.interact(area.intersect(inside), id, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &bar.told));
    if response.hovered() || response.has_focus() {
        let t = tokens(ui);
        let shade = t.text.gamma_multiply(0.08);
        ui.painter().rect_filled(area, 0.0, shade);
    }
    response
}

/// The names of the series that are listed.
fn legend_ui(ui: &mut Ui, chart: &Chart) {
    let listed: Vec<&Series> = chart.series.iter().filter(|s| s.listed).collect();
    if listed.is_empty() {
        return;
    }
    let t = tokens(ui);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(5.0, 1.0);
        for series in listed {
            let (key, _) = ui.allocate_exact_size(egui::vec2(16.0, 12.0), Sense::hover());
            let stroke = egui::Stroke::new(2.0, series.colour);
            let ends = [key.left_center(), key.right_center()];
            let style = match &series.shape {
                Shape::Line { style, .. } => *style,
                _ => egui_plot::LineStyle::Solid,
            };
            let shapes = match style {
                egui_plot::LineStyle::Solid => vec![egui::Shape::line_segment(ends, stroke)],
                egui_plot::LineStyle::Dashed { .. } => {
                    egui::Shape::dashed_line(&ends, stroke, 5.0, 3.0)
                }
                egui_plot::LineStyle::Dotted { .. } => {
                    egui::Shape::dashed_line(&ends, stroke, 2.0, 3.0)
                }
            };
            ui.painter().extend(shapes);
            ui.label(egui::RichText::new(&series.name).size(12.0).color(t.weak));
            ui.add_space(6.0);
        }
    });
}

/// The marks of an axis whose plot is `room` points long.
fn grid(axis: &Axis, room: f32) -> impl Fn(GridInput) -> Vec<GridMark> + '_ {
    move |input| {
        let marks = axis.marks(input.bounds, room).into_iter();
        // Of one size: labels do not fade.
        marks
            .map(|mark| GridMark {
                value: mark.place,
                step_size: 1000.0,
            })
            .collect()
    }
}

fn drawn(ui: &mut Ui, chart: &Chart, tall: f32) -> PlotResponse<()> {
    let t = tokens(ui);
    let wide = ui.available_width();
    let (x, y) = (&chart.x, &chart.y);
    let upright = y.marks(chart.bounds(wide)[1], tall);
    let letters = upright.iter().map(|m| m.text.chars().count()).max();
    let room = letters.unwrap_or(0) as f32 * 6.0 + 6.0;
    let [across, up] = chart.bounds((wide - if y.shown { room } else { 0.0 }).max(1.0));
    let near = |at: &HoverPosition<'_>| match at {
        HoverPosition::NearDataPoint {
            plot_name,
            position,
            ..
        } if !plot_name.is_empty() => {
            let (right, high) = (x.scale.value(position.x), y.scale.value(position.y));
            Some(format!(
                "{plot_name}: {} at {} {}",
                y.told(high),
                x.name,
                x.told(right)
            ))
        }
        _ => None,
    };
    let plot = Plot::new(&chart.title)
        .height(tall)
        .show_background(false)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .auto_bounds([false, false])
        .show_axes([x.shown, y.shown])
        .show_grid([false, y.shown])
        .grid_color(t.line)
        .grid_fade(0.0)
        .y_axis_min_width(room)
        .x_grid_spacer(grid(x, wide))
        .y_grid_spacer(grid(y, tall))
        .x_axis_formatter(|mark, _| x.told(x.scale.value(mark.value)))
        .y_axis_formatter(|mark, _| y.told(y.scale.value(mark.value)))
        .label_formatter(near)
        .sense(Sense::click());
    let plot = if x.named {
        plot.x_axis_label(egui::RichText::new(&x.name).size(FONT))
    } else {
        plot
    };
    plot.show(ui, |plot| {
        plot.set_plot_bounds(PlotBounds::from_min_max([across.0, up.0], [across.1, up.1]));
        for series in &chart.series {
            series_ui(plot, chart, series);
        }
        for rule in &chart.rules {
            let (colour, style) = (rule.colour, rule.style);
            if rule.upright {
                let at = VLine::new(&rule.name, x.scale.place(rule.at));
                plot.vline(at.color(colour).style(style).width(1.0));
            } else {
                let at = HLine::new(&rule.name, y.scale.place(rule.at));
                plot.hline(at.color(colour).style(style).width(1.0));
            }
        }
        for note in &chart.notes {
            let place = |[right, high]: [f64; 2]| [x.scale.place(right), y.scale.place(high)];
            if let Some(marker) = note.marker {
                let at = Points::new("", vec![place(note.at)]);
                let sign = at.color(note.colour).shape(marker).radius(4.5);
                plot.points(sign.allow_hover(false));
            }
            if let Some((words, high)) = &note.text {
                let [right, high] = place([note.at[0], *high]);
                let beside = right + (across.1 - across.0) * 10.0 / f64::from(wide.max(1.0));
                let words = egui::RichText::new(words).size(12.0).color(note.colour);
                let text = Text::new("", PlotPoint::new(beside, high), words);
                plot.text(text.anchor(egui::Align2::LEFT_CENTER).allow_hover(false));
            }
        }
    })
}

fn series_ui<'a>(plot: &mut egui_plot::PlotUi<'a>, chart: &Chart, series: &'a Series) {
    let place = |x: f64, y: f64| [chart.x.scale.place(x), chart.y.scale.place(y)];
    let colour = series.colour;
    match &series.shape {
        Shape::Line {
            points,
            width,
            style,
            dots,
            steps,
        } => {
            let last = || {
                chart
                    .x
                    .high
                    .unwrap_or_else(|| points.last().map_or(0.0, |p| p[0]))
            };
            let drawn = if *steps {
                corners(points, last())
            } else {
                points.clone()
            };
            let places: Vec<[f64; 2]> = drawn.iter().map(|[x, y]| place(*x, *y)).collect();
            if *dots > 0.0 {
                let at = Points::new("", places.clone());
                plot.points(at.color(colour).radius(*dots).allow_hover(false));
            }
            plot.line(
                Line::new(&series.name, PlotPoints::from(places))
                    .color(colour)
                    .style(*style)
                    .width(*width)
                    // Steps are drawn as they are, not as the band that they lie in.
                    .allow_band(false),
            );
        }
        Shape::Band(points) => {
            let edge = |of: fn(&[f64; 3]) -> f64| -> Vec<f64> {
                points.iter().map(|p| place(p[0], of(p))[1]).collect()
            };
            let xs: Vec<f64> = points.iter().map(|p| place(p[0], p[1])[0]).collect();
            plot.add(
                FilledArea::new("", &xs, &edge(|p| p[1]), &edge(|p| p[2]))
                    .fill_color(colour)
                    .allow_hover(false),
            );
        }
        Shape::Bars(bars) => {
            let drawn = bars.iter().map(|bar| {
                let ([left, top], [right, _]) =
                    (place(bar.from, bar.value), place(bar.to, bar.value));
                egui_plot::Bar::new(f64::midpoint(left, right), top)
                    .width((right - left) * 0.88)
                    .stroke(egui::Stroke::NONE)
                    .fill(bar.colour)
            });
            let chart = egui_plot::BarChart::new("", drawn.collect());
            plot.bar_chart(chart.allow_hover(false));
        }
    }
}
