//! The head of a table: names, the column that sorts, edges that can be moved.

use super::{Sort, Table, cell, inside, write};
use crate::desktop::core::{Command, TableLooks};
use crate::desktop::shell::Shell;
use crate::desktop::shell::terms::{Explained, Term};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::named_area;
use egui::{CursorIcon, Rect, Role, Sense, Stroke, Ui, Vec2};

/// What of the width a column has at least.
const LEAST: f32 = 0.03;

impl Table<'_> {
    /// How the table was left, or as it comes.
    fn looks(&self, shell: &Shell<'_>) -> TableLooks {
        let kept = shell.session.settings.tables.get(self.name);
        kept.cloned().unwrap_or_default()
    }

    /// By which column it is sorted: as it was left, or as it comes.
    pub fn sort(&self, shell: &Shell<'_>) -> Sort {
        let kept = self.looks(shell).sort;
        let kept = kept.filter(|(column, _)| *column < self.columns.len());
        let own = self.sort.unwrap_or(Sort {
            column: 0,
            falling: false,
        });
        kept.map_or(own, |(column, falling)| Sort { column, falling })
    }

    /// Where each column begins: as it was left, or as it comes.
    pub fn places(&self, shell: &Shell<'_>) -> Vec<f32> {
        let dragged = shell.memory.dragged.as_ref();
        let dragged = dragged.filter(|(name, _)| name == self.name);
        let places = dragged.map_or_else(|| self.looks(shell).places, |(_, places)| places.clone());
        let rises = places.windows(2).all(|w| w[0] < w[1]);
        let inside = places.first() == Some(&0.0) && places.last().is_some_and(|p| *p < 1.0);
        if places.len() == self.columns.len() && rises && inside {
            places
        } else {
            self.columns.iter().map(|column| column.at).collect()
        }
    }

    /// Draws the head: a click sorts by its column where the table can be sorted, edges can be moved, and a small button
    /// takes the table out of the window. Returns by what it is sorted.
    pub fn head_ui(&self, ui: &mut Ui, shell: &mut Shell<'_>) -> Sort {
        let t = tokens(ui);
        let sort = self.sort(shell);
        let size = Vec2::new(ui.available_width(), 22.0);
        let (head, _) = ui.allocate_exact_size(size, Sense::hover());
        shell.memory.head = Some(head);
        let row = inside(head);
        let places = self.places(shell);
        for (at, column) in self.columns.iter().enumerate() {
            let rect = cell(row, &places, at);
            if self.sort.is_none() {
                write(ui, rect, column.text, &column.name, (12.0, t.weak), 1);
                continue;
            }
            let chosen = sort.column == at;
            let mark = match (chosen, sort.falling) {
                (true, false) => ", rising",
                (true, true) => ", falling",
                _ => "",
            };
            let id = ui.scope_id().with(("column", self.name, at));
            let response = named_area(ui, rect, id, Role::ColumnHeader, chosen, || {
                format!("Sort by {}{mark}", column.name)
            });
            let response = match Term::named(&column.name) {
                Some(term) => response.explained(term),
                None => response,
            };
            let colour = if chosen || response.hovered() {
                t.text
            } else {
                t.weak
            };
            write(ui, rect, column.text, &column.name, (12.0, colour), 1);
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
                // The column that the table comes sorted by begins as it comes.
                let own = self.sort.filter(|own| own.column == at);
                let first = own.map_or(!column.text, |own| own.falling);
                let falling = if chosen { !sort.falling } else { first };
                let looks = TableLooks {
                    sort: Some((at, falling)),
                    ..self.looks(shell)
                };
                shell.ask(Command::SetTable(self.name.to_owned(), looks));
            }
        }
        ui.painter()
            .hline(head.x_range(), head.bottom(), Stroke::new(1.0, t.line));
        self.edges_ui(ui, shell, row, places);
        sort
    }

    /// The edges between columns: dragged they move, a double click puts all back.
    fn edges_ui(&self, ui: &Ui, shell: &mut Shell<'_>, row: Rect, mut places: Vec<f32>) {
        for at in 1..places.len() {
            let x = row.left() + row.width() * places[at];
            let area = Rect::from_x_y_ranges(x - 3.0..=x + 3.0, row.y_range());
            let id = ui.scope_id().with(("edge", self.name, at));
            let edge = ui.interact(area, id, Sense::click_and_drag());
            if edge.hovered() || edge.dragged() {
                ui.ctx().set_cursor_icon(CursorIcon::ResizeHorizontal);
            }
            if let Some(pointer) = edge.interact_pointer_pos().filter(|_| edge.dragged()) {
                let low = places[at - 1] + LEAST;
                let high = places.get(at + 1).map_or(1.0, |p| *p) - LEAST;
                let to = (pointer.x - row.left()) / row.width().max(1.0);
                if low < high {
                    places[at] = to.clamp(low, high);
                    shell.memory.dragged = Some((self.name.to_owned(), places.clone()));
                }
            }
            let keep = if edge.double_clicked() {
                Some(Vec::new())
            } else if edge.drag_stopped() {
                shell.memory.dragged.take().map(|(_, places)| places)
            } else {
                None
            };
            if let Some(places) = keep {
                let looks = TableLooks {
                    places,
                    ..self.looks(shell)
                };
                shell.memory.dragged = None;
                shell.ask(Command::SetTable(self.name.to_owned(), looks));
            }
        }
    }
}
