//! Queries with their hard negatives, line by line.

use super::inspector::picture_in;
use super::words::{extent, known, name};
use super::{View, told_ui};
use crate::desktop::core::Cells;
use crate::desktop::run::{Command, Found, Listed, Which};
use crate::desktop::shell::select::order_of;
use crate::desktop::shell::table::{Column, Row, Rows, Table, figure, text};
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{grouped, margin_colour, signed, weak};
use crate::parts::view::Negative;
use crate::retrieval::Side;
use egui::{ComboBox, Rect, Ui, Vec2};

/// Height of a line, and of its pictures.
const TALL: f32 = 50.0;
const PICTURE: f32 = 44.0;

/// The columns: the query, the right one, the hard negative, scores, margin, rank.
const COLUMNS: [Column; 7] = [
    text("Query", 0.0),
    text("Right", 0.23),
    text("Hard negative", 0.46),
    figure("Right", 0.69),
    figure("Negative", 0.765),
    figure("Margin", 0.86),
    figure("Rank", 0.94),
];

const TABLE: Table<'static> = Table {
    name: "negatives of the run",
    columns: &COLUMNS,
    sort: None,
};

/// Which queries are listed: the smallest margins, or those of a range.
pub fn which_ui(ui: &mut Ui, view: &mut View<'_>, found: &Found) {
    let mut which = view.state.which;
    let of_images = view.state.side == Side::Image;
    let title = |which: Which| match which {
        Which::Smallest => "Smallest margins".to_owned(),
        Which::Range(n) => {
            let range = found.finished.ranges.iter().find(|range| range.n == n);
            let queries = range.map_or(0..0, |range| range.queries.clone());
            let (from, to) = (
                grouped(queries.start),
                grouped(queries.end.saturating_sub(1)),
            );
            if found.finished.plan.sample.is_some() {
                format!("Drawn queries {from} to {to}")
            } else {
                format!("Queries {from} to {to}")
            }
        }
    };
    ui.name_inputs("Listed", |ui| {
        ComboBox::from_id_salt("run which")
            .width(190.0)
            .selected_text(title(which))
            .show_ui(ui, |ui| {
                ui.selectable_value(&mut which, Which::Smallest, title(Which::Smallest));
                for range in found
                    .finished
                    .ranges
                    .iter()
                    .filter(|r| r.of_images == of_images)
                {
                    let range = Which::Range(range.n);
                    ui.selectable_value(&mut which, range, title(range));
                }
            });
    });
    if which != view.state.which {
        view.own(Command::SetWhich(which));
    }
}

/// Draws the page.
pub fn negatives_ui(ui: &mut Ui, view: &mut View<'_>, found: &Found) {
    let state = view.state;
    let noun = match state.side {
        Side::Image => "images",
        Side::Text => "captions",
    };
    let Some(list) = state.list(found) else {
        match &state.listed {
            Some((_, Listed::Refused(told))) => told_ui(ui, told),
            _ => _ = weak(ui, "Reading the range…"),
        }
        return;
    };
    let survey = state.survey(found);
    let told = match state.which {
        Which::Smallest => format!(
            "The {} queries of the smallest margins. {}.",
            grouped(list.len()),
            extent(&survey.extent, noun)
        ),
        Which::Range(_) => format!("{} queries, as they are numbered.", grouped(list.len())),
    };
    weak(ui, told);
    TABLE.head_ui(ui, view);
    if list.is_empty() {
        weak(ui, "No query has a negative.");
        return;
    }
    let moved = view.memory.revealed != Some(state.chosen);
    view.memory.revealed = Some(state.chosen);
    // Without asking for the names of all.
    let cells = || {
        let (names, list) = (state.names.clone(), list.to_vec());
        Cells::made(move |at| texts(&list[at], &|image, n| known(&names, image, n)).into())
    };
    let rows = Rows {
        tall: TALL,
        reveal: moved.then_some(state.chosen),
        of: order_of(&state.which),
        cells: Some(&cells),
        ..Rows::of(list.len())
    };
    let t = tokens(ui);
    let row = |view: &mut View<'_>, at: usize| row(view, &list[at], at, &t);
    let extra = |ui: &Ui, view: &mut View<'_>, at: usize, cell: &dyn Fn(usize) -> Rect| {
        for (n, (image, number)) in names_of(&list[at]).into_iter().enumerate() {
            if image {
                let min = egui::pos2(cell(n).left() + 8.0, cell(n).center().y - PICTURE / 2.0);
                let to = Rect::from_min_size(min, Vec2::splat(PICTURE));
                picture_in(ui.painter(), &t, view, number, to);
            }
        }
    };
    if let Some(at) = TABLE.rows_ui(ui, view, rows, row, extra) {
        view.memory.revealed = Some(at);
        view.own(Command::Choose(at));
    }
}

/// The query, the right one and the hard negative: is it an image, and its number.
fn names_of(negative: &Negative) -> [(bool, u32); 3] {
    let image = negative.of_image;
    [
        (image, negative.query),
        (!image, negative.positive),
        (!image, negative.negative),
    ]
}

/// What a line says, with what `name` calls an image or a caption.
fn texts(negative: &Negative, name: &dyn Fn(bool, u32) -> String) -> [String; 7] {
    let [query, right, wrong] = names_of(negative).map(|(image, n)| name(image, n));
    let score = |value: f32| format!("{value:.4}").replace('-', "−");
    [
        query,
        right,
        wrong,
        score(negative.score_positive),
        score(negative.score_negative),
        signed(negative.margin(), 4),
        grouped(negative.rank as usize),
    ]
}

fn row(view: &mut View<'_>, negative: &Negative, at: usize, t: &Tokens) -> Row {
    for (image, n) in names_of(negative) {
        name(view, image, n);
    }
    let names = &view.state.names;
    let said = texts(negative, &|image, n| known(names, image, n));
    let inks = [
        t.text,
        t.text,
        t.text,
        t.text,
        t.text,
        margin_colour(t, negative.margin()),
        t.text,
    ];
    let [query, positive, wrong, _, _, margin, rank] = &said;
    Row {
        name: format!(
            "{query}: right {positive}, hard negative {wrong}, margin {margin}, rank {rank}"
        ),
        chosen: view.state.chosen == at,
        insets: names_of(negative)
            .map(|(image, _)| if image { PICTURE + 8.0 } else { 0.0 })
            .into(),
        lines: 2,
        cells: said.into_iter().zip(inks).collect(),
        ..Row::default()
    }
}
