//! Small tables: a few rows whose columns are as wide as what they say.

use super::super::Shell;
use super::super::select::List;
use super::super::take::dots_ui;
use super::super::theme::tokens;
use super::super::widgets::bar;
use crate::desktop::core::Cells;
use egui::{Color32, Grid, Rect, RichText, Ui};

/// A small table as data.
#[derive(Debug, Clone, Default)]
pub struct Small {
    /// Its name, which no other table has.
    pub name: String,
    /// The columns: name, what it is at length (or nothing), and whether it holds figures.
    pub columns: Vec<(String, &'static str, bool)>,
    /// What the rows say, with the colours.
    pub rows: Vec<Vec<(String, Color32)>>,
    /// A column without a name that shows bars, and the share and colour of each row's.
    pub bars: Option<(usize, Vec<(f32, Color32)>)>,
    /// What is said of each row's last cell at length; empty for none.
    pub hints: Vec<String>,
}

/// Draws the table, and the button that takes it out of the window.
pub fn small_ui(ui: &mut Ui, shell: &mut Shell<'_>, table: &Small) {
    let t = tokens(ui);
    let drawn = Grid::new(&table.name)
        .num_columns(table.columns.len())
        .spacing([20.0, 3.0])
        .min_row_height(20.0)
        .show(ui, |ui| {
            for (name, about, _) in &table.columns {
                let head = ui.label(RichText::new(name).size(12.0).color(t.weak));
                if !about.is_empty() {
                    head.on_hover_text(*about);
                }
            }
            ui.end_row();
            for (at, row) in table.rows.iter().enumerate() {
                row_ui(ui, table, at, row);
                ui.end_row();
            }
        });
    let columns: Vec<(&str, bool)> = table
        .columns
        .iter()
        .map(|(name, _, figure)| (name.as_str(), *figure))
        .collect();
    let list = List {
        name: &table.name,
        columns: &columns,
        count: table.rows.len(),
        order: 0,
    };
    let mut take = None;
    let whole = drawn.response.interact(egui::Sense::click());
    whole.context_menu(|ui| take = list.whole_ui(ui));
    let corner = drawn.response.rect.right_top() + egui::vec2(4.0, 2.0);
    let place = Rect::from_min_size(corner, egui::vec2(18.0, 16.0));
    let dots = dots_ui(ui, place, &table.name);
    egui::Popup::menu(&dots).show(|ui| take = list.whole_ui(ui));
    if let Some(take) = take {
        let texts =
            |row: &Vec<(String, Color32)>| row.iter().map(|(text, _)| text.clone()).collect();
        list.take(
            shell,
            take,
            Cells::of(table.rows.iter().map(texts).collect()),
        );
    }
}

fn row_ui(ui: &mut Ui, table: &Small, at: usize, row: &[(String, Color32)]) {
    for (n, (text, colour)) in row.iter().enumerate() {
        let bars = table.bars.as_ref().filter(|(column, _)| *column == n);
        if let Some((share, ink)) = bars.and_then(|(_, bars)| bars.get(at)) {
            let (rect, _) = ui.allocate_exact_size(egui::vec2(56.0, 8.0), egui::Sense::hover());
            bar(ui, rect, *share, *ink);
            continue;
        }
        let cell = ui.label(RichText::new(text).color(*colour));
        let hint = table.hints.get(at).filter(|hint| !hint.is_empty());
        if let Some(hint) = hint.filter(|_| n + 1 == row.len()) {
            cell.on_hover_text(hint);
        }
    }
}
