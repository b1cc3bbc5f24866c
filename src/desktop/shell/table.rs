//! A table with a head that sorts, drawn row by row as far as it is seen.

use crate::desktop::shell::bidi;
use crate::desktop::shell::terms::{Explained, Term};
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::named_area;
use egui::text::{LayoutJob, TextWrapping};
use egui::{
    Color32, CornerRadius, FontId, Pos2, Rect, Response, Role, ScrollArea, Sense, Stroke, Ui, Vec2,
};

/// Height of a row of text.
pub const TALL: f32 = 24.0;

/// A column: its name, and where it begins as a part of the width.
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its left end.
    pub at: f32,
    /// Is it text, which stands at the left?
    pub text: bool,
}

/// A column of text.
pub const fn text(name: &'static str, at: f32) -> Column {
    Column {
        name,
        at,
        text: true,
    }
}

/// A column of figures.
pub const fn figure(name: &'static str, at: f32) -> Column {
    Column {
        name,
        at,
        text: false,
    }
}

/// By which column a table is sorted, and whether it falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// The column's number.
    pub column: usize,
    /// The largest first?
    pub falling: bool,
}

impl Sort {
    /// Turns an order round where the table falls.
    pub fn turn(self, order: std::cmp::Ordering) -> std::cmp::Ordering {
        if self.falling { order.reverse() } else { order }
    }
}

/// The part of `row` that a column has.
fn cell(row: Rect, columns: &[Column], at: usize) -> Rect {
    let end = columns.get(at + 1).map_or(1.0, |c| c.at);
    let x = |share: f32| row.left() + row.width() * share;
    Rect::from_x_y_ranges(x(columns[at].at)..=x(end), row.y_range())
}

/// One line of text in the middle of `rect`, at its left or right end, cut off with "…" where there is no room.
pub fn line(ui: &Ui, rect: Rect, right: bool, words: &str, size: f32, colour: Color32) {
    let mut job =
        LayoutJob::simple_singleline(words.to_owned(), FontId::proportional(size), colour);
    job.wrap = TextWrapping::truncate_at_width(rect.width());
    let galley = bidi::galley(ui, job);
    let space = if right {
        rect.width() - galley.size().x
    } else {
        0.0
    };
    let place = Pos2::new(rect.left() + space, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(place, galley, colour);
}

fn write(ui: &Ui, rect: Rect, column: &Column, words: &str, size: f32, colour: Color32) {
    let inside = Rect::from_min_max(
        rect.min + Vec2::new(8.0, 0.0),
        rect.max - Vec2::new(10.0, 0.0),
    );
    line(ui, inside, !column.text, words, size, colour);
}

/// The head; a click sorts by its column.
pub fn head_ui(ui: &mut Ui, columns: &[Column], sort: &mut Sort) {
    let t = tokens(ui);
    let (row, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 22.0), Sense::hover());
    for (at, column) in columns.iter().enumerate() {
        let rect = cell(row, columns, at);
        let chosen = sort.column == at;
        let mark = match (chosen, sort.falling) {
            (true, false) => ", rising",
            (true, true) => ", falling",
            _ => "",
        };
        let id = ui.scope_id().with(("column", column.name));
        let response = named_area(ui, rect, id, Role::ColumnHeader, chosen, || {
            format!("Sort by {}{mark}", column.name)
        });
        let response = match Term::named(column.name) {
            Some(term) => response.explained(term),
            None => response,
        };
        let colour = if chosen || response.hovered() {
            t.text
        } else {
            t.weak
        };
        write(ui, rect, column, column.name, 12.0, colour);
        if chosen {
            // The column that sorts is underlined, above where it rises.
            let y = if sort.falling {
                row.bottom() - 1.0
            } else {
                row.top() + 1.0
            };
            let line = Stroke::new(1.5, t.accent);
            ui.painter()
                .hline(rect.shrink2(Vec2::new(8.0, 0.0)).x_range(), y, line);
        }
        if response.clicked() {
            let falling = if chosen { !sort.falling } else { !column.text };
            *sort = Sort {
                column: at,
                falling,
            };
        }
    }
    ui.painter()
        .hline(row.x_range(), row.bottom(), Stroke::new(1.0, t.line));
}

/// The head of a table that is not to be sorted.
pub fn titles_ui(ui: &mut Ui, columns: &[Column]) {
    let t = tokens(ui);
    let (row, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 20.0), Sense::hover());
    for (at, column) in columns.iter().enumerate() {
        write(
            ui,
            cell(row, columns, at),
            column,
            column.name,
            12.0,
            t.weak,
        );
    }
    ui.painter()
        .hline(row.x_range(), row.bottom(), Stroke::new(1.0, t.line));
}

/// What a row says.
pub struct Row {
    /// The text of each column, with its colour.
    pub cells: Vec<(String, Color32)>,
    /// The row for AccessKit.
    pub name: String,
    /// Is it the one that is looked at?
    pub chosen: bool,
    /// Is it pale?
    pub pale: bool,
}

/// The rows that are seen of `count`, each `tall`; returns the one that was clicked. `extra` draws over a row.
pub fn rows_ui(
    ui: &mut Ui,
    id: &str,
    columns: &[Column],
    (count, tall): (usize, f32),
    mut row: impl FnMut(usize) -> Row,
    mut extra: impl FnMut(&Ui, usize, &dyn Fn(usize) -> Rect),
) -> Option<usize> {
    let t = tokens(ui);
    let mut clicked = None;
    ui.spacing_mut().item_spacing.y = 1.0;
    ScrollArea::vertical()
        .id_salt(id.to_owned())
        .auto_shrink([false; 2])
        .show_rows(ui, tall, count, |ui, range| {
            for at in range {
                let shown = row(at);
                let response = row_ui(ui, at, tall, columns, &shown, &t);
                let rect = response.rect;
                extra(ui, at, &|column| cell(rect, columns, column));
                if response.clicked() {
                    clicked = Some(at);
                }
            }
        });
    clicked
}

fn row_ui(
    ui: &mut Ui,
    at: usize,
    tall: f32,
    columns: &[Column],
    row: &Row,
    t: &Tokens,
) -> Response {
    let wide = ui.available_width();
    let (rect, _) = ui.allocate_exact_size(Vec2::new(wide, tall), Sense::hover());
    let id = ui.scope_id().with(("row", at));
    let response = named_area(ui, rect, id, Role::Row, row.chosen, || row.name.clone());
    if row.chosen || response.hovered() || response.has_focus() {
        let fill = if row.chosen { t.accent_back } else { t.hover };
        ui.painter().rect_filled(rect, CornerRadius::same(3), fill);
    }
    for (n, (words, colour)) in row.cells.iter().enumerate().take(columns.len()) {
        let colour = if row.pale {
            colour.gamma_multiply(0.55)
        } else {
            *colour
        };
        write(ui, cell(rect, columns, n), &columns[n], words, 13.0, colour);
    }
    response
}
