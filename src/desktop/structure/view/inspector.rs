//! The selected query beside the structure: its picture, its captions, what beats it.

use super::View;
use super::name_of;
use crate::dataset::Dataset;
use crate::desktop::core::{self, Query};
use crate::desktop::shell::bidi;
use crate::desktop::shell::table::line;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{
    grouped, heading, margin_colour, named_area, picture_in, signed, weak,
};
use crate::desktop::structure::{Command, StructurePage};
use crate::retrieval::Side;
use egui::{Align2, CornerRadius, FontId, Rect, RichText, Role, ScrollArea, Sense, Ui, Vec2};

/// Answers listed.
const LISTED: usize = 8;

/// Draws the inspector.
pub fn inspector_ui(ui: &mut Ui, view: &mut View<'_>) {
    ui.add_space(8.0);
    heading(ui, "Selected");
    let session = view.session;
    let (Some(dataset), Some(Query::Row(side, row))) =
        (session.dataset().cloned(), session.query().cloned())
    else {
        weak(ui, "Click a cell or a line.");
        return;
    };
    let image = match side {
        Side::Image => row,
        Side::Text if row < dataset.captions.len() => dataset.image_of(row),
        Side::Text => return,
    };
    if image >= dataset.images.len() {
        return;
    }
    ScrollArea::vertical()
        .auto_shrink([false; 2])
        .id_salt("structure inspector")
        .show(ui, |ui| {
            if dataset.images[image].picture.is_some() {
                let wide = ui.available_width();
                let size = Vec2::new(wide, wide.min(190.0));
                let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
                picture_in(ui, view.pictures, image as u32, rect, false);
            }
            ui.label(RichText::new(&dataset.images[image].name).strong());
            for j in dataset.captions_of(image) {
                let text = RichText::new(format!("· {}", dataset.captions[j]));
                let own = side == Side::Text && j == row;
                let text = if own {
                    text.strong()
                } else {
                    text.color(tokens(ui).weak)
                };
                bidi::label(ui, text, usize::MAX);
            }
            figures_ui(ui, view, side, row);
            buttons_ui(ui, view, side, row, image);
            answers_ui(ui, view, &dataset);
        });
}

fn figures_ui(ui: &mut Ui, view: &View<'_>, side: Side, row: usize) {
    let Some(direction) = view.session.direction(side).filter(|d| row < d.ranks.len()) else {
        return;
    };
    let t = tokens(ui);
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        weak(ui, "Rank");
        let rank = direction.ranks[row];
        let ink = if rank == 1 { t.good } else { t.bad };
        ui.label(RichText::new(grouped(rank as usize)).color(ink));
        let margin = direction.margin(row);
        if margin.is_finite() {
            weak(ui, "margin");
            ui.label(RichText::new(signed(margin, 3)).color(margin_colour(&t, margin)));
        }
    });
}

fn buttons_ui(ui: &mut Ui, view: &mut View<'_>, side: Side, row: usize, image: usize) {
    ui.horizontal_wrapped(|ui| {
        if ui.button("Show in retrieval").clicked() {
            view.own(Command::Open(side, row));
        }
        let matrix = &view.state.matrix;
        let place = matrix
            .arrangement
            .get(view.session.now())
            .and_then(|arrangement| {
                let row = arrangement.row_of(image)?;
                let columns = arrangement.columns(row);
                Some((arrangement.size(), row, columns.start.midpoint(columns.end)))
            });
        let shown = view.state.page == StructurePage::Matrix;
        if let Some((size, row, column)) = place.filter(|_| shown)
            && ui
                .button("Find in the matrix")
                .on_hover_text("Bring its cell to the middle")
                .clicked()
        {
            view.memory.camera.centre_on(size, row, column);
        }
        let dataset = view.session.dataset();
        let file = dataset
            .and_then(|d| d.images.get(image))
            .is_some_and(|i| i.picture.is_some());
        let ready = view.session.encoder().is_some() && file;
        let button = ui.add_enabled(ready, egui::Button::new("Attack"));
        if button
            .on_hover_text("Take the picture to the attack lab")
            .clicked()
        {
            view.ask(core::Command::AttackPair {
                image,
                caption: None,
            });
        }
    });
}

/// The best of the other side.
fn answers_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset) {
    let session = view.session;
    let Some(answer) = session
        .answer()
        .cloned()
        .filter(|a| Some(&a.query) == session.query())
    else {
        return;
    };
    let t = tokens(ui);
    let side = answer.of;
    ui.add_space(6.0);
    heading(
        ui,
        if side == Side::Text {
            "Best captions"
        } else {
            "Best images"
        },
    );
    ui.spacing_mut().item_spacing.y = 1.0;
    for (place, hit) in answer.hits.iter().take(LISTED).enumerate() {
        let row = hit.index as usize;
        let right = answer.positives.contains(&row);
        let (rect, _) =
            ui.allocate_exact_size(Vec2::new(ui.available_width(), 24.0), Sense::hover());
        let name = name_of(dataset, side, row);
        let id = ui.scope_id().with(("best", place));
        let mark = if right { ", right" } else { "" };
        let response = named_area(ui, rect, id, Role::ListItem, false, || {
            format!("{}. {name}, score {:.3}{mark}", place + 1, hit.score)
        });
        let fill = if right { t.good_back } else { t.hover };
        if right || response.hovered() {
            ui.painter().rect_filled(rect, CornerRadius::same(3), fill);
        }
        let font = FontId::proportional(12.5);
        let score = signed(hit.score, 3).replace('+', "");
        let at = |x: f32| rect.left_center() + Vec2::new(x, 0.0);
        ui.painter()
            .text(at(40.0), Align2::RIGHT_CENTER, score, font, t.weak);
        let mut left = 48.0;
        if side == Side::Image {
            let picture = Rect::from_center_size(at(60.0), Vec2::splat(22.0));
            picture_in(ui, view.pictures, hit.index, picture, true);
            left = 78.0;
        }
        let ink = if right { t.good } else { t.text };
        let room = rect
            .with_min_x(rect.left() + left)
            .with_max_x(rect.right() - 4.0);
        line(ui, room, false, name, 12.5, ink);
        if response.clicked() {
            view.ask(core::Command::Query(Query::Row(side, row)));
        }
    }
}
