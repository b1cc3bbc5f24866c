//! How an encoder's pictures and captions are prepared, each value with the file and key that say so.

use super::View;
use crate::desktop::shell::table::{Small, small_ui};
use crate::desktop::shell::theme::tokens;
use crate::encoder::{EncoderInfo, Stated};
use egui::{RichText, Ui};

/// The table, closed at first; what a reader of the figures must know stands above it.
pub fn prepared_ui(ui: &mut Ui, view: &mut View<'_>, encoder: &EncoderInfo) {
    let t = tokens(ui);
    for warning in &encoder.warnings {
        ui.label(RichText::new(warning).color(t.warn));
    }
    egui::CollapsingHeader::new("How pictures and captions are prepared")
        .id_salt("prepared")
        .show(ui, |ui| {
            let row = |stated: &Stated| {
                vec![
                    (stated.what.to_owned(), t.weak),
                    (stated.value.clone(), t.text),
                    (stated.from.clone(), t.weak),
                ]
            };
            let columns = ["What", "Value", "Said by"].map(|name| (name.to_owned(), "", false));
            let table = Small {
                name: "how pictures and captions are prepared".to_owned(),
                columns: columns.into(),
                rows: encoder.stated.iter().map(row).collect(),
                hints: encoder
                    .stated
                    .iter()
                    .map(|stated| stated.file.clone().unwrap_or_default())
                    .collect(),
                ..Small::default()
            };
            small_ui(ui, view, &table);
        });
    ui.add_space(6.0);
}
