//! The queries with both ranks and both hardest negatives.

use super::View;
use crate::compute::Hit;
use crate::dataset::Dataset;
use crate::desktop::compare::{Command, CompareColumn, ComparedWith, Outcome};
use crate::desktop::core::{self, Cells, Query};
use crate::desktop::shell::select::order_of;
use crate::desktop::shell::table::{self, Column, Row, Rows, Sort, Table};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{grouped, picture_in, weak};
use crate::retrieval::Side;
use crate::retrieval::compare::Shift;
use egui::{Rect, Ui, Vec2};
use std::sync::Arc;

/// Height of a row, and of its pictures.
const TALL: f32 = 40.0;
const PICTURE: f32 = 34.0;

/// What each column sorts by.
const SORTED: [CompareColumn; 6] = [
    CompareColumn::Query,
    CompareColumn::RankA,
    CompareColumn::RankB,
    CompareColumn::Shift,
    CompareColumn::HardestA,
    CompareColumn::HardestB,
];

const COLUMNS: [Column; 6] = [
    table::text("Query", 0.0),
    table::figure("Rank A", 0.30),
    table::figure("Rank B", 0.385),
    table::figure("Shift", 0.47),
    table::text("A: hardest negative", 0.555),
    table::text("B: hardest negative", 0.78),
];

/// Those that the second encoder ranks better first.
const TABLE: Table<'static> = Table {
    name: "compared queries",
    columns: &COLUMNS,
    sort: Some(Sort {
        column: 3,
        falling: false,
    }),
};

/// What decides which queries are listed, and in which order.
pub type Order = (Side, usize, Option<Outcome>, Option<[i64; 2]>, Sort);

/// Draws the list.
pub fn list_ui(ui: &mut Ui, view: &mut View<'_>, found: &ComparedWith) {
    let session = view.session;
    let Some(dataset) = session.dataset().cloned() else {
        return;
    };
    let state = view.state;
    said_ui(ui, view);
    let sort = TABLE.head_ui(ui, view);
    let column = SORTED[sort.column];
    if state.sort != (column, sort.falling) {
        view.own(Command::Sort(column, sort.falling));
    }
    let side = session.side;
    let order = (side, state.cut, state.outcome, state.shifts, sort);
    let key = session.selected().map(|i| (side, i));
    let mut reveal = None;
    if view.memory.order != Some(order) {
        // Another list begins at its head.
        view.memory.order = Some(order);
        reveal = Some(0);
    } else if view.memory.compared != key {
        reveal = key.and_then(|(_, i)| state.rows.iter().position(|&r| r as usize == i));
    }
    view.memory.compared = key;
    let (figures, rows) = (found.clone(), &state.rows);
    let cells = || {
        let (dataset, found, rows) = (Arc::clone(&dataset), figures.clone(), rows.clone());
        Cells::made(move |at| texts(&dataset, side, &found.shift(side, rows[at] as usize)).into())
    };
    let drawn = Rows {
        tall: TALL,
        reveal,
        of: order_of(&order),
        cells: Some(&cells),
        ..Rows::of(rows.len())
    };
    let shift = |at: usize| found.shift(side, rows[at] as usize);
    let t = tokens(ui);
    let selected = session.selected();
    let row = |_: &mut View<'_>, at: usize| {
        let shift = shift(at);
        let ink = |rank| if rank == 1 { t.good } else { t.text };
        let moved = match shift.shift.signum() {
            -1 => t.good,
            1 => t.bad,
            _ => t.weak,
        };
        let inks = [
            t.text,
            ink(shift.rank_a),
            ink(shift.rank_b),
            moved,
            t.weak,
            t.weak,
        ];
        let inset = |side: Side| {
            if side == Side::Image {
                PICTURE + 7.0
            } else {
                0.0
            }
        };
        let other = inset(side.other());
        Row {
            name: format!(
                "query {}, rank {} with A, {} with B",
                name_of(&dataset, side, shift.query),
                shift.rank_a,
                shift.rank_b
            ),
            cells: texts(&dataset, side, &shift)
                .into_iter()
                .zip(inks)
                .collect(),
            chosen: selected == Some(shift.query),
            insets: vec![inset(side), 0.0, 0.0, 0.0, other, other],
            lines: 2,
            ..Row::default()
        }
    };
    let extra = |ui: &Ui, view: &mut View<'_>, at: usize, cell: &dyn Fn(usize) -> Rect| {
        let shift = shift(at);
        let mut picture = |column: usize, image: u32| {
            let min = cell(column).min + Vec2::new(8.0, (TALL - PICTURE) / 2.0);
            let place = Rect::from_min_size(min, Vec2::splat(PICTURE));
            picture_in(ui, view.shell.pictures, image, place, true);
        };
        match side {
            Side::Image => picture(0, shift.query as u32),
            Side::Text => {
                for (column, hit) in [(4, shift.hardest_a), (5, shift.hardest_b)] {
                    if hit.index != u32::MAX {
                        picture(column, hit.index);
                    }
                }
            }
        }
    };
    if let Some(at) = TABLE.rows_ui(ui, view, drawn, row, extra) {
        view.ask(core::Command::Query(Query::Row(side, rows[at] as usize)));
    }
}

/// What is listed, and the way back to all.
fn said_ui(ui: &mut Ui, view: &mut View<'_>) {
    let state = view.state;
    ui.horizontal(|ui| {
        let what = match state.outcome {
            None => "all",
            Some(Outcome::Both) => "right with both",
            Some(Outcome::OnlyA) => "right with A alone",
            Some(Outcome::OnlyB) => "right with B alone",
            Some(Outcome::Neither) => "wrong with both",
        };
        let moved = match state.shifts {
            None => String::new(),
            Some([from, to]) if from == to => format!(", moved by {from}"),
            Some([from, to]) => format!(", moved by {from} to {to}"),
        };
        let moved = moved.replace('-', "−");
        let count = grouped(state.rows.len());
        weak(ui, format!("{count} queries listed: {what}{moved}"));
        let filtered = state.outcome.is_some() || state.shifts.is_some();
        if filtered && ui.small_button("Show all").clicked() {
            view.own(Command::Show(None));
            view.own(Command::ShowShifts(None));
        }
    });
}

/// What a row says.
fn texts(dataset: &Dataset, side: Side, shift: &Shift) -> [String; 6] {
    let negative = |hit: Hit| {
        if hit.index == u32::MAX {
            return String::new();
        }
        item(dataset, side.other(), hit.index as usize).to_owned()
    };
    let moved = match shift.shift.signum() {
        -1 => format!("−{}", grouped(shift.shift.unsigned_abs() as usize)),
        1 => format!("+{}", grouped(shift.shift.unsigned_abs() as usize)),
        _ => "0".to_owned(),
    };
    [
        item(dataset, side, shift.query).to_owned(),
        grouped(shift.rank_a as usize),
        grouped(shift.rank_b as usize),
        moved,
        negative(shift.hardest_a),
        negative(shift.hardest_b),
    ]
}

/// What a row of the dataset is called for AccessKit.
fn name_of(dataset: &Dataset, side: Side, row: usize) -> &str {
    match side {
        Side::Image => &dataset.images[row].name,
        Side::Text => &dataset.captions[row],
    }
}

/// The beginning of an image's first caption, or a caption.
fn item(dataset: &Dataset, side: Side, row: usize) -> &str {
    match side {
        Side::Image => {
            let first = dataset.captions_of(row).next();
            first.map_or(dataset.images[row].name.as_str(), |j| {
                dataset.captions[j].as_str()
            })
        }
        Side::Text => &dataset.captions[row],
    }
}
