//! A card with a figure: what it is, what that means, and a way to take it along.

use super::theme::tokens;
use crate::desktop::core::bare;
use egui::{
    Align2, CornerRadius, Event, FontId, Popup, Response, Role, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo,
};

/// What figures mean, by how they are called (at the end of their names).
const MEANINGS: [(&str, &str); 16] = [
    (
        "R@1",
        "Recall at 1: per cent of the queries whose best right one ranks first; ties count against it",
    ),
    (
        "R@5",
        "Recall at 5: per cent of the queries with a right one among the first 5",
    ),
    (
        "R@10",
        "Recall at 10: per cent of the queries with a right one among the first 10",
    ),
    (
        "median rank",
        "Rank of the best right one that half of the queries reach: floor(median of rank - 1) + 1",
    ),
    (
        "mean rank",
        "Mean over the queries of the rank of the best right one, from 1",
    ),
    (
        "nearly wrong",
        "Right queries whose margin is smaller than the band",
    ),
    (
        "nearly right",
        "Wrong queries whose margin is smaller than the band: the near misses",
    ),
    (
        "median margin",
        "Median over the queries of the score of the right one less that of the hardest negative",
    ),
    (
        "wrong",
        "Queries with a wrong candidate that scores as high as the best right one, or higher",
    ),
    (
        "skewness of N_k",
        "Third standardised moment of the counts N_k (Radovanovic et al. 2010)",
    ),
    (
        "largest N_k",
        "The most queries that have one candidate among their k nearest",
    ),
    ("parameters", "Numbers that the model holds as weights"),
    ("operators", "Nodes of the model's graph"),
    (
        "operator set",
        "Version of the ONNX operators that the model uses",
    ),
    ("forward", "Time of one run of the model, in milliseconds"),
    (
        "of the gradient",
        "How far the gradient is from finite differences, as a share of its length",
    ),
];

/// What a figure of this name means, where that is known.
pub fn meaning(what: &str) -> Option<&'static str> {
    let known = MEANINGS.iter().find(|(name, _)| what.ends_with(name));
    known.map(|(_, meaning)| *meaning)
}

/// Draws a card with a large figure and what it is. Its menu copies it, and so does Ctrl+C while it has the focus.
pub fn figure(ui: &mut Ui, width: f32, value: &str, what: &str) {
    let t = tokens(ui);
    let (rect, response) = ui.allocate_exact_size(egui::vec2(width, 54.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{what} {value}")));
    let line = if response.has_focus() {
        t.accent
    } else {
        t.line
    };
    ui.painter().rect(
        rect,
        CornerRadius::same(5),
        t.raised,
        Stroke::new(1.0, line),
        StrokeKind::Inside,
    );
    let painter = ui.painter().with_clip_rect(rect);
    let left = rect.min + egui::vec2(11.0, 0.0);
    painter.text(
        left + egui::vec2(0.0, 19.0),
        Align2::LEFT_CENTER,
        value,
        FontId::proportional(19.0),
        t.text,
    );
    painter.text(
        left + egui::vec2(0.0, 40.0),
        Align2::LEFT_CENTER,
        what,
        FontId::proportional(11.5),
        t.weak,
    );
    let response = match meaning(what) {
        Some(meaning) => response.on_hover_text(meaning),
        None => response,
    };
    if response.clicked() {
        response.request_focus();
    }
    taken(&response, value, what);
}

/// "R@1: 43.2 (Recall at 1: ...)".
fn sentence(value: &str, what: &str) -> String {
    match meaning(what) {
        Some(meaning) => format!("{what}: {value} ({meaning})"),
        None => format!("{what}: {value}"),
    }
}

fn taken(response: &Response, value: &str, what: &str) {
    let ctx = &response.ctx;
    if response.has_focus() && ctx.input(|i| i.events.contains(&Event::Copy)) {
        ctx.copy_text(sentence(value, what));
    }
    Popup::context_menu(response).show(|ui| {
        if ui.button("Copy the figure with what it is").clicked() {
            ctx.copy_text(sentence(value, what));
            ui.close();
        }
        if ui.button("Copy the number").clicked() {
            ctx.copy_text(bare(value));
            ui.close();
        }
    });
}
