//! Tables of an attacked set: every radius, every picture.

use super::View;
use crate::attack::{Recalls, RowReport, SetReport, SetRequest, direction};
use crate::dataset::Dataset;
use crate::desktop::core;
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{grouped, named_area, signed, weak};
use crate::retrieval::Side;
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
    /// Right less wrong at the largest radius.
    Margin,
}

/// What an order of the lines was made for: lines and seconds of the report, the column, and whether the other way round.
pub type OrderKey = ((usize, u64), Column, bool);

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
    ScrollArea::both()
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
    let head = |ui: &mut Ui, text: &str, hint: &str| {
        let response = ui.label(RichText::new(text).size(12.0).color(t.weak));
        if !hint.is_empty() {
            response.on_hover_text(hint);
        }
    };
    head(ui, "Epsilon", "");
    let ranks: Vec<String> = report.at.iter().map(ToString::to_string).collect();
    let ranks = ranks.join(" · ");
    let sides: Vec<Side> = SetRequest::SIDES
        .into_iter()
        .filter(|&side| report.clean_at.values.iter().any(|(f, _)| f.side == side))
        .collect();
    for &side in &sides {
        let (arrow, goal) = match side {
            Side::Image => ("I→T", "the best right caption falls below rank k"),
            Side::Text => ("T→I", "a caption's picture falls below rank k"),
        };
        head(
            ui,
            &format!("{arrow} R@{ranks}"),
            &format!("Left by an attack for each of them: {goal}"),
        );
        head(
            ui,
            "after 8 bits",
            "The same perturbations, saved as pictures",
        );
        head(
            ui,
            "newly wrong",
            "Of the queries that were right before, per cent",
        );
    }
    if sides.is_empty() {
        head(
            ui,
            "Reached",
            "Of the pictures that had not reached the goal before",
        );
    }
    head(ui, "Mean l-inf", "");
    head(ui, "Mean l2", "");
    if let Some(there) = &report.transfer {
        head(
            ui,
            &format!("For {}", there.encoder),
            "I→T recall with the same perturbations, saved as pictures",
        );
    }
    ui.end_row();
    let all = |recalls: &Recalls, side: Side| -> String {
        let values = report.at.iter().filter_map(|&k| recalls.get(side, k));
        values
            .map(|v| format!("{v:.1}"))
            .collect::<Vec<_>>()
            .join(" · ")
    };
    ui.label("clean");
    for &side in &sides {
        ui.label(all(&report.clean_at, side));
        ui.label("");
        ui.label("");
    }
    ui.end_row();
    for (at, level) in report.levels.iter().enumerate() {
        ui.label(report.settings.threat.norm.radius(level.eps));
        for &side in &sides {
            ui.label(all(&level.robust, side));
            ui.label(all(&level.quantized, side));
            let named = direction(side);
            let wrong = level.success.iter().filter(|s| s.direction == named);
            let wrong = wrong.map(|s| {
                s.of_right
                    .map_or("–".into(), |w| format!("{:.0}", 100.0 * w))
            });
            let wrong = wrong.collect::<Vec<String>>().join(" · ");
            ui.label(RichText::new(wrong).color(t.bad));
        }
        if sides.is_empty() {
            let reached = level.success_rate;
            let text = reached.map_or("–".into(), |s| format!("{:.1} %", 100.0 * s));
            ui.label(RichText::new(text).color(t.bad));
        }
        ui.label(super::fields::levels(level.mean_linf as f32));
        ui.label(format!("{:.2}", level.mean_l2));
        if let Some(recalls) = report
            .transfer
            .as_ref()
            .and_then(|there| there.robust.get(at))
        {
            ui.label(all(recalls, Side::Image));
        }
        ui.end_row();
    }
}

/// One line per picture; a click takes it to the lab.
pub fn rows_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset, report: &SetReport) {
    let t = tokens(ui);
    if let Some((figure, _)) = report.clean_at.values.first() {
        weak(
            ui,
            format!("Every query of {figure}, by the smallest epsilon at which it is lost"),
        );
    }
    head_ui(ui, view, &t);
    let (column, turned) = view.memory.sort;
    let of = (report.rows.len(), report.seconds.to_bits());
    let key = (of, column, turned);
    if view.memory.order.0 != Some(key) {
        let mut rows: Vec<usize> = (0..report.rows.len()).collect();
        sort(&mut rows, report, column, turned);
        view.memory.order = (Some(key), rows);
    }
    let rows = std::mem::take(&mut view.memory.order.1);
    let tall = 24.0;
    ui.spacing_mut().item_spacing.y = 1.0;
    ScrollArea::vertical()
        .id_salt("set rows")
        .auto_shrink([false; 2])
        .show_rows(ui, tall, rows.len(), |ui, range| {
            for &at in &rows[range] {
                row_ui(ui, view, dataset, report, &report.rows[at], tall, &t);
            }
        });
    view.memory.order.1 = rows;
}

fn head_ui(ui: &mut Ui, view: &mut View<'_>, t: &Tokens) {
    let (column, turned) = view.memory.sort;
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
            view.memory.sort = (which, which == column && !turned);
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

fn sort(rows: &mut [usize], report: &SetReport, column: Column, turned: bool) {
    let eps = |r: &RowReport| r.smallest_eps.unwrap_or(f32::INFINITY);
    rows.sort_by(|&a, &b| {
        let (a, b) = (&report.rows[a], &report.rows[b]);
        let order = match column {
            Column::Name => a.name.cmp(&b.name),
            Column::Before => a.rank_before.cmp(&b.rank_before),
            Column::After => a.rank_after.cmp(&b.rank_after),
            Column::Smallest => eps(a)
                .total_cmp(&eps(b))
                .then(b.margin_after.total_cmp(&a.margin_after)),
            Column::Margin => b.margin_after.total_cmp(&a.margin_after),
        };
        let order = if turned { order.reverse() } else { order };
        order.then((a.image, a.caption).cmp(&(b.image, b.caption)))
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
        Some(eps) => report.settings.threat.norm.radius(eps),
        None => "stands".to_owned(),
    };
    let margin = if row.margin_after.is_nan() {
        "–".to_owned()
    } else {
        signed(-row.margin_after, 3)
    };
    let chosen = view.state.image == Some(row.image);
    let of = match row.caption.and_then(|j| dataset.captions.get(j)) {
        Some(caption) => format!("{}: {caption}", row.name),
        None => row.name.clone(),
    };
    let name = || {
        format!(
            "picture {of}, rank {} then {}, smallest epsilon {smallest}, margin {}",
            row.rank_before, row.rank_after, margin
        )
    };
    let id = ui.scope_id().with(("set row", row.image, row.caption));
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
        (of.clone(), t.text),
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
        (margin, t.text),
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
        view.ask(core::Command::AttackPair {
            image: row.image,
            caption: None,
        });
    }
}
