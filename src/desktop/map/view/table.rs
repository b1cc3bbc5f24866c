//! What is chosen as a table: the map for those who do not see it, and for the keyboard.

use super::super::state::row as row_of;
use super::scene::{image_of, near_miss, ranking, right, standing, words};
use super::{View, cursor};
use crate::dataset::Dataset;
use crate::desktop::core::Cells;
use crate::desktop::map::{Command, ShownMap};
use crate::desktop::shell::select::order_of;
use crate::desktop::shell::table::{self, Column, Row, Rows, Table};
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{grouped, margin_colour, picture_in, signed, weak};
use crate::retrieval::{Evaluation, Side};
use egui::{Rect, Ui, Vec2};
use std::sync::Arc;

/// Height of a row, with its picture.
const TALL: f32 = 34.0;

const COLUMNS: [Column; 5] = [
    table::text("Image", 0.0),
    table::figure("Rank", 0.07),
    table::figure("Margin", 0.15),
    table::text("Right", 0.24),
    table::text("Near miss", 0.62),
];

const TABLE: Table<'static> = Table {
    name: "points of the map",
    columns: &COLUMNS,
    sort: None,
};

/// Draws the table: of what is chosen; where nothing is, of all.
pub fn table_ui(
    ui: &mut Ui,
    view: &mut View<'_>,
    dataset: &Arc<Dataset>,
    shown: Option<&Arc<ShownMap>>,
) {
    let Some(shown) = shown else {
        weak(ui, "What is chosen shows here once the map is laid out.");
        return;
    };
    let t = tokens(ui);
    let (chosen, changes) = view.state.choice(view.session);
    let all = shown.map.points.len();
    let count = if chosen.is_empty() { all } else { chosen.len() };
    let item_at = |at: usize| match chosen.get(at) {
        Some(&item) => item,
        None => shown.item(at as u32),
    };
    ui.horizontal(|ui| {
        let text = if chosen.is_empty() {
            format!("All {} points; none is chosen", grouped(all))
        } else {
            format!("{} chosen", grouped(chosen.len()))
        };
        weak(ui, text);
    });
    TABLE.head_ui(ui, view);
    let evaluation = ranking(view, false);
    let ranked = evaluation.as_deref();
    let at_cursor = cursor(view.session);
    let hovered = view.memory.hovered;
    let row = |_: &mut View<'_>, at: usize| {
        let item = item_at(at);
        let chosen = Some(item) == at_cursor || Some(item) == hovered;
        row(dataset, ranked, item, chosen, &t)
    };
    let extra = |ui: &Ui, view: &mut View<'_>, at: usize, cell: &dyn Fn(usize) -> Rect| {
        let side = TALL - 4.0;
        let place = Rect::from_min_size(cell(0).min + Vec2::new(8.0, 2.0), Vec2::splat(side));
        let image = image_of(dataset, item_at(at));
        let there = dataset
            .images
            .get(image)
            .is_some_and(|i| i.picture.is_some());
        if there {
            picture_in(ui, view.shell.pictures, image as u32, place, true);
        }
    };
    let cells = || {
        let (dataset, evaluation) = (Arc::clone(dataset), evaluation.clone());
        let (chosen, map) = (Arc::clone(&chosen), Arc::clone(shown));
        Cells::made(move |at| {
            let item = match chosen.get(at) {
                Some(&item) => item,
                None => map.item(at as u32),
            };
            texts(&dataset, evaluation.as_deref(), item).into()
        })
    };
    let rows = Rows {
        tall: TALL,
        of: order_of(&(shown.id, changes)),
        cells: Some(&cells),
        ..Rows::of(count)
    };
    if let Some(at) = TABLE.rows_ui(ui, view, rows, row, extra) {
        let item = item_at(at);
        view.own(Command::LookAt(item));
    }
}

/// What a row says: the image, rank, margin, what is right, the near miss.
fn texts(dataset: &Dataset, ranked: Option<&Evaluation>, item: u32) -> [String; 5] {
    let (side, row) = row_of(dataset, item);
    let (rank, margin) = standing(ranked, side, row)
        .map_or_else(Default::default, |(rank, margin)| {
            (grouped(rank as usize), signed(margin, 3))
        });
    let miss = ranked.and_then(|ranking| near_miss(dataset, ranking, (side, row)));
    let miss = miss.map_or(String::new(), |miss| words(dataset, miss).to_owned());
    let image = image_of(dataset, item);
    [
        words(dataset, image as u32).to_owned(),
        rank,
        margin,
        right(dataset, (side, row)).to_owned(),
        miss,
    ]
}

fn row(dataset: &Dataset, ranked: Option<&Evaluation>, item: u32, chosen: bool, t: &Tokens) -> Row {
    let (side, row) = row_of(dataset, item);
    let [image, rank, margin, right, miss] = texts(dataset, ranked, item);
    let standing = standing(ranked, side, row);
    let colour = standing.map_or(t.weak, |(_, margin)| margin_colour(t, margin));
    let what = match side {
        Side::Image => "image",
        Side::Text => "caption of",
    };
    Row {
        name: format!(
            "{what} {image}: rank {rank}, margin {margin}, right: {right}, near miss: {miss}"
        ),
        cells: vec![
            // The picture stands for its name.
            (String::new(), t.text),
            (rank, t.text),
            (margin, colour),
            (right, if side == Side::Image { t.text } else { t.weak }),
            (miss, t.text),
        ],
        chosen,
        ..Row::default()
    }
}
