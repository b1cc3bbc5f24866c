//! The selected query with both encoders.

use super::View;
use super::{Names, current, of_letter};
use crate::compute::{Direction, Hit};
use crate::dataset::Dataset;
use crate::desktop::core::{self, Query};
use crate::desktop::shell::bidi;
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{grouped, heading, picture_in, signed, weak};
use crate::retrieval::Side;
use egui::{Align, CornerRadius, Frame, Layout, Margin, RichText, ScrollArea, Ui};

/// Draws the inspector.
pub fn inspector_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    let (Some(found), Some(dataset)) = (
        current(view.state, session).cloned(),
        session.dataset().cloned(),
    ) else {
        return;
    };
    ui.add_space(8.0);
    let selected = session.selected();
    ui.horizontal(|ui| {
        heading(ui, "Query");
        if selected.is_some() {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui.small_button("Show in Retrieval").clicked() {
                    view.ask(core::Command::ShowAnswer);
                }
            });
        }
    });
    let Some(query) = selected else {
        weak(ui, "Select a query in the list.");
        return;
    };
    let t = tokens(ui);
    let side = session.side;
    let names = Names::of(view.state, session);
    ScrollArea::vertical()
        .id_salt("compared query")
        .auto_shrink([false; 2])
        .show(ui, |ui| {
            query_ui(ui, view, &dataset, side, query, &t);
            for (letter, name, evaluation) in [
                ("A", &names.a, &found.first),
                ("B", &names.b, &found.second),
            ] {
                ui.add_space(8.0);
                let direction = evaluation.direction(side);
                encoder_ui(ui, letter, name, direction, query, &t);
                negative_ui(
                    ui,
                    view,
                    &dataset,
                    side.other(),
                    direction.hardest[query],
                    &t,
                );
            }
            ui.add_space(10.0);
        });
}

fn query_ui(
    ui: &mut Ui,
    view: &mut View<'_>,
    dataset: &Dataset,
    side: Side,
    query: usize,
    t: &Tokens,
) {
    let image = match side {
        Side::Image => query,
        Side::Text => dataset.image_of(query),
    };
    let wide = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(
        egui::vec2(wide, (wide * 0.6).min(200.0)),
        egui::Sense::hover(),
    );
    ui.painter()
        .rect_filled(rect, CornerRadius::same(5), t.base);
    picture_in(ui, view.pictures, image as u32, rect, false);
    if side == Side::Text {
        response.on_hover_text("The image this caption belongs to");
        bidi::label(ui, RichText::new(&dataset.captions[query]), usize::MAX);
    } else {
        weak(ui, dataset.images[image].name.clone());
        for caption in &dataset.captions[dataset.captions_of(image)] {
            bidi::label(ui, RichText::new(caption).color(t.good), usize::MAX);
        }
    }
}

/// Where the right one stands with one encoder.
fn encoder_ui(
    ui: &mut Ui,
    letter: &str,
    name: &str,
    direction: &Direction,
    query: usize,
    t: &Tokens,
) {
    ui.horizontal(|ui| {
        ui.label(RichText::new(letter).strong().color(of_letter(t, letter)));
        ui.add(egui::Label::new(RichText::new(name).strong()).truncate());
    });
    let margin = direction.margin(query);
    let mut parts = vec![
        format!("rank {}", grouped(direction.ranks[query] as usize)),
        format!("right {}", signed(direction.positive[query], 3)),
    ];
    if margin.is_finite() {
        parts.push(format!("margin {}", signed(margin, 3)));
    }
    weak(ui, parts.join(" · "));
}

/// The hardest negative of one encoder; a click makes it the query.
fn negative_ui(
    ui: &mut Ui,
    view: &mut View<'_>,
    dataset: &Dataset,
    side: Side,
    hit: Hit,
    t: &Tokens,
) {
    if hit.index == u32::MAX {
        weak(ui, "There is no negative.");
        return;
    }
    let row = hit.index as usize;
    Frame::NONE
        .fill(t.bad_back)
        .corner_radius(CornerRadius::same(5))
        .inner_margin(Margin::symmetric(9, 7))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            let score = signed(hit.score, 3);
            ui.label(
                RichText::new(format!("hardest negative {score}"))
                    .size(12.0)
                    .color(t.bad),
            );
            let text = match side {
                Side::Image => {
                    let wide = ui.available_width();
                    let size = egui::vec2(wide, (wide * 0.5).min(150.0));
                    let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
                    picture_in(ui, view.pictures, hit.index, rect, false);
                    &dataset.captions[dataset.captions_of(row).start]
                }
                Side::Text => &dataset.captions[row],
            };
            bidi::label(ui, RichText::new(text), usize::MAX);
            if ui.small_button("Make it the query").clicked() {
                view.ask(core::Command::Query(Query::Row(side, row)));
            }
        });
}
