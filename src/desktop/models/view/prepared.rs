//! How an encoder's pictures and captions are prepared, each value with the file and key that say so.

use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::weak;
use crate::encoder::EncoderInfo;
use egui::{Grid, RichText, Ui};

/// The table, closed at first; what a reader of the figures must know stands above it.
pub fn prepared_ui(ui: &mut Ui, encoder: &EncoderInfo) {
    let t = tokens(ui);
    for warning in &encoder.warnings {
        ui.label(RichText::new(warning).color(t.warn));
    }
    egui::CollapsingHeader::new("How pictures and captions are prepared")
        .id_salt("prepared")
        .show(ui, |ui| {
            Grid::new("prepared")
                .num_columns(3)
                .spacing([20.0, 3.0])
                .show(ui, |ui| {
                    for stated in &encoder.stated {
                        weak(ui, stated.what);
                        ui.label(&stated.value);
                        let from = weak(ui, &stated.from);
                        if let Some(file) = &stated.file {
                            from.on_hover_text(file);
                        }
                        ui.end_row();
                    }
                });
        });
    ui.add_space(6.0);
}
