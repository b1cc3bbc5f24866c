//! What each way to group does to the variance, as bars, and by the number of groups as a table.

use super::View;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{heading, segmented, weak};
use crate::desktop::strata::{Command, Drawing, Surveyed};
use crate::learn::strata::Variances;
use crate::learn::survey::words::change;
use crate::learn::survey::{AtCount, Grouped};
use egui::{Align, Align2, FontId, Layout, Rect, Role, Sense, Stroke, Ui, WidgetInfo};

/// Height of a bar's line.
const LINE: f32 = 22.0;
/// Width of names, and of figures.
const NAMES: f32 = 132.0;
const VALUES: f32 = 66.0;
/// A bar is cut off beyond this change, and the scale is at least that.
const SCALES: [f64; 2] = [0.25, 0.05];

/// Draws bars and table.
pub fn figures_ui(ui: &mut Ui, view: &mut View<'_>, surveyed: &Surveyed, at: &AtCount) {
    let own = &at.gradient().variances;
    ui.horizontal(|ui| {
        heading(ui, &format!("Variance, {} pairs", at.count));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            // From the right.
            let ways = [
                (
                    Drawing::InProportion,
                    "In proportion",
                    "From each group as many pairs as is its share of all, so that even uneven groups do no harm",
                ),
                (
                    Drawing::OneEach,
                    "One each",
                    "One pair from each group, weighted by the pairs of its group",
                ),
            ];
            ui.spacing_mut().button_padding.x = 5.0;
            if let Some(drawing) = segmented(ui, view.state.drawing, &ways) {
                view.own(Command::SetDrawing(drawing));
            }
        });
    });
    let drawing = view.state.drawing;
    let shown = |grouped: &Grouped| value(&grouped.variances, drawing);
    let mut lines: Vec<(&str, f64, String)> = at
        .ways
        .iter()
        .map(|grouped| {
            let (least, most) = grouped.sizes();
            let hint = format!(
                "{}. Groups of {least} to {most} pairs.",
                grouped.way.about()
            );
            (grouped.way.title(), shown(grouped), hint)
        })
        .collect();
    let without = "Pairs drawn from all, none twice in a step";
    lines.push(("no pair twice", own.without_replacement, without.into()));
    lines.sort_by(|a, b| a.1.total_cmp(&b.1));
    let changes = lines
        .iter()
        .filter_map(|line| own.above_uniform(line.1))
        .map(f64::abs);
    let [cut, least] = SCALES;
    let scale = changes.filter(|c| *c <= cut).fold(least, f64::max);
    scale_ui(ui, scale);
    for (name, variance, hint) in &lines {
        line_ui(ui, own, (name, *variance, hint), scale);
    }
    let mean = own.normalised(own.uniform);
    let mean = mean.map_or_else(String::new, |v| format!(", {v:.3} x |mean gradient|²"));
    weak(ui, format!("Uniform: {:.4e}{mean}", own.uniform)).on_hover_text(
        "The expected squared distance of the estimate from the mean gradient, where as many pairs are drawn from all",
    );
    ui.add_space(8.0);
    table_ui(ui, view, surveyed);
}

fn value(v: &Variances, drawing: Drawing) -> f64 {
    match drawing {
        Drawing::OneEach => v.stratified,
        Drawing::InProportion => v.proportional,
    }
}

/// The room of bars, and where uniform draws lie.
fn room(rect: Rect) -> (Rect, f32) {
    let left = rect.left() + NAMES;
    let right = rect.right() - VALUES;
    let room = Rect::from_min_max(
        egui::pos2(left, rect.top()),
        egui::pos2(right, rect.bottom()),
    );
    (room, room.center().x)
}

fn scale_ui(ui: &mut Ui, scale: f64) {
    let t = tokens(ui);
    let wide = ui.available_width();
    let (rect, _) = ui.allocate_exact_size(egui::vec2(wide, 16.0), Sense::hover());
    let (room, middle) = room(rect);
    let font = FontId::proportional(11.0);
    let half = room.width() / 2.0;
    for (x, words) in [
        (middle - half * 0.8, change(-scale * 0.8)),
        (middle, "uniform".to_owned()),
        (middle + half * 0.8, change(scale * 0.8)),
    ] {
        let at = egui::pos2(x, rect.center().y);
        ui.painter()
            .text(at, Align2::CENTER_CENTER, words, font.clone(), t.weak);
    }
}

fn line_ui(ui: &mut Ui, own: &Variances, (name, variance, hint): (&str, f64, &str), scale: f64) {
    let t = tokens(ui);
    let wide = ui.available_width();
    let (rect, area) = ui.allocate_exact_size(egui::vec2(wide, LINE), Sense::hover());
    let above = own.above_uniform(variance);
    let told = above.map_or_else(|| "none".into(), change);
    area.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name} {told}")));
    let (room, middle) = room(rect);
    let painter = ui.painter();
    painter.vline(middle, rect.y_range(), Stroke::new(1.0, t.line));
    let font = FontId::proportional(12.5);
    let text = |x: f32, align, words: &str| {
        let at = egui::pos2(x, rect.center().y);
        painter.text(at, align, words, font.clone(), t.text);
    };
    text(rect.left(), Align2::LEFT_CENTER, name);
    text(rect.right(), Align2::RIGHT_CENTER, &told);
    if let Some(above) = above {
        let half = f64::from(room.width() / 2.0);
        let reach = (above / scale).clamp(-1.0, 1.0) * half;
        let x = middle + reach as f32;
        let bar = Rect::from_x_y_ranges(
            x.min(middle)..=x.max(middle),
            rect.center().y - 7.0..=rect.center().y + 7.0,
        );
        let colour = if above <= 0.0 { t.accent } else { t.warn };
        painter.rect_filled(bar, 2.0, colour);
        if above.abs() > scale * 1.001 {
            // Cut off: two slanted gaps.
            for k in [0.55, 0.65] {
                let at = middle + (x - middle) * k;
                let ends = [
                    egui::pos2(at - 3.0, bar.bottom() + 1.0),
                    egui::pos2(at + 3.0, bar.top() - 1.0),
                ];
                painter.line_segment(ends, Stroke::new(2.5, t.panel));
            }
        }
    }
    let normal = own.normalised(variance);
    let normal = normal.map_or_else(String::new, |v| format!(", {v:.3} x |mean gradient|²"));
    area.on_hover_text(format!("{hint}\nVariance {variance:.4e}{normal}"));
}

/// Changes by the number of groups, at the heads that were grouped so far.
fn table_ui(ui: &mut Ui, view: &View<'_>, surveyed: &Surveyed) {
    let t = tokens(ui);
    let rows = view.state.rows(view.session.now());
    let counts: Vec<usize> = surveyed.survey.counts.iter().map(|at| at.count).collect();
    let drawn = usize::from(view.state.drawing == Drawing::InProportion);
    let wide = ui.available_width();
    let each = ((wide - 150.0) / counts.len().max(1) as f32).min(74.0);
    let x = |rect: Rect, n: usize| rect.right() - (counts.len() - 1 - n) as f32 * each;
    let line = |ui: &mut Ui| {
        let (rect, area) = ui.allocate_exact_size(egui::vec2(wide, 20.0), Sense::hover());
        let stroke = Stroke::new(1.0, t.line);
        ui.painter().hline(rect.x_range(), rect.bottom(), stroke);
        (rect, area)
    };
    let text = |ui: &Ui, at: egui::Pos2, align, words: &str, colour| {
        let font = FontId::proportional(12.0);
        ui.painter().text(at, align, words, font, colour);
    };
    let (rect, _) = line(ui);
    let left = egui::pos2(rect.left(), rect.center().y);
    text(ui, left, Align2::LEFT_CENTER, "Gradient groups", t.weak);
    for (n, count) in counts.iter().enumerate() {
        let at = egui::pos2(x(rect, n), rect.center().y);
        let chosen = *count == view.state.count();
        let colour = if chosen { t.text } else { t.weak };
        text(ui, at, Align2::RIGHT_CENTER, &count.to_string(), colour);
    }
    for row in rows {
        let (rect, area) = line(ui);
        let left = egui::pos2(rect.left(), rect.center().y);
        let name = format!("{}, {}", row.moment, row.gradient.name());
        text(ui, left, Align2::LEFT_CENTER, &name, t.text);
        let mut told = name;
        for (n, count) in counts.iter().enumerate() {
            let found = row.changes.iter().find(|(other, _)| other == count);
            let words = found.and_then(|(_, changes)| changes[drawn]).map(change);
            let words = words.unwrap_or_default();
            let at = egui::pos2(x(rect, n), rect.center().y);
            text(ui, at, Align2::RIGHT_CENTER, &words, t.text);
            told = format!("{told}, {count} groups {words}");
        }
        area.widget_info(|| WidgetInfo::labeled(Role::Row, true, told.clone()));
    }
}
