//! Tables: a head that sorts and whose edges can be moved, rows drawn as far as they are seen, and what takes them out of
//! the window. How a table was left is kept in the settings. Views draw no tables themselves.

mod head;
mod small;

pub use small::{Small, small_ui};

use super::Shell;
use super::bidi;
use super::select::{List, Take, order_of};
use super::take::dots_ui;
use super::theme::{Tokens, tokens};
use super::widgets::named_area;
use crate::desktop::core::Cells;
use egui::text::{LayoutJob, TextWrapping};
use egui::{
    Color32, CornerRadius, FontId, Pos2, Rect, Response, Role, ScrollArea, Sense, Ui, Vec2,
};
use std::borrow::Cow;
use std::ops::DerefMut;

/// Height of a row of text.
pub const TALL: f32 = 24.0;

/// A column: its name, and where it begins as a part of the width.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name; empty for one of pictures or bars, which no copy has.
    pub name: Cow<'static, str>,
    /// Its left end.
    pub at: f32,
    /// Is it text, which stands at the left?
    pub text: bool,
}

/// A column of text.
pub const fn text(name: &'static str, at: f32) -> Column {
    Column {
        name: Cow::Borrowed(name),
        at,
        text: true,
    }
}

/// A column of figures.
pub const fn figure(name: &'static str, at: f32) -> Column {
    Column {
        name: Cow::Borrowed(name),
        at,
        text: false,
    }
}

/// By which column a table is sorted, and whether it falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

/// A table.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    /// Its name, which no other table has: how it was left is kept under it.
    pub name: &'a str,
    /// Its columns.
    pub columns: &'a [Column],
    /// How it is sorted at first; `None` where it is not to be sorted.
    pub sort: Option<Sort>,
}

/// Which rows are drawn, and how.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    /// How many there are.
    pub count: usize,
    /// How tall each is.
    pub tall: f32,
    /// Have they a scrolling area of their own, which takes the rest of the room?
    pub scrolls: bool,
    /// The place that is to come into sight now.
    pub reveal: Option<usize>,
    /// A number that changes with what the rows are of, where what is open does not change with them ([`super::select::order_of`]).
    pub of: u64,
    /// What they say, for a job that copies them: for tables that may have very many. Else they are asked for one by one
    /// when they are copied.
    pub cells: Option<&'a dyn Fn() -> Cells>,
}

impl Rows<'_> {
    /// So many rows of text.
    pub fn of(count: usize) -> Self {
        Self {
            count,
            tall: TALL,
            scrolls: true,
            reveal: None,
            of: 0,
            cells: None,
        }
    }

    /// How far the rows are to be scrolled, of which those from `seen` on are in sight; `None` where they can stay.
    fn offset(&self, seen: f32, height: f32) -> Option<f32> {
        let top = self.reveal? as f32 * (self.tall + 1.0);
        let inside = top >= seen && top + self.tall <= seen + height;
        (!inside).then(|| (top - (height - self.tall) / 2.0).max(0.0))
    }
}

/// What a row says.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// The text of each column, with its colour.
    pub cells: Vec<(String, Color32)>,
    /// The row for AccessKit.
    pub name: String,
    /// Is it the one that is looked at?
    pub chosen: bool,
    /// Is it pale?
    pub pale: bool,
    /// Room at the left of each cell, for pictures; none where there are fewer than columns.
    pub insets: Vec<f32>,
    /// Lines that a text may have; 0 as 1.
    pub lines: usize,
}

/// The part of `row` that column `at` has.
fn cell(row: Rect, places: &[f32], at: usize) -> Rect {
    let end = places.get(at + 1).copied().unwrap_or(1.0);
    let x = |share: f32| row.left() + row.width() * share;
    Rect::from_x_y_ranges(x(places[at])..=x(end), row.y_range())
}

/// One line of text in the middle of `rect`, at its left or right end, cut off with "…" where there is no room.
pub fn line(ui: &Ui, rect: Rect, right: bool, words: &str, size: f32, colour: Color32) {
    lines(ui, rect, right, words, (size, colour), 1);
}

/// Up to `most` lines of text in the same way.
fn lines(ui: &Ui, rect: Rect, right: bool, words: &str, (size, ink): (f32, Color32), most: usize) {
    let font = FontId::proportional(size);
    let mut job = if most > 1 {
        LayoutJob::simple(words.to_owned(), font, ink, rect.width())
    } else {
        LayoutJob::simple_singleline(words.to_owned(), font, ink)
    };
    if most > 1 {
        job.wrap.max_rows = most;
    } else {
        job.wrap = TextWrapping::truncate_at_width(rect.width());
    }
    let galley = bidi::galley(ui, job);
    let space = if right {
        rect.width() - galley.size().x
    } else {
        0.0
    };
    let place = Pos2::new(rect.left() + space, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(place, galley, ink);
}

fn write(ui: &Ui, rect: Rect, left: bool, words: &str, ink: (f32, Color32), most: usize) {
    let inside = Rect::from_min_max(
        rect.min + Vec2::new(8.0, 0.0),
        rect.max - Vec2::new(10.0, 0.0),
    );
    lines(ui, inside, !left, words, ink, most);
}

impl Table<'_> {
    /// Draws the rows that are seen; returns the one that was clicked. `row` says what a row is, `extra` draws over it.
    pub fn rows_ui<'s, V: DerefMut<Target = Shell<'s>>>(
        &self,
        ui: &mut Ui,
        view: &mut V,
        rows: Rows<'_>,
        mut row: impl FnMut(&mut V, usize) -> Row,
        mut extra: impl FnMut(&Ui, &mut V, usize, &dyn Fn(usize) -> Rect),
    ) -> Option<usize> {
        let t = tokens(ui);
        let sort = self.sort(view);
        let columns: Vec<(&str, bool)> = self
            .columns
            .iter()
            .map(|column| (&*column.name, !column.text))
            .collect();
        let list = List {
            name: self.name,
            columns: &columns,
            count: rows.count,
            order: order_of(&(sort, rows.of)),
        };
        let places = self.places(view);
        let mut take = self.button_ui(ui, view, &list);
        let mut clicked = None;
        ui.spacing_mut().item_spacing.y = 1.0;
        let mut draw = |ui: &mut Ui, view: &mut V, at: usize| {
            let shown = row(view, at);
            let marked = list.has(view, at);
            let response = row_ui(ui, (at, rows.tall), (self.columns, &places), &shown, marked);
            let rect = inside(response.rect);
            extra(ui, view, at, &|column| cell(rect, &places, column));
            let act = list.row(&response, view, at, |_, _, _| {});
            if act.goes {
                clicked = Some(at);
            }
            take = act.take.or(take.take());
        };
        if rows.scrolls {
            let mut area = ScrollArea::vertical()
                .id_salt(self.name.to_owned())
                .auto_shrink([false; 2]);
            let seen = view.memory.offsets.get(self.name).copied();
            if let Some(top) = rows.offset(seen.unwrap_or(0.0), ui.available_height()) {
                area = area.vertical_scroll_offset(top);
            }
            let output = area.show_rows(ui, rows.tall, rows.count, |ui, range| {
                range.for_each(|at| draw(ui, view, at));
            });
            let offset = output.state.clamped_offset().y;
            view.memory.offsets.insert(self.name.to_owned(), offset);
        } else {
            (0..rows.count).for_each(|at| draw(ui, view, at));
        }
        if rows.count == 0 {
            ui.painter().text(
                ui.min_rect().left_bottom() + Vec2::new(8.0, 4.0),
                egui::Align2::LEFT_TOP,
                "No rows.",
                FontId::proportional(12.5),
                t.weak,
            );
        }
        if let Some(take) = take {
            let texts = |row: Row| row.cells.into_iter().map(|(text, _)| text).collect();
            let cells = match rows.cells {
                Some(cells) => cells(),
                None => Cells::of((0..rows.count).map(|at| texts(row(view, at))).collect()),
            };
            list.take(view, take, cells);
        }
        clicked
    }

    /// The button at the right end of the head that was drawn last: its menu takes the table out of the window.
    fn button_ui(&self, ui: &Ui, shell: &mut Shell<'_>, list: &List<'_>) -> Option<Take> {
        let head = shell.memory.head.take()?;
        let place = Rect::from_min_max(Pos2::new(head.right() - GUTTER, head.top()), head.max);
        let response = dots_ui(ui, place, self.name);
        let mut asked = None;
        egui::Popup::menu(&response).show(|ui| asked = list.entries_ui(ui, shell));
        asked
    }
}

/// Room at the right of every table: for its button in the head, for the scroll bar beside the rows.
const GUTTER: f32 = 18.0;

/// A row without what is at its right.
fn inside(row: Rect) -> Rect {
    Rect::from_min_max(row.min, Pos2::new(row.right() - GUTTER, row.bottom()))
}

fn row_ui(
    ui: &mut Ui,
    (at, tall): (usize, f32),
    (columns, places): (&[Column], &[f32]),
    row: &Row,
    marked: bool,
) -> Response {
    let t = tokens(ui);
    let wide = ui.available_width();
    let (rect, _) = ui.allocate_exact_size(Vec2::new(wide, tall), Sense::hover());
    let id = ui.scope_id().with(("row", at));
    let response = named_area(ui, rect, id, Role::Row, row.chosen || marked, || {
        row.name.clone()
    });
    if let Some(fill) = fill(row.chosen || marked, &response, &t) {
        ui.painter().rect_filled(rect, CornerRadius::same(3), fill);
    }
    let inside = inside(rect);
    for (n, (words, colour)) in row.cells.iter().enumerate().take(columns.len()) {
        let colour = if row.pale {
            colour.gamma_multiply(0.55)
        } else {
            *colour
        };
        let mut place = cell(inside, places, n);
        place.min.x += row.insets.get(n).copied().unwrap_or(0.0);
        let left = columns[n].text;
        write(ui, place, left, words, (13.0, colour), row.lines.max(1));
    }
    response
}

/// Behind a row.
fn fill(chosen: bool, response: &Response, t: &Tokens) -> Option<Color32> {
    let near = response.hovered() || response.has_focus();
    chosen.then_some(t.accent_back).or(near.then_some(t.hover))
}
