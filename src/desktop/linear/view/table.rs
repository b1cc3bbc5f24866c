//! The table: a classifier a line, its margin in each norm as a share of the largest.

use super::View;
use super::looks::Looks;
use super::spark::{sign, spark};
use crate::desktop::core::Cells;
use crate::desktop::linear::{Command, Line, Studied};
use crate::desktop::shell::pictured::pictured;
use crate::desktop::shell::select::List;
use crate::desktop::shell::take::dots_ui;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::named_area;
use crate::learn::linear::Norm;
use crate::learn::linear::study::words::of_largest;
use egui::{Align2, Color32, FontId, Rect, Role, Sense, Stroke, StrokeKind, Ui};

/// Height of a line, and of its pictures.
const TALL: f32 = 72.0;
const PICTURE: f32 = 62.0;
/// Width of the names, and of both pictures.
const NAMES: f32 = 192.0;
const PICTURES: f32 = 2.0 * (PICTURE + 8.0);

/// The norms in the order of the table.
pub const NORMS: [Norm; 4] = [Norm::L2, Norm::L1, Norm::Linf, Norm::FourierLinf];

/// Draws the table.
pub fn table_ui(ui: &mut Ui, view: &mut View<'_>, studied: &Studied) {
    let shown = view.state.shown;
    let head = head_ui(ui);
    for (n, line) in studied.lines(shown).iter().enumerate() {
        ui.push_id(n, |ui| line_ui(ui, view, studied, line, n));
    }
    foot_ui(ui, studied);
    take_ui(ui, view, studied, head);
}

/// The button that takes the table out of the window.
fn take_ui(ui: &Ui, view: &mut View<'_>, studied: &Studied, head: Rect) {
    let against = NORMS.map(|norm| format!("against {}", norm.title()));
    let mut columns = vec![("Trained by", false), ("About", false)];
    columns.extend(against.iter().map(|name| (name.as_str(), true)));
    let lines = studied.lines(view.state.shown);
    let list = List {
        name: "classifiers",
        columns: &columns,
        count: lines.len(),
        order: 0,
    };
    let corner = head.right_top() - egui::vec2(18.0, 0.0);
    let dots = dots_ui(
        ui,
        Rect::from_min_size(corner, egui::vec2(18.0, 16.0)),
        list.name,
    );
    let mut taken = None;
    egui::Popup::menu(&dots).show(|ui| taken = list.whole_ui(ui));
    if let Some(taken) = taken {
        let separable = studied.study.is_separable();
        let row = |line: &Line| {
            let mut cells = vec![line.title.clone(), line.about.clone()];
            cells.extend(NORMS.map(|norm| told(line, norm, separable)));
            cells
        };
        list.take(view, taken, Cells::of(lines.iter().map(row).collect()));
    }
}

/// Where the cells are.
fn cell(rect: Rect, n: usize) -> Rect {
    let left = rect.left() + NAMES + PICTURES + 8.0;
    let gap = 6.0;
    let each = (rect.right() - left - 3.0 * gap) / 4.0;
    let min = egui::pos2(left + n as f32 * (each + gap), rect.top() + 3.0);
    Rect::from_min_size(min, egui::vec2(each, rect.height() - 6.0))
}

fn head_ui(ui: &mut Ui) -> Rect {
    let t = tokens(ui);
    let wide = ui.available_width();
    let (rect, _) = ui.allocate_exact_size(egui::vec2(wide, 20.0), Sense::hover());
    let font = FontId::proportional(12.0);
    let text = |x: f32, words: &str| {
        let at = egui::pos2(x, rect.center().y);
        ui.painter()
            .text(at, Align2::LEFT_CENTER, words, font.clone(), t.weak);
    };
    text(rect.left(), "Trained by");
    text(rect.left() + NAMES, "weights");
    text(rect.left() + NAMES + PICTURE + 8.0, "spectrum");
    for (n, norm) in NORMS.into_iter().enumerate() {
        text(cell(rect, n).left(), &format!("against {}", norm.title()));
    }
    let line = Stroke::new(1.0, t.line);
    ui.painter().hline(rect.x_range(), rect.bottom(), line);
    rect
}

fn line_ui(ui: &mut Ui, view: &mut View<'_>, studied: &Studied, line: &Line, n: usize) {
    let t = tokens(ui);
    let wide = ui.available_width();
    let (rect, _) = ui.allocate_exact_size(egui::vec2(wide, TALL), Sense::hover());
    let fractions = NORMS.map(|norm| line.classifier.fraction[norm.index()]);
    let told = NORMS.map(|norm| told(line, norm, studied.study.is_separable()));
    let name = || {
        let figures = NORMS.iter().zip(&told);
        let figures: Vec<String> = figures
            .map(|(norm, told)| format!("{} {told}", norm.title()))
            .collect();
        format!("{}: {}", line.title, figures.join(", "))
    };
    let id = ui.scope_id().with("classifier");
    let chosen = view.state.line == n;
    let area = named_area(ui, rect, id, Role::Row, chosen, name);
    if chosen || area.hovered() {
        let fill = if chosen { t.accent_back } else { t.hover };
        ui.painter()
            .rect_filled(rect, 4.0, fill.gamma_multiply(0.6));
    }
    let looks = Looks::of(line, n, ui.visuals().dark_mode);
    let painter = ui.painter();
    let middle = rect.center().y;
    sign(painter, egui::pos2(rect.left() + 14.0, middle - 9.0), looks);
    let text = |y: f32, words: &str, size: f32, colour: Color32| {
        let mut job = egui::text::LayoutJob::simple_singleline(
            words.into(),
            FontId::proportional(size),
            colour,
        );
        job.wrap = egui::text::TextWrapping::truncate_at_width(NAMES - 36.0);
        let galley = painter.layout_job(job);
        let at = egui::pos2(rect.left() + 32.0, y - galley.size().y / 2.0);
        painter.galley(at, galley, colour);
    };
    text(middle - 9.0, &line.title, 13.5, t.text);
    text(middle + 10.0, &line.about, 11.5, t.weak);
    let place = studied.place(view.state.shown, n);
    if let Some(pair) = view.state.textures.get(place) {
        for (k, texture) in pair.iter().enumerate() {
            let min = egui::pos2(
                rect.left() + NAMES + k as f32 * (PICTURE + 8.0),
                middle - PICTURE / 2.0,
            );
            let to = Rect::from_min_size(min, egui::Vec2::splat(PICTURE));
            picture(ui, texture, to);
        }
    }
    for (k, norm) in NORMS.into_iter().enumerate() {
        cell_ui(ui, line, norm, cell(rect, k), (fractions[k], &told[k]));
    }
    let rule = Stroke::new(1.0, t.line.gamma_multiply(0.7));
    ui.painter().hline(rect.x_range(), rect.bottom(), rule);
    if area.on_hover_text("Look at it").clicked() {
        view.own(Command::Choose(n));
    }
}

/// Draws `texture` into `rect`: a strip (rows without a shape) fills it.
pub fn picture(ui: &Ui, texture: &egui::TextureHandle, rect: Rect) {
    pictured(ui, rect, None);
    let whole = Rect::from_min_max(egui::pos2(0.0, 0.0), egui::pos2(1.0, 1.0));
    ui.painter()
        .image(texture.id(), rect, whole, Color32::WHITE);
}

/// A fraction in per cent, or the margin where there is nothing to compare with.
fn told(line: &Line, norm: Norm, is_separable: bool) -> String {
    match line.classifier.fraction[norm.index()] {
        Some(fraction) => of_largest(fraction),
        None if is_separable => "none".into(),
        None => format!("{:.3}", line.classifier.margins[norm.index()]).replace('-', "−"),
    }
}

fn cell_ui(ui: &Ui, line: &Line, norm: Norm, rect: Rect, (fraction, told): (Option<f64>, &str)) {
    let t = tokens(ui);
    let own = line.own == Some(norm);
    let strength = fraction.unwrap_or(0.0).clamp(0.0, 1.0) as f32;
    let fill = t.raised.lerp_to_gamma(t.accent_back, strength);
    let painter = ui.painter();
    let edge = if own {
        Stroke::new(1.5, t.accent)
    } else {
        Stroke::NONE
    };
    painter.rect(rect, 4.0, fill, edge, StrokeKind::Inside);
    let left = rect.left() + 9.0;
    let wide = rect.width() > 128.0;
    let text = |y: f32, words: &str, size: f32, colour| {
        let at = egui::pos2(left, rect.top() + y);
        let font = FontId::proportional(size);
        painter.text(at, Align2::LEFT_CENTER, words, font, colour);
    };
    let size = if fraction.is_some_and(|f| f <= 0.0) {
        12.0
    } else {
        15.0
    };
    text(18.0, told, size, t.text);
    if own {
        text(42.0, "its own norm", 11.0, t.accent);
    }
    let points: Vec<(f64, f64)> = line
        .history
        .iter()
        .filter_map(|(step, fractions)| Some((*step, fractions[norm.index()]?)))
        .collect();
    if wide && !points.is_empty() {
        let place = Rect::from_min_max(
            egui::pos2(rect.right() - 74.0, rect.top() + 10.0),
            egui::pos2(rect.right() - 10.0, rect.bottom() - 12.0),
        );
        spark(painter, place, &t, &points);
    }
}

fn foot_ui(ui: &mut Ui, studied: &Studied) {
    let t = tokens(ui);
    let text = if studied.study.is_separable() {
        "Per cent of the largest margin in that norm. The line: along training, by the logarithm of the steps; dotted at 100 %. Wrong: a row lies on the wrong side."
    } else {
        "The margin itself: there is no largest one to compare with."
    };
    let colours = format!(
        "Weights: red for {}, blue for {}, white zero.",
        studied.titles[0], studied.titles[1]
    );
    ui.horizontal_wrapped(|ui| {
        ui.label(egui::RichText::new(text).size(11.5).color(t.weak));
        ui.label(egui::RichText::new(colours).size(11.5).color(t.weak));
    });
}
