//! Tables of an attacked set: every radius, every picture.

use super::super::View;
use super::super::theme::{Tokens, tokens};
use super::super::widgets::{grouped, named_area, signed};
use super::recall::radius;
use crate::attack::{RowReport, SetReport};
use crate::dataset::Dataset;
use crate::session::{AttackCommand, Command};
use egui::{Align2, CornerRadius, FontId, Grid, RichText, Role, ScrollArea, Sense, Ui};

/// A column of the table of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// The picture's name.
    Name,
    /// Rank of the right caption before.
    Before,
    /// The same at the largest radius.
    After,
    /// The smallest radius that breaks it.
    Smallest,
    /// Wrong less right at the largest radius.
    Margin,
}

const COLUMNS: [(Column, &str, f32); 5] = [
    (Column::Name, "Picture", 0.0),
    (Column::Before, "Rank before", 0.36),
    (Column::After, "Rank after", 0.50),
    (Column::Smallest, "Smallest epsilon", 0.64),
    (Column::Margin, "Margin after", 0.84),
];

/// One line per radius.
pub fn levels_ui(ui: &mut Ui, report: &SetReport) {
    let t = tokens(ui);
    ScrollArea::vertical()
        .id_salt("set levels")
        .max_height((ui.available_height() * 0.4).max(90.0))
        .auto_shrink([false, true])
        .show(ui, |ui| {
            Grid::new("set levels")
                .num_columns(9)
                .spacing([20.0, 3.0])
                .min_row_height(20.0)
                .show(ui, |ui| levels_grid_ui(ui, report, &t));
        });
}

fn levels_grid_ui(ui: &mut Ui, report: &SetReport, t: &Tokens) {
    let head = |ui: &mut Ui, text: &str| ui.label(RichText::new(text).size(12.0).color(t.weak));
    let mut names = vec![
        "Epsilon",
        "Broken",
        "I→T R@1 · 5 · 10",
        "T→I R@1 · 5 · 10",
        "I→T R@1 after 8 bits",
        "Mean l-inf",
        "Mean l2",
    ];
    if report.transfer.is_some() {
        names.extend(["Transfer: broken", "I→T R@1 there"]);
    }
    for name in names {
        head(ui, name);
    }
    ui.end_row();
    let three = |m: &crate::retrieval::Metrics| format!("{:.1} · {:.1} · {:.1}", m.r1, m.r5, m.r10);
    ui.label("clean");
    ui.label("");
    ui.label(three(&report.clean.i2t));
    ui.label(three(&report.clean.t2i));
    if let Some(there) = &report.transfer {
        for _ in 0..4 {
            ui.label("");
        }
        ui.label(format!("{:.1}", there.clean.i2t.r1));
    }
    ui.end_row();
    for (at, level) in report.levels.iter().enumerate() {
        ui.label(radius(report, level.eps));
        ui.label(RichText::new(format!("{:.1} %", 100.0 * level.success_rate)).color(t.bad));
        ui.label(three(&level.robust.i2t));
        ui.label(three(&level.robust.t2i));
        ui.label(format!("{:.1}", level.quantized.i2t.r1));
        ui.label(super::fields::levels(level.mean_linf as f32));
        ui.label(format!("{:.2}", level.mean_l2));
        if let Some(there) = &report.transfer {
            let rate = there.success_rate.get(at).copied().unwrap_or(0.0);
            ui.label(format!("{:.1} %", 100.0 * rate));
            let recall = there.robust.get(at).map_or(0.0, |r| r.i2t.r1);
            ui.label(format!("{recall:.1}"));
        }
        ui.end_row();
    }
}

/// One line per picture; a click takes it to the lab.
pub fn rows_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset, report: &SetReport) {
    let t = tokens(ui);
    head_ui(ui, view, &t);
    let (column, turned) = view.state.lab.sort;
    let mut rows: Vec<&RowReport> = report.rows.iter().collect();
    sort(&mut rows, column, turned);
    let tall = 24.0;
    ui.spacing_mut().item_spacing.y = 1.0;
    ScrollArea::vertical()
        .id_salt("set rows")
        .auto_shrink([false; 2])
        .show_rows(ui, tall, rows.len(), |ui, range| {
            for row in &rows[range] {
                row_ui(ui, view, dataset, report, row, tall, &t);
            }
        });
}

fn head_ui(ui: &mut Ui, view: &mut View<'_>, t: &Tokens) {
    let (column, turned) = view.state.lab.sort;
    let (rect, _) = ui.allocate_exact_size(egui::vec2(ui.available_width(), 22.0), Sense::hover());
    for (i, (which, name, at)) in COLUMNS.into_iter().enumerate() {
        let end = COLUMNS.get(i + 1).map_or(1.0, |c| c.2);
        let cell = egui::Rect::from_x_y_ranges(
            rect.left() + rect.width() * at..=rect.left() + rect.width() * end,
            rect.y_range(),
        );
        let mark = match (which == column, turned) {
            (true, false) => " (rising)",
            (true, true) => " (falling)",
            _ => "",
        };
        let id = ui.scope_id().with(("column", i));
        let response = named_area(ui, cell, id, Role::ColumnHeader, which == column, || {
            format!("Sort by {name}{mark}")
        });
        let colour = if which == column || response.hovered() {
            t.text
        } else {
            t.weak
        };
        let text = format!("{name}{mark}");
        cell_text(ui, i, cell, text, FontId::proportional(12.0), colour);
        if response.clicked() {
            view.state.lab.sort = (which, which == column && !turned);
        }
    }
    ui.painter().hline(
        rect.x_range(),
        rect.bottom(),
        egui::Stroke::new(1.0, t.line),
    );
}

/// Text of a cell: names at the left, numbers at the right.
fn cell_text(
    ui: &Ui,
    column: usize,
    cell: egui::Rect,
    text: String,
    font: FontId,
    colour: egui::Color32,
) {
    let (place, align) = if column == 0 {
        (
            cell.left_center() + egui::vec2(8.0, 0.0),
            Align2::LEFT_CENTER,
        )
    } else {
        (
            cell.right_center() - egui::vec2(12.0, 0.0),
            Align2::RIGHT_CENTER,
        )
    };
    ui.painter()
        .with_clip_rect(cell)
        .text(place, align, text, font, colour);
}

fn sort(rows: &mut [&RowReport], column: Column, turned: bool) {
    let eps = |r: &RowReport| r.smallest_eps.unwrap_or(f32::INFINITY);
    rows.sort_by(|a, b| {
        let order = match column {
            Column::Name => a.name.cmp(&b.name),
            Column::Before => a.rank_before.cmp(&b.rank_before),
            Column::After => a.rank_after.cmp(&b.rank_after),
            Column::Smallest => eps(a)
                .total_cmp(&eps(b))
                .then(b.margin_after.total_cmp(&a.margin_after)),
            Column::Margin => a.margin_after.total_cmp(&b.margin_after),
        };
        let order = if turned { order.reverse() } else { order };
        order.then(a.image.cmp(&b.image))
    });
}

fn row_ui(
    ui: &mut Ui,
    view: &mut View<'_>,
    dataset: &Dataset,
    report: &SetReport,
    row: &RowReport,
    tall: f32,
    t: &Tokens,
) {
    let wide = ui.available_width();
    let (rect, _) = ui.allocate_exact_size(egui::vec2(wide, tall), Sense::hover());
    let smallest = match row.smallest_eps {
        Some(0.0) => "wrong before".to_owned(),
        Some(eps) => radius(report, eps),
        None => "stands".to_owned(),
    };
    let chosen = view.session.lab.image == Some(row.image);
    let name = || {
        format!(
            "picture {}, rank {} then {}, smallest epsilon {smallest}, margin {}",
            row.name,
            row.rank_before,
            row.rank_after,
            signed(row.margin_after, 3)
        )
    };
    let id = ui.scope_id().with(("set row", row.image));
    let response = named_area(ui, rect, id, Role::Row, chosen, name);
    if chosen || response.hovered() || response.has_focus() {
        let fill = if chosen { t.accent_back } else { t.hover };
        ui.painter().rect_filled(rect, CornerRadius::same(3), fill);
    }
    let colour = match row.smallest_eps {
        None => t.good,
        Some(0.0) => t.weak,
        Some(_) => t.bad,
    };
    let values = [
        (row.name.clone(), t.text),
        (grouped(row.rank_before as usize), t.text),
        (
            grouped(row.rank_after as usize),
            if row.rank_after > row.rank_before {
                t.bad
            } else {
                t.text
            },
        ),
        (smallest.clone(), colour),
        (signed(row.margin_after, 3), t.text),
    ];
    for (i, ((text, ink), (_, _, at))) in values.into_iter().zip(COLUMNS).enumerate() {
        let end = COLUMNS.get(i + 1).map_or(1.0, |c| c.2);
        let cell = egui::Rect::from_x_y_ranges(
            rect.left() + rect.width() * at..=rect.left() + rect.width() * end,
            rect.y_range(),
        );
        cell_text(ui, i, cell, text, FontId::proportional(13.0), ink);
    }
    if response.clicked() && row.image < dataset.images.len() {
        view.commands
            .push(Command::Attack(AttackCommand::Take(row.image, None)));
    }
}
