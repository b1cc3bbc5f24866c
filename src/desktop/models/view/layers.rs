//! The nodes of a model in a table that can be searched.

use super::View;
use crate::desktop::core::{Cells, Layer, ModelCard};
use crate::desktop::shell::table::{self, Column, Row, Rows, Table};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{grouped, weak};
use crate::retrieval::Side;
use egui::{CollapsingHeader, Layout, TextEdit, Ui};

/// Height of the table.
const TALL: f32 = 300.0;

const COLUMNS: [Column; 4] = [
    table::figure("#", 0.0),
    table::text("Node", 0.09),
    table::text("Operator", 0.52),
    table::text("Makes", 0.74),
];

/// Draws the table below a field that searches it.
pub fn layers_ui(ui: &mut Ui, view: &mut View<'_>, model: &ModelCard) {
    let title = format!("Layers ({})", grouped(model.layers.len()));
    let (name, at) = match model.side {
        Side::Image => ("layers of the image model", 0),
        Side::Text => ("layers of the text model", 1),
    };
    CollapsingHeader::new(title)
        .id_salt(name)
        .default_open(true)
        .show(ui, |ui| {
            ui.horizontal(|ui| {
                let label = weak(ui, "Search");
                let field = TextEdit::singleline(&mut view.memory.filters[at])
                    .hint_text("Part of a name, operator or shape")
                    .desired_width(f32::INFINITY);
                ui.add(field).labelled_by(label.id);
            });
            let words = view.memory.filters[at].to_lowercase();
            let listed: Vec<usize> = (0..model.layers.len())
                .filter(|&n| holds(&model.layers[n], &words))
                .collect();
            if !words.trim().is_empty() {
                let (n, all) = (grouped(listed.len()), grouped(model.layers.len()));
                weak(ui, format!("{n} of {all}"));
            }
            let unknown = model.layers.iter().filter(|l| l.makes.is_none()).count();
            if unknown > 0 {
                let text = format!("What {} nodes make is not known.", grouped(unknown));
                weak(ui, text);
            }
            let size = egui::vec2(ui.available_width(), TALL);
            let layout = Layout::top_down(egui::Align::Min);
            ui.allocate_ui_with_layout(size, layout, |ui| {
                ui.set_max_height(TALL);
                table_ui(ui, view, name, model, &listed);
            });
        });
}

/// Does a layer hold all these words?
fn holds(layer: &Layer, words: &str) -> bool {
    let made = layer.makes.as_deref().unwrap_or_default();
    let text = format!("{} {} {made}", layer.name, layer.operator).to_lowercase();
    words.split_whitespace().all(|word| text.contains(word))
}

fn table_ui(ui: &mut Ui, view: &mut View<'_>, name: &str, model: &ModelCard, listed: &[usize]) {
    let t = tokens(ui);
    let table = Table {
        name,
        columns: &COLUMNS,
        sort: None,
    };
    table.head_ui(ui, view);
    let row = |_: &mut View<'_>, at: usize| {
        let texts = texts(model, listed[at]);
        Row {
            name: texts.join(", "),
            cells: texts
                .into_iter()
                .zip([t.weak, t.text, t.text, t.weak])
                .collect(),
            ..Row::default()
        }
    };
    let cells = || Cells::of(listed.iter().map(|&n| texts(model, n).into()).collect());
    let rows = Rows {
        cells: Some(&cells),
        ..Rows::of(listed.len())
    };
    table.rows_ui(ui, view, rows, row, |_, _, _, _| {});
}

/// What a row says.
fn texts(model: &ModelCard, n: usize) -> [String; 4] {
    let layer = &model.layers[n];
    [
        grouped(n + 1),
        layer.name.clone(),
        layer.operator.clone(),
        layer.makes.clone().unwrap_or_else(|| "–".to_owned()),
    ]
}
