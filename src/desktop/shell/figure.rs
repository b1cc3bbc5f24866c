//! A card with a figure: what it is, what that means, and a way to take it along.

use super::terms::{Explained, Term};
use super::theme::tokens;
use crate::desktop::core::bare;
use crate::retrieval::Metrics;
use egui::{
    Align2, CornerRadius, Event, FontId, Popup, Response, Role, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo,
};

/// Draws a card with a large figure, what it is in words, and what that means. Its menu copies it, and so does Ctrl+C while
/// it has the focus.
pub fn figure(ui: &mut Ui, width: f32, value: &str, what: &str, term: Term) {
    figure_of(ui, width, value, [what, what], term);
}

/// The same where its place on the screen says a part of what it is: `what` is written on it, `whole` goes with a copy.
pub fn figure_of(ui: &mut Ui, width: f32, value: &str, [what, whole]: [&str; 2], term: Term) {
    let t = tokens(ui);
    let (rect, response) = ui.allocate_exact_size(egui::vec2(width, 54.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{what} {value}")));
    let line = if response.has_focus() {
        t.accent
    } else if response.hovered() {
        t.weak
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
    let response = response.explained(term);
    if response.clicked() {
        response.request_focus();
    }
    taken(&response, value, whole, term);
}

/// Draws cards with recall at 1, 5 and 10 of the direction `name`, which is written on the first; `of`, what they are
/// measured of, goes with a copy.
pub fn recalls_ui(ui: &mut Ui, width: f32, name: &str, m: &Metrics, of: &str) {
    let first = format!("{name} R@1");
    let recalls = [
        (m.r1, &*first, "R@1"),
        (m.r5, "R@5", "R@5"),
        (m.r10, "R@10", "R@10"),
    ];
    for (value, what, at) in recalls {
        let whole = format!("{name} {at}{of}");
        figure_of(
            ui,
            width,
            &format!("{value:.1}"),
            [what, &whole],
            Term::Recall,
        );
    }
}

/// "R@1: 43.2. Per cent of the queries ...".
fn sentence(value: &str, what: &str, term: Term) -> String {
    format!("{what}: {value}. {}", term.hint())
}

fn taken(response: &Response, value: &str, what: &str, term: Term) {
    let ctx = &response.ctx;
    if response.has_focus() && ctx.input(|i| i.events.contains(&Event::Copy)) {
        ctx.copy_text(sentence(value, what, term));
    }
    Popup::context_menu(response).show(|ui| {
        if ui.button("Copy the figure with what it is").clicked() {
            ctx.copy_text(sentence(value, what, term));
            ui.close();
        }
        if ui.button("Copy the number").clicked() {
            ctx.copy_text(bare(value));
            ui.close();
        }
    });
}
