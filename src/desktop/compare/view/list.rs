//! The queries with both ranks and both hardest negatives.

use super::View;
use super::cell;
use crate::compute::Hit;
use crate::dataset::Dataset;
use crate::desktop::compare::{Command, CompareColumn, ComparedWith, Outcome};
use crate::desktop::core::{self, Query};
use crate::desktop::shell::bidi;
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{grouped, picture_in, weak};
use crate::retrieval::Side;
use crate::retrieval::compare::Shift;
use egui::text::LayoutJob;
use egui::{Align2, Color32, CornerRadius, FontId, Rect, Role, ScrollArea, Sense, Stroke, Ui};

/// Columns: what it sorts by, its heading, its share of what the numbers leave; 0 for a number.
const COLUMNS: [(CompareColumn, &str, f32); 6] = [
    (CompareColumn::Query, "Query", 0.4),
    (CompareColumn::RankA, "Rank A", 0.0),
    (CompareColumn::RankB, "Rank B", 0.0),
    (CompareColumn::Shift, "Shift", 0.0),
    (CompareColumn::HardestA, "A: hardest negative", 0.3),
    (CompareColumn::HardestB, "B: hardest negative", 0.3),
];
/// Width of a number's column.
const NUMBER: f32 = 62.0;
const TALL: f32 = 40.0;

/// What decides which queries are listed, and in which order.
pub type Order = (Side, usize, Option<Outcome>, (CompareColumn, bool));

/// Draws the list.
pub fn list_ui(ui: &mut Ui, view: &mut View<'_>, found: &ComparedWith) {
    let session = view.session;
    let Some(dataset) = session.dataset().cloned() else {
        return;
    };
    let t = tokens(ui);
    ui.horizontal(|ui| {
        let what = match view.state.outcome {
            None => "all",
            Some(Outcome::Both) => "right with both",
            Some(Outcome::OnlyA) => "right with A alone",
            Some(Outcome::OnlyB) => "right with B alone",
            Some(Outcome::Neither) => "wrong with both",
        };
        let count = grouped(view.state.rows.len());
        weak(ui, format!("{count} queries listed: {what}"));
        if view.state.outcome.is_some() && ui.small_button("Show all").clicked() {
            view.own(Command::Show(None));
        }
    });
    head_ui(ui, view, &t);
    let side = session.side;
    let rows = &view.state.rows;
    let mut area = ScrollArea::vertical()
        .id_salt("compared queries")
        .auto_shrink([false; 2]);
    ui.spacing_mut().item_spacing.y = 2.0;
    let key = session.selected().map(|i| (side, i));
    let state = view.state;
    let order = (side, state.cut, state.outcome, state.sort);
    if view.memory.order != Some(order) {
        // Another list begins at its head.
        view.memory.order = Some(order);
        view.memory.compared = key;
        area = area.vertical_scroll_offset(0.0);
    }
    if view.memory.compared != key {
        view.memory.compared = key;
        let place = key.and_then(|(_, i)| rows.iter().position(|&r| r as usize == i));
        if let Some(place) = place {
            let (top, height) = (place as f32 * (TALL + 2.0), ui.available_height());
            let seen = view.memory.scroll;
            if top < seen || top + TALL > seen + height {
                area = area.vertical_scroll_offset((top - (height - TALL) / 2.0).max(0.0));
            }
        }
    }
    let output = area.show_rows(ui, TALL, rows.len(), |ui, range| {
        for &row in &rows[range] {
            let shift = found.shift(side, row as usize);
            row_ui(ui, view, &dataset, side, &shift, &t);
        }
    });
    view.memory.scroll = output.state.clamped_offset().y;
}

fn cells(rect: Rect) -> [Rect; COLUMNS.len()] {
    let numbers = COLUMNS.iter().filter(|c| c.2 == 0.0).count() as f32;
    let rest = (rect.width() - numbers * NUMBER).max(0.0);
    let mut left = rect.left();
    COLUMNS.map(|(_, _, share)| {
        let wide = if share == 0.0 { NUMBER } else { share * rest };
        let cell = Rect::from_x_y_ranges(left..=left + wide, rect.y_range());
        left += wide;
        cell
    })
}

/// Are the cells of this column numbers, to be aligned at the right?
fn is_number(column: usize) -> bool {
    COLUMNS[column].2 == 0.0
}

fn head_ui(ui: &mut Ui, view: &mut View<'_>, t: &Tokens) {
    let (sorted, falls) = view.state.sort;
    let (rect, _) =
        ui.allocate_exact_size(egui::vec2(ui.available_width() - 4.0, 20.0), Sense::hover());
    for (i, ((column, name, _), area)) in COLUMNS.into_iter().zip(cells(rect)).enumerate() {
        let chosen = column == sorted;
        let mark = match (chosen, falls) {
            (false, _) => "",
            (true, false) => " (rising)",
            (true, true) => " (falling)",
        };
        let response = cell(ui, area, ("column", i), Role::ColumnHeader, chosen, || {
            format!("Sort by {name}{mark}")
        });
        let ink = if chosen || response.hovered() {
            t.text
        } else {
            t.weak
        };
        let (at, align) = if is_number(i) {
            (
                area.right_center() - egui::vec2(10.0, 0.0),
                Align2::RIGHT_CENTER,
            )
        } else {
            (
                area.left_center() + egui::vec2(6.0, 0.0),
                Align2::LEFT_CENTER,
            )
        };
        let painter = ui.painter().with_clip_rect(area);
        let font = FontId::proportional(12.0);
        let text = painter.text(at, align, name, font, ink);
        if chosen {
            let x = if is_number(i) {
                text.left() - 9.0
            } else {
                text.right() + 9.0
            };
            arrow(&painter, egui::pos2(x, text.center().y), falls, ink);
        }
        if response.clicked() {
            view.own(Command::Sort(column));
        }
    }
    ui.painter()
        .hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, t.line));
}

/// A small triangle: up where the column rises, down where it falls. The text font has no such sign.
fn arrow(painter: &egui::Painter, at: egui::Pos2, falls: bool, ink: Color32) {
    let tip = if falls { 3.0 } else { -3.0 };
    let corners = vec![
        at + egui::vec2(0.0, tip),
        at + egui::vec2(-4.0, -tip),
        at + egui::vec2(4.0, -tip),
    ];
    painter.add(egui::Shape::convex_polygon(corners, ink, Stroke::NONE));
}

fn row_ui(
    ui: &mut Ui,
    view: &mut View<'_>,
    dataset: &Dataset,
    side: Side,
    shift: &Shift,
    t: &Tokens,
) {
    let wide = ui.available_width() - 4.0;
    let (rect, _) = ui.allocate_exact_size(egui::vec2(wide, TALL), Sense::hover());
    if !ui.is_rect_visible(rect) {
        return;
    }
    let chosen = view.session.selected() == Some(shift.query);
    let name = || {
        format!(
            "query {}, rank {} with A, {} with B",
            name_of(dataset, side, shift.query),
            shift.rank_a,
            shift.rank_b
        )
    };
    let response = cell(ui, rect, ("compared", shift.query), Role::Row, chosen, name);
    if chosen || response.hovered() || response.has_focus() {
        let fill = if chosen { t.accent_back } else { t.hover };
        ui.painter().rect_filled(rect, CornerRadius::same(4), fill);
    }
    let areas = cells(rect);
    item_ui(ui, view, dataset, side, shift.query, areas[0], t.text);
    let ink = |rank| if rank == 1 { t.good } else { t.text };
    let moved = match shift.shift.signum() {
        -1 => (format!("−{}", shift.shift.abs()), t.good),
        1 => (format!("+{}", shift.shift), t.bad),
        _ => ("0".to_owned(), t.weak),
    };
    for (area, (text, ink)) in areas[1..4].iter().zip([
        (grouped(shift.rank_a as usize), ink(shift.rank_a)),
        (grouped(shift.rank_b as usize), ink(shift.rank_b)),
        moved,
    ]) {
        let at = area.right_center() - egui::vec2(10.0, 0.0);
        ui.painter().text(
            at,
            Align2::RIGHT_CENTER,
            text,
            FontId::proportional(13.0),
            ink,
        );
    }
    for (area, hit) in areas[4..].iter().zip([shift.hardest_a, shift.hardest_b]) {
        negative_ui(ui, view, dataset, side.other(), hit, *area, t);
    }
    if response.clicked() {
        view.ask(core::Command::Query(Query::Row(side, shift.query)));
    }
}

/// What a row is called for AccessKit.
fn name_of(dataset: &Dataset, side: Side, row: usize) -> &str {
    match side {
        Side::Image => &dataset.images[row].name,
        Side::Text => &dataset.captions[row],
    }
}

fn negative_ui(
    ui: &Ui,
    view: &mut View<'_>,
    dataset: &Dataset,
    side: Side,
    hit: Hit,
    area: Rect,
    t: &Tokens,
) {
    if hit.index != u32::MAX {
        item_ui(ui, view, dataset, side, hit.index as usize, area, t.weak);
    }
}

/// An image with the beginning of its first caption, or a caption, in two lines.
fn item_ui(
    ui: &Ui,
    view: &mut View<'_>,
    dataset: &Dataset,
    side: Side,
    row: usize,
    area: Rect,
    ink: Color32,
) {
    let area = area.shrink2(egui::vec2(6.0, 3.0));
    let (left, text) = match side {
        Side::Image => {
            let side = area.height();
            let picture = Rect::from_min_size(area.min, egui::Vec2::splat(side));
            picture_in(ui, view.pictures, row as u32, picture, true);
            (
                side + 7.0,
                &dataset.captions[dataset.captions_of(row).start],
            )
        }
        Side::Text => (0.0, &dataset.captions[row]),
    };
    let font = FontId::proportional(12.0);
    let room = (area.width() - left).max(20.0);
    let mut job = LayoutJob::simple(text.clone(), font, ink, room);
    job.wrap.max_rows = 2;
    let galley = bidi::galley(ui, job);
    let at = egui::pos2(area.left() + left, area.center().y - galley.size().y / 2.0);
    ui.painter()
        .with_clip_rect(area.expand(2.0))
        .galley(at, galley, ink);
}
